import AsyncHTTPClient
import Exchange
import Foundation
import NIOCore
import StackSupport
import TestSupport
import Testing

/// The started programs with keys in a token behind a server, which goes away and comes back.
@Suite(.serialized)
struct LostTokenTests {
    @Test func `while the token is lost nobody's challenge is used up for it, and it is told everywhere`() async throws
    {
        let hsm = try await SoftHSM(labels: ["AKASHI DEVELOPMENT"])
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 1, people: 0)
        do {
            try await check(stack, hsm)
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    private func check(_ stack: Stack, _ hsm: SoftHSM) async throws {
        func text(_ path: String) async throws -> String {
            let response = try await HTTPClient.shared.get(url: "http://\(stack.operationsAddress)/\(path)").get()
            return String(buffer: try #require(response.body))
        }
        let socket = hsm.folder.file("s")
        var server = try await hsm.serve("AKASHI DEVELOPMENT", at: socket)
        let environment = ["P11_KIT_SERVER_ADDRESS": "unix:path=\(socket)"]
        // The key that terminals trust already.
        let pem = try String(contentsOfFile: stack.keys + "/vrs/shc-signing.pem", encoding: .utf8)
        try await hsm.bring(pem, as: "shc-1", to: "AKASHI DEVELOPMENT")
        let pin = stack.folder + "/pin"
        try Data((SoftHSM.pin + "\n").utf8).write(to: URL(fileURLWithPath: pin))
        // The token is the signer's alone here: p11-kit's server does not pass on what wraps the regions' keys.
        let master = stack.folder + "/master.key"
        try Data(("# AKASHI DEVELOPMENT KEY\n" + String(repeating: "5a", count: 32) + "\n").utf8)
            .write(to: URL(fileURLWithPath: master))
        for path in [pin, master] {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
        let settings = try stack.template("vrs.yaml", [:])
            .replacing("\(stack.keys)/vrs/shc-signing.pem", with: "pkcs11:object=shc-1")
            .replacing("  rootKey:", with: "  masterKey: \(master)\n  rootKey:")
        try stack.write(
            settings + "token: {module: \(SoftHSM.client), label: AKASHI DEVELOPMENT, pin: \(pin), sessions: 2}\n",
            "vrs.yaml.in")
        try await stack.stopRecordSystem()
        try stack.write(try stack.template("vrs.yaml", portless), "wrap.yaml")
        let wrapped = try await Program.run(
            Programs.path("vrs"), ["keys", "wrap", "--config", stack.folder + "/wrap.yaml", "--development"],
            environment: environment)
        #expect(
            wrapped.status == 0 && wrapped.output.contains("control: wrapped"), "\(wrapped.output)\(wrapped.errors)")
        try await stack.startRecordSystem(environment: environment)
        try await stack.untilUpstreamIsBack()
        _ = try await stack.issue()
        #expect(try await text("metrics").contains("\nvrs_token_reachable 1.0\n"))

        // Prepared while everything was right, sent while the token is away.
        let waiting = try await stack.prepare()
        try await hsm.cut(server)
        try await eventually("readiness says so") {
            try await text("ready").contains("\"missing\":[\"token.unavailable\"]")
        }
        #expect(try await text("metrics").contains("\nvrs_token_reachable 0.0\n"))
        let refused = try await stack.terminal().apply(waiting.application)
        #expect(refused.code == .upstreamUnavailable, "\(refused)")
        let challenge = try await stack.terminal().requestChallenge(try stack.request())
        #expect(challenge.code == .upstreamUnavailable, "\(challenge)")
        try await eventually("the log says why") { stack.logs(of: "vrs").contains("\"token lost\"") }

        server = try await hsm.serve("AKASHI DEVELOPMENT", at: socket)
        try await eventually("readiness is back") { try await text("ready").contains("\"ready\":true") }
        // The same application, whose challenge nobody has used up.
        let reply = try await stack.whenUpstreamIsBack { try await stack.terminal().apply(waiting.application) }
        _ = try stack.open(reply, waiting)
        #expect(stack.logs(of: "vrs").contains("\"token back\"") && !stack.logs(of: "vrs").contains(SoftHSM.pin))

        // A start without its token is no wrong configuration, and is tried again by whoever supervises it.
        try await stack.stopRecordSystem()
        try await hsm.cut(server)
        let start = try await Program.run(
            Programs.path("vrs"), ["serve", "--config", stack.folder + "/wrap.yaml", "--development"],
            environment: environment)
        #expect(start.status == 69 && start.errors.contains("token.unavailable"), "\(start.errors)")
    }

    private var portless: [String: String] {
        ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]
    }
}
