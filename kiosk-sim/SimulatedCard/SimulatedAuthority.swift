public import CardChip
import Foundation

/// A card authority for simulated cards: a key that signs their EF 0004.
///
/// Its key id begins with `AKASHI-SIM`, so whoever accepts cards can tell it from a real one.
public struct SimulatedAuthority: Sendable {
    /// The key id, 16 bytes: `AKASHI-SIM` and six random bytes.
    public let keyID: [UInt8]
    private let key: RSAKey

    /// A new authority with a key of its own.
    public static func create() throws -> SimulatedAuthority {
        let random = (0..<6).map { _ in UInt8.random(in: 0...255) }
        return SimulatedAuthority(keyID: CardAuthorities.simulatedPrefix + random, key: try RSAKey.generate())
    }

    private init(keyID: [UInt8], key: RSAKey) { (self.keyID, self.key) = (keyID, key) }

    /// Reads what ``write(privateTo:publicTo:)`` wrote.
    public init(readingPrivate path: String) throws {
        let data = try PrivateFile.read(path)
        guard let document = try? JSONDecoder().decode(Document.self, from: data) else {
            throw SimulatedCardError.unreadable(path: path, field: nil)
        }
        guard let keyID = Hexadecimal.bytes(document.keyID), keyID.count == 16, CardAuthorities.isSimulated(keyID)
        else {
            throw SimulatedCardError.unreadable(path: path, field: "keyID")
        }
        guard let key = try? RSAKey(pem: document.privateKey) else {
            throw SimulatedCardError.unreadable(path: path, field: "privateKey")
        }
        self.init(keyID: keyID, key: key)
    }

    /// Writes the private key (mode 0600), and the public key into a trust folder as `<key id>.pem`.
    ///
    /// - Parameters:
    ///   - path: the private file; its folder is made if it is missing.
    ///   - folder: the trust folder, such as `TRUST/card`; made if it is missing.
    public func write(privateTo path: String, publicTo folder: String) throws {
        let manager = FileManager.default
        try manager.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let document = Document(keyID: Hexadecimal.text(keyID), privateKey: try key.pem())
        try PrivateFile.write(try PrivateFile.json(document, for: path), to: path)
        let publicPath = "\(folder)/\(Hexadecimal.text(keyID)).pem"
        do { try Data(try publicPEM().utf8).write(to: URL(fileURLWithPath: publicPath), options: .atomic) } catch {
            throw SimulatedCardError.unwritable(path: publicPath)
        }
    }

    /// The public key in PEM, as it stands in a trust folder.
    public func publicPEM() throws -> String { try key.publicPEM() }

    /// The trust in this authority alone, without a folder.
    public func authorities() throws -> CardAuthorities { try CardAuthorities(pem: [(keyID, publicPEM())]) }

    /// The 568 bytes of EF 0004 for a card's key.
    func certificate(for key: RSAKey, subjectKeyID: [UInt8]) throws -> [UInt8] {
        let body = keyID + subjectKeyID + (try key.publicObjects())
        return TLV.object(0x7F21, TLV.object(0x5F4E, body) + TLV.object(0x5F37, try self.key.signature(of: body)))
    }

    private struct Document: Codable {
        var simulation = Simulation.notice
        var keyID: String
        var privateKey: String

        enum CodingKeys: String, CodingKey {
            case simulation = "SIMULATION"
            case keyID, privateKey
        }
    }
}

extension RSAKey {
    /// The objects 90 (exponent) and 91 (modulus), as EF 0004 and EF 0007 hold them.
    func publicObjects() throws(SimulatedCardError) -> [UInt8] {
        TLV.object(0x90, [0x01, 0x00, 0x01]) + TLV.object(0x91, try modulus())
    }
}
