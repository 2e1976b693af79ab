/// What a log says of one certificate, line by line: the one rule for which history is right.
///
/// Each issued certificate has exactly one intent and one signature line, in this order; what follows obeys
/// ``CertificateState/after(_:)``.
public struct CertificateHistory: Hashable, Sendable {
    /// What the register says of a certificate.
    public struct Register: Hashable, Sendable {
        /// Its state.
        public let state: CertificateState
        /// Whether it was revoked after it was printed.
        public let isRevoked: Bool

        /// A row of the register.
        public init(state: CertificateState, isRevoked: Bool) {
            self.state = state
            self.isRevoked = isRevoked
        }
    }

    /// The state that the lines lead to; `nil` before the intent.
    public private(set) var state: CertificateState?
    /// Whether an operator revoked it after it was printed.
    public private(set) var isRevoked = false
    /// What is wrong with the order or number of the lines.
    public private(set) var irregularities: [String] = []
    private(set) var wasSigned = false
    /// Whether what the certificate held was kept long enough and is erased: nothing follows.
    public private(set) var isErased = false

    /// A history without a line.
    public init() {}

    /// One whose lines are closed: it goes on from what they led to.
    init(
        closed state: CertificateState?, wasSigned: Bool, isRevoked: Bool, isIrregular: Bool, isErased: Bool = false
    ) {
        (self.state, self.wasSigned, self.isRevoked, self.isErased) = (state, wasSigned, isRevoked, isErased)
        if isIrregular { irregularities = ["closed lines that are out of their order or number"] }
    }

    /// Takes the next line of this certificate.
    public mutating func add(_ event: LogEvent) {
        guard !isErased else { return irregularities.append("\(event.rawValue) after it was erased") }
        if event == .certificateErased {
            if state == nil { irregularities.append("\(event.rawValue) without an intent") }
            isErased = true
            return
        }
        guard event != .intent else {
            if state == nil { state = .intended } else { irregularities.append("more than one intent") }
            return
        }
        guard let before = state else {
            irregularities.append("\(event.rawValue) without an intent")
            // Goes on from where the line could have been written, so that one gap is told once.
            state =
                event == .signed || event == .redelivery
                ? .signed : Self.events[event].flatMap { CertificateState.signed.after($0) }
            wasSigned = true
            return
        }
        switch event {
        case .signed:
            if wasSigned { irregularities.append("more than one signature") }
            wasSigned = true
        case .redelivery:
            if !wasSigned { irregularities.append("handed out without a signature line") }
            wasSigned = true
        case .printed, .unreported:
            if !wasSigned { irregularities.append("\(event.rawValue) without a signature line") }
        default: break
        }
        // Earlier versions handed out again what was printed; the state stayed.
        if event == .redelivery, before == .printed { return }
        guard let change = Self.events[event] else { return }
        guard let after = before.after(change) else {
            return irregularities.append("\(event.rawValue) after \(before.rawValue)")
        }
        state = after
        if event == .revokedByOperator { isRevoked = true }
    }

    /// What the register contradicts; `nil` if it fits.
    public func contradiction(with register: Register?) -> String? {
        guard let register else { return state == nil || isErased ? nil : "gone; its log says \(text)" }
        let found = CertificateHistory.text(register.state, register.isRevoked)
        return !isErased && register.state == state && register.isRevoked == isRevoked
            ? nil : "\(found); its log says \(text)"
    }

    private var text: String { isErased ? "erased" : state.map { Self.text($0, isRevoked) } ?? "nothing" }

    private static func text(_ state: CertificateState, _ isRevoked: Bool) -> String {
        state.rawValue + (isRevoked ? ", revoked" : "")
    }

    private static let events: [LogEvent: CertificateEvent] = [
        .signed: .signed, .redelivery: .signed, .printed: .printed, .voided: .aborted, .unreported: .unreported,
        .voidedByOperator: .voidedByOperator, .revokedByOperator: .revokedByOperator,
    ]
}
