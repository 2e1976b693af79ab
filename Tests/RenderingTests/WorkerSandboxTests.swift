import CWorker
import Foundation
import Glibc
import Testing

/// What the process that reads strangers' files can still do, tried in a process of its own.
@Suite struct WorkerSandboxTests {
    /// Each gives whether it could be done, and leaves what stopped it in `errno`.
    private static let forbidden: [(name: String, attempt: @Sendable () -> Bool)] = [
        ("open a file", { open("/etc/passwd", O_RDONLY) >= 0 }),
        ("make a file", { open("/tmp/akashi-sandboxed", O_WRONLY | O_CREAT, 0o600) >= 0 }),
        ("remove a file", { unlink("/tmp/akashi-sandboxed") == 0 }),
        ("make a socket", { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0 }),
        ("start a program", { execv("/bin/true", [nil]) == 0 }),
        ("signal another process", { kill(getppid(), 0) == 0 }),
        (
            "make memory executable",
            { mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED }
        ),
        // With these three the kernel itself sends a signal, SIGKILL too, to any process of the same user.
        ("choose who is signalled", { fcntl(STDIN_FILENO, F_SETOWN, getppid()) == 0 }),
        ("choose the signal", { fcntl(STDIN_FILENO, 10, SIGKILL) == 0 }),
        ("ask for signals", { fcntl(STDIN_FILENO, F_SETFL, 0o20000) == 0 }),
        (
            "learn a file's size",
            {
                var status = stat()
                return fstatat(AT_FDCWD, "/etc/passwd", &status, 0x1000) == 0
            }
        ),
    ]

    @Test func `a sandboxed process computes and answers, and nothing else`() async {
        await #expect(processExitsWith: .exitCode(0)) {
            guard akashi_worker_sandbox() == 0 else { _exit(100) }
            for (index, one) in Self.forbidden.enumerated() {
                if one.attempt() || errno != EPERM { _exit(Int32(index) + 1) }
            }
            // Memory, time and the descriptors that are there.
            let bytes = [UInt8](repeating: 7, count: 8 << 20)
            let isAlive = bytes.reduce(0) { $0 &+ Int($1) } == 7 * bytes.count && time(nil) > 0
            _exit(isAlive && write(STDERR_FILENO, "", 0) == 0 && fcntl(STDERR_FILENO, F_GETFL) >= 0 ? 0 : 101)
        }
    }

    #if arch(x86_64)
        /// The numbers of what a worker may call whatever the arguments (Linux, x86-64), by their names.
        private static let allowed: [Int: String] = [
            0: "read", 1: "write", 3: "close", 5: "fstat", 7: "poll", 8: "lseek", 11: "munmap", 12: "brk",
            13: "rt_sigaction", 14: "rt_sigprocmask", 15: "rt_sigreturn", 19: "readv", 20: "writev", 24: "sched_yield",
            25: "mremap", 28: "madvise", 35: "nanosleep", 39: "getpid", 60: "exit", 96: "gettimeofday",
            131: "sigaltstack", 186: "gettid", 202: "futex", 204: "sched_getaffinity", 219: "restart_syscall",
            228: "clock_gettime", 229: "clock_getres", 230: "clock_nanosleep", 231: "exit_group", 232: "epoll_wait",
            271: "ppoll", 273: "set_robust_list", 281: "epoll_pwait", 309: "getcpu", 318: "getrandom", 334: "rseq",
            441: "epoll_pwait2",
        ]
        /// What Linux 6.13 and later let past every filter: probes of the kernel's own, which end a process that calls them by
        /// itself (uretprobe(2), uprobe(2): SIGILL).
        private static let unfiltered: Set<Int> = [335, 336]
        /// Those of which some arguments are allowed: each is tried by itself.
        private static let filtered: [Int: String] = [9: "mmap", 10: "mprotect", 72: "fcntl"]

        private typealias Call = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

        /// Whether the kernel answers a call with "not permitted", and does nothing.
        private static func isRefused(_ call: Call, _ number: Int, _ arguments: [Int] = []) -> Bool {
            let all = arguments + Array(repeating: -1, count: 6 - arguments.count)
            errno = 0
            return call(number, all[0], all[1], all[2], all[3], all[4], all[5]) == -1 && errno == EPERM
        }

        /// Ends the process with what should not have been possible.
        private static func fail(_ what: String) -> Never {
            let text = Array("\(what) is not refused\n".utf8)
            _ = write(STDERR_FILENO, text, text.count)
            _exit(1)
        }

        @Test func `of all system calls of the table none is permitted that the list does not name`() async throws {
            let result = await #expect(processExitsWith: .exitCode(0), observing: [\.standardErrorContent]) {
                guard let symbol = dlsym(nil, "syscall") else { _exit(99) }
                let call = unsafeBitCast(symbol, to: Call.self)
                guard akashi_worker_sandbox() == 0 else { _exit(100) }
                // More numbers than there are calls: one that a later kernel brings is refused as well.
                for number in 0..<1024
                where Self.allowed[number] == nil && Self.filtered[number] == nil && !Self.unfiltered.contains(number) {
                    if !Self.isRefused(call, number) { Self.fail("system call \(number)") }
                }
                // Of fcntl reading the flags alone, also with other bits in the half that the kernel does not look at.
                for command in 0..<2200 where command != Int(F_GETFL) && command != Int(F_GETFD) {
                    if !Self.isRefused(call, 72, [0, command, 0]) { Self.fail("fcntl \(command)") }
                }
                for command in [Int(F_GETFL), Int(F_SETFL), Int(F_SETOWN), 10] {
                    if !Self.isRefused(call, 72, [0, command | 1 << 32, 0]) {
                        Self.fail("fcntl \(command), high bits")
                    }
                }
                // Executable memory in any combination.
                for protection in 0..<16 where protection & Int(PROT_EXEC) != 0 {
                    if !Self.isRefused(call, 9, [0, 4096, protection, Int(MAP_PRIVATE | MAP_ANONYMOUS), -1, 0]) {
                        Self.fail("mmap \(protection)")
                    }
                    if !Self.isRefused(call, 10, [0, 4096, protection]) { Self.fail("mprotect \(protection)") }
                }
                _exit(0)
            }
            let errors = result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
            #expect(!errors.contains("is not refused"), "\(errors)")
        }
    #endif
}
