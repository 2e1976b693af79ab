import CardChip
import Crypto
import Exchange
import Foundation
import MutualTLS
import SimulatedCard
import X509

/// One simulated authority and a few key pairs for all tests: making RSA keys takes long.
enum TestCards {
    static let authority = made { try SimulatedAuthority.create() }
    static let other = made { try SimulatedAuthority.create() }
    private static let keys = made { try (0..<2).map { _ in try RSAKey.generate() } }
    static let pin = "1234"

    static func card(_ person: TestPerson, authority: SimulatedAuthority = TestCards.authority) throws
        -> SimulatedCardFile
    {
        try SimulatedCardFile.make(
            holder: try person.holder(), pin: pin, authority: authority, certificateKey: keys[0], chipKey: keys[1])
    }

    private static func made<T>(_ make: () throws -> T) -> T {
        do { return try make() } catch { preconditionFailure("no keys: \(error)") }
    }
}

/// A terminal's certificate and key.
struct TestTerminal: Sendable {
    let id: String
    let key: P256.Signing.PrivateKey
    let der: [UInt8]
    var hash: [UInt8] { Array(SHA256.hash(data: der)) }

    /// A terminal whose files the development keys hold.
    init(_ folder: String, _ number: Int) throws {
        id = "T000\(number)"
        let path = "\(folder)/keys/terminals/\(id)/terminal"
        guard let certificate = PEMFile.certificates(path + ".pem").first,
            let key = PEMFile.privateKey(path + ".key.pem")
        else { throw TestFailure("no \(id)") }
        self.key = key
        der = try certificate.der
    }

    init(id: String, key: P256.Signing.PrivateKey, der: [UInt8]) {
        self.id = id
        self.key = key
        self.der = der
    }
}

/// What a terminal does for one person, up to the application, and what only it can do afterwards.
struct TestSession: Sendable {
    let keys = SessionKeys()
    let inquiry = InquiryNumber()
    let request: CertificateRequest
    let transcriptHash: [UInt8]
    let application: [UInt8]

    init(
        _ person: TestPerson, request: CertificateRequest, terminal: TestTerminal, challenge: [UInt8],
        authority: SimulatedAuthority = TestCards.authority, channel: Channel = .kiosk
    ) throws {
        self.request = request
        let card = SimulatedCard(file: try TestCards.card(person, authority: authority), persistTo: nil)
        let session = try CardSession(transport: InProcessTransport(card: card))
        guard let pin = PIN(digits: Array(TestCards.pin.utf8)) else { throw TestFailure("PIN") }
        try session.verify(pin)
        let draft = ApplicationDraft(
            challenge: challenge, keys: keys, terminalCertificateHash: terminal.hash, channel: channel,
            request: request,
            files: try session.readFiles())
        transcriptHash = draft.transcriptHash
        application = try draft.signed(
            chipSignature: try session.authenticate(digest: draft.transcript), terminalKey: terminal.key)
    }

    /// The session's report.
    func outcome(_ disposition: Outcome.Disposition, keys: SessionKeys? = nil) throws -> [UInt8] {
        try Outcome(
            transcriptHash: transcriptHash, municipality: request.municipality, disposition: disposition,
            keys: keys ?? self.keys
        ).bytes
    }
}
