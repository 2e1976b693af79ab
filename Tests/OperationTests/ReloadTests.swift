import Crypto
import Exchange
import Foundation
import HTTPTypes
import MutualTLS
import NIOCore
import Signing
import StackSupport
import TestSupport
import Testing

/// Files that an operator renews while the started programs serve, and SIGHUP.
extension Operating {
    /// A certificate's file and its key's, put back when the test is done.
    private struct Renewed {
        let certificate: String
        let key: String
        private let old: (certificate: Data, key: Data)

        init(_ path: String) throws {
            certificate = path + ".pem"
            key = path + ".key.pem"
            old = (
                try Data(contentsOf: URL(fileURLWithPath: certificate)), try Data(contentsOf: URL(fileURLWithPath: key))
            )
        }

        func write(_ issued: IssuingAuthority.Issued) throws {
            try put(Data(issued.pem.utf8), Data(try #require(issued.key).pemRepresentation.utf8))
        }

        func restore() throws { try put(old.certificate, old.key) }

        /// In place, so that the key's mode stays.
        private func put(_ certificate: Data, _ key: Data) throws {
            try certificate.write(to: URL(fileURLWithPath: self.certificate))
            try key.write(to: URL(fileURLWithPath: self.key))
        }
    }

    private func identity(_ path: String) throws -> TLSIdentity {
        try #require(TLSIdentity(certificateFile: path + ".pem", keyFile: path + ".key.pem"))
    }

    /// The status of one question, `nil` if none came.
    private func status(_ client: MutualTLSClient, _ path: String) async -> Int? {
        try? await client.send(.get, path, timeout: .seconds(20)).status
    }

    /// The status of one question over a connection of its own.
    private func freshStatus(
        _ base: String, _ path: String, as identity: TLSIdentity, trusting authorities: CertificateAuthorities
    ) async throws -> Int? {
        let client = MutualTLSClient(baseURL: base, identity: identity, authorities: authorities)
        let answer = await status(client, path)
        try await client.shutdown()
        return answer
    }

    @Test(arguments: ["vrs", "centre"])
    func
        `after SIGHUP a new connection sees the renewed certificate, the open one goes on, and a wrong file changes nothing`(
            program: String
        ) async throws
    {
        let stack = try Stack.current
        let isRecordSystem = program == "vrs"
        let base = isRecordSystem ? "https://" + stack.innerAddress : stack.centre
        let path = isRecordSystem ? "/inner/v1/terminals" : "/v1/menu"
        let client = try identity(stack.keys + (isRecordSystem ? "/operator/operator" : "/terminals/T0001/terminal"))
        let renewed = try Renewed(stack.keys + (isRecordSystem ? "/vrs/inner" : "/centre/server"))
        let old = CertificateAuthorities(PEMFile.certificates(stack.keys + "/ca.pem"))
        // Of another authority, so that only an open connection of the old one is of use to who trusts that one.
        let authority = try IssuingAuthority.create(commonName: "next", now: Date())
        let new = CertificateAuthorities([authority.certificate])
        let open = MutualTLSClient(baseURL: base, identity: client, authorities: old)
        #expect(await status(open, path) == 200)

        try renewed.write(try authority.server(commonName: "next", hosts: ["127.0.0.1"], now: Date()))
        stack.signal(program, SIGHUP)
        try await eventually("the new certificate is shown") {
            try await freshStatus(base, path, as: client, trusting: new) == 200
        }
        #expect(try await freshStatus(base, path, as: client, trusting: old) == nil)
        #expect(await status(open, path) == 200)

        // Half of the file, as a copy under way leaves it, and a key that is not its own.
        let refusals = { stack.logs(of: program).components(separatedBy: "configuration not read again").count - 1 }
        let before = refusals()
        try Data("-----BEGIN CERTIFICATE-----\n".utf8).write(to: URL(fileURLWithPath: renewed.certificate))
        stack.signal(program, SIGHUP)
        try await eventually("the broken file is told") { refusals() == before + 1 }
        #expect(stack.logs(of: program).contains("\"level\":\"error\""))
        #expect(try await freshStatus(base, path, as: client, trusting: new) == 200)
        #expect(await status(open, path) == 200)
        #expect(stack.isRunning(program))

        try renewed.restore()
        stack.signal(program, SIGHUP)
        try await eventually("the old certificate is shown again") {
            try await freshStatus(base, path, as: client, trusting: old) == 200
        }
        #expect(await status(open, path) == 200)
        try await open.shutdown()
    }

    @Test func `the centre's own certificate is renewed without a new start, and its old one may go from the list`()
        async throws
    {
        let stack = try Stack.current
        let renewed = try Renewed(stack.keys + "/centre/client")
        let authority = try #require(
            IssuingAuthority(
                certificateFile: stack.keys + "/centre/client-ca.pem", keyFile: stack.keys + "/centre/client-ca.key.pem"
            ))
        let issued = try authority.client(commonName: "centre", now: Date())
        let old = try identity(stack.keys + "/centre/client")
        try renewed.write(issued)
        let new = try identity(stack.keys + "/centre/client")
        func hex(_ identity: TLSIdentity) -> String {
            identity.certificateHash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        // The list knows the new one alone, and the centre is turned away until it shows it.
        try await stack.changeClients { $0.replacing(hex(old), with: hex(new)) }
        try await stack.reload("centre")
        try await stack.untilUpstreamIsBack()
        _ = try await stack.issue()
        #expect(stack.isRunning("centre"))

        try renewed.restore()
        try await stack.changeClients { $0.replacing(hex(new), with: hex(old)) }
        try await stack.reload("centre")
        try await stack.untilUpstreamIsBack()
    }

    @Test func `what waits for the next start is named in the log, and the rest is taken`() async throws {
        let stack = try Stack.current
        let file = stack.folder + "/centre.yaml"
        let good = try String(contentsOfFile: file, encoding: .utf8)
        let client = try identity(stack.keys + "/terminals/T0001/terminal")
        let old = CertificateAuthorities(PEMFile.certificates(stack.keys + "/ca.pem"))
        // By its own field: the menu's revision is a time in milliseconds and may hold any digits.
        func feeYen() async throws -> Int {
            let connection = MutualTLSClient(baseURL: stack.centre, identity: client, authorities: old)
            let body = try await connection.send(.get, "/v1/menu", limit: 4 << 20, timeout: .seconds(20)).body
            try await connection.shutdown()
            return try JSONDecoder().decode(Menu.self, from: Data(body.readableBytesView)).feeYen
        }
        #expect(try await feeYen() == 120)
        try stack.write(
            good.replacing("feeYen: 120", with: "feeYen: 450").replacing(
                "applicationSeconds: 40", with: "applicationSeconds: 41"), "centre.yaml")
        stack.signal("centre", SIGHUP)
        try await eventually("the new fee is asked") { try await feeYen() == 450 }
        try await eventually("what waits is named") {
            stack.logs(of: "centre").contains("\"keys\":\"vrs.applicationSeconds\"")
        }
        try stack.write(good, "centre.yaml")
        stack.signal("centre", SIGHUP)
        try await eventually("the old fee is asked again") { try await feeYen() == 120 }
    }
}
