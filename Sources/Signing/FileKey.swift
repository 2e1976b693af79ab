public import CredentialIssuing
import Credentials
public import Crypto
import Foundation
import MutualTLS
import Vaccination

/// A P-256 key in a PEM file (PKCS#8, RFC 5958), readable by its owner only.
///
/// A development key bears a line in its file that says so, and is refused unless it is expressly allowed: what
/// it signs is to be trusted only through a trust folder's `test` part.
public struct FileKey: CredentialSigner {
    /// Why a key cannot be used.
    public enum Failure: Error, Hashable, Sendable {
        /// The file cannot be read.
        case unreadable(path: String)
        /// Others than the owner may read or change the file.
        case permissions(path: String)
        /// The file holds no P-256 private key in PEM form.
        case malformed(path: String)
        /// A development key when none is allowed.
        case developmentKey(path: String)
        /// What the key signs does not verify with its public part.
        case mismatch
        /// The file is there already, or cannot be made.
        case cannotCreate(path: String)

        /// A stable code.
        public var code: String {
            switch self {
            case .unreadable: "key.unreadable"
            case .permissions: "key.permissions"
            case .malformed: "key.malformed"
            case .developmentKey: "key.development"
            case .mismatch: "key.mismatch"
            case .cannotCreate: "key.cannot_create"
            }
        }
    }

    private let key: P256.Signing.PrivateKey
    /// The key's public part.
    public let publicKey: P256.Signing.PublicKey
    /// Whether the file marks it as a development key.
    public let isDevelopment: Bool

    /// The key's thumbprint (RFC 7638), the `kid` of what it signs.
    public var thumbprint: String { JWK.thumbprint(of: publicKey) }

    /// Reads a key and proves that it signs what its public part verifies.
    ///
    /// - Parameters:
    ///   - pemFile: the path; the file may be read by its owner only (mode `0600` or stricter) and has at most 16 KiB.
    ///   - allowDevelopment: whether a key marked as a development key is accepted.
    public init(pemFile path: String, allowDevelopment: Bool) throws(Failure) {
        let file: KeyFile
        do {
            file = try KeyFile(reading: path)
        } catch {
            switch error {
            case .unreadable: throw .unreadable(path: path)
            case .permissions: throw .permissions(path: path)
            }
        }
        isDevelopment = file.isDevelopment
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: file.pem) else { throw .malformed(path: path) }
        guard allowDevelopment || !isDevelopment else { throw .developmentKey(path: path) }
        self.key = key
        publicKey = key.publicKey
        guard Self.proves(key) else { throw .mismatch }
    }

    /// Makes a new key in a new file of mode `0600`.
    public static func create(at path: String, development: Bool) throws(Failure) {
        let pem = P256.Signing.PrivateKey().pemRepresentation
        let text = (development ? DevelopmentMark.keyLine + "\n" : "") + pem + "\n"
        do { try KeyFile.writePrivate(text, to: path) } catch { throw .cannotCreate(path: path) }
    }

    /// The ES256 signature over a message, r and s of 32 bytes each.
    public func signature(over message: [UInt8]) async throws -> [UInt8] { try sign(message) }

    /// The same, for who does not wait for tasks.
    package func signed(_ message: [UInt8]) throws -> [UInt8] { try sign(message) }

    private func sign(_ message: [UInt8]) throws -> [UInt8] {
        Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
    }

    private static func proves(_ key: P256.Signing.PrivateKey) -> Bool {
        let message = (0..<32).map { _ in UInt8.random(in: 0...255) }
        guard let signature = try? key.signature(for: SHA256.hash(data: message)) else { return false }
        return ES256.isValid(Array(signature.rawRepresentation), over: message, by: key.publicKey)
    }
}

extension FileKey: CustomStringConvertible, CustomReflectable {
    /// The thumbprint; the key itself is never shown.
    public var description: String { "FileKey(\(thumbprint))" }
    /// The thumbprint alone.
    public var customMirror: Mirror { Mirror(self, children: ["thumbprint": thumbprint]) }
}
