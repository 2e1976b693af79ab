import CardChip
import Crypto
import Exchange
import ExchangeSupport
import Foundation
import MutualTLS
import RecordService
import SimulatedCard
import X509

/// One simulated authority and a few key pairs for all tests: making RSA keys takes long.
enum TestCards {
    static let authority = made { try SimulatedAuthority.create() }
    static let other = made { try SimulatedAuthority.create() }
    private static let keys = made { try (0..<2).map { _ in try RSAKey.generate() } }

    static func card(_ person: TestPerson, authority: SimulatedAuthority = TestCards.authority) throws
        -> SimulatedCardFile
    {
        try SimulatedCardFile.make(
            holder: try person.holder(), pin: CustomerCard.ordinaryPIN, authority: authority, certificateKey: keys[0],
            chipKey: keys[1])
    }

    private static func made<T>(_ make: () throws -> T) -> T {
        do { return try make() } catch { preconditionFailure("no keys: \(error)") }
    }
}

extension TestTerminal {
    /// A terminal whose files the development keys hold.
    init(_ folder: String, _ number: Int) throws {
        let path = "\(folder)/keys/terminals/T000\(number)/terminal"
        try self.init("T000\(number)", certificateFile: path + ".pem", keyFile: path + ".key.pem")
    }
}

/// What a terminal does for one person, up to the application, and what only it can do afterwards.
struct TestSession: Sendable {
    let signed: SignedApplication
    var keys: SessionKeys { signed.keys }
    var inquiry: InquiryNumber { signed.inquiry }
    var request: CertificateRequest { signed.request }
    var transcriptHash: [UInt8] { signed.transcriptHash }
    var application: [UInt8] { signed.bytes }

    init(
        _ person: TestPerson, request: CertificateRequest, terminal: TestTerminal, challenge: [UInt8],
        authority: SimulatedAuthority = TestCards.authority, channel: Channel = .kiosk
    ) throws {
        let session = ApplicantSession(
            device: terminal.device(channel: channel), request: request, challenge: challenge)
        let presented = try CustomerCard(try TestCards.card(person, authority: authority)).present()
        let draft = session.draft(presented.files)
        signed = try draft.signed(chipSignature: try presented.chip.authenticate(digest: draft.transcript))
    }

    /// The session's report.
    func outcome(_ disposition: Outcome.Disposition, keys: SessionKeys? = nil) throws -> [UInt8] {
        guard let keys else { return try signed.outcome(disposition).bytes }
        return try Outcome(
            transcriptHash: transcriptHash, municipality: request.municipality, disposition: disposition, keys: keys
        ).bytes
    }
}

/// A record system in this process, as a session's service.
struct InProcessService: ApplicantService {
    let system: VRS

    func challenge(for request: CertificateRequest, inquiry: InquiryNumber) async throws(ServiceFailure) -> [UInt8] {
        try await Self.asked { Array(try system.issuing.challenge().challenge) }
    }

    func send(
        application: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat>
    ) async throws(ServiceFailure) -> [UInt8] {
        try await Self.asked { try await system.issuing.issue(application, inquiry: inquiry, formats: formats) }
    }

    func report(outcome: [UInt8], inquiry: InquiryNumber) async throws(ServiceFailure) {
        try await Self.asked { try await system.outcomes.accept(outcome, inquiry: inquiry) }
    }

    private static func asked<Value>(_ ask: () async throws -> Value) async throws(ServiceFailure) -> Value {
        do { return try await ask() } catch { throw (error as? ProblemCode).map { .refused($0) } ?? .unusable }
    }
}
