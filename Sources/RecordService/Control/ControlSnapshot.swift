import CardChip
package import Exchange
package import Foundation
package import Records
import Vaccination

/// What operators have set, as a snapshot that is read without waiting.
package struct ControlSnapshot: Sendable {
    /// As in the store.
    package let state: ControlState
    /// Terminals by the hash of their certificate.
    package let terminals: [[UInt8]: KnownTerminal]
    /// As the centre is told.
    package let access: AccessState
    /// The same, for judging requests.
    package let policy: AccessPolicy

    init(state: ControlState, authority: TerminalAuthority, examined: inout [[UInt8]: ExaminedCertificate?]) {
        self.state = state
        var terminals: [[UInt8]: KnownTerminal] = [:]
        var kept: [[UInt8]: ExaminedCertificate?] = [:]
        for terminal in state.terminals {
            let hash = terminal.certificateHash
            let certificate = examined[hash] ?? (try? authority.examine(der: terminal.certificateDER))
            kept[hash] = .some(certificate)
            terminals[hash] = KnownTerminal(
                terminal: terminal, certificate: certificate?.hash == hash ? certificate : nil)
        }
        examined = kept
        self.terminals = terminals
        access = AccessState(
            revision: state.revision, isSuspended: state.suspensions.contains(.everything),
            isHalted: state.issuingHalted != nil,
            municipalities: Set(
                state.suspensions.compactMap { if case .municipality(let code) = $0 { code } else { nil } }
            )
            .union(state.brokenRegions.keys).sorted(),
            kinds: CertificateKind.allCases.filter { state.suspensions.contains(.kind($0)) },
            terminals: state.terminals.map {
                AccessState.Terminal(
                    id: $0.id, certificateHash: Hexadecimal.text($0.certificateHash), isRevoked: $0.status == .revoked,
                    isSuspended: state.suspensions.contains(.terminal($0.id)))
            })
        policy = AccessPolicy(
            access,
            terminals: Dictionary(zip(state.terminals.map(\.certificateHash), access.terminals)) { first, _ in first })
    }

    /// The terminal with this certificate, if it may apply now; throws the reason if it may not.
    package func terminal(certificateHash: [UInt8], now: Date) throws(ProblemCode) -> (
        EnrolledTerminal, ExaminedCertificate
    ) {
        _ = try policy.terminal(certificateHash)
        guard let known = terminals[certificateHash], let certificate = known.certificate, certificate.isValid(at: now)
        else { throw .terminalUnknown }
        return (known.terminal, certificate)
    }
}
