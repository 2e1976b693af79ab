public import struct Foundation.Date

/// Checks certificates of every format it knows, recognising the format by itself.
///
/// It has no clock, network or disk: trust and time are given to it, so that it works offline and answers the same
/// question in the same way every time.
public struct Verifier: Sendable {
    private let smartHealthCards: SmartHealthCardChecker
    private let vdsnc: VDSNCChecker
    private let certificates: HCERTChecker

    // Whether what it trusts is the last that could be read, and not the newest.
    private var isStale = false

    /// This verifier with a warning (`trust.stale`) in each verdict: what it trusts cannot be read any more.
    package var stale: Verifier {
        var verifier = self
        verifier.isStale = true
        return verifier
    }

    /// The longest text that is looked at, in bytes of UTF-8.
    public static let maximumTextBytes = 1 << 20
    /// The most certificates that one file may hold.
    static let maximumInFile = 64

    /// By how many seconds a clock may be behind the issuer's: a certificate counts that much before the time that it names
    /// as its beginning. Its end has no such allowance.
    public static let clockAllowance = 60.0

    /// A verifier that trusts what this store holds.
    public init(trust: TrustStore) {
        smartHealthCards = SmartHealthCardChecker(trust: trust.smartHealthCards)
        vdsnc = VDSNCChecker(trust: trust.vdsnc, cards: trust.smartHealthCards)
        certificates = HCERTChecker(trust: trust.signers)
    }

    /// Checks codes' texts, signed texts (JWS) and `.smart-health-card` files.
    ///
    /// - Parameters:
    ///   - texts: one text each; codes that are parts of one SMART Health Card are joined in whatever order they come.
    ///   - now: the time to judge validity by.
    /// - Returns: one verdict for each certificate, in the order of the texts.
    public func check(_ texts: [String], at now: Date) -> [Verdict] {
        let seconds = now.timeIntervalSince1970
        if texts.count == 1, let text = texts.first { return noted(check(text, at: seconds)) }
        return (found(texts, at: seconds) { true } ?? []).flatMap(\.verdicts)
    }

    private func noted(_ verdicts: consuming [Verdict]) -> [Verdict] {
        guard isStale else { return verdicts }
        var verdicts = verdicts
        for index in verdicts.indices where verdicts[index].holder != nil {
            verdicts[index].warnings.append(Reason(.trustStale))
        }
        return verdicts
    }

    /// Checks codes in groups: what stood on one picture or document, whatever was shown as one.
    ///
    /// Codes of one group that contradict each other, in the holder or in the doses, are all refused with
    /// `sheet.disagrees`; a valid code must not vouch for what stands beside it.
    ///
    /// - Parameters:
    ///   - groups: the codes' texts of each group. Parts of one SMART Health Card may stand in several groups.
    ///   - now: the time to judge validity by.
    /// - Returns: one verdict for each certificate, in the order of the texts.
    public func check(groups: [[String]], at now: Date) -> [Verdict] {
        check(groups: groups, at: now) { true } ?? []
    }

    /// The same within a budget: `nil` if it was used up before every code was checked.
    ///
    /// - Parameter isWithin: asked before each text whether there is something left.
    package func check(groups: [[String]], at now: Date, while isWithin: () -> Bool) -> [Verdict]? {
        guard let found = found(groups.flatMap { $0 }, at: now.timeIntervalSince1970, while: isWithin) else {
            return nil
        }
        var (verdicts, start) = ([Verdict](), 0)
        for group in groups {
            let positions = start..<(start + group.count)
            verdicts += CodeGroup.judged(found.filter { positions.contains($0.position) }.flatMap(\.verdicts))
            start = positions.upperBound
        }
        return verdicts
    }

    /// The verdicts on texts by the position of a certificate's first text.
    private func found(
        _ texts: [String], at now: Double, while isWithin: () -> Bool
    ) -> [(position: Int, verdicts: [Verdict])]? {
        var parts = SmartHealthCardParts()
        var verdicts: [(position: Int, verdicts: [Verdict])] = []
        for (position, text) in texts.enumerated() {
            guard isWithin() else { return nil }
            let bytes = Self.trimmed(text)
            if bytes.count <= Self.maximumTextBytes, parts.take(bytes, position: position) { continue }
            verdicts.append((position, check(bytes, at: now)))
        }
        for (position, jws) in parts.joined() {
            guard isWithin() else { return nil }
            verdicts.append((position, [verdict(jws, at: now)]))
        }
        return verdicts.sorted { $0.position < $1.position }.map { ($0.position, noted($0.verdicts)) }
    }

