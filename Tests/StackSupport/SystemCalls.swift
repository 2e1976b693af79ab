import Foundation

/// What a program did to files and descriptors, as `strace -f -yy` saw it.
package struct SystemCalls {
    /// What strace is told to watch: everything that writes bytes or makes, opens or changes files.
    package static let watched =
        "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,rename,renameat,renameat2,"
        + "truncate,ftruncate,fallocate,memfd_create,write,writev,pwrite64,pwritev,pwritev2,sendfile,copy_file_range,splice,"
        + "vmsplice,io_uring_setup"

    /// The arguments before the program's own.
    package static func arguments(log: String) -> [String] {
        // No byte of a buffer is recorded: the log is about where, and what is written is personal.
        ["-f", "-qq", "-yy", "-s", "0", "-e", "signal=none", "-e", "trace=" + watched, "-o", log]
    }

    /// How many calls wrote bytes somewhere.
    package private(set) var writes = 0
    /// The calls that wrote to something else than sockets, pipes, terminals, `/dev/null` and kernel events, or that made,
    /// opened for writing or changed a file.
    package private(set) var violations: [String] = []

    /// Reads a log of strace.
    package init(log: String) throws {
        self.init(lines: try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n"))
    }

    /// Judges lines of a log.
    package init(lines: some Sequence<Substring>) {
        for line in lines { judge(Self.withoutProcess(line)) }
    }

    /// A line without the process number before it.
    private static func withoutProcess(_ line: Substring) -> Substring {
        line.drop { $0.isNumber }.drop { $0 == " " }
    }

    private mutating func judge(_ line: Substring) {
        guard let parenthesis = line.firstIndex(of: "("), !line.hasPrefix("<") else { return }
        let call = line[..<parenthesis]
        // The thread was ended by its process's end at the stop before a call, and strace could not read which: the
        // kernel makes no call from that stop, so nothing was written by it (ptrace_report_syscall_entry).
        if call.allSatisfy({ $0 == "?" }), !line.contains(" = ") || line.hasSuffix("= ?") { return }
        // The same stop read a moment later: a negative number, which is no call either.
        if call.hasPrefix("syscall_0xffffffff"), call.count == 26, line.hasSuffix("<unfinished ...>") { return }
        let arguments = line[line.index(after: parenthesis)...]
        switch call {
        case "write", "writev", "pwrite64", "pwritev", "pwritev2":
            writes += 1
            if !Self.isStream(arguments) { violations.append(String(line)) }
        case "sendfile", "splice", "vmsplice", "copy_file_range", "io_uring_setup", "memfd_create":
            violations.append(String(line))
        case "open", "openat", "openat2":
            let opensForWriting = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TMPFILE", "O_TRUNC"].contains {
                arguments.contains($0)
            }
            if opensForWriting, !Self.isHarmless(arguments) { violations.append(String(line)) }
        default: violations.append(String(line))
        }
    }

    /// Whether the first argument, `7<TCP:[127.0.0.1:1->127.0.0.1:2]>`, is no file.
    private static func isStream(_ arguments: Substring) -> Bool {
        let target = arguments.drop { $0 != "<" }.dropFirst()
        let streams = [
            "socket:", "TCP:", "TCPv6:", "UNIX:", "UNIX-STREAM:", "UNIX-DGRAM:", "NETLINK:", "pipe:",
            "anon_inode:[event",
            "anon_inode:[timerfd]", "/dev/null>", "/dev/null<", "/dev/tty", "/dev/pts/",
        ]
        return streams.contains { target.hasPrefix($0) }
    }

    /// Whether what is opened for writing keeps nothing.
    private static func isHarmless(_ arguments: Substring) -> Bool {
        ["\"/dev/null\"", "\"/dev/tty\"", "</dev/null", "</dev/pts/", "</dev/tty"].contains { arguments.contains($0) }
    }
}
