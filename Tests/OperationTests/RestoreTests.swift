import Foundation
import StackSupport
import TestSupport
import Testing
import Vaccination

/// An older backup of all records is put back under a `vrs` as a started program.
extension Operating {
    @Test
    func `a certificate revoked since the backup stays revoked, and nothing is issued until the restore is logged`()
        async throws
    {
        let stack = try Stack.current
        let (page, verdicts) = try await stack.overseas()
        let id = try #require(verdicts.first { $0["format"] as? String == "shc" }?["certificateId"] as? String)
        let municipality = try #require(stack.people.first).municipality
        let copy = try await RecordsCopy(stack, "restored")
        let backup = copy.records + "-backup"
        var program = try await copy.serve()
        // The backup knows of a root, as any that is taken while the service runs.
        try await RecordsCopy.copy(copy.records, to: backup)
        let revoked = try await copy.run(["certificates", "revoke"] + copy.operator + [municipality.digits, id])
        #expect(revoked.status == 0, "\(revoked.output)\(revoked.errors)")
        #expect(try await program.stop() == 0)

        try FileManager.default.removeItem(atPath: copy.records)
        try await RecordsCopy.copy(backup, to: copy.records)
        func check() async throws -> (counter: Int, status: Int32) {
            let folder = "\(stack.folder)/public-\(UUID().uuidString)"
            let exported = try await copy.run(["export"] + copy.service + ["--out", folder])
            #expect(exported.status <= 1, "\(exported.output)\(exported.errors)")
            let lists = try FileManager.default.contentsOfDirectory(atPath: folder + "/.well-known/crl")
            let list = try Data(
                contentsOf: URL(fileURLWithPath: "\(folder)/.well-known/crl/\(try #require(lists.first))"))
            let object = try #require(try JSONSerialization.jsonObject(with: list) as? [String: Any])
            let result = try await Program.run(
                Programs.path("verifier"), ["check", "--trust", folder + "/trust", "--json", page], folder: stack.folder
            )
            return (try #require(object["ctr"] as? Int), result.status)
        }
        // Before any service has run on it: the export itself makes the revocation again.
        let first = try await check()
        #expect(first.status == 1)

        program = try await copy.serve()
        let status = try await copy.run(["issuing", "status"] + copy.operator)
        #expect(status.output.contains("control: rollback"), "\(status.output)")
        let restored = try await copy.run(
            ["log", "restored"] + copy.operator + ["all", "--reason", "an older backup"])
        #expect(restored.status == 0, "\(restored.output)\(restored.errors)")
        #expect(try await !copy.run(["issuing", "status"] + copy.operator).output.contains("rollback"))
        let second = try await check()
        #expect(second.status == 1)
        #expect(second.counter >= first.counter)
        #expect(try await program.stop() == 0)
    }
}
