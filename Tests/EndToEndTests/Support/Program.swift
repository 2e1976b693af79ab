import Foundation
import Glibc
import Synchronization

/// A program that a test started: its output as it comes, its end, and the signals sent to it.
///
/// It is started by `posix_spawn`, and threads of its own read both pipes and wait for its end: Foundation's Process
/// loses ends of short programs now and then.
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

    /// What the process's callbacks change.
    private final class Record: Sendable {
        let state = Mutex(State())

        func change(_ body: (inout State) -> Void) {
            let met = state.withLock { state in
                body(&state)
                let met = state.waiters.filter { $0.isMet(state) }
                state.waiters.removeAll { waiter in met.contains { $0.id == waiter.id } }
                return met
            }
            for waiter in met { waiter.continuation.resume() }
        }

        /// Reads a pipe to its end on a thread of its own.
        func read(_ descriptor: Int32, _ append: @escaping @Sendable (inout State, Data) -> Void) {
            Thread.detachNewThread { [self] in
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let count = Glibc.read(descriptor, &buffer, buffer.count)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    let data = Data(buffer[..<count])
                    change { append(&$0, data) }
                }
                close(descriptor)
                change { $0.openPipes -= 1 }
            }
        }

        /// Waits for the process's end on a thread of its own.
        func wait(for pid: pid_t) {
            Thread.detachNewThread { [self] in
                var status: Int32 = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                // The exit status, or the signal's number where one ended it.
                let ending = status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F
                change { $0.status = ending }
            }
        }
    }

    private let name: String
    private let record = Record()
    /// The process's number.
    let pid: Int32

    /// Starts a program with nothing on its standard input.
    init(_ path: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil) throws {
        name = ([(path as NSString).lastPathComponent] + arguments.prefix(1)).joined(separator: " ")
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        // A shell changes the folder and becomes the program.
        let command = folder.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0, path] } ?? [path]
        // One start at a time: no program may inherit another's pipe, whose end would then not be seen.
        let (started, output, errors) = try Self.starting.withLock { _ in
            let (output, errors) = (try Self.pipe(), try Self.pipe())
            defer {
                close(output.writing)
                close(errors.writing)
            }
            let pid = try Self.spawn(command + arguments, variables, output: output.writing, errors: errors.writing)
            return (pid, output, errors)
        }
        pid = started
        record.read(output.reading) { $0.output.append($1) }
        record.read(errors.reading) { $0.errors.append($1) }
        record.wait(for: pid)
    }

    private static let starting = Mutex(())

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(description: "no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String], output: Int32, errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // The signals as a shell would leave them, whatever the starting thread blocks.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let texts = (arguments.map { strdup($0) } + [nil], environment.map { strdup($0) } + [nil])
        defer { for text in texts.0 + texts.1 { free(text) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, arguments[0], &actions, &attributes, texts.0, texts.1)
        guard result == 0 else { throw Failure(description: "\(arguments[0]) does not start: \(result)") }
        return pid
    }

    private func wait(_ what: String, within limit: Duration, until isMet: @escaping @Sendable (State) -> Bool)
        async throws
    {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let id = record.state.withLock { state -> Int? in
                if isMet(state) { return nil }
                state.nextWaiter += 1
                state.waiters.append(Waiter(id: state.nextWaiter, isMet: isMet, continuation: continuation))
                return state.nextWaiter
            }
            guard let id else { return continuation.resume() }
            Task {
                try await Task.sleep(for: limit)
                let late = record.state.withLock { state in
                    let late = state.waiters.filter { $0.id == id }
                    state.waiters.removeAll { $0.id == id }
                    return late
                }
                for waiter in late {
                    waiter.continuation.resume(
                        throwing: Failure(description: "\(name): no \(what) within \(limit)\n\(errors)"))
                }
            }
        }
    }

    /// Everything on standard output so far.
    var output: String { record.state.withLock { String(decoding: $0.output, as: UTF8.self) } }
    /// Everything on standard error so far.
    var errors: String { record.state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    /// Whether it has not ended.
    var isRunning: Bool { record.state.withLock { $0.status == nil } }

    /// The first line of standard output that begins so, as soon as it is there.
    func line(beginning prefix: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await wait("line beginning “\(prefix)”", within: limit) { state in
            state.hasEnded || state.lines.dropLast(state.output.last == 10 ? 0 : 1).contains { $0.hasPrefix(prefix) }
        }
        let line = record.state.withLock { state in state.lines.first { $0.hasPrefix(prefix) }.map(String.init) }
        guard let line else { throw Failure(description: "\(name) ended before its line “\(prefix)”:\n\(errors)") }
        return line
    }

    /// Waits for the program's end and gives its exit status (the signal's number where one ended it).
    @discardableResult
    func end(within limit: Duration = .seconds(120)) async throws -> Int32 {
        try await wait("end", within: limit) { $0.hasEnded }
        return record.state.withLock { $0.status ?? -1 }
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
        if record.state.withLock({ $0.status == nil }) { kill(pid, number) }
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
