/// What `vrs` decided in place of a certificate once an application was accepted. It travels sealed as an answer does, so
/// that nobody on the way reads it or can make one.
///
/// In the sealed answer: the label `akashi/refusal/v1`, then each behind its length: code, one byte that says whether an
/// outcome is owed, zero bytes up to ``encodedBytes`` in all.
public struct Refusal: Hashable, Sendable {
    /// The bytes of every refusal, so that its length tells nothing.
    public static let encodedBytes = 256
    package static let label = "akashi/refusal/v1"

    /// Why.
    public let code: ProblemCode
    /// Whether a certificate of this application may stand in the register, so that an outcome is to be reported although
    /// there is no page. Always so if the refusal is transient.
    public let isOutcomeOwed: Bool

    /// A refusal with its reason.
    public init(_ code: ProblemCode, isOutcomeOwed: Bool) {
        self.code = code
        self.isOutcomeOwed = isOutcomeOwed || code.isTransient
    }

    package var encoded: [UInt8] {
        var writer = FieldWriter(label: Self.label)
        writer.append(code.rawValue)
        writer.append([isOutcomeOwed ? 1 : 0])
        writer.append([UInt8](repeating: 0, count: Self.encodedBytes - writer.bytes.count - 4))
        return writer.bytes
    }

    package init(parsing bytes: [UInt8]) throws(WireError) {
        guard bytes.count == Self.encodedBytes else { throw WireError("refusal", at: 0) }
        var reader = try FieldReader(bytes, label: Self.label)
        var at = reader.offset
        guard let code = ProblemCode(rawValue: try reader.text("code", lengths: 1...64)) else {
            throw WireError("code", at: at)
        }
        at = reader.offset
        guard let isOutcomeOwed = [0: false, 1: true][try reader.next("outcomeOwed", length: 1)[0]],
            isOutcomeOwed || !code.isTransient
        else { throw WireError("outcomeOwed", at: at) }
        at = reader.offset
        guard try reader.next("padding", lengths: 0...Self.encodedBytes).allSatisfy({ $0 == 0 }) else {
            throw WireError("padding", at: at)
        }
        try reader.end()
        self.init(code, isOutcomeOwed: isOutcomeOwed)
    }
}
