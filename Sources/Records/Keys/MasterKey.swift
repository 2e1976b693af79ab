import Crypto
import Foundation
import Vaccination

/// A key that wraps the keys of regions, so that their files may lie with the records and in their backups: in a file kept
/// apart, or in a token that it never leaves.
///
/// Calls may wait for a device: they are made on threads that tasks do not share.
public protocol MasterKey: Sendable {
    /// What a wrapped file says that it was wrapped under; at most 200 characters, and nothing of the key.
    var name: String { get }

    /// Nonce, ciphertext and tag (AES-256-GCM, random 96-bit nonce; NIST SP 800-38D).
    /// - Throws: ``StoreError/unavailable(_:)`` if the key cannot be reached now.
    @available(*, noasync)
    func wrap(_ plain: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8]

    /// What ``wrap(_:associated:)`` made.
    /// - Throws: ``StoreError/keyMissing(_:)`` if it was made by another key or for another place, or changed;
    ///   ``StoreError/unavailable(_:)`` if the key cannot be reached now.
    @available(*, noasync)
    func unwrap(_ wrapped: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8]
}

/// A master key in a file of its owner alone (mode 0600): 64 hexadecimal digits, lines that begin with `#` aside.
public struct FileMasterKey: MasterKey {
    private let key: SymmetricKey
    /// `file:` and a value that shows which key it is without showing it.
    public let name: String
    /// Whether the file marks it as a development key.
    public let isDevelopment: Bool

    /// Reads a key.
    /// - Throws: ``StoreError/keyMissing(_:)``.
    public init(file path: String) throws(StoreError) {
        let data: Data
        do {
            data = try OwnerOnlyFile.read(path, maximumBytes: 4096)
        } catch {
            switch error {
            case .absent: throw .keyMissing("no key file \(path)")
            case .permissions: throw .keyMissing("\(path) can be read by others: chmod 600 it")
            case .unreadable: throw .keyMissing("\(path) is not a key file")
            }
        }
        let text = String(decoding: data, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }
        guard lines.count == 1, let bytes = Self.bytes(lines[0]), bytes.count == 32 else {
            throw .keyMissing("\(path): needs one key of 64 hexadecimal digits")
        }
        key = SymmetricKey(data: bytes)
        name = "file:" + RegionKeys.check(key, "master").map { Self.digits($0) }.joined()
        isDevelopment = DevelopmentMark.isOn(keyFile: text)
    }

    /// The text of a new key's file.
    public static func makeText() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { $0.map { digits($0) }.joined() } + "\n"
    }

    /// See ``MasterKey/wrap(_:associated:)``.
    public func wrap(_ plain: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8] {
        guard let box = try? AES.GCM.seal(plain, using: key, authenticating: associated).combined else {
            throw .invalid("encryption")
        }
        return Array(box)
    }

    /// See ``MasterKey/unwrap(_:associated:)``.
    public func unwrap(_ wrapped: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8] {
        guard let box = try? AES.GCM.SealedBox(combined: wrapped),
            let plain = try? AES.GCM.open(box, using: key, authenticating: associated)
        else { throw .keyMissing("does not open under \(name)") }
        return Array(plain)
    }

    private static func digits(_ byte: UInt8) -> String { String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") ? $0 - 0x30 : $0 | 0x20 }
        let values = digits.map { $0 < 10 ? $0 : (0x61...0x66).contains($0) ? $0 - 0x57 : 0xFF }
        guard values.count.isMultiple(of: 2), !values.contains(0xFF) else { return nil }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}

// A key in a message or a crash report must not show itself.
extension FileMasterKey: CustomStringConvertible, CustomReflectable {
    /// Its name.
    public var description: String { "FileMasterKey(\(name))" }
    /// Its name alone.
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
