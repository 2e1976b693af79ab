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
        return Response(try await recordSystem.enrol(bytes), of: PhoneRoute.enrolment)
    }

    private func isRight(_ enrolment: DeviceEnrolment) -> Bool {
        guard let platform = AttestationPlatform(rawValue: enrolment.platform),
            (16...256).contains(enrolment.token.count), (1...16_384).contains(enrolment.attestation.count)
        else { return false }
        switch platform {
        case .development where !current.configuration.isDevelopment: return false
        case .ios: return enrolment.proof == nil
        case .android, .development:
            return enrolment.proof.map { (1...DeviceProof.maximumBytes).contains($0.count) } ?? false
        }
    }

    /// Taken also while the service is suspended or closed: a lost phone is to be out at once.
    func revocation(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        try limits.take(.revocation, context.network)
        _ = try poller.current
        let bytes = try await request.body(of: PhoneRoute.revocation)
        let revocation = try JSONDecoder().decode(DeviceRevocation.self, from: Data(bytes.readableBytesView))
        guard Self.isRevocationCode(revocation.code) else { throw ProblemCode.requestMalformed }
        try await recordSystem.revoke(bytes)
        return Response(status: .noContent)
    }

    /// Sixteen characters of Crockford's base 32 as people write them, O and I for 0 and 1 too, with hyphens and blanks between.
    static func isRevocationCode(_ text: String) -> Bool {
        guard text.utf8.count <= 64 else { return false }
        let letters = text.uppercased().utf8.filter { ![UInt8(ascii: "-"), UInt8(ascii: " ")].contains($0) }
        return letters.count == 16 && letters.allSatisfy(Array("0123456789ABCDEFGHJKMNPQRSTVWXYZOIL".utf8).contains)
    }
}
