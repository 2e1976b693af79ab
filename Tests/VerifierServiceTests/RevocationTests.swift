import CredentialIssuing
import Credentials
import Foundation
import IssuerSupport
import TestSupport
import Testing

/// What the started service says of lists that go, and of trust that cannot be read any more.
@Suite(.serialized, .requires(.program("verifier")))
struct RevocationTests {
    private let folder: TemporaryFolder
    private let issuers: Issuers
    private let served: Served
    private static let path = "trust/dcc/revocation/a.json"

    init() throws {
        folder = try TemporaryFolder()
        issuers = try Issuers()
        try issuers.writeTrust(to: folder)
        try folder.write(Self.path, Self.batch())
        served = try VerifyTests.serve(folder)
    }

    /// A batch for whatever key.
    private static func batch(_ hashes: [String] = ["AAAAAAAAAAAAAAAAAAAAAA=="]) -> Data {
        let entries = hashes.map { #"{"hash":"\#($0)"}"# }.joined(separator: ",")
        return Data(
            #"{"country":"JP","expires":"2030-01-01T00:00:00Z","kid":"UNKNOWN_KID","hashType":"UCI","entries":[\#(entries)]}"#
                .utf8)
    }

    private func warnings(_ text: String) async throws -> [String] {
        let answer = try await served.verify(text)
        #expect(answer.overall == "valid")
        #expect(try answer.json["caution"] as? Bool == !answer.warnings.isEmpty)
        return answer.warnings
    }

    @Test(arguments: [true, false])
    func `a list that is cut or taken away while the service runs stays in use, and each verdict says so`(
        isCut: Bool
    ) async throws {
        let text = try await issuers.dcc(Person()).text
        #expect(try await warnings(text) == [])
        if isCut {
            try folder.write(Self.path, Self.batch().dropLast(20))
        } else {
            try FileManager.default.removeItem(at: folder.url(Self.path))
        }
        try await eventually("it is noticed") { try await warnings(text) == ["trust.stale"] }
        #expect(try await served.send("/v1/trust").json["stale"] as? Bool == true)
        // A service that starts now has held nothing: it knows only what is there.
        if isCut {
            let other = try VerifyTests.serve(folder)
            #expect(try await other.verify(text).reasons == [["revocation.unknown"]])
        }
        try folder.write(Self.path, Self.batch())
        try await eventually("it is back") { try await warnings(text) == [] }
    }

    @Test func `a batch that is gone is not missed where another one says all of it`() async throws {
        let text = try await issuers.dcc(Person()).text
        #expect(try await warnings(text) == [])
        let hashes = ["AAAAAAAAAAAAAAAAAAAAAA==", "AQEBAQEBAQEBAQEBAQEBAQ=="]
        func files() async throws -> Int? {
            (try await served.send("/v1/trust").json["counts"] as? [String: Any])?["files"] as? Int
        }
        let before = try #require(try await files())
        // Written under its name at once, as an import does it.
        try folder.write("trust/dcc/revocation/b.json", Self.batch(hashes))
        try folder.write("trust/dcc/revocation/c.json", Self.batch(hashes))
        try await eventually("the others are there") { try await files() == before + 2 }
        try FileManager.default.removeItem(at: folder.url(Self.path))
        try await eventually("the first one is gone") { try await files() == before + 1 }
        #expect(try await warnings(text) == [])
        // Of the last two one goes, and then something that only it says.
        try FileManager.default.removeItem(at: folder.url("trust/dcc/revocation/b.json"))
        try await eventually("the second one is gone") { try await files() == before }
        #expect(try await warnings(text) == [])
        try folder.write("trust/dcc/revocation/d.json", Self.batch([hashes[0]]))
        try FileManager.default.removeItem(at: folder.url("trust/dcc/revocation/c.json"))
        try await eventually("it is noticed") { try await warnings(text) == ["trust.stale"] }
    }

    @Test func `who begins with an empty trust folder is heard by a running service at SIGHUP`()
        async throws
    {
        let text = try await issuers.dcc(Person()).text
        #expect(try await warnings(text) == [])
        try FileManager.default.removeItem(at: folder.url("trust"))
        try await eventually("it is noticed") { try await warnings(text) == ["trust.stale"] }
        try Issuers().writeTrust(to: folder)
        served.signal(SIGHUP)
        try await eventually("the new folder is taken") {
            try await served.verify(text).reasons == [["signer.untrusted"]]
        }
        #expect(try await served.send("/v1/trust").json["stale"] as? Bool == false)
    }

    @Test func `whoever took a list away on purpose says so by SIGHUP`() async throws {
        let text = try await issuers.dcc(Person()).text
        try FileManager.default.removeItem(at: folder.url(Self.path))
        try await eventually("it is noticed") { try await warnings(text) == ["trust.stale"] }
        served.signal(SIGHUP)
        try await eventually("the folder is taken as it is") { try await warnings(text) == [] }
    }
}
