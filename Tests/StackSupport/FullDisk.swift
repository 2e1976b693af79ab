import AsyncHTTPClient
import Exchange
import Foundation
import NIOCore
import TestSupport
import Testing
import Vaccination

/// What has to be seen of a `vrs` whose disk takes no more, however that is made.
package struct FullDisk: Sendable {
    /// What lies on the disk.
    package enum Place: String, Sendable, CaseIterable {
        /// The records: nobody can be served.
        case records
        /// The journal: nothing can be revoked any more, and people are served.
        case journal
        /// What is published: an export fails, and nothing else.
        case published
    }

    private let stack: Stack
    private let place: Place
    private let inside: [String]
    private let fill: @Sendable () async throws -> Void
    private let free: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - stack: with a `vrs` that sweeps each second.
    ///   - inside: a command that runs another one where `vrs` sees its files; other processes write on if there is none.
    ///   - fill: makes every write fail there.
    ///   - free: ends that.
    package init(
        stack: Stack, of place: Place, inside: [String] = [], fill: @escaping @Sendable () async throws -> Void,
        free: @escaping @Sendable () async throws -> Void
    ) {
        (self.stack, self.place, self.inside) = (stack, place, inside)
        (self.fill, self.free) = (fill, free)
    }

    private func text(_ path: String) async throws -> String {
        let response = try await HTTPClient.shared.get(url: "http://\(stack.operationsAddress)/\(path)").get()
        return response.body.map { String(buffer: $0) } ?? ""
    }

    private func export() async throws -> Program.Outcome {
        let command =
            (inside.isEmpty ? ["env"] : inside) + [
                Programs.path("vrs"), "export", "--config", stack.folder + "/vrs.yaml", "--development", "--out",
                "\(stack.folder)/published",
            ]
        return try await Program.run(command[0], Array(command.dropFirst()), folder: stack.folder)
    }

    /// Fills, looks at everything, frees and looks again.
    package func check() async throws {
        let (first, answer) = try await stack.issue()
        let void = ["certificates", "void", "\(first.request.municipality)", answer.manifest.certificateID.text]
        #expect(try await export().status == 0)
        #expect(try await text("ready").contains("\"missing\":[]"))
        try await fill()
        let begun = ContinuousClock.now
        let session = try await stack.prepare()
        let reply = try await session.terminal.apply(session.application)
        // Never "no record", and no matter of this person's: nobody can be served now.
        #expect(reply.code == (place == .records ? .upstreamUnavailable : nil), "\(reply.status)")
        #expect(begun.duration(to: .now) < .seconds(20))
        if place != .published {
            try await eventually("readiness says what is the matter") {
                try await text("ready").contains("\"missing\":[\"store.unwritable\"]")
            }
            #expect(try await text("metrics").contains("\nakashi_ready 0.0\n"))
            let status = try await stack.operate("issuing", "status")
            #expect(status.contains("not ready: store.unwritable / 交付できません"), "\(status)")
            // What an operator is told is so: the journal may have room in its last block, the records have none.
            let isVoided = (try? await stack.operate(void)) != nil
            #expect(place != .records || !isVoided)
            #expect(try await stack.state(of: answer, first) == (isVoided ? "voided" : "signed"))
        }
        // What is only read goes on.
        let signed = try await stack.certificates("signed", in: first.request.municipality)
        #expect(!signed.isEmpty)
        // An export keeps its counter among the records: it goes on if there is room for that from before.
        let exported = try await export()
        #expect(exported.status == 0 || !inside.isEmpty && exported.status == 69, "\(exported.errors)")
        if place == .published { #expect(exported.status == 69) }
        if exported.status != 0 {
            #expect(exported.errors.contains("free space") && exported.errors.contains("空き容量"), "\(exported.errors)")
        }

        try await free()
        try await eventually("readiness is back") { try await text("ready").contains("\"missing\":[]") }
        let (second, later) = try await stack.issue()
        #expect(try await export().status == 0)
        #expect(stack.isRunning("vrs"))
        if place != .published { _ = try await stack.operate(void) }
        // What was acknowledged before and after is there.
        #expect(try await stack.state(of: answer, first) == (place == .published ? "signed" : "voided"))
        #expect(try await stack.state(of: later, second) == "signed")
    }
}
