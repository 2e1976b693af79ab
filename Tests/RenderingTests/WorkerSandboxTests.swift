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
            _exit(isAlive && write(STDERR_FILENO, "", 0) == 0 ? 0 : 101)
        }
    }
}
