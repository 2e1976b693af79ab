import Foundation
import Synchronization

/// A program that a test started: its output as it comes, its end, and the signals sent to it.
final class Program: Sendable {
    /// Why a wait for a program gave up.
    struct Failure: Error, CustomStringConvertible { let description: String }

    private struct Waiter {
        let id: Int
        let isMet: @Sendable (State) -> Bool
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var output = Data()
        var errors = Data()
        var openPipes = 2
        var status: Int32?
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var hasEnded: Bool { status != nil && openPipes == 0 }
        var lines: [Substring] { String(decoding: output, as: UTF8.self).split(separator: "\n") }
    }

    private let name: String
    private let state = Mutex(State())
    /// The process's number.
    let pid: Int32

    /// Starts a program with nothing on its standard input.
    init(_ path: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil) throws {
        name = ([(path as NSString).lastPathComponent] + arguments.prefix(1)).joined(separator: " ")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        process.standardInput = FileHandle.nullDevice
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        pid = try Self.start(process)
        process.terminationHandler = { [self] ended in change { $0.status = ended.terminationStatus } }
        read(output) { $0.output.append($1) }
        read(errors) { $0.errors.append($1) }
    }

    private static func start(_ process: Process) throws -> Int32 {
        try process.run()
        return process.processIdentifier
    }

    private func read(_ pipe: Pipe, _ append: @escaping @Sendable (inout State, Data) -> Void) {
        pipe.fileHandleForReading.readabilityHandler = { [self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            change { state in
                if data.isEmpty { state.openPipes -= 1 } else { append(&state, data) }
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let met = state.withLock { state in
            body(&state)
            let met = state.waiters.filter { $0.isMet(state) }
            state.waiters.removeAll { waiter in met.contains { $0.id == waiter.id } }
            return met
        }
        for waiter in met { waiter.continuation.resume() }
    }

    private func wait(_ what: String, within limit: Duration, until isMet: @escaping @Sendable (State) -> Bool) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let id = state.withLock { state -> Int? in
                if isMet(state) { return nil }
                state.nextWaiter += 1
                state.waiters.append(Waiter(id: state.nextWaiter, isMet: isMet, continuation: continuation))
                return state.nextWaiter
            }
            guard let id else { return continuation.resume() }
            Task {
                try await Task.sleep(for: limit)
                let late = state.withLock { state in
                    let late = state.waiters.filter { $0.id == id }
                    state.waiters.removeAll { $0.id == id }
                    return late
                }
                for waiter in late {
                    waiter.continuation.resume(throwing: Failure(description: "\(name): no \(what) within \(limit)\n\(errors)"))
                }
            }
        }
    }

    /// Everything on standard output so far.
    var output: String { state.withLock { String(decoding: $0.output, as: UTF8.self) } }
    /// Everything on standard error so far.
    var errors: String { state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    /// Whether it has not ended.
    var isRunning: Bool { state.withLock { $0.status == nil } }

    /// The first line of standard output that begins so, as soon as it is there.
    func line(beginning prefix: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await wait("line beginning “\(prefix)”", within: limit) { state in
            state.hasEnded || state.lines.dropLast(state.output.last == 10 ? 0 : 1).contains { $0.hasPrefix(prefix) }
        }
        let line = state.withLock { state in state.lines.first { $0.hasPrefix(prefix) }.map(String.init) }
        guard let line else { throw Failure(description: "\(name) ended before its line “\(prefix)”:\n\(errors)") }
        return line
    }

    /// Waits for the program's end and gives its exit status (the signal's number where one ended it).
    @discardableResult
    func end(within limit: Duration = .seconds(120)) async throws -> Int32 {
        try await wait("end", within: limit) { $0.hasEnded }
        return state.withLock { $0.status ?? -1 }
    }

    /// Asks the program to stop and waits until it did.
    @discardableResult
    func stop(within limit: Duration = .seconds(60)) async throws -> Int32 {
        signal(SIGTERM)
        return try await end(within: limit)
    }

    /// Ends the program at once, as a power cut would.
    func cut() async throws {
        signal(SIGKILL)
        try await end()
    }

    private func signal(_ number: Int32) {
        if state.withLock({ $0.status == nil }) { kill(pid, number) }
    }

    /// Runs a program to its end.
    static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        within limit: Duration = .seconds(120)
    ) async throws -> (status: Int32, output: String, errors: String) {
        let program = try Program(path, arguments, environment: environment, folder: folder)
        let status = try await program.end(within: limit)
        return (status, program.output, program.errors)
    }
}
