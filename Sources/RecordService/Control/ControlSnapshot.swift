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
    private let terminals: [[UInt8]: EnrolledTerminal]
    /// What is examined of their certificates.
    private let examined: ExaminedCertificates
    /// As the centre is told.
    package let access: AccessState
    /// The same, for judging requests.
    package let policy: AccessPolicy
    /// What counts for phones alone.
    let phones: PhoneRestrictions

    init(state: ControlState, examined: ExaminedCertificates) {
        self.state = state
        self.examined = examined
        terminals = Dictionary(state.terminals.map { ($0.certificateHash, $0) }) { _, last in last }
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
            },
            offers: Self.offers(state))
        phones = PhoneRestrictions(state, access)
        policy = AccessPolicy(
            access,
            terminals: Dictionary(zip(state.terminals.map(\.certificateHash), access.terminals)) { first, _ in first })
    }

    /// What municipalities have settled on; of those that were erased there is nothing.
    private static func offers(_ state: ControlState) -> [AccessState.Offer] {
        let erased = state.erased.map { AccessState.Offer(municipality: $0, channels: [], kinds: [], desk: nil) }
        let settled = state.settings.filter { !state.erased.contains($0.key) }.map { code, settings in
            AccessState.Offer(
                municipality: code, channels: IssueChannel.allCases.filter(settings.openChannels.contains),
                kinds: CertificateKind.allCases.filter(settings.kinds.contains),
                desk: settings.desk.map { Menu.Notice(japanese: $0.japanese, english: $0.english) })
        }
        return (erased + settled).sorted { $0.municipality < $1.municipality }
    }

    /// The terminal with this certificate, if it may apply now; throws the reason if it may not.
    package func terminal(certificateHash: [UInt8], now: Date) throws(ProblemCode) -> (
        EnrolledTerminal, ExaminedCertificate
    ) {
        _ = try policy.terminal(certificateHash)
        guard let terminal = terminals[certificateHash], let certificate = examined.certificate(of: terminal),
            certificate.isValid(at: now)
        else { throw .terminalUnknown }
        return (terminal, certificate)
    }
}
