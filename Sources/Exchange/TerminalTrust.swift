package import Crypto
package import Foundation

/// What a terminal trusts, as the publisher says it: the files by which its print guard verifies codes, and the keys that
/// seal answers. Small, since lists of revoked certificates are not in it: a page that was issued a moment ago is in none.
package struct TerminalTrust: Sendable {
    /// A file of a trust folder.
    package struct File: Hashable, Sendable, Codable {
        /// Its path below the folder, 1 to 200 characters.
        package let path: String
        /// Its bytes.
        package let content: Data

        /// A file.
        package init(path: String, content: Data) {
            self.path = path
            self.content = content
        }
    }

    /// The maximum of bytes of a signed text.
    package static let maximumBytes = 1 << 20
    static let maximumFiles = 256
    static let maximumKeys = 4

    /// Which edition it is: a later one has a greater counter. 1 to 2⁵³.
    package let counter: Int64
    /// When it was made, in seconds since 1970.
    package let time: Int64
    /// The files, at most 256.
    package let files: [File]
    /// The keys of `vrs` that answers may come from, 1 to 4: the one in use, those that come next and that were before.
    package let answerKeys: [P256.KeyAgreement.PublicKey]
    /// Other keys that may sign the next edition, at most 4: so that the publisher's key can be changed.
    package let publishers: [P256.Signing.PublicKey]

    /// What a terminal trusts; `nil` out of the bounds that stand at the members.
    package init?(
        counter: Int64, time: Int64, files: [File], answerKeys: [P256.KeyAgreement.PublicKey],
        publishers: [P256.Signing.PublicKey]
    ) {
        guard (1...1 << 53).contains(counter), (0...1 << 53).contains(time), files.count <= Self.maximumFiles,
            (1...Self.maximumKeys).contains(answerKeys.count), publishers.count <= Self.maximumKeys,
            files.allSatisfy({ isPlain($0.path, 1...200) }), Set(files.map(\.path)).count == files.count
        else { return nil }
        self.counter = counter
        self.time = time
        self.files = files
        self.answerKeys = answerKeys
        self.publishers = publishers
    }

    /// Whether another edition says the same.
    package func saysTheSame(as other: TerminalTrust) -> Bool {
        files.sorted { $0.path < $1.path } == other.files.sorted { $0.path < $1.path }
            && answerKeys.map(\.x963Representation) == other.answerKeys.map(\.x963Representation)
            && publishers.map(\.x963Representation) == other.publishers.map(\.x963Representation)
    }

    // MARK: As text

    /// The text that is signed, as JSON.
    package func text() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(Text(self)))
    }

    fileprivate init?(text: ArraySlice<UInt8>) {
        guard let text = try? JSONDecoder().decode(Text.self, from: Data(text)), text.terminalTrust == 1 else {
            return nil
        }
        let answerKeys = text.answerKeys.compactMap { try? P256.KeyAgreement.PublicKey(x963Representation: $0) }
        let publishers = text.publishers.compactMap { try? P256.Signing.PublicKey(x963Representation: $0) }
        guard answerKeys.count == text.answerKeys.count, publishers.count == text.publishers.count else { return nil }
        self.init(
            counter: text.counter, time: text.time, files: text.files, answerKeys: answerKeys, publishers: publishers)
    }

    /// The members of the text; keys are uncompressed points (SEC 1, section 2.3.3).
    private struct Text: Codable {
        let terminalTrust: Int
        let counter: Int64
        let time: Int64
        let files: [File]
        let answerKeys: [Data]
        let publishers: [Data]

        init(_ trust: TerminalTrust) {
            terminalTrust = 1
            counter = trust.counter
            time = trust.time
            files = trust.files
            answerKeys = trust.answerKeys.map(\.x963Representation)
            publishers = trust.publishers.map(\.x963Representation)
        }
    }
}

/// A ``TerminalTrust`` behind its signature, which nobody has checked yet: a line with the signature in base64, and the text.
package struct SignedTerminalTrust: Hashable, Sendable {
    /// Why it is not taken.
    package enum Failure: String, Error, Sendable {
        /// None of the publisher's keys signed it.
        case signature = "trust.signature"
        /// It is signed, and says nothing that can be understood.
        case malformed = "trust.malformed"
    }

    /// The media type of its bytes.
    package static let mediaType = "application/vnd.akashi.terminal-trust.v1"
    /// What stands before the text where it is signed, so that nothing else that the key signs can be taken for it.
    private static let label = Array("akashi/terminal-trust/v1\n".utf8)

    /// The signature's line and the text.
    package let bytes: [UInt8]
    /// Which edition it says it is.
    package let counter: Int64
    private let signature: [UInt8]
    private let text: ArraySlice<UInt8>

    /// Takes the form apart; `nil` if it is another one.
    package init?(parsing bytes: [UInt8]) {
        guard bytes.count <= TerminalTrust.maximumBytes, let end = bytes.prefix(200).firstIndex(of: 0x0A),
            let signature = Data(base64Encoded: Data(bytes[..<end])), signature.count == 64,
            signature.base64EncodedString().utf8.elementsEqual(bytes[..<end]),
            let trust = TerminalTrust(text: bytes[(end + 1)...])
        else { return nil }
        self.bytes = bytes
        self.signature = Array(signature)
        text = bytes[(end + 1)...]
        counter = trust.counter
    }

    /// A text with a signature over ``message(_:)``, 64 bytes; `nil` if it is none.
    package init?(text: [UInt8], signature: [UInt8]) {
        self.init(parsing: Array(Data(signature).base64EncodedString().utf8) + [0x0A] + text)
    }

    /// What is signed, by ECDSA over P-256 with SHA-256.
    package static func message(_ text: some Collection<UInt8>) -> [UInt8] { label + text }

    /// Whether it names a key that may sign later editions. Who asks has to know where it comes from.
    package func announced(_ key: P256.Signing.PublicKey) -> Bool {
        TerminalTrust(text: text)?.publishers.contains { $0.rawRepresentation == key.rawRepresentation } == true
    }

    /// What it says, if one of these keys signed it.
    package func verified(by publishers: [P256.Signing.PublicKey]) throws(Failure) -> TerminalTrust {
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { throw .signature }
        let digest = SHA256.hash(data: Self.message(text))
        guard publishers.contains(where: { $0.isValidSignature(signature, for: digest) }) else { throw .signature }
        guard let trust = TerminalTrust(text: text) else { throw .malformed }
        return trust
    }
}
