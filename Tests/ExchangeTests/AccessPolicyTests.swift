import CardChip
import Exchange
import Foundation
import TestSupport
import Testing
import Vaccination

/// The reasons for a refusal, and which of several is given.
struct AccessPolicyTests {
    /// Every reason, in the order in which they count.
    enum Reason: CaseIterable {
        case unknown, revoked, terminal, everything, halted, closed, absent, sealed, municipality, elsewhere,
            notOffered,
            settled, kind

        var code: ProblemCode {
            switch self {
            case .unknown: .terminalUnknown
            case .revoked: .terminalRevoked
            case .terminal: .terminalSuspended
            case .everything: .serviceSuspended
            case .halted: .serviceHalted
            case .closed: .serviceClosed
            case .absent, .sealed: .municipalityNotParticipating
            case .municipality: .municipalitySuspended
            case .elsewhere: .channelNotOffered
            case .notOffered, .settled: .kindNotOffered
            case .kind: .kindSuspended
            }
        }
    }

    private func refusal(_ reasons: Set<Reason>) throws -> ProblemCode? {
        let hash = [UInt8](repeating: 7, count: 32)
        let code = try #require(MunicipalityCode("990019"))
        let entry = AccessState.Terminal(
            id: "T0001", certificateHash: Hexadecimal.text(hash), isRevoked: reasons.contains(.revoked),
            isSuspended: reasons.contains(.terminal))
        let policy = try #require(
            AccessPolicy(
                AccessState(
                    revision: 1, isSuspended: reasons.contains(.everything), isHalted: reasons.contains(.halted),
                    municipalities: reasons.contains(.municipality) ? [code] : [],
                    kinds: reasons.contains(.kind) ? [.overseas] : [],
                    terminals: reasons.contains(.unknown) ? [] : [entry],
                    offers: offers(of: code, reasons))))
        let request = CertificateRequest(municipality: code, kind: .overseas, copies: try #require(Copies(1)))
        do throws(ProblemCode) {
            return policy.refusal(
                of: request, by: .kiosk, at: try policy.terminal(hash), isOpen: !reasons.contains(.closed),
                participants: reasons.contains(.absent)
                    ? [:] : [code: reasons.contains(.notOffered) ? [.domestic] : [.domestic, .overseas]])
        } catch { return error }
    }

    private func offers(of code: MunicipalityCode, _ reasons: Set<Reason>) -> [AccessState.Offer] {
        let channels: [IssueChannel] =
            reasons.contains(.sealed) ? [] : reasons.contains(.elsewhere) ? [.app, .counter] : [.kiosk]
        return [
            AccessState.Offer(
                municipality: code, channels: channels, kinds: reasons.contains(.settled) ? [.domestic] : [.overseas],
                desk: nil)
        ]
    }

    @Test(arguments: Reason.allCases)
    func `each reason alone is given`(_ reason: Reason) throws { #expect(try refusal([reason]) == reason.code) }

    @Test(arguments: Reason.allCases.indices)
    func `of several reasons the first one is given`(_ index: Int) throws {
        #expect(try refusal(Set(Reason.allCases[index...])) == Reason.allCases[index].code)
        for later in Reason.allCases[index...] {
            #expect(try refusal([Reason.allCases[index], later]) == Reason.allCases[index].code)
        }
    }

    @Test func `without a reason nothing is refused`() throws { #expect(try refusal([]) == nil) }

    @Test(arguments: [
        "", "ab", String(repeating: "0", count: 63), String(repeating: "AB", count: 32),
        String(repeating: "g", count: 64),
    ])
    func `a state with a hash that is none makes no policy`(_ hash: String) {
        let terminal = AccessState.Terminal(id: "T0001", certificateHash: hash, isRevoked: false, isSuspended: false)
        let state = AccessState(
            revision: 1, isSuspended: false, isHalted: false, municipalities: [], kinds: [], terminals: [terminal])
        #expect(AccessPolicy(state) == nil)
    }

    @Test func `bad states never trap`() async throws {
        let state = AccessState(
            revision: 3, isSuspended: false, isHalted: false, municipalities: [], kinds: [.overseas],
            terminals: [
                .init(
                    id: "T0001", certificateHash: String(repeating: "ab", count: 32), isRevoked: false,
                    isSuspended: true)
            ],
            offers: [
                .init(
                    municipality: try #require(MunicipalityCode("990019")), channels: [.app], kinds: [.domestic],
                    desk: Menu.Notice(japanese: "窓口", english: "desk"))
            ])
        let json = try JSONEncoder().encode(state)
        await BadInput.run("access state", samples: [Array(json)]) { bytes in
            _ = AccessPolicy(try JSONDecoder().decode(AccessState.self, from: Data(bytes)))
        }
    }
}
