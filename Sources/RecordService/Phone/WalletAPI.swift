import Exchange
import ExchangeServer
package import HTTPServer
package import Hummingbird
import NIOCore
import Vaccination

/// What the mobile back end may ask: the policy, the keys of the day, enrolments of devices, challenges, applications, outcomes, and
/// whether certificates are current. Nothing else is here.
package struct WalletAPI: Sendable {
    private let issuing: Issuing
    private let outcomes: Outcomes
    private let enrolling: DeviceEnrolling
    private let current: CurrentAnswers
    private let control: ControlStateCache
    private let accessWait: Duration

    /// The routes over what answers them; `wait` is how long a request for the policy waits for a change.
    init(
        issuing: Issuing, outcomes: Outcomes, enrolling: DeviceEnrolling, current: CurrentAnswers,
        control: ControlStateCache, wait: Duration
    ) {
        (self.issuing, self.outcomes, self.enrolling) = (issuing, outcomes, enrolling)
        (self.current, self.control, accessWait) = (current, control, wait)
    }

    /// Adds the routes.
    package func add(to router: Router<ServiceRequestContext>) {
        router.on(WalletRoute.access) { request, _ in
            let after = try Query(request, of: WalletRoute.access).after()
            return try Response(json: await control.phoneAccess(after: after, timeout: accessWait))
        }
        router.on(WalletRoute.alive) { _, _ in Response(status: .noContent) }
        router.on(WalletRoute.keys) { _, _ in
            Response(ByteBuffer(bytes: try issuing.keyStatements().flatMap(\.bytes)), of: WalletRoute.keys)
        }
        router.on(WalletRoute.token) { request, _ in
            _ = try await request.body(of: WalletRoute.token)
            return try Response(json: enrolling.token())
        }
        router.on(WalletRoute.enrolment) { request, _ in
            let wanted = try await request.json(DeviceEnrolment.self, of: WalletRoute.enrolment)
            return try Response(json: await enrolling.enrol(wanted))
        }
        router.on(WalletRoute.revocation) { request, _ in
            let wanted = try await request.json(DeviceRevocation.self, of: WalletRoute.revocation)
            try await enrolling.revoke(wanted)
            return Response(status: .noContent)
        }
        router.on(WalletRoute.challenge) { request, _ in
            _ = try await request.body(of: WalletRoute.challenge)
            return try Response(json: issuing.phoneChallenge())
        }
        router.on(WalletRoute.application) { request, context in
            let inquiry = try context.requiredInquiry()
            let body = try await request.body(of: WalletRoute.application)
            // A phone that names no form wants codes alone.
            let named = request.headers[.pageFormats]
            guard let formats = named == nil ? [] : PageFormat.parse(named) else { throw ProblemCode.requestMalformed }
            let answer = try await issuing.issuePhone(
                Array(body.readableBytesView), inquiry: inquiry, formats: formats)
            return Response(ByteBuffer(bytes: answer), of: WalletRoute.application)
        }
        router.on(WalletRoute.outcome) { request, context in
            let inquiry = try context.requiredInquiry()
            let body = try await request.body(of: WalletRoute.outcome)
            try await outcomes.accept(Array(body.readableBytesView), inquiry: inquiry, by: .app)
            return Response(status: .noContent)
        }
        router.on(WalletRoute.current) { request, _ in
            let body = try await request.body(of: WalletRoute.current)
            let reply = try await current.reply(to: Array(body.readableBytesView))
            return Response(ByteBuffer(bytes: reply), of: WalletRoute.current)
        }
    }
}
