import AsyncHTTPClient
import Exchange
import Foundation
import NIOCore
import TestSupport
import Testing

/// What has to be seen of a `vrs` whose disk takes no more, however that is made.
package struct FullDisk: Sendable {
    private let stack: Stack
    private let fill: @Sendable () async throws -> Void
    private let free: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - stack: with a `vrs` that sweeps each second.
    ///   - fill: makes every write of `vrs` fail.
    ///   - free: ends that.
    package init(
        stack: Stack, fill: @escaping @Sendable () async throws -> Void,
        free: @escaping @Sendable () async throws -> Void
    ) {
        (self.stack, self.fill, self.free) = (stack, fill, free)
    }

    private func text(_ path: String) async throws -> String {
        let response = try await HTTPClient.shared.get(url: "http://\(stack.operationsAddress)/\(path)").get()
        return response.body.map { String(buffer: $0) } ?? ""
    }

    /// Fills, looks at everything, frees and looks again.
    package func check() async throws {
        let (first, _) = try await stack.issue()
        #expect(try await text("ready").contains("\"missing\":[]"))
        try await fill()
        // Never "no record", and no matter of this person's: nobody can be served now.
        let begun = ContinuousClock.now
        let refused = try await stack.terminal().apply(try await stack.prepare().application)
        #expect(refused.code == .upstreamUnavailable, "\(refused.status) \(refused.code?.rawValue ?? "")")
        #expect(begun.duration(to: .now) < .seconds(20))
        try await eventually("readiness says what is the matter") {
            try await text("ready").contains("\"missing\":[\"store.unwritable\"]")
        }
        #expect(try await text("metrics").contains("\nakashi_ready 0.0\n"))
        let status = try await stack.operate("issuing", "status")
        #expect(status.contains("store.unwritable"), "\(status)")
        // What is only read goes on.
        #expect(try await stack.certificates("signed", in: first.request.municipality).count == 1)
        let exported = try await Program.run(
            Programs.path("vrs"),
            ["export", "--config", stack.folder + "/vrs.yaml", "--development", "--out", stack.folder + "/while-full"])
        print("EXPORT", exported.status, exported.output, exported.errors)
        try await free()
        try await eventually("readiness is back") { try await text("ready").contains("\"missing\":[]") }
        _ = try await stack.issue()
        #expect(stack.isRunning("vrs"))
    }
}
