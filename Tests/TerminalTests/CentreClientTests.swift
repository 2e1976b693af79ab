import Exchange
import ExchangeSupport
import Foundation
import Terminal
import Testing
import Vaccination

struct CentreClientTests {
    let pki: TestPKI

    init() throws { pki = try TestPKI() }

    private func ask(
        _ authority: TestPKI? = nil, _ handler: @escaping TestCentre.Handler
    ) async throws -> Result<Menu, CentreClient.Failure> {
        let centre = try await TestCentre.start(pki.identity("centre"), clients: pki.authority, handler)
        let client = CentreClient(
            url: centre.url, authorities: (authority ?? pki).authority,
            identity: try (authority ?? pki).identity("T0001"))
        let result: Result<Menu, CentreClient.Failure>
        do throws(CentreClient.Failure) { result = .success(try await client.menu()) } catch {
            result = .failure(error)
        }
        await client.shutdown()
        await centre.stop()
        return result
    }

    @Test func `a centre that another authority certifies is not talked to`() async throws {
        let asked = Counter()
        let result = try await ask(TestPKI()) { _ in
            _ = asked.next()
            return TestCentre.Response()
        }
        #expect(throws: CentreClient.Failure.unreachable) { try result.get() }
        #expect(asked.value == 0)
    }

    @Test func `a connection that is closed without an answer counts as unreachable`() async throws {
        let result = try await ask { _ in nil }
        #expect(throws: CentreClient.Failure.unreachable) { try result.get() }
    }

    @Test(arguments: [
        (200, "[]", CentreClient.Failure.unusable), (200, "", .unusable), (404, "<html>", .unusable),
        (502, "<html>", .unreachable),
        (302, "", .unusable), (409, #"{"code":"no.such.code"}"#, .unusable),
    ])
    func `an answer of another form is told apart from a refusal`(
        _ status: Int, _ body: String, _ failure: CentreClient.Failure
    ) async throws {
        let result = try await ask { _ in TestCentre.Response(status: status, body: Array(body.utf8)) }
        #expect(throws: failure) { try result.get() }
    }

    @Test(arguments: ProblemCode.allCases)
    func `an open refusal keeps its code, but for one about a person, which is nobody's word`(
        _ code: ProblemCode
    ) async throws {
        let result = try await ask { _ in .refused(code) }
        #expect(throws: code.travelsSealed ? CentreClient.Failure.unusable : .refused(code)) { try result.get() }
    }

    @Test func `an answer longer than its bound is not read to its end`() async throws {
        let result = try await ask { _ in TestCentre.Response(body: [UInt8](repeating: 0x20, count: 5 << 20)) }
        #expect(throws: CentreClient.Failure.unusable) { try result.get() }
    }
}
