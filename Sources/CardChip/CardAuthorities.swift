import Foundation

/// Why the card authorities cannot be used.
public enum CardAuthorityError: Error, Hashable, Sendable {
    /// The folder cannot be read.
    case folderUnreadable
    /// A `.pem` file is not named after a 16-byte key id in lower-case hexadecimal.
    case fileName(String)
    /// A file cannot be read or is longer than 16 KiB.
    case fileUnreadable(String)
    /// A key id does not have 16 bytes.
    case keyID
    /// The key of this key id is not an RSA public key of 2048 bits with the exponent 65537.
    case key(String)
    /// Two keys have this key id.
    case duplicate(String)

    /// A stable code.
    public var code: String {
        switch self {
        case .folderUnreadable: "card_authority.folder_unreadable"
        case .fileName: "card_authority.file_name"
        case .fileUnreadable: "card_authority.file_unreadable"
        case .keyID: "card_authority.key_id"
        case .key: "card_authority.key"
        case .duplicate: "card_authority.duplicate"
        }
    }
}

/// The authorities whose cards are accepted, by key id. Their keys are parsed once, here.
public struct CardAuthorities: Sendable {
    /// What the key id of every simulated authority begins with.
    public static let simulatedPrefix: [UInt8] = Array("AKASHI-SIM".utf8)

    private var keys: [[UInt8]: RSAPublicKey] = [:]
    /// The key ids of authorities that lay in the folder and were left out, because their sort is not accepted.
    public private(set) var ignored: [[UInt8]] = []

    /// The key ids that are accepted, sorted.
    public var keyIDs: [[UInt8]] { keys.keys.sorted { $0.lexicographicallyPrecedes($1) } }

    /// Authorities from key ids (16 bytes) and PEM documents of RSA public keys.
    public init(pem: [(keyID: [UInt8], pem: String)]) throws(CardAuthorityError) {
        for entry in pem { try add(entry.keyID, entry.pem) }
    }

    /// Authorities from a folder of `<key id in hexadecimal>.pem`; other files there are not looked at.
    ///
    /// - Parameters:
    ///   - folder: the folder, such as `TRUST/card`.
    ///   - acceptReal: whether real card authorities count. Whether a real card has a key of its own in EF 0004 is not
    ///     publicly documented, so this is a decision of its own.
    ///   - acceptSimulated: whether simulated authorities count. Never so in real service.
    /// - Throws: a ``CardAuthorityError`` for anything in the folder that cannot be right.
    public init(folder: String, acceptReal: Bool, acceptSimulated: Bool) throws(CardAuthorityError) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { throw .folderUnreadable }
        for name in names.sorted() where name.hasSuffix(".pem") {
            guard let keyID = Hexadecimal.bytes(name.dropLast(4)), keyID.count == 16 else { throw .fileName(name) }
            guard Self.isSimulated(keyID) ? acceptSimulated : acceptReal else {
                ignored.append(keyID)
                continue
            }
            guard let text = Self.text(folder + "/" + name) else { throw .fileUnreadable(name) }
            try add(keyID, text)
        }
    }

    private static func text(_ path: String) -> String? {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: maximumFileLength + 1), data.count <= maximumFileLength
        else { return nil }
        return String(validating: data, as: UTF8.self)
    }

    /// Those of these that a folder still has: a file is named after each, and does not hold another key. All of these if the
    /// folder cannot be opened.
    package func remaining(inFolder folder: String) -> CardAuthorities {
        guard let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)).map(Set.init) else {
            return self
        }
        var left = self
        left.keys = keys.filter { keyID, key in
            let name = Hexadecimal.text(keyID) + ".pem"
            guard names.contains(name) else { return false }
            // A file that is damaged is still of the authority that it is named after.
            return Self.text(folder + "/" + name).flatMap(RSAPublicKey.init(pem:))?.isSame(as: key) ?? true
        }
        return left
    }

    /// Those of these of the sorts that are accepted.
    package func only(real: Bool, simulated: Bool) -> CardAuthorities {
        var left = self
        left.keys = keys.filter { keyID, _ in Self.isSimulated(keyID) ? simulated : real }
        return left
    }

    /// Whether a key id belongs to a simulated authority.
    public static func isSimulated(_ keyID: [UInt8]) -> Bool { keyID.starts(with: simulatedPrefix) }

    /// The key of an authority; `nil` if it is not accepted.
    func key(_ keyID: [UInt8]) -> RSAPublicKey? { keys[keyID] }

    private static let maximumFileLength = 16 * 1024

    private mutating func add(_ keyID: [UInt8], _ pem: String) throws(CardAuthorityError) {
        guard keyID.count == 16 else { throw .keyID }
        guard pem.utf8.count <= Self.maximumFileLength, let key = RSAPublicKey(pem: pem) else {
            throw .key(Hexadecimal.text(keyID))
        }
        guard keys.updateValue(key, forKey: keyID) == nil else { throw .duplicate(Hexadecimal.text(keyID)) }
    }
}
