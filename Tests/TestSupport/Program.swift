public import Foundation
import Glibc
import Synchronization

/// A program that a test started: its output as it comes, its end, and the signals sent to it. It is ended with its
/// holder.
///
/// It is started by `posix_spawn`, and threads of its own read both pipes and wait for its end: Foundation's Process
/// loses ends of short programs now and then.
public final class Program: Sendable {
    /// Why a wait for a program gave up, or that it ended otherwise than it should.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened, with what the program wrote to standard error.
        public let description: String
        /// The program's exit status, if it has ended.
        public var status: Int32?
    }

    /// How a program ended and what it wrote.
    public struct Outcome: Sendable {
        /// Its exit status, or the signal's number if one ended it.
        public let status: Int32
        /// What it wrote to standard output.
        public let bytes: Data
        /// What it wrote to standard error.
        public let errors: String

        /// What it wrote to standard output, as text.
        public var output: String { String(decoding: bytes, as: UTF8.self) }

        /// What it wrote to standard output; throws if it did not end well.
        public func succeeded() throws -> Data {
            guard status == 0 else {
                throw Failure(description: "exit \(status): \((output + errors).suffix(6000))", status: status)
            }
            return bytes
        }
    }

    private struct Waiter: Sendable {
        let id: Int
        let isMet: @Sendable (State) -> Bool
        let resume: @Sendable (Failure?) -> Void
    }

    private struct State: Sendable {
        var output = Data()
        var errors = Data()
        var openPipes = 2
        var status: Int32?
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var hasEnded: Bool { status != nil && openPipes == 0 }

        /// The first line, whole unless the program has ended, that begins so.
        func line(beginning prefix: String) -> String? {
            let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
            return lines.dropLast(hasEnded || output.last == 0x0A ? 0 : 1).first { $0.hasPrefix(prefix) }
                .map(String.init)
        }
    }

    /// What the threads of a process change.
    private final class Record: Sendable {
        let state = Mutex(State())

        func change(_ body: (inout State) -> Void) {
            let met = state.withLock { state in
                body(&state)
                let met = state.waiters.filter { $0.isMet(state) }
                state.waiters.removeAll { waiter in met.contains { $0.id == waiter.id } }
                return met
            }
            for waiter in met { waiter.resume(nil) }
        }

        /// Calls `resume` once: when the condition is met, or with a failure after the limit.
        func wait(
            within limit: Duration, until isMet: @escaping @Sendable (State) -> Bool,
            else failure: @escaping @Sendable () -> Failure, _ resume: @escaping @Sendable (Failure?) -> Void
        ) {
            let id = state.withLock { state -> Int? in
                if isMet(state) { return nil }
                state.nextWaiter += 1
                state.waiters.append(Waiter(id: state.nextWaiter, isMet: isMet, resume: resume))
                return state.nextWaiter
            }
            guard let id else { return resume(nil) }
            DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) { [self] in
                let isLate = state.withLock { state in
                    let count = state.waiters.count
                    state.waiters.removeAll { $0.id == id }
                    return state.waiters.count < count
                }
                if isLate { resume(failure()) }
            }
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
                // The exit status, or the signal's number if one ended it.
                let ending = status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F
                change { $0.status = ending }
            }
        }
    }

    private let name: String
    private let record = Record()
    private let files: TemporaryFolder?
    /// The process's number.
    public let pid: Int32

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: the program; a name without a slash is looked for as a shell does.
    ///   - arguments: its arguments.
    ///   - environment: variables beside those of this process.
    ///   - folder: the folder it runs in; this process's without one.
    ///   - input: what stands on its standard input; nothing without it.
    public init(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: Data? = nil
    ) throws {
        name = ([(path as NSString).lastPathComponent] + arguments.prefix(1)).joined(separator: " ")
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        // A shell changes the folder and becomes the program.
        let command = folder.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0, path] } ?? [path]
        // A file, not a pipe: neither side can wait for the other.
        files = try input.map { input in
            let files = try TemporaryFolder()
            try files.write("input", input)
            return files
        }
        let source = files?.file("input") ?? "/dev/null"
        // One start at a time: no program may inherit another's pipe, whose end would then not be seen.
        let (started, output, errors) = try Self.starting.withLock { _ in
            let (output, errors) = (try Self.pipe(), try Self.pipe())
            defer {
                close(output.writing)
                close(errors.writing)
            }
            let pid = try Self.spawn(
                command + arguments, variables, input: source, output: output.writing, errors: errors.writing)
            return (pid, output, errors)
        }
        pid = started
        record.read(output.reading) { $0.output.append($1) }
        record.read(errors.reading) { $0.errors.append($1) }
        record.wait(for: pid)
    }

    deinit {
        guard isRunning else { return }
        signal(SIGTERM)
        let ended = DispatchSemaphore(value: 0)
        record.wait(within: .seconds(10), until: { $0.status != nil }, else: { Failure(description: "") }) { _ in
            ended.signal()
        }
        ended.wait()
        signal(SIGKILL)
    }

    private static let starting = Mutex(())

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(description: "no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ arguments: [String], _ environment: [String], input: String, output: Int32, errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
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
        let result = posix_spawnp(&pid, arguments[0], &actions, &attributes, texts.0, texts.1)
        guard result == 0 else { throw Failure(description: "\(arguments[0]) does not start: \(result)") }
        return pid
    }

    private func wait(_ what: String, within limit: Duration, until isMet: @escaping @Sendable (State) -> Bool)
        async throws
    {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            record.wait(within: limit, until: isMet, else: late(what, limit)) { failure in
                if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
            }
        }
    }

    /// The same without a suspension, for tests that are not asynchronous.
    private func waitBlocking(_ what: String, within limit: Duration, until isMet: @escaping @Sendable (State) -> Bool)
        throws
    {
        let met = DispatchSemaphore(value: 0)
        let result = Mutex<Failure?>(nil)
        record.wait(within: limit, until: isMet, else: late(what, limit)) { failure in
            result.withLock { $0 = failure }
            met.signal()
        }
        met.wait()
        if let failure = result.withLock({ $0 }) { throw failure }
    }

    private func late(_ what: String, _ limit: Duration) -> @Sendable () -> Failure {
        { [name, record] in
            let errors = record.state.withLock { String(decoding: $0.errors, as: UTF8.self) }
            return Failure(description: "\(name): no \(what) within \(limit)\n\(errors)")
        }
    }

    /// Everything on standard output so far.
    public var output: String { record.state.withLock { String(decoding: $0.output, as: UTF8.self) } }
    /// Everything on standard error so far.
    public var errors: String { record.state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

    /// Whether it has not ended.
    public var isRunning: Bool { record.state.withLock { $0.status == nil } }

    /// The first line of standard output that begins so, as soon as it is there.
    public func line(beginning prefix: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await wait("line beginning “\(prefix)”", within: limit) { $0.hasEnded || $0.line(beginning: prefix) != nil }
        return try seenLine(beginning: prefix)
    }

    /// The first line of standard output, for tests that are not asynchronous.
    public func firstLine(within limit: Duration = .seconds(60)) throws -> String {
        try waitBlocking("line", within: limit) { $0.hasEnded || $0.line(beginning: "") != nil }
        return try seenLine(beginning: "")
    }

    private func seenLine(beginning prefix: String) throws -> String {
        guard let line = record.state.withLock({ $0.line(beginning: prefix) }) else {
            throw Failure(
                description: "\(name) ended before its line “\(prefix)”:\n\(errors)",
                status: record.state.withLock { $0.status })
        }
        return line
    }

    /// Waits for the program's end and gives its exit status (the signal's number if one ended it).
    @discardableResult
    public func end(within limit: Duration = .seconds(120)) async throws -> Int32 {
        try await wait("end", within: limit) { $0.hasEnded }
        return record.state.withLock { $0.status ?? -1 }
    }

    /// Asks the program to stop and waits until it did.
    @discardableResult
    public func stop(within limit: Duration = .seconds(60)) async throws -> Int32 {
        signal(SIGTERM)
        return try await end(within: limit)
    }

    /// The same for tests that are not asynchronous.
    @discardableResult
    public func stopBlocking(within limit: Duration = .seconds(60)) throws -> Int32 {
        signal(SIGTERM)
        try waitBlocking("end", within: limit) { $0.hasEnded }
        return record.state.withLock { $0.status ?? -1 }
    }

    /// Ends the program at once, as a power cut would.
    public func cut() async throws {
        signal(SIGKILL)
        try await end()
    }

    /// Sends it a signal, unless it has ended.
    public func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    private var outcome: Outcome {
        record.state.withLock { state in
            Outcome(
                status: state.status ?? -1, bytes: state.output, errors: String(decoding: state.errors, as: UTF8.self))
        }
    }

    /// Runs a program to its end. The parameters are those of ``init(_:_:environment:folder:input:)``.
    public static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: Data? = nil, within limit: Duration = .seconds(120)
    ) async throws -> Outcome {
        let program = try Program(path, arguments, environment: environment, folder: folder, input: input)
        try await program.end(within: limit)
        return program.outcome
    }

    /// The same for tests that are not asynchronous.
    public static func runBlocking(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: Data? = nil, within limit: Duration = .seconds(300)
    ) throws -> Outcome {
        let program = try Program(path, arguments, environment: environment, folder: folder, input: input)
        try program.waitBlocking("end", within: limit) { $0.hasEnded }
        return program.outcome
    }
}
