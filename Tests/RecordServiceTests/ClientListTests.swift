import CardChip
import CheckedConfiguration
import Crypto
import Exchange
import Foundation
import HTTPServer
import HTTPTypes
import MutualTLS
import RecordService
import RecordSupport
import Records
import Signing
import TestSupport
import Testing
import Vaccination

/// Centres and operators are listed by certificate, and the log says who did what.
@Suite(.timeLimit(.minutes(2)))
struct ClientListTests {
    private func hash(_ stack: Stack, _ name: String) throws -> String {
        let certificate = try #require(PEMFile.certificates("\(stack.folder)/keys/\(name).pem").first)
        return Hexadecimal.text(SHA256.hash(data: try certificate.der))
    }

    private func list(_ stack: Stack, _ clients: [(name: String, role: String, certificate: String)]) throws {
        let text = clients.map { "  - {name: \($0.name), role: \($0.role), certificate: \"\($0.certificate)\"}\n" }
        try ("clients:\n" + text.joined()).write(
            toFile: stack.folder + "/keys/vrs/clients.yaml", atomically: true, encoding: .utf8)
    }

    @Test func `a removed operator's open connection is closed, and one that is put in may speak at once`() async throws
    {
        let stack = try await Stack()
        let (centre, operators) = (try hash(stack, "centre/client"), try hash(stack, "operator/operator"))
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                _ = try await client.terminals()
                try list(stack, [("c", "centre", centre)])
                try await eventually("the operator is cut off") { (try? await client.terminals()) == nil }
            }
            // The centre is not affected.
            try await running.withClient("centre", as: "centre/client") { client in
                let reply = try await client.send(.get, "/centre/v1/gate", timeout: .seconds(5))
                #expect(reply.status == 200)
            }
            try list(stack, [("c", "centre", centre), ("o", "operator", operators)])
            try await running.withOperator { client in
                try await eventually("the operator is back") { (try? await client.terminals()) != nil }
            }
        }
    }

    @Test(arguments: [
        // Nothing can be read of it; an entry whose certificate is the operator's, and whose name or more is not said.
        "clients: [}", "", "clients: [{certificate: HASH}]", "clients: [{nam: o, role: operator, certificate: HASH}]",
        "clients: [text, {name: o, role: operator, certificate: HASH}, [list]]",
    ])
    func
        `a list with a mistake by which a client's certificate still stands changes nothing for it, and the log says so`(
            text: String
        ) async throws
    {
        let stack = try await Stack()
        let hash = try hash(stack, "operator/operator")
        try list(stack, [("o", "operator", hash)])
        _ = try stack.configuration.clients.reload()
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                _ = try await client.terminals()
                try text.replacing("HASH", with: "\"\(hash)\"").write(
                    toFile: stack.folder + "/keys/vrs/clients.yaml", atomically: true, encoding: .utf8)
                try await eventually("the mistake is told") { stack.logs.text.contains("clients not read") }
                _ = try await client.terminals()
            }
        }
    }

    @Test(arguments: [
        // The leaked certificate's digest with a digit lost; in the role of nobody; its keys misspelt; no list.
        "clients: [{name: o, role: operator, certificate: \"SHORT\"}]",
        "clients: [{name: o, role: nobody, certificate: \"HASH\"}]",
        "clients: [{nam: o, rle: operator, certificat: \"HASH\"}]", "clients: [text]", "clients: text",
        "clients: {name: o, role: operator, certificate: \"HASH\"}", "client: []",
    ])
    func
        `a slip in a list keeps nobody whose certificate does not stand in it, and readiness and metric tell it until it is mended`(
            text: String
        ) async throws
    {
        let stack = try await Stack()
        let hash = try hash(stack, "operator/operator")
        try list(stack, [("o", "operator", hash)])
        _ = try stack.configuration.clients.reload()
        try await Running.with(stack) { running in
            let metric = { stack.metrics.text().contains("akashi_reload_failed 1.0") }
            try await running.withOperator { client in
                _ = try await client.terminals()
                #expect(!stack.system.degraded().contains("reload.failed") && !metric())
                try text.replacing("HASH", with: hash).replacing("SHORT", with: hash.dropLast()).write(
                    toFile: stack.folder + "/keys/vrs/clients.yaml", atomically: true, encoding: .utf8)
                try await eventually("the operator is out") { (try? await client.terminals()) == nil }
                try await eventually("it is told") { stack.system.degraded().contains("reload.failed") && metric() }
                try list(stack, [("o", "operator", hash)])
                try await eventually("nothing is told any more") {
                    !stack.system.degraded().contains("reload.failed") && !metric()
                }
                _ = try await client.terminals()
            }
        }
    }

    @Test(arguments: [
        "{name: x}", "{name: y, role: centre, certificate: typo}", "{name: o, colour: red}", "text", "[list]",
        "{role: operator}",
    ])
    func `whoever is struck off is out although another line has a mistake, and nobody comes in`(line: String)
        async throws
    {
        let stack = try await Stack()
        let (centre, operators) = (try hash(stack, "centre/client"), try hash(stack, "operator/operator"))
        try list(stack, [("c", "centre", centre), ("out", "operator", operators)])
        let path = stack.folder + "/keys/vrs/clients.yaml"
        let clients = try ClientList(path: path)
        try
            "clients: [{name: c, role: centre, certificate: \"\(centre)\"}, \(line), {name: new, role: operator, certificate: \"\(String(repeating: "a", count: 64))\"}]"
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: ConfigurationError.self) { try clients.reload() }
        func peer(_ name: String) throws -> PeerCertificate {
            let certificate = try #require(PEMFile.certificates("\(stack.folder)/keys/\(name).pem").first)
            return try #require(PeerCertificate(der: certificate.der))
        }
        #expect(clients.client(try peer("operator/operator"), as: .operator) == nil)
        #expect(clients.client(try peer("centre/client"), as: .centre) != nil)
    }

    @Test
    func `a certificate of the operators' authority that is not listed, or listed in another role, opens nothing`()
        async throws
    {
        let stack = try await Stack()
        try list(stack, [("o", "centre", try hash(stack, "operator/operator"))])
        _ = try stack.configuration.clients.reload()
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                let terminals = try? await client.terminals()
                #expect(terminals == nil)
            }
        }
    }

    @Test(arguments: [
        ("clients:\n  - {name: a, role: owner, certificate: \"\(String(repeating: "ab", count: 32))\"}", "role"),
        ("clients:\n  - {name: a, role: centre, certificate: \"abcd\"}", "certificate"),
        ("clients:\n  - {role: centre, certificate: \"\(String(repeating: "ab", count: 32))\"}", "name"),
        ("clients: []\nmore: 1", "more"),
    ])
    func `a wrong list is refused by its key`(text: String, key: String) throws {
        try withFolder { folder in
            let path = folder + "/clients.yaml"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: ConfigurationError.self) { try ClientList(path: path) }
            #expect(error?.keyPath.hasSuffix(key) == true)
        }
    }

    @Test func `every line of an operator's change names the operator's certificate`() async throws {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        let answer = try await stack.issue(try stack.session(person))
        let hash = try hash(stack, "operator/operator")
        let third = stack.folder + "/keys/terminals/T0003/terminal"
        let certificate = try String(contentsOfFile: third + ".pem", encoding: .utf8)
        let csr = try IssuingAuthority.request(
            commonName: "T0003", key: try #require(try PEMFile.privateKey(third + ".key.pem")))
        try await stack.store.haltIssuing("test", now: stack.clock.now)
        try await stack.system.control.refresh()
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                try await client.suspend(.terminal("T0002"))
                try await client.resume(.terminal("T0002"))
                try await client.stop(StopRequest(number: TestPerson(2).number, chipKeyHash: nil))
                try await client.unstop(StopRequest(number: TestPerson(2).number, chipKeyHash: nil))
                _ = try await client.enrol(
                    EnrolmentRequest(id: "T0003", shop: "見本店", csr: nil, certificate: certificate))
                _ = try await client.renew(
                    terminal: "T0003", EnrolmentRequest(id: nil, shop: nil, csr: csr, certificate: nil))
                try await client.resumeIssuing()
                try await client.revoke(answer.manifest.certificateID, in: Stack.mihon.code)
                #expect(stack.metrics.text().contains("vrs_revocations_total{how=\"revoked\"} 1.0"))
                try await client.revoke(terminal: "T0002")
                let lines = try await client.log(of: nil).filter { $0.actor != nil }
                let changes: [LogEvent] = [
                    .suspended, .resumed, .stopped, .unstopped, .terminalEnrolled, .terminalRenewed, .issuingCleared,
                    .terminalRevoked,
                ]
                #expect(lines.map(\.event) == changes)
                #expect(lines.allSatisfy { $0.actor == hash })
                let region = try await client.log(of: Stack.mihon.code)
                #expect(region.last?.event == .voidedByOperator || region.last?.event == .revokedByOperator)
                #expect(region.last?.actor == hash)
                // What nobody's command did.
                #expect(region.dropLast().allSatisfy { $0.actor == nil })

                // A restore is in both logs, the region's and the one of what all share.
                try await client.restored(.region(Stack.mihon.code), reason: "looked", asItIs: false)
                for log in [nil, Stack.mihon.code] {
                    let last = try await client.log(of: log).last
                    #expect(last?.event == .restored && last?.actor == hash)
                }
            }
        }
        #expect(stack.logs.text.contains("\"operator\":\"development operator\""))
    }

    @Test func `a line of a command on this machine names its user`() async throws {
        let stack = try await Stack()
        _ = try await FileCommands.fabricate(
            4, cards: stack.folder + "/cards", stack.configuration, now: stack.clock.now)
        let before = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 99)
        let samples = try String(
            contentsOfFile: Stack.repository + "/Sources/Records/SampleData/people.csv", encoding: .utf8)
        let people = stack.folder + "/people.csv"
        try samples.split(separator: "\n").prefix(2).joined(separator: "\n").write(
            toFile: people, atomically: true, encoding: .utf8)
        _ = try await FileCommands.load(people, stack.configuration, now: stack.clock.now)
        let lines = try await stack.store.log(in: Stack.mihon.code, after: 0, limit: 99)
        #expect(!before.isEmpty && lines.count == before.count + 1)
        #expect(lines.allSatisfy { $0.event == .imported && $0.actor == "local:\(getuid())" })
    }
}
