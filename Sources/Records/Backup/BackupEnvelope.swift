import Crypto
import Foundation

/// What a backup keeps beside the contents of databases, sealed and signed: sets, indexes, and files of keys.
///
/// ```
/// "AKASHI-BACKUP-1" LF            16 bytes
/// kind                             1: 1 set, 2 index, 3 keys
/// installation                    16
/// content key for the backup key 113: HPKE's encapsulated key (65) and the sealed key (48)
/// content key for the host        60: AES-256-GCM under the host's key; zero bytes where the host is not to read it
/// body                         28 …: AES-256-GCM under the content key: nonce, ciphertext, tag
/// signature                       64: ES256 over everything before, and the name
/// ```
///
/// The name under which it lies is bound to it, so that none passes for another.
struct BackupEnvelope {
    enum Kind: UInt8, CaseIterable {
        case set = 1
        case index = 2
        case keys = 3

        /// The most bytes that a file of this kind may have.
        var maximumBytes: Int {
            switch self {
            case .set: 16 << 20
            case .index: 256 << 20
            case .keys: 64 << 10
            }
        }
    }

    static let magic = Data("AKASHI-BACKUP-1\n".utf8)
    private static let hostBytes = 60
    private static let headBytes =
        16 + 1 + 16 + BackupSealing.encapsulatedBytes + BackupSealing.sealedBytes + hostBytes
    private static let signatureBytes = 64

    let installation: Data
    private let kind: Kind
    private let path: String
    private let sealedKey: Data
    private let hostKey: Data
    private let body: Data
    private let signed: Data
    private let signature: Data

    private static func info(_ kind: Kind, _ installation: Data, _ name: String) -> Data {
        Data("akashi/backup/v1/".utf8) + [kind.rawValue] + installation + Data(name.utf8)
    }

    /// Seals and signs.
    /// - Parameter isForHost: whether the host itself can read it again.
    static func seal(
        _ plain: Data, as kind: Kind, named name: String, host: BackupHost, isForHost: Bool = true,
        to recipient: P256.KeyAgreement.PublicKey, by signer: BackupSigner
    ) throws -> Data {
        let key = SymmetricKey(size: .bits256)
        let info = info(kind, host.installation, name)
        var bytes = magic + [kind.rawValue] + host.installation
        bytes += try BackupSealing.seal(key, to: recipient, info: info)
        if isForHost {
            let box = try AES.GCM.seal(key.withUnsafeBytes { Data($0) }, using: host.key, authenticating: info)
            bytes += box.combined ?? Data()
        } else {
            bytes += Data(count: hostBytes)
        }
        bytes += try AES.GCM.seal(plain, using: key, authenticating: info).combined ?? Data()
        return bytes + (try signer.sign(bytes + Data(name.utf8)))
    }

    /// Takes an envelope apart; nothing of it is believed yet.
    /// - Parameter path: what an error names.
    init(_ bytes: Data, as kind: Kind, at path: String) throws(BackupError) {
        guard bytes.count >= Self.headBytes + 28 + Self.signatureBytes, bytes.count <= kind.maximumBytes else {
            throw .damaged("\(path) is too short or too long")
        }
        guard bytes.starts(with: Self.magic) else {
            // `AKASHI-BACKUP-` and another number.
            throw bytes.starts(with: Self.magic.prefix(14)) ? .newer(path) : .damaged("\(path) is no file of a backup")
        }
        var rest = bytes.dropFirst(Self.magic.count)
        func take(_ count: Int) -> Data {
            defer { rest = rest.dropFirst(count) }
            return Data(rest.prefix(count))
        }
        guard take(1).first == kind.rawValue else { throw .damaged("\(path) is another kind of file") }
        installation = take(16)
        sealedKey = take(BackupSealing.encapsulatedBytes + BackupSealing.sealedBytes)
        hostKey = take(Self.hostBytes)
        body = take(rest.count - Self.signatureBytes)
        signature = Data(rest)
        signed = bytes.dropLast(Self.signatureBytes)
        self.kind = kind
        self.path = path
    }

    /// The contents, once signature, installation and name were found right.
    func open(named name: String, by reader: BackupReader) throws(BackupError) -> Data {
        if let host = reader.host, host.installation != installation { throw .otherInstallation(path) }
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
            throw .damaged("\(path): its signature has no form")
        }
        let digest = SHA256.hash(data: signed + Data(name.utf8))
        guard reader.signers.contains(where: { $0.isValidSignature(signature, for: digest) }) else {
            throw .wrongSigner("\(path) is not signed by who is trusted, or not as it was written")
        }
        let info = Self.info(kind, installation, name)
        var key = reader.privateKey.flatMap { BackupSealing.open(sealedKey, by: $0, info: info) }
        if key == nil, let host = reader.host, let box = try? AES.GCM.SealedBox(combined: hostKey),
            let plain = try? AES.GCM.open(box, using: host.key, authenticating: info), plain.count == 32
        {
            key = SymmetricKey(data: plain)
        }
        guard let key else { throw .wrongKey(path) }
        guard let box = try? AES.GCM.SealedBox(combined: body),
            let plain = try? AES.GCM.open(box, using: key, authenticating: info)
        else { throw .damaged(path) }
        return plain
    }
}