    private func check(_ text: String, at now: Double) -> [Verdict] {
        let bytes = Self.trimmed(text)
        var parts = SmartHealthCardParts()
        if bytes.count <= Self.maximumTextBytes, parts.take(bytes, position: 0) {
            return parts.joined().map { verdict($0.jws, at: now) }
        }
        return check(bytes, at: now)
    }

    private func verdict(_ jws: Result<[UInt8], Refusal>, at now: Double) -> Verdict {
        switch jws {
        case .success(let jws): smartHealthCards.check(jws, at: now)
        case .failure(let refusal): Verdict(format: .shc, refusal.reason)
        }
    }

    private func check(_ text: [UInt8], at now: Double) -> [Verdict] {
        guard text.count <= Self.maximumTextBytes else { return [Verdict(format: nil, Reason(.sizeExceeded))] }
        switch Recognised(text) {
        case .numeric(let range):
            do {
                return [smartHealthCards.check(try NumericCode.decode(text, in: range), at: now)]
            } catch {
                return [Verdict(format: .shc, error.reason)]
            }
        case .signed: return [smartHealthCards.check(text, at: now)]
        case .json: return document(text, at: now)
        case .hcert: return [certificates.check(text, at: now)]
        case .unknown: return [Verdict(format: nil, Reason(.formatUnknown))]
        }
    }

    private func document(_ text: [UInt8], at now: Double) -> [Verdict] {
        let json: JSON
        do { json = try JSON(text) } catch { return [Verdict(format: nil, Reason(error))] }
        if let cards = json.elements(of: json.member("verifiableCredential", of: json.root)) {
            let members = Array(cards)
            guard !members.isEmpty else { return [Verdict(format: .shc, Reason(.fileEmpty))] }
            guard members.count <= Self.maximumInFile else { return [Verdict(format: .shc, Reason(.sizeExceeded))] }
            return members.map { member in
                guard let jws = json.string(member) else {
                    return Verdict(format: .shc, Reason(.jwsMalformed, offset: json.offset(member)))
                }
                return smartHealthCards.check(Array(jws.utf8), at: now)
            }
        }
        // Some readers wrap a VDS-NC in an array of one.
        let outer = json.elements(of: json.root).map { Array($0.prefix(2)) } ?? [json.root]
        if outer.count == 1, json.member("data", of: outer[0]) != nil, json.member("sig", of: outer[0]) != nil {
            return [vdsnc.check(json, outer[0], at: now)]
        }
        return [Verdict(format: nil, Reason(.formatUnknown))]
    }

    static func trimmed(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        // A space is a digit of base45 too, but cannot be a code's last: the last of three is at most 32, of two at most 5.
        func isSpace(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
        while isSpace(bytes.last) { bytes.removeLast() }
        if isSpace(bytes.first) { bytes.removeFirst(bytes.prefix(while: isSpace).count) }
        return bytes
    }
}

/// What a text looks like; that it also is what it looks like is for the format's own reading to say.
private enum Recognised {
    /// `shc:/` and digits.
    case numeric(Range<Int>)
    /// Three parts with dots between them.
    case signed
    /// A JSON object or array.
    case json
    /// `HC1:`.
    case hcert
    case unknown

    init(_ text: [UInt8]) {
        let prefix = NumericCode.prefix.utf8.count
        if NumericCode.begins(text) {
            self = .numeric(prefix..<text.count)
        } else if text.first == UInt8(ascii: "{") || text.first == UInt8(ascii: "[") {
            self = .json
        } else if text.starts(with: "HC1:".utf8) {
            self = .hcert
        } else if Self.isSigned(text) {
            self = .signed
        } else {
            self = .unknown
        }
    }

    // Three parts of base64url with two dots between them. The header nearly always begins with `{"`, but white space may
    // stand before that (RFC 8259 section 2).
    private static func isSigned(_ text: [UInt8]) -> Bool {
        if text.starts(with: "eyJ".utf8) { return text.contains(UInt8(ascii: ".")) }
        var dots = 0
        for byte in text {
            if byte == UInt8(ascii: ".") { dots += 1 } else if !Base64URL.contains(byte) { return false }
        }
        return dots == 2
    }
}
