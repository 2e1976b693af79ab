package import Testing

extension Trait where Self == RunningStack {
    /// Starts `vrs` and `centre` once before a suite's first test and stops them behind its last.
    package static var runningStack: RunningStack { RunningStack() }
}

/// Gives a suite's tests a running stack as ``Stack/current``.
package struct RunningStack: SuiteTrait, TestScoping {
    package func scopeProvider(for test: Test, testCase: Test.Case?) -> RunningStack? { test.isSuite ? self : nil }

    package func provideScope(
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
