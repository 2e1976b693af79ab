import AsyncHTTPClient
import CheckedConfiguration
import Crypto
import Foundation
import HTTPTypes
import MutualTLS
import NIOCore
import Signing
import StackSupport
import TestSupport
import Testing

/// SIGHUP at a configuration in which something is wrong that is none of what was changed.
extension Operating {
    private func operations(_ program: String) throws -> String {
        let stack = try Stack.current
        return program == "vrs" ? stack.operationsAddress : stack.centreOperationsAddress
    }

    private func text(_ program: String, _ path: String) async throws -> String {
        let response = try await HTTPClient.shared.get(url: "http://\(operations(program))/\(path)").get()
        return String(buffer: try #require(response.body))
    }

    /// What `/ready` and the metric say of the last reload.
    private func hasFailed(_ program: String) async throws -> Bool {
        func isReadyDegraded() async throws -> Bool {
            try await text(program, "ready").contains("\"reload.failed\"")
        }
        let before = try await isReadyDegraded()
        let metric = try await text(program, "metrics").contains("\nakashi_reload_failed 1.0\n")
        let after = try await isReadyDegraded()
        // A reload may come between the questions.
        if before == after { #expect(after == metric) }
        return after
    }

    /// A certificate of a signer that ended yesterday, for the key that `dcc` has.
    private func endedSigner(_ stack: Stack) throws -> String {
        let authority = try DevelopmentCountryAuthority(
            country: "JP", now: Date(),
            key: P256.Signing.PrivateKey(pemRepresentation: Stack.pem(stack.keys + "/vrs/csca.key.pem")))
        let key = try P256.Signing.PrivateKey(pemRepresentation: Stack.pem(stack.keys + "/vrs/dcc-signing.pem"))
        let der = try authority.issueDocumentSigner(
            to: key.publicKey, from: Date() - 86_400 * 300, until: Date() - 86_400)
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        try stack.write("-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n", "ended-signer.pem")
        return stack.folder + "/ended-signer.pem"
    }

    @Test(arguments: ["vrs", "centre"])
    func `a withdrawn authority is out at once although something else has ended, which readiness and metric tell`(
        program: String
    ) async throws {
        let stack = try Stack.current
        let isRecordSystem = program == "vrs"
        let (base, path, client, authority) =
            isRecordSystem
            ? ("https://" + stack.innerAddress, "/inner/v1/terminals", "/operator/operator", "/operator/ca.pem")
            : (stack.centre, "/v1/menu", "/terminals/T0001/terminal", "/terminals/ca.pem")
        let identity = try #require(
            TLSIdentity(certificateFile: stack.keys + client + ".pem", keyFile: stack.keys + client + ".key.pem"))
        let services = CertificateAuthorities(PEMFile.certificates(stack.keys + "/ca.pem"))
        let open = MutualTLSClient(baseURL: base, identity: identity, authorities: services)
        func isTaken() async -> Bool {
            (try? await open.send(.get, path, limit: 4 << 20, timeout: .seconds(20)).status) == 200
        }
        #expect(await isTaken())
        #expect(try await !hasFailed(program))

        let file = "\(program).yaml"
        let good = try String(contentsOfFile: "\(stack.folder)/\(file)", encoding: .utf8)
        let next = try IssuingAuthority.create(commonName: "next", now: Date())
        try stack.write(try next.certificatePEM, "next.pem")
        let flawed =
            isRecordSystem
            ? good.replacing("\(stack.keys)/vrs/dcc-signer.pem", with: try endedSigner(stack))
            : good.replacing("hours: 00:00-24:00", with: "hours: early-late")
        #expect(flawed != good)
        let list = "clientAuthorities: [\(stack.keys)\(authority)]"
        let changed = flawed.replacing(list, with: "clientAuthorities: [\(stack.folder)/next.pem]")
        #expect(changed != flawed)
        try stack.write(changed, file)
        stack.signal(program, SIGHUP)
        try await eventually("the withdrawn authority's client is out") { await !isTaken() }
        try await eventually("the flaw is told") { try await hasFailed(program) }
        let key = isRecordSystem ? "dcc.certificate" : "service.hours"
        #expect(stack.logs(of: program).contains(":\(key): "))
        #expect(stack.isRunning(program))

        try stack.write(good, file)
        stack.signal(program, SIGHUP)
        try await eventually("the client is back") { await isTaken() }
        try await eventually("no flaw is left") { try await !hasFailed(program) }
        try await open.shutdown()
    }

    @Test func `an authority's file that is empty counts as it was, and another that left the list is out`()
        async throws
    {
        let stack = try Stack.current
        let good = try String(contentsOfFile: stack.folder + "/vrs.yaml", encoding: .utf8)
        let own = stack.keys + "/operator/ca.pem"
        let list = "clientAuthorities: [\(own)]"
        defer { try? stack.write(good, "vrs.yaml") }
        // The operator's own under another path, beside the first.
        try stack.write(try String(contentsOfFile: own, encoding: .utf8), "same.pem")
        let other = try IssuingAuthority.create(commonName: "other", now: Date())
        try stack.write(try other.certificatePEM, "other.pem")
        func isTaken() async -> Bool {
            (try? await stack.asOperator().send("GET", "/inner/v1/terminals"))?.status == 200
        }
        func name(_ names: [String]) throws {
            let paths = names.map { "\(stack.folder)/\($0)" }.joined(separator: ", ")
            try stack.write(good.replacing(list, with: "clientAuthorities: [\(paths)]"), "vrs.yaml")
        }
        let readings = { stack.logs(of: "vrs").components(separatedBy: "configuration read again").count }
        let before = readings()
        try name(["same.pem", "other.pem"])
        stack.signal("vrs", SIGHUP)
        try await eventually("both are listed") { readings() > before }
        // As a copy under way begins.
        try stack.write("", "same.pem")
        stack.signal("vrs", SIGHUP)
        try await eventually("the flaw is told") { try await hasFailed("vrs") }
        #expect(await isTaken())
        #expect(stack.logs(of: "vrs").contains("in use of this list: \(stack.folder)/same.pem ("))
        try stack.write("", "other.pem")
        try name(["other.pem"])
        stack.signal("vrs", SIGHUP)
        try await eventually("the operators' authority is out") { await !isTaken() }
        try stack.write(good, "vrs.yaml")
        stack.signal("vrs", SIGHUP)
        try await eventually("operators are back") { await isTaken() }
        try await eventually("no flaw is left") { try await !hasFailed("vrs") }
    }

    @Test(arguments: [
        "clientAuthorities: []", "", "clientAuthorities: [NEXT, {file: x}]", "clientAuthorities: NEXT",
        "clientAuthority: [OWN]",
    ])
    func `an authority that does not stand in its list any more is out, whatever else is wrong with the list`(
        list: String
    ) async throws {
        let stack = try Stack.current
        for (program, authority) in [("vrs", "/operator/ca.pem"), ("centre", "/terminals/ca.pem")] {
            let file = "\(program).yaml"
            let good = try String(contentsOfFile: "\(stack.folder)/\(file)", encoding: .utf8)
            defer { try? stack.write(good, file) }
            func isTaken() async -> Bool {
                program == "vrs"
                    ? (try? await stack.asOperator().send("GET", "/inner/v1/terminals"))?.status == 200
                    : (try? await stack.terminal().menu()) != nil
            }
            #expect(await isTaken())
            let next = try IssuingAuthority.create(commonName: "next", now: Date())
            try stack.write(try next.certificatePEM, "next.pem")
            let own = stack.keys + authority
            let written = list.replacing("NEXT", with: stack.folder + "/next.pem").replacing("OWN", with: own)
            let changed = good.replacing("clientAuthorities: [\(own)]", with: written)
            #expect(changed != good)
            try stack.write(changed, file)
            stack.signal(program, SIGHUP)
            try await eventually("\(program): who is not listed is out") { await !isTaken() }
            try await eventually("\(program) tells it") { try await hasFailed(program) }
            try stack.write(good, file)
            stack.signal(program, SIGHUP)
            try await eventually("\(program) takes everybody again") { await isTaken() }
            try await eventually("no flaw of \(program) is left") { try await !hasFailed(program) }
        }
        try await stack.untilUpstreamIsBack()
    }

    @Test(arguments: ["\tlisten: x", "listen: {", "regions: []\nregions: []", "- a", ""])
    func `of a file that is no YAML nothing is taken, and the log says that whoever was to be out is still in`(
        flaw: String
    ) async throws {
        let stack = try Stack.current
        for program in ["vrs", "centre"] {
            let file = "\(program).yaml"
            let good = try String(contentsOfFile: "\(stack.folder)/\(file)", encoding: .utf8)
            defer { try? stack.write(good, file) }
            let told = { stack.logs(of: program).components(separatedBy: "file NOT read").count }
            let before = told()
            try stack.write(flaw.isEmpty ? "" : flaw + "\n", file)
            stack.signal(program, SIGHUP)
            try await eventually("\(program) tells it") { told() == before + 1 }
            #expect(try await hasFailed(program))
            try stack.write(good, file)
            stack.signal(program, SIGHUP)
            try await eventually("no flaw of \(program) is left") { try await !hasFailed(program) }
        }
        #expect(try await stack.asOperator().send("GET", "/inner/v1/terminals").status == 200)
        try await stack.untilUpstreamIsBack()
    }

    @Test func `a slip in the list of operators is told until it is mended, also where a signal found it`() async throws
    {
        let stack = try Stack.current
        let path = URL(fileURLWithPath: stack.keys + "/vrs/clients.yaml")
        let good = try Data(contentsOf: path)
        defer { try? good.write(to: path, options: .atomic) }
        try (good + Data("  - text\n".utf8)).write(to: path, options: .atomic)
        try await eventually("the slip is told") { try await hasFailed("vrs") }
        let told = { stack.logs(of: "vrs").components(separatedBy: "not read again as a whole").count }
        let before = told()
        stack.signal("vrs", SIGHUP)
        try await eventually("the signal tells it") { told() > before }
        #expect(try await hasFailed("vrs"))
        // Whoever stands in it is still in.
        #expect(try await stack.asOperator().send("GET", "/inner/v1/terminals").status == 200)
        try good.write(to: path, options: .atomic)
        try await eventually("nothing is told any more") { try await !hasFailed("vrs") }
    }

    @Test func `a key's file that was replaced under its name is named among what waits for the next start`()
        async throws
    {
        let stack = try Stack.current
        let path = stack.keys + "/vrs/challenge.key"
        let old = try Data(contentsOf: URL(fileURLWithPath: path))
        let named = { stack.logs(of: "vrs").contains("\"keys\":\"challenges.key\"") }
        #expect(!named())
        // In place, so that its mode stays.
        try (old + Data("\(String(repeating: "5", count: 64))\n".utf8)).write(to: URL(fileURLWithPath: path))
        stack.signal("vrs", SIGHUP)
        try await eventually("the replaced file is named") { named() }
        try old.write(to: URL(fileURLWithPath: path))
        stack.signal("vrs", SIGHUP)
        try await eventually("nothing is wrong") { try await !hasFailed("vrs") }
    }
}
