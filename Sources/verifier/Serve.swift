import ArgumentParser
import Checking
import CommandFrame
import Foundation
import Logging
import VerifierService

/// `verifier serve`: the HTTP service and web page, or the published files.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves checking as a web page and over HTTP, or published files. 確認用のウェブページを提供します。",
        discussion: """
            With --trust: a web page at /, POST /v1/verify, GET /v1/trust, GET /health, and their description at \
            /openapi.json. The trust folder is read again when it changes. Nothing that is checked is kept or logged. \
            Browsers give a page the camera only over TLS or on this machine itself.

            With --public: the files of a folder that `vrs export` wrote (keys as JWKS, signers' certificates, \
            revocation lists) for everybody, GET and HEAD only: Access-Control-Allow-Origin *, Cache-Control \
            max-age, ETag; .json is application/json, .cer and .der application/pkix-cert, .crl application/pkix-crl, \
            .pem application/pem-certificate-chain.

            Prints "listening URL" when it accepts connections. Ends on SIGTERM or SIGINT; SIGHUP has the certificate, its \
            key and the trust folder read again. Exit status: 2 wrong usage, 69 the address cannot be listened on, 78 what an \
            option names cannot be used.
            """)

    @OptionGroup var options: ServeOptions

    func run() async throws {
        var logger = Logger(label: "verifier", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .info
        let listen = try options.listen()
        if options.tlsCertificate == nil, !listen.isLoopback {
            logger.warning("without --tls-certificate everybody on the network can read what is checked")
        }
        let service = try VerifierService(
            options.role, at: listen, certificate: options.certificate, clientSeconds: options.clientSeconds,
            connectionsPerAddress: options.connectionsPerAddress, logger: logger)
        try await service.run { url in
            try? FileHandle.standardOutput.write(contentsOf: Data("listening \(url)\n".utf8))
        }
    }
}

/// `verifier check-config`: whether `verifier serve` could serve with the same options.
struct CheckConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Checks what serve would start with, and ends. serve の設定を検査します。",
        discussion: """
            Takes the options of serve. An empty trust folder is an error here; serve would wait for it to be filled. Exit \
            status: 0 good, 2 wrong usage, 78 what an option names cannot be used.
            """)

    @OptionGroup var options: ServeOptions

    func run() throws {
        _ = try options.listen()
        let warnings = try VerifierService.check(options.role, certificate: options.certificate, now: Date())
        for warning in warnings { print("warning / 注意: \(warning)") }
        print("verifier serve: good / 問題ありません")
    }
}

/// What the service is started with.
struct ServeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Whom to trust: the trust folder.", valueName: "dir"))
    var trust: String?

    @Option(name: .customLong("public"), help: ArgumentHelp("Published files to serve.", valueName: "dir"))
    var publicFolder: String?

    @Option(help: ArgumentHelp("Where to listen; port 0 is a free one.", valueName: "host:port"))
    var address = "127.0.0.1:8080"

    @Option(help: ArgumentHelp("The server's certificate chain, PEM.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's key, PEM.", valueName: "file"))
    var tlsKey: String?

    @OptionGroup var time: JudgingTime

    @Option(help: ArgumentHelp("The processor time that one picture or PDF may take.", valueName: "seconds"))
    var scanSeconds = 20

    @Option(help: ArgumentHelp("How long a client may take to send a request.", valueName: "seconds"))
    var clientSeconds = 30

    @Option(
        help: ArgumentHelp(
            "The most connections at once from one address; raise it behind a proxy, whose address is everybody's.",
            valueName: "count"))
    var connectionsPerAddress = 256

    @Option(help: ArgumentHelp("With --public: how long caches may keep a file.", valueName: "seconds"))
    var maxAge = 300

    func validate() throws {
        guard (trust == nil) != (publicFolder == nil) else {
            throw ValidationError("Give either --trust DIR or --public DIR. / --trust か --public のどちらかでフォルダーを指定してください。")
        }
        guard ListenAddress(address) != nil else {
            throw ValidationError(
                "--address is HOST:PORT, such as 127.0.0.1:8080 or [::1]:0. / --address は HOST:PORT で書いてください。")
        }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError(
                "--tls-certificate and --tls-key go together. / --tls-certificate と --tls-key は両方指定してください。")
        }
        guard (1...600).contains(scanSeconds) else {
            throw ValidationError("--scan-seconds is 1 to 600. / --scan-seconds は1〜600です。")
        }
        guard (1...600).contains(clientSeconds) else {
            throw ValidationError("--client-seconds is 1 to 600. / --client-seconds は1〜600です。")
        }
        guard (1...4096).contains(connectionsPerAddress) else {
            throw ValidationError("--connections-per-address is 1 to 4096. / --connections-per-address は1〜4096です。")
        }
        guard (0...31_536_000).contains(maxAge) else {
            throw ValidationError("--max-age is 0 to 31536000. / --max-age は0〜31536000です。")
        }
        try time.check()
        guard time.at == nil || trust != nil else {
            throw ValidationError("--at goes with --trust. / --at は --trust と使ってください。")
        }
    }

    /// Where to listen.
    func listen() throws -> ListenAddress {
        guard let listen = ListenAddress(address) else {
            throw WrongUse(
                "--address is HOST:PORT, such as 127.0.0.1:8080 or [::1]:0.",
                "--address は 127.0.0.1:8080 や [::1]:0 のように HOST:PORT で書いてください。")
        }
        return listen
    }

    var certificate: (chain: String, key: String)? { tlsCertificate.flatMap { chain in tlsKey.map { (chain, $0) } } }

    var role: VerifierService.Role {
        if let publicFolder { return .publish(folder: publicFolder, maximumAge: maxAge) }
        return .check(trust: trust ?? "", time: time.at?.date, worker: Program.path, scanSeconds: scanSeconds)
    }
}
