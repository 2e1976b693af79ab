import Foundation
import RecordSupport
import StackSupport
import TestSupport
import Testing
import Vaccination

/// A hand in the databases of a started `vrs`.
extension Operating {
    @Test func `a hand in one region of a started vrs stops that region alone, until a restore is logged`() async throws
    {
        let stack = try Stack.current
        // Other tests go on with the records.
        let copy = try await RecordsCopy(stack, "touched", more: "limits: {sweepSeconds: 1, verifySeconds: 1}\n")
        let (folder, service) = (copy.records, copy.service)
        let code = try #require(stack.people.first).municipality.digits
        let program = try await copy.serve()
        func verify() async throws -> Program.Outcome {
            try await Program.run(Programs.path("vrs"), ["log", "verify"] + service, folder: stack.folder)
        }
        let `operator` = copy.operator
        func status() async throws -> String {
            try await Program.run(Programs.path("vrs"), ["issuing", "status"] + `operator`, folder: stack.folder).output
        }
        let sound = try await verify()
        #expect(sound.status == 0, "\(sound.output)\(sound.errors)")
        #expect(try await !status().contains("broken"))

        let raw = try RawDatabase("\(folder)/regions/\(code).sqlite")
        try await raw.execute("UPDATE person SET doses = doses - 1 WHERE id = 1")
        let broken = try await verify()
        #expect(broken.status == 1)
        #expect(broken.output.contains("BROKEN \(code): row: person 1"), "\(broken.output)")
        try await eventually("the region is told as broken") {
            try await status().contains("evidence broken: \(code): row: person 1")
        }
        #expect(try await status().split(separator: "\n").count == 1)
        let restored = ["log", "restored"] + `operator` + [code, "--reason", "a test"]
        let refused = try await Program.run(Programs.path("vrs"), restored, folder: stack.folder)
        #expect(refused.status != 0)

        try await raw.execute("UPDATE person SET doses = doses + 1 WHERE id = 1")
        let accepted = try await Program.run(Programs.path("vrs"), restored, folder: stack.folder)
        #expect(accepted.status == 0, "\(accepted.output)\(accepted.errors)")
        #expect(try await !status().contains("broken"))
        let root = try await Program.run(Programs.path("vrs"), ["log", "root"] + `operator`, folder: stack.folder)
        #expect(root.status == 0 && root.output.split(separator: ".").count == 3)
        #expect(try await program.stop() == 0)
        #expect(program.errors.contains("evidence broken"))
    }
}
