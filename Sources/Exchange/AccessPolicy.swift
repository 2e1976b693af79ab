import CardChip
package import Vaccination

/// Who may use the service now, and for what: one state of what operators have set, in a form that is looked up at every
/// request. Centre and `vrs` judge by it alike, so that both give the same reason.
package struct AccessPolicy: Sendable {
    /// Grows with every change at `vrs`.
    package let revision: Int64
    /// Whether everything is suspended.
    package let isSuspended: Bool
    /// Whether issuing stopped after a mismatch.
    package private(set) var isHalted: Bool
    /// Suspended municipalities.
    package private(set) var municipalities: Set<MunicipalityCode>
    /// Suspended kinds.
    package let kinds: Set<CertificateKind>
    /// What municipalities have settled on, where that is not everything.
    package let offers: [MunicipalityCode: AccessState.Offer]
    /// Every enrolled terminal by the SHA-256 of its certificate, also revoked ones.
    package let terminals: [[UInt8]: AccessState.Terminal]

    /// A policy out of a state; `nil` if a terminal's hash has not the form of one.
    package init?(_ state: AccessState) {
        var terminals: [[UInt8]: AccessState.Terminal] = [:]
        terminals.reserveCapacity(state.terminals.count)
        for terminal in state.terminals {
            guard let hash = Hexadecimal.bytes(terminal.certificateHash), hash.count == 32 else { return nil }
            terminals[hash] = terminal
        }
        self.init(state, terminals: terminals)
    }

    /// A policy out of a state whose terminals are known by their hashes already.
    package init(_ state: AccessState, terminals: [[UInt8]: AccessState.Terminal]) {
        revision = state.revision
        isSuspended = state.isSuspended
        isHalted = state.isHalted
        municipalities = Set(state.municipalities)
        kinds = Set(state.kinds)
        offers = Dictionary(state.offers.map { ($0.municipality, $0) }) { first, _ in first }
        self.terminals = terminals
    }

    /// The same policy with issuing stopped, for whoever knows of the mismatch first.
    package var halted: AccessPolicy {
        var policy = self
        policy.isHalted = true
        return policy
    }

    /// The same policy with further municipalities suspended, for whoever knows first that nothing can be written there.
    package func suspending(_ municipalities: Set<MunicipalityCode>) -> AccessPolicy {
        guard !municipalities.isEmpty else { return self }
        var policy = self
        policy.municipalities.formUnion(municipalities)
        return policy
    }

    /// The terminal of a certificate; throws if it is unknown or revoked.
    package func terminal(_ certificateHash: [UInt8]) throws(ProblemCode) -> AccessState.Terminal {
        guard let terminal = terminals[certificateHash] else { throw .terminalUnknown }
        guard !terminal.isRevoked else { throw .terminalRevoked }
        return terminal
    }

    /// Why no session may begin at all, at this terminal if one is named; `nil` if one may.
    ///
    /// Of several reasons the first one counts: this terminal, everything, the halt, the hours.
    ///
    /// - Parameter isOpen: whether it is within the hours of service, for those who keep them.
    package func refusal(at terminal: AccessState.Terminal?, isOpen: Bool = true) -> ProblemCode? {
        if let terminal, terminal.isSuspended { return .terminalSuspended }
        if isSuspended { return .serviceSuspended }
        if isHalted { return .serviceHalted }
        return isOpen ? nil : .serviceClosed
    }

    /// Why a request may not go on; `nil` if it may.
    ///
    /// Of several reasons the first one counts: those of ``refusal(at:isOpen:)``, then the municipality (does not take
    /// part, is suspended, issues by other channels alone), then the kind (is not offered there, is suspended).
    ///
    /// - Parameters:
    ///   - channel: the one that the request comes by.
    ///   - terminal: the one that it comes from; `nil` of a phone.
    ///   - participants: the municipalities that take part, and the kinds that each takes part with.
    package func refusal(
        of request: CertificateRequest, by channel: IssueChannel, at terminal: AccessState.Terminal?,
        isOpen: Bool = true,
        participants: [MunicipalityCode: Set<CertificateKind>]
    ) -> ProblemCode? {
        if let refusal = refusal(at: terminal, isOpen: isOpen) { return refusal }
        guard let kindsThere = participants[request.municipality], !isClosed(request.municipality) else {
            return .municipalityNotParticipating
        }
        if municipalities.contains(request.municipality) { return .municipalitySuspended }
        guard isOffered(by: channel, in: request.municipality) else { return .channelNotOffered }
        guard kindsThere.contains(request.kind), isOffered(request.kind, in: request.municipality) else {
            return .kindNotOffered
        }
        return kinds.contains(request.kind) ? .kindSuspended : nil
    }

    // MARK: What municipalities have settled on

    /// Whether a municipality has settled that nobody gets in by any channel.
    package func isClosed(_ municipality: MunicipalityCode) -> Bool { offers[municipality]?.channels.isEmpty ?? false }

    /// Whether a municipality issues by a channel.
    package func isOffered(by channel: IssueChannel, in municipality: MunicipalityCode) -> Bool {
        offers[municipality]?.channels.contains(channel) ?? true
    }

    /// Whether a municipality issues a kind, if it takes part with it.
    package func isOffered(_ kind: CertificateKind, in municipality: MunicipalityCode) -> Bool {
        offers[municipality]?.kinds.contains(kind) ?? true
    }
}
