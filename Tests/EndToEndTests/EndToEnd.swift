import Testing

/// The started programs, from a card to a verified certificate. All tests share one running stack, prepared by the same
/// script as `make demo`; a test that stops a service starts it again before it ends.
@Suite(.serialized, .runningStack)
struct EndToEnd {}

extension Trait where Self == RunningStack {
    /// Starts `vrs` and `centre` once before a suite's first test and stops them behind its last.
    static var runningStack: RunningStack { RunningStack() }
}

/// Gives a suite's tests a running stack as ``Stack/current``.
struct RunningStack: SuiteTrait, TestScoping {
    func scopeProvider(for test: Test, testCase: Test.Case?) -> RunningStack? { test.isSuite ? self : nil }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        let stack = try await Stack.start()
        do {
            try await Stack.$shared.withValue(stack) { try await body() }
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }
}
