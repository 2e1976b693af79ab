import AsyncHTTPClient
import Crypto
import Foundation
import IssuerSupport
import CredentialIssuing
import Credentials
import NIOHTTP1
import NIOSSL
import SwiftASN1
import TestSupport
import Testing
import X509

/// The started service: its page, its trust folder, its start and end.
@Suite(.serialized, .requires(.program("verifier")))
struct ServeTests {
    private let folder: TemporaryFolder
    private let issuers: Issuers

    init() throws {
        folder = try TemporaryFolder()
        issuers = try Issuers()
        try FileManager.default.createDirectory(at: folder.url("trust"), withIntermediateDirectories: true)
    }

    @Test func `every answer tells browsers to be strict`() async throws {
        let served = try VerifyTests.serve(folder)
        let answers = [
            try await served.send("/"), try await served.send("/health"), try await served.send("/v1/trust"),
            try await served.send("/openapi.json"), try await served.send("/nothing"), try await served.verify("text"),
            try await served.verify("text/html", Data()),
        ]
        for answer in answers {
            let policy = try #require(answer.header("content-security-policy")).split(separator: "; ")
            for rule in [
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
                "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
            ] { #expect(policy.contains { $0 == rule }) }
            #expect(!policy.contains { $0.contains("unsafe") || $0.contains("http") || $0.contains("*") })
            #expect(answer.header("x-content-type-options") == "nosniff")
            #expect(answer.header("referrer-policy") == "no-referrer")
            #expect(answer.header("permissions-policy")?.hasPrefix("camera=(self)") == true)
        }
        #expect(answers.map(\.status) == [200, 200, 200, 200, 404, 200, 415])
        // A verdict stays nowhere; the page may, as long as it is asked for again.
        #expect(
            answers.map { $0.header("cache-control") } == [
                "no-cache", "no-store", "no-store", "no-cache", "no-store", "no-store", "no-store",
            ])
    }

