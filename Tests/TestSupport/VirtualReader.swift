import Foundation
#if canImport(Glibc)
    import Glibc
#endif

/// Why the virtual reader cannot be had.
public enum VirtualReaderError: Error, CustomStringConvertible {
    /// A program or driver is missing.
    case notInstalled(String)
    /// pcscd did not come up; what it wrote.
    case notStarted(String)

    /// What is wrong, and what to install if something is missing.
    public var description: String {
        switch self {
        case .notInstalled(let path):
            "\(path) is missing; install the PC/SC service and the virtual reader: "
                + "sudo apt-get install -y pcscd vsmartcard-vpcd libpcsclite1"
        case .notStarted(let log): "pcscd did not start: \(log)"
        }
    }
}

/// A PC/SC service of the test's own (`pcscd`) with the virtual reader of vsmartcard, which has two slots.
///
/// It runs on a socket of its own wherever mount name spaces are allowed, so a pcscd of the machine is not in its way;
/// elsewhere on the usual socket. libpcsclite reads the socket's name once a process, so one process uses one virtual
/// reader at a time: ``use(isolation:_:)`` waits its turn.
public final class VirtualReader: Sendable {
    /// A part of the names of both readers: `Virtual PCD 00 00` and `Virtual PCD 00 01`.
    public static let name = "Virtual PCD"
    /// The names of the two slots.
    public static let slots = ["Virtual PCD 00 00", "Virtual PCD 00 01"]

    /// The port to which a card on the first slot connects; the second slot has the next one.
    public let port: UInt16
    private let process: Process
    private let life: Pipe

    /// What another process needs in its environment to find this service.
    public static var environment: [String: String] { isPrivate ? ["PCSCLITE_CSOCK_NAME": socketPath] : [:] }

    /// Runs `body` with a started service, and stops it afterwards.
    @discardableResult
    public static func use<T>(
        isolation: isolated (any Actor)? = #isolation, _ body: (VirtualReader) async throws -> T
    ) async throws -> T {
        await Turn.shared.wait()
        defer { Turn.shared.pass() }
        let reader = try started()
        defer { reader.stop() }
        return try await body(reader)
    }

    /// Runs `body` while no service runs.
    @discardableResult
    public static func useWithoutService<T>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> T
    ) async throws -> T {
        await Turn.shared.wait()
        defer { Turn.shared.pass() }
        prepare()
        return try await body()
    }

    /// A started service. Another process may take a port between its choice and the driver's bind, after which the
    /// driver never listens: then others are tried.
    private static func started() throws -> VirtualReader {
        for _ in 0..<3 {
            do { return try VirtualReader() } catch VirtualReaderError.notStarted { continue }
        }
        return try VirtualReader()
    }

    private init() throws {
        for path in ["/usr/sbin/pcscd", Self.driver] where !FileManager.default.fileExists(atPath: path) {
            throw VirtualReaderError.notInstalled(path)
        }
        Self.prepare()
        port = try Self.freePortPair()
        let hexadecimal = "0x" + String(port, radix: 16, uppercase: true)
        let configuration = """
            FRIENDLYNAME "\(Self.name)"
            DEVICENAME /dev/null:\(hexadecimal)
            LIBPATH \(Self.driver)
            CHANNELID \(hexadecimal)

            """
        try configuration.write(toFile: Self.folder + "/reader.conf", atomically: true, encoding: .utf8)
        // The shell lives until its input ends: also when this process dies without stopping it.
        let start =
            Self.isPrivate
            ? #"unshare \#(Self.unshareOptions) sh -c 'mount -t tmpfs none /run && mkdir /run/pcscd && "#
                + #"mount --bind "$1" /run/pcscd && exec /usr/sbin/pcscd --foreground --config "$1/reader.conf"' sh "$1""#
            : #"mkdir -p /run/pcscd; /usr/sbin/pcscd --foreground --config "$1/reader.conf""#
        process = Process()
        life = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", start + #" & service=$!; cat; kill "$service"; wait "$service""#, "sh", Self.folder]
        // Else a program that another test starts would inherit it and keep this one alive.
        for end in [life.fileHandleForReading, life.fileHandleForWriting] {
            _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        process.standardInput = life
        let logPath = Self.folder + "/log"
        _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: logPath)
        process.standardError = FileHandle(forWritingAtPath: logPath)
        try process.run()
        let deadline = Date(timeIntervalSinceNow: 20)
        while !isUp() {
            guard Date() < deadline else {
                stop()
                throw VirtualReaderError.notStarted((try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "")
            }
            usleep(20_000)
        }
    }

    private func stop() {
        try? life.fileHandleForWriting.close()
        process.waitUntilExit()
        unlink(Self.socketPath)
        try? FileManager.default.removeItem(atPath: Self.folder)
    }

    /// Whether the socket is there and both slots listen. Connecting to find out would count as a card.
    private func isUp() -> Bool {
        guard FileManager.default.fileExists(atPath: Self.socketPath),
            let table = try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)
        else { return false }
        let listening = Set(
            table.split(separator: "\n").filter { $0.contains(" 00000000:0000 0A ") }.compactMap { line in
                line.split(separator: " ").dropFirst().first?.split(separator: ":").last.flatMap {
                    UInt16($0, radix: 16)
                }
            })
        return listening.isSuperset(of: [port, port + 1])
    }

    // MARK: Where it runs

    private static let driver = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    private static let folder = "/tmp/akashi-pcsc-\(getpid())"
    private static var unshareOptions: String { getuid() == 0 ? "-m" : "-rm" }
    private static var socketPath: String { (isPrivate ? folder : "/run/pcscd") + "/pcscd.comm" }

    /// Whether the service can have a `/run` of its own.
    private static let isPrivate: Bool = {
        let probe = Process()
        probe.executableURL = URL(fileURLWithPath: "/bin/sh")
        probe.arguments = ["-c", "unshare \(unshareOptions) mount -t tmpfs none /run"]
        probe.standardError = FileHandle.nullDevice
        guard (try? probe.run()) != nil else { return false }
        probe.waitUntilExit()
        return probe.terminationStatus == 0
    }()

    private static func prepare() {
        mkdir(folder, 0o700)
        _ = isEnvironmentSet
    }

    private static let isEnvironmentSet = environment.allSatisfy { setenv($0.key, $0.value, 1) == 0 }

    /// Two ports in a row that are free now, below those that the system gives to connections and to listeners that
    /// leave the choice to it.
    private static func freePortPair() throws -> UInt16 {
        for _ in 0..<100 {
            guard let (first, port) = bound(.random(in: 10_240..<30_000)) else { continue }
            defer { close(first) }
            if let (second, _) = bound(port + 1) {
                close(second)
                return port
            }
        }
        throw VirtualReaderError.notStarted("no two free ports in a row")
    }

    private static func bound(_ port: UInt16) -> (socket: Int32, port: UInt16)? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            return nil
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}

/// One after the other, across all tests of the process.
private final class Turn: @unchecked Sendable {
    static let shared = Turn()
    // `@unchecked Sendable`: both variables are only touched under the lock.
    private let lock = NSLock()
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
        await withCheckedContinuation { continuation in
            let isMine = lock.withLock {
                guard isTaken else {
                    isTaken = true
                    return true
                }
                waiting.append(continuation)
                return false
            }
            if isMine { continuation.resume() }
        }
    }

    func pass() {
        let next = lock.withLock {
            if waiting.isEmpty { isTaken = false }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
        next?.resume()
    }
}
