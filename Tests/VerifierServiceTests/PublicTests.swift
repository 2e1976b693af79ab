import Foundation
import NIOHTTP1
import TestSupport
import Testing

/// `verifier serve --public`: published files for everybody.
@Suite(.serialized, .requires(.program("verifier")))
struct PublicTests {
    private let folder: TemporaryFolder
    private let served: Served

    init() throws {
        folder = try TemporaryFolder()
        for name in [
            "issuer/.well-known/jwks.json", "dcc/signer.cer", "dcc/signer.der", "vdsnc/list.crl", "all.pem",
            "notes.txt",
            "data.bin", "with space.json", ".hidden.json", ".git/config",
        ] { try folder.write("public/\(name)", Data("content of \(name)".utf8)) }
        try folder.write("secret.json", Data("secret".utf8))
        let manager = FileManager.default
        let root = folder.url("public")
        try manager.createSymbolicLink(
            at: root.appendingPathComponent("out.json"), withDestinationURL: folder.url("secret.json"))
        try manager.createSymbolicLink(at: root.appendingPathComponent("up"), withDestinationURL: folder.url("."))
        try manager.createSymbolicLink(
            atPath: root.appendingPathComponent("current.json").path,
            withDestinationPath: "issuer/.well-known/jwks.json")
        served = try Served(["--public", root.path, "--max-age", "60"])
    }

    @Test(arguments: [
        ("/issuer/.well-known/jwks.json", "application/json"), ("/dcc/signer.cer", "application/pkix-cert"),
        ("/dcc/signer.der", "application/pkix-cert"), ("/vdsnc/list.crl", "application/pkix-crl"),
        ("/all.pem", "application/pem-certificate-chain"), ("/notes.txt", "text/plain; charset=utf-8"),
        ("/data.bin", "application/octet-stream"), ("/with%20space.json", "application/json"),
        ("/current.json", "application/json"),
    ])
    func `a file comes with its type, for every page, and may be kept for a while`(path: String, type: String)
        async throws
    {
        let answer = try await served.send(path)
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("content of "))
        #expect(answer.header("content-type") == type)
        #expect(answer.header("access-control-allow-origin") == "*")
        #expect(answer.header("cross-origin-resource-policy") == "cross-origin")
        #expect(answer.header("cache-control") == "public, max-age=60")
        let head = try await served.send(.HEAD, path)
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head.header("content-length") == "\(answer.body.count)")
        let tag = try #require(answer.header("etag"))
        let again = try await served.send(path, headers: [("if-none-match", tag)])
        #expect(again.status == 304 && again.body.isEmpty && again.header("etag") == tag)
        #expect(again.header("access-control-allow-origin") == "*")
    }

    @Test func `a file published anew is served at once, under another tag`() async throws {
        let before = try await served.send("/vdsnc/list.crl")
        try folder.write("public/vdsnc/list.crl", Data("content of vdsnc/list.crm".utf8))
        let after = try await served.send("/vdsnc/list.crl", headers: [("if-none-match", before.header("etag") ?? "")])
        #expect(after.status == 200 && after.body.count == before.body.count && after.body != before.body)
        #expect(after.header("etag") != before.header("etag"))
    }

    @Test(arguments: [
        "/", "/issuer", "/issuer/", "/nothing.json", "/../secret.json", "/%2e%2e/secret.json",
        "/issuer/../../secret.json",
        "/issuer/%2e%2e%2f%2e%2e%2fsecret.json", "/..%5csecret.json", "//etc/passwd", "/%00", "/.hidden.json",
        "/.git/config", "/out.json", "/up/secret.json", "/issuer/./x", "/%ff", "/dcc//signer.cer",
    ])
    func `nothing else is there`(_ path: String) async throws {
        // Written by hand: clients tidy paths up before they send them.
        let answer = try RawConnection.ask(served.url, "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 404 "))
        #expect(answer.contains("request.not_found") && !answer.contains("secret\r") && !answer.hasSuffix("secret"))
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
    func `files can be read, nothing else`(_ method: String) async throws {
        let answer = try await served.send(.init(rawValue: method), "/all.pem")
        #expect(answer.status == 405 && answer.header("allow") == "GET, HEAD")
    }
}
