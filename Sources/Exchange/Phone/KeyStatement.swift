public import Crypto
public import Foundation

/// The two keys that `vrs` has for phones on one day, signed by a key that apps have pinned. Whose signature it is, and whether
/// the day is this one, is not judged by parsing it: see ``keys(statedBy:at:)``.
///
/// On the wire: the label `akashi/vrs-keys/v1`, then each behind its length: the beginning and the end (seconds since 1970,
/// eight bytes, big-endian), upload key, answer key (P-256, uncompressed X9.63, 65 bytes), signature (ECDSA P-256, r‖s, 64
/// bytes, over all bytes before it).
public struct KeyStatement: Sendable {
    /// The media type of a statement on the wire.
    public static let mediaType = "application/vnd.akashi.vrs-keys.v1"
    /// The bytes of every statement.
    public static let encodedBytes = label.utf8.count + 5 * 4 + 2 * 8 + 2 * 65 + 64
    /// How long a statement holds at most, in seconds: a day. Whoever keeps what is sealed and gets hold of an upload key later
    /// reads so much and no more.
    public static let maximumSeconds: UInt64 = 86_400
    static let label = "akashi/vrs-keys/v1"

    /// From when on, to the second.
    public let notBefore: Date
    /// Until when, to the second; not beyond ``maximumSeconds`` after the beginning.
    public let notAfter: Date
    /// A card's and a passport's files are sealed to it.
    let uploadKey: P256.KeyAgreement.PublicKey
    /// Answers are sealed by it.
    let answerKey: P256.KeyAgreement.PublicKey
    /// The bytes as on the wire.
    public let bytes: [UInt8]
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// SHA-256 of ``bytes``, 32 bytes: an application names the statement by it.
    public var hash: [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// A statement that `vrs` makes; `nil` if it would hold for longer than a day, or not at all.
    ///
    /// - Parameters:
    ///   - seconds: beginning and end, in seconds since 1970.
    ///   - sign: ECDSA P-256 with SHA-256 over the bytes (r‖s, 64 bytes), by the key that apps have pinned.
    public init?(
        seconds: Range<UInt64>, uploadKey: P256.KeyAgreement.PublicKey, answerKey: P256.KeyAgreement.PublicKey,
        sign: ([UInt8]) throws -> [UInt8]
    ) rethrows {
        guard Self.isRight(seconds) else { return nil }
        var writer = FieldWriter(label: Self.label)
        writer.append(Self.bytes(of: seconds.lowerBound))
        writer.append(Self.bytes(of: seconds.upperBound))
        writer.append(uploadKey.x963Representation)
        writer.append(answerKey.x963Representation)
        signed = writer.bytes
        signature = try sign(signed)
        guard signature.count == 64 else { return nil }
        writer.append(signature)
        bytes = writer.bytes
        notBefore = Date(timeIntervalSince1970: Double(seconds.lowerBound))
        notAfter = Date(timeIntervalSince1970: Double(seconds.upperBound))
        self.uploadKey = uploadKey
        self.answerKey = answerKey
    }

    /// Parses a statement; throws if the form is wrong anywhere, also where it would hold for longer than a day.
    public init(parsing bytes: [UInt8]) throws(WireError) {
        guard bytes.count == Self.encodedBytes else { throw WireError("statement", at: bytes.count) }
        var reader = try FieldReader(bytes, label: Self.label)
        let at = reader.offset
        let notBefore = try reader.next("notBefore", length: 8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let notAfter = try reader.next("notAfter", length: 8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard notBefore < notAfter, Self.isRight(notBefore..<notAfter) else { throw WireError("notAfter", at: at) }
        uploadKey = try Self.key("uploadKey", &reader)
        answerKey = try Self.key("answerKey", &reader)
        signed = Array(bytes[..<reader.offset])
        signature = try reader.next("signature", length: 64)
        try reader.end()
        self.bytes = bytes
        self.notBefore = Date(timeIntervalSince1970: Double(notBefore))
        self.notAfter = Date(timeIntervalSince1970: Double(notAfter))
    }

    /// How many statements `vrs` tells at once, at most: a day has four.
    package static let maximumAtOnce = 8

    /// Parses statements that stand one behind another, as `vrs` tells them to the mobile back end: the present one first, then those
    /// before it by which applications are still taken.
    /// - Returns: one to ``maximumAtOnce``.
    package static func statements(_ bytes: [UInt8]) throws(WireError) -> [KeyStatement] {
        guard bytes.count % encodedBytes == 0, (1...maximumAtOnce).contains(bytes.count / encodedBytes) else {
            throw WireError("statements", at: bytes.count)
        }
        var statements: [KeyStatement] = []
        for start in stride(from: 0, to: bytes.count, by: encodedBytes) {
            statements.append(try KeyStatement(parsing: Array(bytes[start..<start + encodedBytes])))
        }
        return statements
    }

    private static func key(
        _ name: String, _ reader: inout FieldReader
    ) throws(WireError) -> P256.KeyAgreement.PublicKey {
        let at = reader.offset
        let bytes = try reader.next(name, length: 65)
        guard let key = try? P256.KeyAgreement.PublicKey(x963Representation: bytes) else {
            throw WireError(name, at: at)
        }
        return key
    }

    /// Up to the year 9999, so that a time is one in every calendar.
    private static func isRight(_ seconds: Range<UInt64>) -> Bool {
        !seconds.isEmpty && seconds.upperBound < 253_402_300_800
            && seconds.upperBound - seconds.lowerBound <= maximumSeconds
    }

    private static func bytes(of number: UInt64) -> [UInt8] {
        stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// Whether it says these keys, for whoever made it.
    package func states(
        uploadKey: P256.KeyAgreement.PublicKey, answerKey: P256.KeyAgreement.PublicKey? = nil
    ) -> Bool {
        self.uploadKey.rawRepresentation == uploadKey.rawRepresentation
            && (answerKey.map { self.answerKey.rawRepresentation == $0.rawRepresentation } ?? true)
    }

    /// Whether a key signed it.
    package func isSigned(by key: P256.Signing.PublicKey) -> Bool {
        guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
        return key.isValidSignature(signature, for: signed)
    }

    /// The keys, if one of the pinned keys signed this statement and it holds now; `nil` otherwise.
    ///
    /// - Parameter now: by the phone's clock, which has to be right within a day.
    public func keys(statedBy pinned: [P256.Signing.PublicKey], at now: Date) -> StatedKeys? {
        guard now >= notBefore, now < notAfter, pinned.contains(where: isSigned) else { return nil }
        return StatedKeys(self)
    }
}

/// The keys of a statement that was found to be signed by a pinned key, and to hold. Only ``KeyStatement`` makes it.
public struct StatedKeys: Sendable {
    /// The statement.
    public let statement: KeyStatement
    /// A card's and a passport's files are sealed to it.
    public var uploadKey: P256.KeyAgreement.PublicKey { statement.uploadKey }
    /// Answers have to be sealed by it.
    public var answerKey: P256.KeyAgreement.PublicKey { statement.answerKey }

    fileprivate init(_ statement: KeyStatement) { self.statement = statement }
}
