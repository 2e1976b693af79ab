import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization
import Vaccination

/// A `vrs` for phones that counts what reaches it and answers as a test wants.
final class FakeRecordSystem: Sendable {
    /// How the next requests to a route are answered.
    enum Behaviour: Sendable {
        case right
        case refuse(ProblemCode)
        case bytes(status: HTTPResponse.Status, mediaType: String, body: String)
        case wait
        /// Late, by so long.
        case late(Duration)
    }

    private struct State {
        var received: [String: [[UInt8]]] = [:]
        var headers: [String: [HTTPFields]] = [:]
        var behaviour: [String: Behaviour] = [:]
        var access: PhoneAccess
        var statement: KeyStatement
        /// Those before it.
        var earlier: [KeyStatement] = []
    }
    private let state: Mutex<State>
    let started = AsyncStream<String>.makeStream()
    let released = AsyncStream<Void>.makeStream()

    init(_ statement: KeyStatement) {
        let access = AccessState(
            revision: 1, isSuspended: false, isHalted: false, municipalities: [], kinds: [], terminals: [])
        state = Mutex(
            State(
                access: PhoneAccess(
                    access: access, isSuspended: false, devices: [], models: [], patchLevels: [], releases: []),
                statement: statement))
    }

    func received(_ route: String) -> [[UInt8]] { state.withLock { $0.received[route] ?? [] } }
    func headers(_ route: String) -> [HTTPFields] { state.withLock { $0.headers[route] ?? [] } }
    /// Whether nothing but questions of the service's own came.
    var receivedNothing: Bool { state.withLock { $0.received.keys.allSatisfy { $0 == "keys" } } }
    func behave(_ route: String, _ behaviour: Behaviour) { state.withLock { $0.behaviour[route] = behaviour } }
    func state(_ statement: KeyStatement, after earlier: [KeyStatement] = []) {
        state.withLock { ($0.statement, $0.earlier) = (statement, earlier) }
    }

    /// Changes the access policy; polls under way see it.
    func change(
        isSuspended: Bool? = nil, devices: [String]? = nil, suspendedDevices: [String]? = nil, models: [String]? = nil,
        patchLevels: [Int]? = nil, releases: [PhoneAccess.Release]? = nil,
        _ change: @Sendable (AccessState) -> AccessState = { $0 }
    ) {
        state.withLock { state in
            let (before, changed) = (state.access, change(state.access.access))
            state.access = PhoneAccess(
                access: AccessState(
                    revision: before.access.revision + 1, isSuspended: changed.isSuspended, isHalted: changed.isHalted,
                    municipalities: changed.municipalities, kinds: changed.kinds, terminals: [], offers: changed.offers),
                isSuspended: isSuspended ?? before.isSuspended, devices: devices ?? before.devices,
                suspendedDevices: suspendedDevices ?? before.suspendedDevices, models: models ?? before.models,
                patchLevels: patchLevels ?? before.patchLevels,
                releases: releases ?? before.releases)
        }
    }

    func routes(_ router: Router<ServiceRequestContext>) {
        router.on(WalletRoute.access) { request, _ in
            let known = request.uri.queryParameters["after"].flatMap { Int64($0) }
            for _ in 0..<500 {
                let access = self.state.withLock { $0.access }
                if access.access.revision != known { return try Response(json: access) }
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: .milliseconds(10)) }
            }
            return try Response(json: self.state.withLock { $0.access })
        }
        router.on(WalletRoute.alive) { _, _ in Response(status: .noContent) }
        serve(WalletRoute.keys, router) {
            let bytes = self.state.withLock { state in ([state.statement] + state.earlier).flatMap(\.bytes) }
            return Response(ByteBuffer(bytes: bytes), of: WalletRoute.keys)
        }
        serve(WalletRoute.token, router) {
            try Response(json: DeviceToken(token: [UInt8](repeating: 5, count: 60), validSeconds: 600))
        }
        serve(WalletRoute.enrolment, router) {
            try Response(
                json: EnrolledDeviceAnswer(certificate: [0x30, 0x00], revocationCode: "0123-4567-89AB-CDEF"))
        }
        serve(WalletRoute.challenge, router) {
            try Response(json: ChallengeResponse(challenge: [UInt8](repeating: 7, count: 60), validSeconds: 180))
        }
        serve(WalletRoute.application, router) {
            Response(ByteBuffer(string: "sealed"), of: WalletRoute.application)
        }
        serve(WalletRoute.outcome, router) { Response(status: .noContent) }
        serve(WalletRoute.current, router) {
            Response(
                ByteBuffer(repeating: 9, count: CurrentQuery.sealedReplyBytes), of: WalletRoute.current)
        }
        serve(WalletRoute.revocation, router) { Response(status: .noContent) }
    }

    private func serve(
        _ route: Route, _ router: Router<ServiceRequestContext>, _ right: @escaping @Sendable () throws -> Response
    ) {
        router.on(route) { request, _ in
            let body = try await request.body(of: route)
            let behaviour = self.state.withLock { state in
                state.received[route.name, default: []].append(Array(body.readableBytesView))
                state.headers[route.name, default: []].append(request.headers)
                return state.behaviour[route.name] ?? .right
            }
            switch behaviour {
            case .right: return try right()
            case .refuse(let code): throw code
            case .bytes(let status, let mediaType, let body):
                return Response(ByteBuffer(string: body), mediaType: mediaType, status: status)
            case .late(let time):
                try await Task.sleep(for: time)
                return try right()
            case .wait:
                self.started.continuation.yield(route.name)
                for await _ in self.released.stream { break }
                return try right()
            }
        }
    }
}
