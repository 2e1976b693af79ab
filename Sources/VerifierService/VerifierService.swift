public import Foundation
import HTTPServer
import Hummingbird
public import Logging
import MutualTLS
import NIOCore
import Scanning
import ServiceLifecycle
import TrustFolder

/// The HTTP service and web page of `verifier serve`.
public struct VerifierService: Sendable {
    /// What the service does: check certificates, or serve a folder of published files.
    public enum Role: Sendable {
        /// Checks certificates by a trust folder.
        ///
        /// - Parameters:
        ///   - trust: the trust folder's path.
        ///   - time: the time to judge validity by; `nil` means the clock's.
        ///   - worker: the path of the program whose `scan-worker` command reads pictures.
        ///   - scanSeconds: how long one picture may take, in seconds of processor time.
        case check(trust: String, time: Date?, worker: String, scanSeconds: Int)
        /// Serves a folder of keys, signers' certificates and revocation lists.
        ///
        /// - Parameters:
        ///   - folder: its path.
        ///   - maximumAge: how long a cache may keep a file, in seconds.
        case publish(folder: String, maximumAge: Int)
    }

    let role: Role
    let address: ListenAddress
    private let certificate: ServedCertificate?
    private let tls: ListenerTLS?
    private var security: ListenerSecurity { tls.map { .tls($0) } ?? .plain }
    let limits: ListenerLimits
    let logger: Logger

    /// A service that does not run yet.
    ///
    /// - Parameters:
    ///   - certificate: the paths of the server's certificate chain and key, both PEM; plain HTTP without.
    ///   - clientSeconds: how long a client may take to send a request, in seconds.
    ///   - connectionsPerAddress: the maximum of connections at once from one address.
    ///   - logger: where the service says what happens to it. It never says what was checked.
    public init(
        _ role: Role, at address: ListenAddress, certificate: (chain: String, key: String)? = nil,
        clientSeconds: Int = 30, connectionsPerAddress: Int = 256, logger: Logger
    ) throws(Failure) {
        self.role = role
        self.address = address
        self.logger = logger
        // One connection too many takes the place of the one of its address that has waited longest: nobody's idle
        // connections shut others out.
        limits = ListenerLimits(
            connections: 4096, connectionsPerAddress: connectionsPerAddress,
            headerTimeout: .seconds(min(clientSeconds, 10)), bodyTimeout: .seconds(clientSeconds),
            idleTimeout: .seconds(2 * clientSeconds), answerTimeout: .seconds(120), whenFull: .close, backlog: 1024)
        self.certificate = certificate.map { ServedCertificate(chain: $0.chain, key: $0.key) }
        tls = try self.certificate.map { certificate throws(Failure) in
            ListenerTLS(try certificate.context(now: Date()) { logger.warning("\($0)") })
        }
    }

    /// Reads the certificate and its key again; wrong ones change nothing.
    func reloadCertificate() {
        guard let certificate, let tls else { return }
        do throws(Failure) {
            tls.replace(try certificate.context(now: Date()) { logger.warning("\($0)") })
            Reloading.succeeded(logger: logger)
        } catch { Reloading.failed(error, logger: logger) }
    }

    /// Runs until SIGTERM or SIGINT; SIGHUP has the certificate, its key and the trust folder read again.
    ///
    /// - Parameter ready: told the service's URL, such as `http://127.0.0.1:41234`, when it accepts connections.
    public func run(ready: @escaping @Sendable (String) -> Void) async throws {
        let line = ReadyLine(["verifier"]) { _ in }
        let hangups = await Hangups()
        switch role {
        case .check(let path, let time, let worker, let seconds):
            let trust: ReloadingTrust
            do { trust = try ReloadingTrust(path: path, time: time, logger: logger) } catch {
                throw Failure.trust(error.code, path)
            }
            let scanner = IsolatedScanner(program: worker, seconds: seconds, keepsOneReady: true)
            let page: PageFiles
            do {
                page = try PageFiles(
                    page: Bundle.module.bundleURL.appendingPathComponent("Page"),
                    description: Bundle.module.bundleURL.appendingPathComponent("OpenAPI/openapi.json"))
            } catch { throw Failure.page(error.path) }
            let responder = ServiceResponder(
                trust: trust, capacity: ServiceCapacity(scanner: scanner), page: page, time: time)
            if trust.current.summary.isEmpty {
                logger.warning(
                    "the trust folder vouches for nobody, so that nothing is valid / 信頼リストに発行者がなく、すべて無効と判定されます")
            }
            let reload = hangups.service {
                reloadCertificate()
                trust.look(force: true)
            }
            try await run([reload, TrustWatch(trust: trust), application(responder, line, ready)], line)
        case .publish(let folder, let maximumAge):
            guard let folder = PublicFolder(path: folder, maximumAge: maximumAge) else {
                throw Failure.publicFolder(folder)
            }
            try await run([hangups.service { reloadCertificate() }, application(folder, line, ready)], line)
        }
    }

    private func application<Responder: HTTPResponder>(
        _ responder: Responder, _ line: ReadyLine, _ ready: @escaping @Sendable (String) -> Void
    ) -> ListeningService
    where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
        let scheme = security.isPlain ? "http" : "https"
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        return listener(
            "verifier", host: address.host, port: address.port, limits: limits, security: security,
            responder: responder, problem: Problem.self, logger: logger,
            onBound: { address in
                ready("\(scheme)://\(host):\(address?.port ?? 0)")
                line.bound("verifier", address)
            })
    }

    private func run(_ services: [any Service], _ line: ReadyLine) async throws {
        defer { line.end() }
        try await runServices(
            services, stopWithin: .seconds(5), cancelWithin: .seconds(2), logger: logger, liveness: .eventLoops(line))
    }
}

/// Where a service listens.
public struct ListenAddress: Hashable, Sendable {
    /// A host's name or IP address, without brackets.
    public let host: String
    /// The port; 0 is a free one.
    public let port: Int

    /// An address from `host:port`; an IPv6 address stands in brackets (RFC 3986 section 3.2.2).
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = Int(port)
    }

    /// Whether only this machine reaches it.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
