import Exchange
package import HTTPServer
import ExchangeServer
package import Hummingbird
import NIOCore
import Records

/// What the certificate issuing centre may ask: the access policy, what terminals trust, challenges, applications, outcomes. Nothing else is
/// here.
package struct CentreAPI: Sendable {
    private let issuing: Issuing
    private let outcomes: Outcomes
    private let control: ControlStateCache
    private let trust: PublishedTerminalTrust?
    private let accessWait: Duration

    /// The centre's routes over what answers them; `wait` is how long a request for the access policy waits for a change.
    /// - Parameter trust: what terminals trust; `nil` where it is not handed on.
    package init(
        issuing: Issuing, outcomes: Outcomes, control: ControlStateCache, trust: PublishedTerminalTrust? = nil,
        wait: Duration
    ) {
        self.issuing = issuing
        self.outcomes = outcomes
        self.control = control
        self.trust = trust
        self.accessWait = wait
    }

    /// Adds the routes.
    package func add(to router: Router<ServiceRequestContext>) {
        router.on(CentreRoute.access) { request, _ in
            let after = try Query(request, of: CentreRoute.access).after()
            return try Response(json: await control.access(after: after, timeout: accessWait))
        }
        router.on(CentreRoute.trust) { request, _ in
            let after = try Query(request, of: CentreRoute.trust).after()
            guard let trust else { return Response(status: .noContent) }
            guard let signed = await trust.current(after: after, timeout: accessWait) else {
                return Response(status: .noContent)
            }
            return Response(ByteBuffer(bytes: signed.bytes), of: CentreRoute.trust)
        }
        router.on(CentreRoute.alive) { _, _ in Response(status: .noContent) }
        router.on(CentreRoute.challenge) { request, context in
            Self.note(request, context)
            _ = try await request.body(of: CentreRoute.challenge)
            return try Response(json: issuing.challenge())
        }
        router.on(CentreRoute.application) { request, context in
            Self.note(request, context)
            let inquiry = try context.requiredInquiry()
            let body = try await request.body(of: CentreRoute.application)
            guard let formats = PageFormat.parse(request.headers[.pageFormats]) else {
                throw ProblemCode.requestMalformed
            }
            let answer = try await issuing.issue(Array(body.readableBytesView), inquiry: inquiry, formats: formats)
            return Response(ByteBuffer(bytes: answer), of: CentreRoute.application)
        }
        router.on(CentreRoute.outcome) { request, context in
            Self.note(request, context)
            let inquiry = try context.requiredInquiry()
            let body = try await request.body(of: CentreRoute.outcome)
            try await outcomes.accept(Array(body.readableBytesView), inquiry: inquiry)
            return Response(status: .noContent)
        }
    }

    // For the access log alone: who the terminal is, its signature says.
    private static func note(_ request: Request, _ context: ServiceRequestContext) {
        if let id = request.headers[.terminal], EnrolledTerminal.isID(id) { context.notes.terminal = id }
    }
}
