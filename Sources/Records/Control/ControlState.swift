/// What operators have set for all regions.
public struct ControlState: Hashable, Sendable {
    /// Grows by one with every change, so that a copy is renewed only when it is old.
    public let revision: Int64
    /// Every terminal ever enrolled, by name.
    public let terminals: [EnrolledTerminal]
    /// What is out of service.
    public let suspensions: Set<Suspension>
    /// Why issuing stands still until an operator clears it; `nil` if it does not.
    public let issuingHalted: String?

    /// A state from its parts.
    public init(revision: Int64, terminals: [EnrolledTerminal], suspensions: Set<Suspension>, issuingHalted: String?) {
        self.revision = revision
        self.terminals = terminals
        self.suspensions = suspensions
        self.issuingHalted = issuingHalted
    }
}
