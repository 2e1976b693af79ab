import HTTPServer
import Crypto
import Exchange
import Foundation
import MutualTLS
import ExchangeServer
import HTTPServer
import Signing
import HTTPTypes
import NIOCore
import RecordService
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// The listeners over TLS, as the centre and operators' commands see them.
@Suite struct ListenerTests {
    private func post(
        _ client: MutualTLSClient, _ path: String, _ body: [UInt8], _ type: String, inquiry: InquiryNumber? = nil
    ) async throws -> MutualTLSClient.Response {
        var headers: [HTTPField.Name: String] = [:]
        if let inquiry { headers[.inquiry] = inquiry.text }
        return try await client.send(
            .post, path, headers: headers, body: (ByteBuffer(bytes: body), type), limit: SealedAnswer.maximumBytes,
            timeout: .seconds(20))
    }

    @Test func `the centre takes a session from challenge to outcome`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        try await Running.with(stack) { running in
            try await running.withClient("centre", as: "centre/client") { centre in
                let reply = try await centre.send(.post, "/centre/v1/challenge", timeout: .seconds(5))
                #expect(reply.status == 200)
                let challenge = try JSONDecoder().decode(
                    ChallengeResponse.self, from: Data(reply.body.readableBytesView))
                #expect(challenge.validSeconds == 180)
                let session = try stack.session(person, challenge: Array(challenge.challenge))
                let answer = try await post(
                    centre, "/centre/v1/application", session.application, Application.mediaType,
                    inquiry: session.inquiry)
                #expect(answer.status == 200)
                #expect(answer.mediaType == SealedAnswer.mediaType)
                let opened = try stack.open(Array(answer.body.readableBytesView), session)
                for _ in 0..<2 {
                    let outcome = try await post(
                        centre, "/centre/v1/outcome", try session.outcome(.printed), Outcome.mediaType,
                        inquiry: session.inquiry)
                    #expect(outcome.status == 204)
                }
                let contradicting = try await post(
                    centre, "/centre/v1/outcome", try session.outcome(.aborted), Outcome.mediaType,
                    inquiry: session.inquiry)
                #expect(contradicting.problem?.code == .outcomeContradicts)
                #expect(contradicting.problem?.inquiry == session.inquiry.text)
                let entry = try await stack.store.certificate(opened.manifest.certificateID, in: Stack.mihon.code)
                #expect(entry?.state == .printed)
            }
        }
    }

    @Test(arguments: [
        ("inner", "centre/client", "/inner/v1/terminals"), ("centre", "operator/operator", "/centre/v1/gate"),
        ("inner", "terminals/T0001/terminal", "/inner/v1/terminals"),
        ("centre", "terminals/T0001/terminal", "/centre/v1/gate"), ("inner", "vrs/inner", "/inner/v1/terminals"),
        ("centre", "centre/server", "/centre/v1/gate"),
    ])
    func `a certificate opens its own listener only`(listener: String, name: String, path: String) async throws {
        try await Running.with(try await Stack()) { running in
            try await running.withClient(listener, as: name) { client in
                await #expect(throws: MutualTLSClient.Failure.connection) {
                    _ = try await client.send(.get, path, timeout: .seconds(5))
                }
            }
        }
    }

    @Test func `the centre's listener has no inner routes`() async throws {
        try await Running.with(try await Stack()) { running in
            try await running.withClient("centre", as: "centre/client") { client in
                for path in ["/inner/v1/terminals", "/inner/v1/suspensions", "/metrics", "/"] {
                    let reply = try await client.send(.get, path, timeout: .seconds(5))
                    #expect(reply.problem?.code == .requestUnknown)
                }
            }
        }
    }

    @Test func `bodies that are too large or of another type are refused`() async throws {
        let inquiry = InquiryNumber()
        try await Running.with(try await Stack()) { running in
            try await running.withClient("centre", as: "centre/client") { client in
                let large = [UInt8](repeating: 0x41, count: Application.maximumBytes + 1)
                let reply = try await post(
                    client, "/centre/v1/application", large, Application.mediaType, inquiry: inquiry)
                #expect(reply.problem?.code == .requestTooLarge)
                let type = try await post(client, "/centre/v1/application", [1], "text/plain", inquiry: inquiry)
                #expect(type.problem?.code == .requestMalformed)
                let anonymous = try await post(client, "/centre/v1/application", [1], Application.mediaType)
                #expect(anonymous.problem?.code == .requestMalformed)
                let outcome = try await post(client, "/centre/v1/outcome", large, Outcome.mediaType, inquiry: inquiry)
                #expect(outcome.problem?.code == .requestTooLarge)
            }
        }
    }

    @Test func `an operator's suspension ends the centre's wait`() async throws {
        try await Running.with(try await Stack()) { running in
            try await running.withClient("centre", as: "centre/client") { centre in
                let first = try await centre.send(.get, "/centre/v1/gate", timeout: .seconds(5))
                let access = try JSONDecoder().decode(AccessState.self, from: Data(first.body.readableBytesView))
                #expect(access.terminals.map(\.id) == ["T0001", "T0002"])
                async let next = centre.send(.get, "/centre/v1/gate?after=\(access.revision)", timeout: .seconds(30))
                try await running.withOperator { client in
                    try await client.suspend(.terminal("T0002"))
                }
                let changed = try JSONDecoder().decode(
                    AccessState.self, from: Data(try await next.body.readableBytesView))
                #expect(changed.terminals.filter(\.isSuspended).map(\.id) == ["T0002"])
            }
        }
    }

    @Test func `who waits for the access policy does not hold up the end`() async throws {
        let stack = try await Stack(limits: "{gateWaitSeconds: 25}")
        try await Running.with(stack) { running in
            try await running.withClient("centre", as: "centre/client") { centre in
                let revision = stack.system.control.snapshot.access.revision
                async let waiting = centre.send(.get, "/centre/v1/gate?after=\(revision)", timeout: .seconds(30))
                _ = try await centre.send(.get, "/centre/v1/gate", timeout: .seconds(5))
                let start = ContinuousClock.now
                try await running.stop()
                _ = try? await waiting
                #expect(ContinuousClock.now - start < .seconds(20))
            }
        }
    }

    @Test func `an operator enrols renews lists and revokes terminals`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let third = stack.folder + "/keys/terminals/T0003/terminal"
        let certificate = try String(contentsOfFile: third + ".pem", encoding: .utf8)
        let key = try #require(try PEMFile.privateKey(third + ".key.pem"))
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                let request = EnrolmentRequest(id: "T0003", shop: "見本店", csr: nil, certificate: certificate)
                let report = try await client.enrol(request)
                #expect(report.id == "T0003")
                #expect(await stack.refusal(try stack.session(person, terminal: 3)) == nil)
                await #expect(throws: OperatorFailure.refused(.conflict)) {
                    _ = try await client.enrol(request)
                }

                let csr = try IssuingAuthority.request(commonName: "somebody else", key: key)
                let renewal = EnrolmentRequest(id: nil, shop: nil, csr: csr, certificate: nil)
                let renewed = try await client.renew(terminal: "T0003", renewal)
                #expect(renewed.certificateHash != report.certificateHash)
                #expect(await stack.refusal(try stack.session(person, terminal: 3)) == .terminalUnknown)
                let pem = try #require(renewed.certificate)
                try pem.write(toFile: third + ".pem", atomically: true, encoding: .utf8)
                #expect(await stack.refusal(try stack.session(person, terminal: 3)) == nil)

                try await client.revoke(terminal: "T0003")
                #expect(await stack.refusal(try stack.session(person, terminal: 3)) == .terminalRevoked)
                let list = try await client.terminals()
                #expect(list.map(\.id) == ["T0001", "T0002", "T0003"])
                #expect(list.map(\.status) == [.active, .active, .revoked])
                await #expect(throws: OperatorFailure.refused(.notFound)) {
                    try await client.revoke(terminal: "T0099")
                }
                let log = try await client.log(of: nil)
                #expect(log.suffix(3).map(\.event) == [.terminalEnrolled, .terminalRenewed, .terminalRevoked])
            }
        }
    }

    @Test func `an operator lists and voids certificates and keeps the stop list`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let id = try await stack.issue(try stack.session(person)).manifest.certificateID
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                let region = Stack.mihon.code
                #expect(try await client.certificates(in: region, state: .signed).map(\.certificateID) == [id])
                try await client.void(id, in: region)
                #expect(try await client.certificates(in: region, state: .voided).map(\.certificateID) == [id])
                let nobody = try #require(CertificateID("000000000000"))
                await #expect(throws: OperatorFailure.refused(.notFound)) { try await client.void(nobody, in: region) }
                let elsewhere = try #require(MunicipalityCode("131016"))
                await #expect(throws: OperatorFailure.refused(.notFound)) {
                    _ = try await client.certificates(in: elsewhere, state: .unknown)
                }

                let subject = StopRequest(number: person.number, chipKeyHash: nil)
                try await client.stop(subject)
                #expect(await stack.refusal(try stack.session(person)) == .cardStopped)
                try await client.unstop(subject)
                #expect(await stack.refusal(try stack.session(person)) == nil)
                await #expect(throws: OperatorFailure.refused(.requestMalformed)) {
                    try await client.stop(StopRequest(number: "123456789012", chipKeyHash: nil))
                }
            }
        }
        #expect(!stack.logs.text.contains(person.number))
    }

    @Test(arguments: ["municipality:131016", "terminal:T0099"])
    func `a suspension of what is not there is refused`(scope: String) async throws {
        try await Running.with(try await Stack()) { running in
            try await running.withOperator { client in
                await #expect(throws: OperatorFailure.refused(.notFound)) {
                    try await client.suspend(try #require(Suspension(scope)))
                }
            }
        }
    }

    @Test func `the operations listener shows readiness and figures`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        _ = try await stack.issue(try stack.session(person))
        #expect(await stack.refusal(try stack.session(TestPerson(2))) == .personNotFound)
        let text = stack.metrics.text()
        #expect(text.contains("vrs_certificates_issued_total{kind=\"domestic\",redelivery=\"false\"} 1.0"))
        #expect(text.contains("code=\"person.not_found\""))
        #expect(text.contains("vrs_step_seconds_count{step=\"page\"} 1"))
        #expect(text.contains("vrs_applications_under_way 0.0"))
        stack.store.fail(at: .control)
        #expect(await stack.system.notReady() == ["store.unavailable"])
    }

    @Test(arguments: [
        #"{"#, "", "null", "[]", #""everything""#, #"{"scope":1}"#, #"{"scope":null}"#, #"{"number":"123456789018"}"#,
        #"{"scope":"everything"} x"#, "\u{FEFF}", #"{"scope":"\ud800"}"#,
    ])
    func `bad JSON is refused`(_ text: String) {
        #expect(throws: DecodingError.self) {
            try OperatorJSON.decode(SuspensionRequest.self, from: Array(text.utf8))
        }
    }

    @Test func `JSON that is taken says what its encoding says, and everything else is one refusal`() async throws {
        let samples = try ["everything", "kind:overseas", "terminal:T0001"].map {
            try OperatorJSON.encode(SuspensionRequest(scope: $0))
        }
        await BadInput.run("operator JSON", samples: samples) { input in
            do {
                let value = try OperatorJSON.decode(SuspensionRequest.self, from: input)
                let again = try OperatorJSON.decode(
                    SuspensionRequest.self, from: OperatorJSON.encode(value))
                #expect(again.scope == value.scope)
            } catch {
                #expect(error is DecodingError)
            }
        }
        await BadInput.run("operator JSON of other kinds", samples: samples) { input in
            _ = try OperatorJSON.decode(StopRequest.self, from: input)
            _ = try OperatorJSON.decode(EnrolmentRequest.self, from: input)
        }
    }

    @Test func `bad PEM is refused`() async throws {
        let stack = try await Stack()
        let path = stack.folder + "/keys/terminals/T0003/terminal"
        let certificate = try String(contentsOfFile: path + ".pem", encoding: .utf8)
        let key = try #require(try PEMFile.privateKey(path + ".key.pem"))
        let csr = try IssuingAuthority.request(commonName: "T0003", key: key)
        let enrolment = TerminalEnrolment(
            authority: { [authority = TerminalAuthority(stack.configuration.terminalAuthorities)] in authority },
            issuing: stack.configuration.terminalIssuing)
        let now = stack.clock.now
        await BadInput.run("certificate PEM", samples: [Array(certificate.utf8)]) { input in
            let text = String(decoding: input, as: UTF8.self)
            _ = try enrolment.certificate(
                for: EnrolmentRequest(id: nil, shop: nil, csr: nil, certificate: text), id: "T0003", now: now)
        }
        await BadInput.run("signing request PEM", samples: [Array(csr.utf8)]) { input in
            let text = String(decoding: input, as: UTF8.self)
            _ = try enrolment.certificate(
                for: EnrolmentRequest(id: nil, shop: nil, csr: text, certificate: nil), id: "T0003", now: now)
        }
    }
}
