import Foundation
import StackSupport
import TestSupport
import Testing

/// The phone of `Python/`, which was written from the articles of Exchange and Attestation alone, enrolled by a stack of its
/// own: whether they suffice to write an app.
@Suite struct OtherPhone {
    @Test(.requires(.python(.interoperability)))
    func `a phone in Python enrols, keeps certificates, and is refused as the articles say`() async throws {
        let folder = Stack.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await Self.run("prepare", folder, Programs.folder, "--terminals", "1")
        let passport = folder + "/passport.json"
        // The fifth of the sample records, of whom no passport is known.
        let made = try await Program.run(
            Programs.path("phone-sim"),
            [
                "passport", "make", "--country", folder + "/keys/passport-country.json", "--out", passport,
                "--number", "XX9900005", "--surname", "KAKU", "--given", "SHIRO",
                "--birth-date", "1954-12-31", "--sex", "male",
            ])
        try #require(made.status == 0, "\(made.errors)")
        let script = Programs.root + "/Tests/EndToEndTests/Python/phone.py"
        let output = try await Self.run(
            "run", folder, Programs.folder, Python.interoperability.interpreter, "-B", script, folder, passport)
        let lines = output.split(separator: "\n")
        for line in lines where line.hasPrefix("FAILED ") { Issue.record("\(line)") }
        #expect(lines.count { $0.hasPrefix("ok ") } > 40, "the script's checks did not all run")
    }

    @discardableResult
    private static func run(_ arguments: String...) async throws -> String {
        let result = try await Program.run(
            Programs.root + "/.make/stack", arguments, folder: Programs.root, within: .seconds(300))
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }
}
