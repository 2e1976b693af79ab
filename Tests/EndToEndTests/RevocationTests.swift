import Crypto
import Foundation
import Scanning
import StackSupport
import TestSupport
import Testing
import Vaccination

/// What an operator revokes, verifiers with the next export refuse.
extension EndToEnd {
    @Test func `the codes of an overseas page say the same of one person, each in its own form`() async throws {
        let stack = try Stack.current
        let (page, verdicts) = try await stack.overseas()
        #expect(page.hasSuffix(".pdf"))
        let byFormat = Dictionary(
            verdicts.map { ($0["format"] as? String ?? "", $0) }, uniquingKeysWith: { first, _ in first })
        func holder(_ format: String) -> [String: Any] { byFormat[format]?["holder"] as? [String: Any] ?? [:] }
        let id = try #require(byFormat["shc"]?["certificateId"] as? String)
        #expect(byFormat["vdsnc"]?["certificateId"] as? String == id)
        #expect((byFormat["dcc"]?["certificateId"] as? String)?.hasPrefix("URN:UVCI:01:JP:\(id)#") == true)
        let name = try #require(holder("vdsnc")["name"] as? String)
        #expect(name.contains("  "), "family and given names of a seal are two spaces apart")
        for format in ["shc", "dcc"] { #expect(holder(format)["name"] as? String == name.replacing("  ", with: " ")) }
        #expect((holder("vdsnc")["documentNumber"] as? String)?.isEmpty == false)
        #expect(["M", "F"].contains(holder("vdsnc")["sex"] as? String))
        #expect(byFormat["vdsnc"]?["issuer"] as? String == "JPN")
        func dates(_ format: String) -> [String] {
            (byFormat[format]?["doses"] as? [[String: Any]] ?? []).compactMap { $0["date"] as? String }.sorted()
        }
        #expect(dates("shc").count > 1)
        #expect(dates("vdsnc") == dates("shc"))
        #expect(dates("dcc") == Array(dates("shc").suffix(1)))
    }

    @Test func `a revoked certificate is refused with the next export, also when vrs was started again in between`()
        async throws
    {
        let stack = try Stack.current
        let (page, verdicts) = try await stack.overseas()
        let id = try #require(verdicts.first { $0["format"] as? String == "shc" }?["certificateId"] as? String)
        let municipality = try #require(stack.people.first).municipality
        func check() async throws -> (status: Int32, verdicts: [[String: Any]], batches: [String]) {
            let folder = "\(stack.folder)/public-\(UUID().uuidString)"
            let exported = try await Program.run(
                Programs.path("vrs"),
                ["export", "--config", stack.folder + "/vrs.yaml", "--development", "--out", folder],
                folder: stack.folder)
            #expect(exported.status == 0, "\(exported.output)\(exported.errors)")
            let result = try await Program.run(
                Programs.path("verifier"), ["check", "--trust", folder + "/trust", "--json", page], folder: stack.folder
            )
            let imported = try await Self.checkImported(folder + "/trust", page, stack)
            #expect(imported.status == result.status)
            #expect(
                try Stack.verdicts(imported.output).map { $0["verdict"] as? String }
                    == Stack.verdicts(result.output).map { $0["verdict"] as? String })
            let batches = try? FileManager.default.contentsOfDirectory(atPath: folder + "/trust/test/dcc/revocation")
            return (result.status, try Stack.verdicts(result.output), batches ?? [])
        }
        let before = try await check()
        #expect(before.status == 0)
        #expect(before.verdicts.allSatisfy { $0["verdict"] as? String == "valid" && $0["test"] as? Bool == true })

        try await stack.restartRecordSystem()
        let revoked = try await Program.run(
            Programs.path("vrs"),
            ["certificates", "revoke", "--config", stack.folder + "/operator.yaml", municipality.digits, id],
            folder: stack.folder)
        #expect(revoked.status == 0, "\(revoked.output)\(revoked.errors)")
        let after = try await check()
        #expect(after.status == 1)
        // The VDS-NC as well, whose format knows no revocation: the export links its signer to the issuer's list.
        for format in ["shc", "vdsnc", "dcc"] {
            let code = try #require(after.verdicts.first { $0["format"] as? String == format })
            let reasons = (code["reasons"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
            #expect(reasons.contains("revocation.revoked"), "\(format): \(reasons)")
        }
        // There may have been one before: others' certificates are revoked at the same vrs.
        #expect(after.batches.count == 1)
        try await stack.untilUpstreamIsBack()
    }

    /// What a verifier says that imported an exported trust folder under the record system's key, all of it.
    private static func checkImported(
        _ folder: String, _ page: String, _ stack: Stack
    ) async throws -> (status: Int32, output: String) {
        let root = try P256.Signing.PrivateKey(pemRepresentation: Stack.pem(stack.keys + "/vrs/root-signing.pem"))
        let (key, trust) = (folder + "-root.pem", folder + "-imported")
        try root.publicKey.pemRepresentation.write(toFile: key, atomically: true, encoding: .utf8)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }.filter {
            FileManager.default.contents(atPath: $0) != nil
        }
        let taken = try await Program.run(
            Programs.path("verifier"), ["trust", "import", "--trust", trust, "--test", "--key", key] + files,
            folder: stack.folder)
        #expect(taken.status == 0, "\(taken.output)\(taken.errors)")
        let result = try await Program.run(
            Programs.path("verifier"), ["check", "--trust", trust, "--json", page], folder: stack.folder)
        return (result.status, result.output)
    }
}
