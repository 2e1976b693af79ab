import AsyncHTTPClient
import CardChip
import Crypto
package import Exchange
import Foundation
import NIOCore
package import SimulatedCard
import Synchronization
import TestSupport
package import Vaccination

/// Terminals, people, cards and sessions out of the stack.
extension Stack {
    /// A terminal with its own certificate, from 1.
    package func terminal(_ number: Int = 1) throws -> LiveTerminal {
        let name = Self.terminalName(number)
        let folder = keys + "/terminals/" + name
        return try LiveTerminal(
            name, base: centre, authority: keys + "/ca.pem", certificate: folder + "/terminal.pem",
            key: folder + "/terminal.key.pem")
    }

    package static func terminalName(_ number: Int) -> String {
        "T" + String(repeating: "0", count: 4 - String(number).count) + String(number)
    }

    /// A request for one copy, in the first sample municipality if none is named.
    package func request(in municipality: MunicipalityCode? = nil, _ kind: CertificateKind = .domestic) throws
        -> CertificateRequest
    {
        guard let copies = Copies(1) else { throw TestFailure("one copy is not allowed") }
        return CertificateRequest(municipality: municipality ?? people[0].municipality, kind: kind, copies: copies)
    }

    /// An ordinary resident of the first sample municipality whom no other test was given.
    package func nextPerson() throws -> SamplePerson {
        let first = people[0].municipality
        let residents = people.filter { $0.municipality == first && $0.isOrdinary }
        let index = takeIndex()
        guard index < residents.count else { throw TestFailure("the sample has no further resident of \(first)") }
        return residents[index]
    }

    /// Somebody whom no record knows.
    package func stranger() throws -> SamplePerson {
        let eleven = [9, 8, 7, 6, 5, 4, 3, 2, 1, 9, 8]
        let number = eleven.map(String.init).joined() + String(CardHolder.checkDigit(of: eleven))
        guard !people.contains(where: { $0.number == number }), let birthDate = BirthDate(iso: "1990-01-02") else {
            throw TestFailure("the stranger is known")
        }
        return SamplePerson(
            number: number, cardName: "見本\u{3000}無名", birthDate: birthDate, sexDigit: 1,
            municipality: people[0].municipality)
    }

    /// A card for a person, or for the next one.
    package func card(_ person: SamplePerson? = nil) throws -> CustomerCard {
        CustomerCard(
            try SimulatedCardFile.make(
                holder: try (person ?? nextPerson()).holder(), pin: CustomerCard.ordinaryPIN, authority: authority,
                keys: pool))
    }

    /// A session of the next person, up to its application.
    package func prepare(_ kind: CertificateKind = .domestic, terminal number: Int = 1) async throws -> PreparedSession
    {
        let person = try nextPerson()
        return try await terminal(number).prepare(request(in: person.municipality, kind), card: try card(person))
    }

    /// A session of the next person with its answer.
    package func issue() async throws -> (PreparedSession, Answer) {
        let session = try await prepare()
        return (session, try await session.answer(from: answerKey))
    }

    /// Opens the sealed answer of a session.
    package func open(_ reply: Reply, _ session: PreparedSession) throws -> Answer {
        guard reply.status == 200 else { throw TestFailure("\(reply.status) \(reply.code?.rawValue ?? "")") }
        guard case .issued(let answer) = try session.signed.open(reply.body, from: answerKey) else {
            throw TestFailure("refused")
        }
        return answer
    }

    /// Sends a session's application and opens what it is refused with; `nil` if it gets a certificate.
    package func sealedRefusal(_ session: PreparedSession) async throws -> ProblemCode? {
        let reply = try await session.terminal.apply(session.application)
        guard reply.status == 200 else { throw TestFailure("\(reply.status) \(reply.code?.rawValue ?? "")") }
        guard case .refused(let refusal) = try session.signed.open(reply.body, from: answerKey) else { return nil }
        return refusal.code
    }
}

/// What operators see.
extension Stack {
    /// Runs an operator's command of `vrs` and gives its output.
    @discardableResult
    package func operate(_ arguments: String...) async throws -> String { try await operate(arguments) }

    /// The same of arguments in a list.
    package func operate(_ arguments: [String]) async throws -> String {
        let result = try await Program.run(
            Programs.path("vrs"), arguments + ["--config", folder + "/operator.yaml"], folder: folder)
        guard result.status == 0 else { throw TestFailure("vrs \(arguments): \(result.errors)") }
        return result.output
    }

    /// A client of the inner side with the operator's certificate.
    package func asOperator() throws -> TLSClient {
        try TLSClient(
            base: "https://" + innerAddress, authority: keys + "/ca.pem", certificate: keys + "/operator/operator.pem",
            key: keys + "/operator/operator.key.pem")
    }

    private struct Listed: Decodable {
        let certificateID: String
    }

    /// The identifiers of a municipality's certificates in one state, at most 1,000.
    package func certificates(_ state: String, in municipality: MunicipalityCode) async throws -> [String] {
        let reply = try await asOperator().send(
            "GET", "/inner/v1/certificates/\(municipality)?state=\(state)&limit=1000")
        guard reply.status == 200 else { throw TestFailure("certificates: \(reply.status)") }
        return try JSONDecoder().decode([Listed].self, from: Data(reply.body)).map(\.certificateID)
    }

    /// The state of a session's certificate.
    package func state(of answer: Answer, _ session: PreparedSession) async throws -> String {
        let id = answer.manifest.certificateID.text
        for state in ["signed", "printed", "voided", "unknown", "intended"]
        where try await certificates(state, in: session.request.municipality).contains(id) {
            return state
        }
        return "absent"
    }

    /// How many requests for challenges and applications `vrs` has seen, refused ones included.
    package func applicationsSeenByRecordSystem() async throws -> Double {
        let response = try await HTTPClient.shared.get(url: "http://\(operationsAddress)/metrics").get()
        let text = response.body.map { String(buffer: $0) } ?? ""
        let counted = ["vrs_challenges_total", "vrs_applications_refused_total", "vrs_certificates_issued_total"]
        return text.split(separator: "\n").filter { line in counted.contains { line.hasPrefix($0) } }
            .compactMap { Double($0.split(separator: " ").last ?? "") }.reduce(0, +)
    }
}

extension Stack {
    /// Waits until a certificate is in a state, for at most half a minute.
    package func waitForState(_ state: String, of id: CertificateID, in municipality: MunicipalityCode) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if try await certificates(state, in: municipality).contains(id.text) { return }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw TestFailure("\(id) did not become \(state)")
    }
}
