import CredentialIssuing
import Credentials
import Foundation
import Glibc

/// What a stranger's connections cost others: the time of a check at the started verifier, while thousands of idle and slow
/// connections from one address stand open, beside the time without them.
enum AttackBench {
    private static let connections = 4000
    /// The last bytes of the loopback addresses of those who check and of the attacker.
    private static let (honest, attacker): (UInt8, UInt8) = (1, 2)

    static func verifier(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("akashi-bench-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let issuers = try SampleIssuers()
        for file in issuers.trustFiles {
            let place = folder.appendingPathComponent("trust/\(file.path)")
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.bytes).write(to: place)
        }
        let service = try StartedVerifier(trust: folder.path + "/trust")
        defer { service.stop() }
        try OpenFiles.raise(to: connections + 100)
        let request = try await Self.request(issuers)
        // Warming up.
        _ = try times(service.port, request, seconds: 0.5)
        let quiet = try times(service.port, request, seconds: stopwatch.seconds)
        let flood = try (0..<connections).map { index in
            let socket = try BenchSocket(port: service.port, from: attacker)
            // A third is idle, a third sends half a header section, a third announces a large body.
            switch index % 3 {
            case 0: break
            case 1: socket.trySend("POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: ima")
            default:
                socket.trySend(
                    "POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: 20000000\r\n\r\n."
                )
            }
            return socket
        }
        let attacked = try times(service.port, request, seconds: stopwatch.seconds)
        withExtendedLifetime(flood) {}
        return [
            Figure(
                name: "attack/verifier", opsPerSecond: Stopwatch.rounded(1e6 / p(50, attacked)),
                p50Microseconds: Stopwatch.rounded(p(50, attacked)),
                p99Microseconds: Stopwatch.rounded(p(99, attacked)),
                baseline:
                    "p99 without the \(connections) connections; the ratio is of the two p99, 0.5 is twice the time",
                baselineOpsPerSecond: Stopwatch.rounded(1e6 / p(99, quiet)),
                ratio: Stopwatch.rounded(p(99, quiet) / p(99, attacked)))
        ]
    }

    private static func request(_ issuers: SampleIssuers) async throws -> String {
        let text = try await issuers.smartHealthCard(try SamplePerson(0)).qrText
        return
            "POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n"
            + "Connection: close\r\n\r\n" + text
    }

    /// The times of whole checks, a connection each, in microseconds, sorted.
    private static func times(_ port: UInt16, _ request: String, seconds: Double) throws -> [Double] {
        var times: [Double] = []
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: .seconds(seconds))
        while clock.now < end || times.count < 100 {
            let start = clock.now
            let answer = try BenchSocket(port: port, from: honest).ask(request)
            guard answer.hasPrefix("HTTP/1.1 200 "), answer.contains(#""overall":"valid""#) else {
                throw BenchError("attack/verifier: \(answer.prefix(100))")
            }
            times.append((clock.now - start) / .microseconds(1))
        }
        return times.sorted()
    }

    private static func p(_ percent: Int, _ sorted: [Double]) -> Double {
        sorted[min(sorted.count - 1, sorted.count * percent / 100)]
    }
}

/// `verifier serve` on a free port.
private final class StartedVerifier {
    private let process = Process()
    let port: UInt16

    init(trust: String) throws {
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("verifier")
        process.arguments = [
            "serve", "--trust", trust, "--address", "127.0.0.1:0", "--at", SampleIssuers.now.formatted(.iso8601),
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = line.split(separator: ":").last.flatMap({ UInt16($0.filter(\.isNumber)) }) else {
            process.terminate()
            throw BenchError("verifier serve: \(line)")
        }
        self.port = port
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}

/// A TCP connection between two loopback addresses of this machine.
final class BenchSocket {
    private let descriptor: Int32

    init(port: UInt16, from host: UInt8) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard Self.call(bind, descriptor, host, 0), Self.call(connect, descriptor, 1, port) else {
            throw BenchError("no connection to port \(port)")
        }
    }

    deinit { close(descriptor) }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32, _ descriptor: Int32, _ host: UInt8,
        _ port: UInt16
    ) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = (UInt32(0x7F00_0000) | UInt32(host)).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Sends what can be sent; an attacker does not mind being cut off.
    func trySend(_ text: String) {
        let bytes = Array(text.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Sends a request and reads up to the connection's end.
    func ask(_ request: String) throws -> String {
        trySend(request)
        var (bytes, block) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while true {
            let count = recv(descriptor, &block, block.count, 0)
            guard count > 0 else { break }
            bytes += block.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// How many files this process may have open.
enum OpenFiles {
    static func raise(to count: Int) throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < count else { return }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
        guard limit.rlim_cur >= count, setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw BenchError("\(count) open files are not allowed: raise RLIMIT_NOFILE")
        }
    }
}
