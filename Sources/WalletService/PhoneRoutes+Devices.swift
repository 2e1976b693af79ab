import Attestation
import Exchange
import ExchangeServer
import Foundation
import HTTPServer
import Hummingbird
import NIOCore

/// How a device comes in, and is taken out by its holder.
extension PhoneRoutes {
    func token(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.enrolment, context.network)
        _ = try admitted()
        _ = try await request.body(of: PhoneRoute.token)
        return Response(try await recordSystem.token(), of: PhoneRoute.token)
    }

    func enrolment(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.enrolment, context.network)
        _ = try admitted()
        let bytes = try await request.body(of: PhoneRoute.enrolment)
        let enrolment = try JSONDecoder().decode(DeviceEnrolment.self, from: Data(bytes.readableBytesView))
        guard isRight(enrolment) else { throw ProblemCode.requestMalformed }
        let enrolled = try await enrolmentSlots.withSlot([]) { try await recordSystem.enrol(bytes) }
        return Response(enrolled, of: PhoneRoute.enrolment)
    }

    private func isRight(_ enrolment: DeviceEnrolment) -> Bool {
        guard let platform = AttestationPlatform(rawValue: enrolment.platform) else { return false }
        switch platform {
        case .development where !current.configuration.isDevelopment: return false
        case .ios: return enrolment.proof == nil
        case .android, .development: return enrolment.proof != nil
        }
    }

    /// Taken also while the service is suspended or closed: a lost phone is to be out at once.
    func revocation(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.revocation, context.network)
        _ = try poller.current
        let bytes = try await request.body(of: PhoneRoute.revocation)
        _ = try JSONDecoder().decode(DeviceRevocation.self, from: Data(bytes.readableBytesView))
        try await recordSystem.revoke(bytes)
        return Response(status: .noContent)
    }
}