    @Test func `the page comes once, and again only when it changed`() async throws {
        let served = try VerifyTests.serve(folder)
        let page = try await served.send("/")
        #expect(page.header("content-type") == "text/html; charset=utf-8" && !page.body.isEmpty)
        let tag = try #require(page.header("etag"))
        for held in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let again = try await served.send("/", headers: [("if-none-match", held)])
            #expect(again.status == 304 && again.body.isEmpty && again.header("etag") == tag)
        }
        #expect(try await served.send("/", headers: [("if-none-match", "\"other\"")]).status == 200)
        let head = try await served.send(.HEAD, "/")
        #expect(head.status == 200 && head.body.isEmpty && head.header("content-length") == "\(page.body.count)")
    }

    @Test(arguments: ["/index.html", "/../Package.swift", "/%2e%2e/x", "/Page/index.html", "//", "/v1", "/v1/verify/"])
    func `nothing but the page's files is there`(_ path: String) async throws {
        #expect(try await VerifyTests.serve(folder).send(path).status == 404)
    }

    @Test func `a method that a resource has not is named with those it has`() async throws {
        let served = try VerifyTests.serve(folder)
        for (method, path, allowed) in [
            ("GET", "/v1/verify", "POST"), ("DELETE", "/v1/verify", "POST"), ("POST", "/v1/trust", "GET, HEAD"),
            ("PUT", "/", "GET, HEAD"), ("OPTIONS", "/health", "GET, HEAD"),
        ] {
            let answer = try await served.send(.init(rawValue: method), path)
            #expect(answer.status == 405 && answer.header("allow") == allowed)
            #expect(answer.code == "request.method_not_allowed")
        }
    }

    @Test func `the trust folder is read again when it changes, and a broken one changes nothing`() async throws {
        let served = try VerifyTests.serve(folder)
        let text = try await issuers.card(Person()).qrText
        #expect(try await served.verify(text).reasons == [["key.unknown"]])
        #expect(try await served.send("/v1/trust").json["isEmpty"] as? Bool == true)

        try folder.write("trust/shc/issuer.json", issuers.issuerFile)
        try await eventually("the new issuer is trusted") { try await served.verify(text).overall == "valid" }
        let trust = try await served.send("/v1/trust").json
        #expect(trust["isEmpty"] as? Bool == false && trust["stale"] as? Bool == false)
        #expect((trust["counts"] as? [String: Int])?["shc"] == 1)

        // Half of the file, as a copy under way leaves it.
        try folder.write("trust/shc/issuer.json", issuers.issuerFile.prefix(100))
        try await eventually("the broken file is noticed") {
            try await served.send("/v1/trust").json["stale"] as? Bool == true
        }
        let stale = try await served.send("/v1/trust").json
        let failure = try #require(stale["failure"] as? [String: Any])
        #expect(failure["code"] as? String == "trust.file_broken")
        #expect((failure["messageJapanese"] as? String)?.isEmpty == false)
        #expect(try await served.verify(text).overall == "valid")
        try await eventually("the log says it") { served.log.contains("trust.file_broken") }

        try folder.write("trust/shc/issuer.json", issuers.issuerFile)
        try await eventually("the repaired file is read") {
            try await served.send("/v1/trust").json["stale"] as? Bool == false
        }
        // A new file that cannot be used is said, and takes nothing away.
        try folder.write("trust/shc/other.json", Data("{}".utf8))
        try await eventually("the unusable file is named") {
            let refused = try await served.send("/v1/trust").json["refused"] as? [[String: Any]]
            return refused?.first?["path"] as? String == "shc/other.json"
        }
        #expect(try await served.verify(text).overall == "valid")
    }

    @Test func `a folder that was emptied by an import is taken, and by any other hand is not`() async throws {
        func note(_ files: String) throws {
            try folder.write("trust/imported.json", Data(#"{"files":{\#(files)},"lists":[]}"#.utf8))
        }
        try folder.write("trust/shc/issuer.json", issuers.issuerFile)
        try note(#""shc/issuer.json":1640000000"#)
        let served = try VerifyTests.serve(folder)
        let text = try await issuers.card(Person()).qrText
        #expect(try await served.verify(text).overall == "valid")
        try FileManager.default.removeItem(atPath: folder.file("trust/shc/issuer.json"))
        try await eventually("the loss is noticed") {
            try await served.send("/v1/trust").json["stale"] as? Bool == true
        }
        #expect(try await served.verify(text).overall == "valid")
        // An import that takes a file out notes it no longer.
        try note("")
        try await eventually("nobody is trusted") { try await served.verify(text).reasons == [["key.unknown"]] }
        #expect(try await served.send("/v1/trust").json["isEmpty"] as? Bool == true)
    }

    @Test func `what is trusted is told with its age`() async throws {
        try issuers.writeTrust(to: folder)
        // The certificates end 700 days after the time that the tests judge by.
        let fresh = try await VerifyTests.serve(folder).send("/v1/trust").json
        let contents = try #require(fresh["contents"] as? [[String: Any]])
        #expect(contents.compactMap { $0["kind"] as? String } == ["dcc.signer", "shc.key", "vdsnc.authority"])
        #expect(contents.allSatisfy { $0["count"] as? Int == 1 && $0["test"] as? Bool == false })
        #expect((fresh["ages"] as? [Any])?.isEmpty == true)
        let late = try Served(["--trust", folder.url("trust").path, "--at", "2029-01-01T00:00:00Z"])
        let ages = try #require(try await late.send("/v1/trust").json["ages"] as? [[String: Any]])
        #expect(ages.contains { $0["code"] as? String == "trust.expired" && $0["path"] as? String == "dcc/signer.der" })
        #expect(ages.contains { $0["code"] as? String == "trust.old" })
        for sentence in ages.flatMap({ [$0["message"], $0["messageJapanese"]] }) {
            #expect((sentence as? String)?.isEmpty == false)
        }
    }

    @Test func `SIGHUP has the trust folder read, and does not end the service`() async throws {
        let served = try VerifyTests.serve(folder)
        func readings() -> Int { served.log.components(separatedBy: "trust folder read").count - 1 }
        try await eventually("it is read at the start") { readings() == 1 }
        served.signal(SIGHUP)
        try await eventually("it is read again") { readings() == 2 }
        #expect(try await served.send("/health").json["status"] as? String == "ok")
        #expect(try served.stop() == 0)
    }

    /// Writes a certificate for this machine and its key, and gives the certificate's PEM and the arguments that name both.
    private func writeIdentity(key path: String = "server.key") throws -> (pem: String, arguments: [String]) {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName { CommonName("見本") }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: Date() - 3600,
            notValidAfter: Date() + 3600, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                SubjectAlternativeNames([.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))])
            }, issuerPrivateKey: .init(key))
        let pem = try certificate.serializeAsPEM().pemString
        try folder.write("server.pem", Data(pem.utf8))
        try folder.write("server.key", Data(key.pemRepresentation.utf8))
        try set(0o600)
        return (pem, ["--tls-certificate", folder.file("server.pem"), "--tls-key", folder.file(path)])
    }

    private func set(_ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file("server.key"))
    }

    @Test func `over TLS, with the certificate it was given`() async throws {
        let identity = try writeIdentity()
        let served = try VerifyTests.serve(folder, identity.arguments)
        #expect(served.url.hasPrefix("https://127.0.0.1:"))
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(identity.pem.utf8)))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
        let answer = try await served.send(.GET, "/health", client: client)
        try await client.shutdown()
        #expect(answer.status == 200)
    }

    @Test func `SIGHUP shows the renewed certificate, an open connection goes on, and a wrong file changes nothing`()
        async throws
    {
        func client(trusting pem: String) throws -> HTTPClient {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)))
            return HTTPClient(eventLoopGroupProvider: .singleton, configuration: .init(tlsConfiguration: tls))
        }
        func isServed(_ served: Served, trusting pem: String) async throws -> Bool {
            let client = try client(trusting: pem)
            let answer = try? await served.send(.GET, "/health", client: client)
            try await client.shutdown()
            return answer?.status == 200
        }
        let old = try writeIdentity()
        let served = try VerifyTests.serve(folder, old.arguments)
        let open = try client(trusting: old.pem)
        #expect(try await served.send(.GET, "/health", client: open).status == 200)
        let new = try writeIdentity()
        served.signal(SIGHUP)
        try await eventually("the new certificate is shown") { try await isServed(served, trusting: new.pem) }
        #expect(try await !isServed(served, trusting: old.pem))
        #expect(try await served.send(.GET, "/health", client: open).status == 200)
        try folder.write("server.pem", Data("nothing".utf8))
        served.signal(SIGHUP)
        try await eventually("the wrong file is told") { served.log.contains("tls.certificate") }
        #expect(served.log.contains("configuration not read again"))
        #expect(try await isServed(served, trusting: new.pem))
        #expect(try await served.send(.GET, "/health", client: open).status == 200)
        try await open.shutdown()
        #expect(try served.stop() == 0)
    }

    @Test func `SIGHUP does not end a service of published files`() async throws {
        try folder.write("trust/key.json", Data("{}".utf8))
        let served = try Served(["--public", folder.url("trust").path])
        served.signal(SIGHUP)
        for _ in 0..<3 { #expect(try await served.send("/key.json").status == 200) }
        #expect(try served.stop() == 0)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602])
    func `a TLS key that others may read or change is refused, through a link too`(mode: Int) throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link.key"), withDestinationPath: folder.file("server.key"))
        for path in ["server.key", "link.key"] {
            let identity = try writeIdentity(key: path)
            try set(mode)
            let failed = #expect(throws: Program.Failure.self) {
                try VerifyTests.serve(folder, identity.arguments)
            }
            #expect(failed?.status == 78)
            #expect(failed?.description.contains("tls.key_permissions") == true)
        }
    }

    @Test func `a link to a TLS key of its owner alone is taken`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link.key"), withDestinationPath: folder.file("server.key"))
        let served = try VerifyTests.serve(folder, try writeIdentity(key: "link.key").arguments)
        #expect(served.url.hasPrefix("https://127.0.0.1:"))
        #expect(try served.stop() == 0)
    }

    @Test func `what it cannot start with is said, and the exit status tells what kind of mistake it is`() throws {
        try folder.write("not.pem", Data("nothing".utf8))
        let running = try VerifyTests.serve(folder)
        let (trust, pem) = (folder.url("trust").path, folder.url("not.pem").path)
        let port = running.url.split(separator: ":").last.map(String.init) ?? ""
        for (arguments, word, status) in [
            ([], "--trust", 2), (["--trust", trust, "--public", trust], "--public", 2),
            (["--trust", "/nonexistent"], "trust.not_a_folder", 78),
            (["--public", "/nonexistent"], "public.not_a_folder", 78),
            (["--trust", trust, "--address", "nowhere"], "--address", 2),
            (
                ["--trust", trust, "--address", "127.0.0.1:\(port)"],
                "the listener verifier cannot listen on 127.0.0.1:\(port)", 69
            ),
            (["--trust", trust, "--address", "192.0.2.1:0"], "この機械にないアドレス", 69),
            (["--trust", trust, "--tls-certificate", pem], "--tls-key", 2),
            (["--trust", trust, "--tls-certificate", pem, "--tls-key", pem], "tls.certificate", 78),
            (["--trust", trust, "--scan-seconds", "0"], "--scan-seconds", 2),
        ] as [([String], String, Int32)] {
            let failed = #expect(throws: Program.Failure.self) { try Served(arguments) }
            #expect(failed?.status == status)
            #expect(failed?.description.contains(word) == true)
        }
    }
}
