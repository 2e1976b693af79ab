import AsyncHTTPClient
import Foundation
import NIOCore
import StackSupport
import TestSupport
import Testing

/// What started programs say to the service manager that started them, and to whoever watches them.
@Suite struct Supervised {
    private func heard(_ socket: NotifySocket, _ messages: [String]) async throws {
        try await eventually("\(messages)") { Array(socket.messages.suffix(messages.count)) == messages }
    }

    private func metrics(_ address: String) async throws -> String {
        let response = try await HTTPClient.shared.get(url: "http://\(address)/metrics").get()
        return String(buffer: try #require(response.body))
    }

    @Test(.requires(.command("promtool", package: "prometheus")))
    func `vrs and centre say when they are ready, answer and stop; promtool finds no fault with their metrics`()
        async throws
    {
        let folder = Stack.newFolder()
        let stack = try await Stack.start(in: folder, terminals: 1, people: 0)
        do {
            await stack.stop()
            let (vrs, centre) = (
                try NotifySocket(folder + "/v"), try NotifySocket("akashi-" + UUID().uuidString, isAbstract: true)
            )
            try await stack.startRecordSystem(environment: vrs.environment(watchdog: .milliseconds(400)))
            try await stack.startCentre(environment: centre.environment(watchdog: .milliseconds(400)))
            try await heard(vrs, ["WATCHDOG=1", "WATCHDOG=1"])
            try await heard(centre, ["WATCHDOG=1", "WATCHDOG=1"])
            for socket in [vrs, centre] {
                #expect(socket.messages.filter { $0 == "READY=1" }.count == 1 && socket.messages.first == "READY=1")
            }
            for (program, address) in [("vrs", stack.operationsAddress), ("centre", stack.centreOperationsAddress)] {
                try await eventually("\(program) is ready") {
                    try await metrics(address).contains("akashi_ready 1.0\n")
                }
                let text = try await metrics(address)
                let checked = try await Program.run("promtool", ["check", "metrics"], input: Data(text.utf8))
                #expect(
                    checked.status == 0 && checked.output + checked.errors == "", "\(checked.output)\(checked.errors)")
                // promtool lets a metric without a help pass as long as another has one.
                let (helps, types) = (
                    text.matches(of: /(?m)^# HELP (\w+) \S/), text.matches(of: /(?m)^# TYPE (\w+) \w/)
                )
                #expect(helps.map(\.1) == types.map(\.1) && types.count > 12, "\(text)")
                #expect(text.contains("akashi_build_info{program=\"\(program)\",version=\"unpackaged\"} 1.0"))
                #expect(text.firstMatch(of: /(?m)^process_resident_memory_bytes [1-9]/) != nil)
                let key = program == "vrs" ? "listen.centre.certificate" : "listen.terminal.certificate"
                let end = text.firstMatch(
                    of: /(?m)^akashi_valid_until_timestamp_seconds\{kind="certificate",key="([a-z.]+)"\} (\S+)$/)
                #expect(text.contains("key=\"\(key)\""))
                #expect(try #require(end.flatMap { Double($0.2) }) > Date().timeIntervalSince1970)
            }
            let vrsText = try await metrics(stack.operationsAddress)
            for line in [
                "vrs_regions \(stack.municipalities.count).0", "vrs_regions_broken 0.0", "vrs_issuing_halted 0.0",
                "vrs_applications_limit 128.0",
            ] {
                #expect(vrsText.contains("\n\(line)\n"), "\(line)")
            }
            for key in ["seal.certificate", "dcc.certificate", "seal.revocationLists", "terminals.authorities"] {
                #expect(vrsText.contains("key=\"\(key)\""), "\(key)")
            }
            await stack.stop()
            try await heard(vrs, ["STOPPING=1"])
            try await heard(centre, ["STOPPING=1"])
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    @Test func `verifier serve says when it is ready, answers and stops`() async throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("trust"), withIntermediateDirectories: true)
        let socket = try NotifySocket(folder.file("n"))
        let program = try Program(
            Programs.verifier, ["serve", "--trust", folder.file("trust"), "--address", "127.0.0.1:0"],
            environment: socket.environment(watchdog: .milliseconds(400)))
        try await heard(socket, ["WATCHDOG=1", "WATCHDOG=1"])
        #expect(socket.messages.first == "READY=1")
        #expect(try await program.stop() == 0)
        try await heard(socket, ["STOPPING=1"])
        withExtendedLifetime(folder) {}
    }
}
