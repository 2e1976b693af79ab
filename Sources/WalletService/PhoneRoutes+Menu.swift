import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import Hummingbird
import NIOCore
import ServiceLifecycle
import Vaccination
import Waiting

/// What the app may offer now: one menu for all.
extension PhoneRoutes {
    /// How long a menu poll is held.
    private static var menuWait: Duration { .seconds(25) }

    func menu(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        if let after = try Query(request, of: PhoneRoute.menu).after() {
            // A graceful stop ends the wait; the phone gets the menu as it is and asks elsewhere.
            await cancelWhenGracefulShutdown { [poller] in
                _ = await poller.revision.wait(atMost: Self.menuWait) { $0 == after }
            }
        }
        return Response(try currentMenu(), of: PhoneRoute.menu)
    }

    private func currentMenu() throws -> ByteBuffer {
        let revision = poller.revision.value
        let policy = try? poller.current
        let isOpen = current.configuration.hours.contains(now())
        let closed =
            poller.isReached ? policy.map { $0.refusal(isOpen: isOpen) } ?? .upstreamUnavailable : .upstreamUnavailable
        return try menus.body(revision, closed) { try menu(revision, policy?.access, closed) }
    }

    private func menu(_ revision: Int64, _ policy: AccessPolicy?, _ closed: ProblemCode?) throws -> Menu {
        let configuration = current.configuration
        let entries = configuration.participants.values.compactMap { participant -> Menu.Entry? in
            let code = participant.municipality.code
            guard let policy else {
                return Menu.Entry(municipality: participant.municipality, kinds: participant.kinds, isSuspended: false)
            }
            guard policy.isOffered(by: .app, in: code) else { return nil }
            return Menu.Entry(
                municipality: participant.municipality,
                kinds: participant.kinds.filter { policy.isOffered($0, in: code) },
                isSuspended: policy.municipalities.contains(code), desk: policy.offers[code]?.desk)
        }
        let menu = Menu(
            revision: revision, closed: closed, entries: entries.sorted { $0.municipality.code < $1.municipality.code },
            suspendedKinds: CertificateKind.allCases.filter { policy?.kinds.contains($0) ?? false }, feeYen: 0,
            hours: configuration.hours, notices: configuration.notices, isDevelopment: configuration.isDevelopment)
        // The file's bounds are the menu's.
        guard let menu else { throw ProblemCode.internal }
        return menu
    }
}
