import Exchange
import Foundation
import MutualTLS
import HTTPServer
import Signing
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization
import Vaccination

/// A `vrs` that counts what reaches it and answers as a test wants.
final class FakeRecordSystem: Sendable {
    /// How the next requests to a route are answered.
    enum Behaviour: Sendable {
        case right
        case refuse(ProblemCode)
        case bytes(status: HTTPResponse.Status, mediaType: String, body: String)
        case wait
        /// Never, as on a connection that is dead without an end.
        case swallow
        /// The next one not at all: its connection ends. Those behind it are answered.
        case breakOff
    }

    private struct State {
        var received: [String: [[UInt8]]] = [:]
        var headers: [String: [HTTPFields]] = [:]
        var behaviour: [String: Behaviour] = [:]
        /// Requests answered since one was broken off.
        var answeredSince: [String: Int] = [:]
        var access: AccessState
        var trust: SignedTerminalTrust?
    }
    private let state: Mutex<State>
    let started = AsyncStream<String>.makeStream()
    let released = AsyncStream<Void>.makeStream()

    init(_ terminals: [AccessState.Terminal]) {
        state = Mutex(
            State(
                access: AccessState(
                    revision: 1, isSuspended: false, isHalted: false, municipalities: [], kinds: [],
                    terminals: terminals)))
    }

    func received(_ route: String) -> [[UInt8]] { state.withLock { $0.received[route] ?? [] } }
    func headers(_ route: String) -> [HTTPFields] { state.withLock { $0.headers[route] ?? [] } }
    var receivedNothing: Bool { state.withLock { $0.received.keys.allSatisfy { $0 == "gate" } } }
    func behave(_ route: String, _ behaviour: Behaviour) { state.withLock { $0.behaviour[route] = behaviour } }
    /// How many requests were answered behind the one that was broken off; `nil` before that.
    func answeredSinceBreak(_ route: String) -> Int? { state.withLock { $0.answeredSince[route] } }

    private struct BrokenOff: Error {}

    /// The answer to a request that is broken off: a body that does not come.
    private func brokenOff(_ route: String) -> Response? {
        let isBroken = state.withLock { state in
            guard case .breakOff? = state.behaviour[route] else {
                if let count = state.answeredSince[route] { state.answeredSince[route] = count + 1 }
                return false
            }
            state.behaviour[route] = nil
            state.answeredSince[route] = 0
            return true
        }
        return isBroken ? Response(status: .ok, body: .init { _ in throw BrokenOff() }) : nil
    }

    /// Changes the access policy; polls under way see it.
    func change(_ change: @Sendable (AccessState) -> AccessState) {
        state.withLock { state in
            let changed = change(state.access)
            state.access = AccessState(
                revision: state.access.revision + 1, isSuspended: changed.isSuspended, isHalted: changed.isHalted,
                municipalities: changed.municipalities, kinds: changed.kinds, terminals: changed.terminals,
                offers: changed.offers)
        }
    }

    /// Publishes another edition of what terminals trust; polls under way see it.
    func publish(_ trust: SignedTerminalTrust) { state.withLock { $0.trust = trust } }

    func routes(_ router: Router<ServiceRequestContext>) {
        router.get("/centre/v1/gate") { request, _ in
            let known = request.uri.queryParameters["after"].flatMap { Int64($0) }
            for _ in 0..<500 {
                let (access, isBroken) = self.state.withLock { state in
                    guard case .breakOff? = state.behaviour["gate"] else { return (state.access, false) }
                    return (state.access, true)
                }
                if isBroken || access.revision != known {
                    if let broken = self.brokenOff("gate") { return broken }
                    return try await self.answer("gate", request, []) { try Response(json: access) }
                }
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: .milliseconds(10)) }
            }
            return try await self.answer("gate", request, []) { try Response(json: self.state.withLock { $0.access }) }
        }
        router.get("/centre/v1/trust") { request, _ in
            let known = request.uri.queryParameters["after"].flatMap { Int64($0) }
            for _ in 0..<500 {
                if let trust = self.state.withLock({ $0.trust }), trust.counter != known {
                    return Response(ByteBuffer(bytes: trust.bytes), mediaType: SignedTerminalTrust.mediaType)
                }
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: .milliseconds(10)) }
            }
            return Response(status: .noContent)
        }
        router.get("/centre/v1/alive") { _, _ in
            if let broken = self.brokenOff("alive") { return broken }
            if case .wait? = self.state.withLock({ $0.behaviour["alive"] }) { try await Task.sleep(for: .seconds(5)) }
            return Response(status: .noContent)
        }
        router.post("/centre/v1/challenge") { request, _ in
            try await self.answer("challenge", request, []) {
                try Response(json: ChallengeResponse(challenge: [UInt8](repeating: 7, count: 60), validSeconds: 180))
            }
        }
        router.post("/centre/v1/application") { request, _ in
            let body = try await request.body(Application.mediaType, upTo: Application.maximumBytes)
            return try await self.answer("application", request, Array(body.readableBytesView)) {
                Response(ByteBuffer(string: "sealed"), mediaType: SealedAnswer.mediaType)
            }
        }
        router.post("/centre/v1/outcome") { request, _ in
            let body = try await request.body(Outcome.mediaType, upTo: Outcome.maximumBytes)
            return try await self.answer("outcome", request, Array(body.readableBytesView)) {
                Response(status: .noContent)
            }
        }
    }

    private func answer(
        _ route: String, _ request: Request, _ body: [UInt8], _ right: () throws -> Response
    ) async throws -> Response {
        let behaviour = state.withLock { state in
            state.received[route, default: []].append(body)
            state.headers[route, default: []].append(request.headers)
            return state.behaviour[route] ?? .right
        }
        switch behaviour {
        case .right: return try right()
        case .refuse(let code): throw code
        case .bytes(let status, let mediaType, let body):
            return Response(ByteBuffer(string: body), mediaType: mediaType, status: status)
        case .breakOff: throw BrokenOff()
        case .swallow:
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(60)) }
            return try right()
        case .wait:
            started.continuation.yield(route)
            for await _ in released.stream { break }
            return try right()
        }
    }
}

extension IssuingAuthority.Issued {
    var identity: TLSIdentity? { key.flatMap { TLSIdentity(chain: [certificate], key: $0) } }
}
