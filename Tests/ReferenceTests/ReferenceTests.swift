import CheckedConfiguration
import Exchange
import ExchangeServer
import Foundation
import HTTPTypes
import TestSupport
import Testing

/// The reference lists what the code asks for and says, and nothing else.
@Suite struct ReferenceTests {
    @Test(.requires(.program("verifier")))
    func `the options of verifier serve`() throws {
        let help = String(
            decoding: try Program.runBlocking(Programs.verifier, ["serve", "--help"]).succeeded(), as: UTF8.self)
        let options = help.matches(of: /(?m)^  (--[a-z-]+)/).map { String($0.1) }
        // Every command has this one.
        let all: Set = ["--version"]
        #expect(
            Set(options).subtracting(all)
                == Set(try MarkdownPage(MarkdownPage.reference).names(below: "## `verifier serve`")))
    }

    @Test func `the exit statuses`() throws {
        let rows = try MarkdownPage(MarkdownPage.reference).rows(below: "## Exit statuses").dropFirst()
        let listed = rows.map { row in "\(row[0]) \(MarkdownPage.quoted(row[1]).first ?? "")" }
        #expect(listed == ExitStatus.allCases.map { "\($0.rawValue) \($0)" })
    }

    @Test func `the members of what verifier check says in JSON`() throws {
        func names(_ path: String, _ pattern: Regex<(Substring, Substring)>) throws -> Set<String> {
            Set(try MarkdownPage(path).text.matches(of: pattern).map { String($0.1) })
        }
        let written = try names("Sources/Credentials/Verdict.swift", /\.(?:member|name)\("(\w+)"/)
            .union(names("Sources/Credentials/Verdict.swift", /, as: "(\w+)"/))
            .union(names("Sources/Checking/Batch.swift", /[{,]?\\?"(\w+)\\?":/))
        let listed = try MarkdownPage(MarkdownPage.reference).names(below: "## `verifier check`").flatMap {
            $0.replacing("[]", with: "").split(separator: ".").map(String.init)
        }
        #expect(written.count > 25)
        // The holder and a dose are objects whose members are listed.
        #expect(Set(listed) == written)
    }

    @Test func `the status of each problem code of centre and vrs`() throws {
        let rows = try MarkdownPage("Sources/Exchange/Exchange.docc/Problems.md").rows(below: "## Codes").dropFirst()
        #expect(rows.count == ProblemCode.allCases.count)
        for row in rows {
            let code = try #require(MarkdownPage.quoted(row[0]).first.flatMap(ProblemCode.init(rawValue:)))
            #expect(row[1] == (code.travelsSealed ? "sealed" : "\(code.status.code)"), "\(code.rawValue)")
        }
    }

    @Test func `the paths of the terminals' interface, in its description`() throws {
        try compare("TerminalRoute", with: "Sources/CentreService/OpenAPI/terminals.json", atLeast: 5)
    }

    @Test func `the paths of the phones' interface, in its description and its article`() throws {
        try compare("PhoneRoute", with: "Sources/WalletService/OpenAPI/phones.json", atLeast: 9)
        let article = try MarkdownPage("Sources/Exchange/Exchange.docc/PhoneInterface.md").rows(below: "## Common")
        let operations = try InterfaceDescription("Sources/WalletService/OpenAPI/phones.json").operations
        let listed = article.compactMap { MarkdownPage.quoted($0[0]).first }.filter { $0.contains("/v1/") }
        #expect(Set(listed) == operations)
    }

    /// Compares the paths that an enumeration of routes has with those that a description has.
    private func compare(_ routes: String, with description: String, atLeast count: Int) throws {
        let source = try MarkdownPage("Sources/Exchange/Route.swift").text
        let part = try #require(source.components(separatedBy: "enum \(routes) {").dropFirst().first)
        let own = part.prefix(upTo: try #require(part.range(of: "\n}\n")).lowerBound)
        let paths = Set(own.matches(of: /"(\/v1\/[\w\/]+)"/).map { String($0.1) })
        #expect(paths.count >= count)
        let operations = try InterfaceDescription(description).operations
        #expect(paths == Set(operations.map { String($0.drop { $0 != "/" }) }))
    }

    @Test func `the codes of ready, in the article on alarms and in the interface`() throws {
        func codes(_ file: String, _ pattern: Regex<(Substring, Substring)>, in part: Regex<Substring>) throws -> Set<
            String
        > {
            let text = try MarkdownPage(file).text
            let found = try #require(text.firstMatch(of: part), "\(file)").0
            return Set(found.matches(of: pattern).map { String($0.1) })
        }
        let service = try codes(
            "Sources/RecordService/Evidence/Readiness.swift", /"([a-z]+\.[a-z_]+)"/,
            in: /func missing\(\)(?s:.+?)\n    }\n/)
        let reload = try codes(
            "Sources/HTTPServer/Hangups.swift", /"([a-z]+\.[a-z_]+)"/, in: /var degraded: .+/)
        let signers = try codes(
            "Sources/RecordService/Issuing/Signers.swift", /signer, "(\w+)"\)/, in: /func outOfDate(?s:.+?)\n    }\n/)
        let trust = try codes(
            "Sources/RecordService/Publishing/PublishedTerminalTrust.swift", /case \w+ = "([a-z_.]+)"/,
            in: /enum Failure(?s:.+?)\n    }\n/)
        let imports = try codes(
            "Sources/RecordService/Importing/ImportRunner.swift", /"([a-z]+\.[a-z_]+)"/, in: /var degraded: .+/)
        let logs = try codes(
            "Sources/RecordService/Evidence/LogCloser.swift", /"(log\.[a-z_]+)"/, in: /var degraded(?s:.+?)\n    }\n/)
        let centre = try codes(
            "Sources/CentreService/Centre.swift", /ProblemCode\.(\w+)\.rawValue/, in: /poller\.isReached(?s:.+?)\n/)
        #expect(service.count == 4 && signers.count == 2 && trust.count == 5 && reload.count == 1 && imports.count == 1)
        #expect(logs.count == 2)
        #expect(centre == ["upstreamUnavailable"])
        let wallet = try codes(
            "Sources/WalletService/Wallet.swift", /ProblemCode\.(\w+)\.rawValue/, in: /poller\.isReached(?s:.+?)\n/)
        #expect(wallet == centre)
        let all = service.union(signers.map { $0 + ".signer_out_of_date" }).union(trust).union(reload).union(imports)
            .union(logs)
            .union([ProblemCode.upstreamUnavailable.rawValue])
        #expect(Set(try MarkdownPage("Sources/vrs/vrs.docc/Alarms.md").names(below: "## The codes of ready")) == all)
        let interface = try MarkdownPage("Sources/Exchange/Exchange.docc/RecordSystemInterface.md").text
        let row = try #require(interface.split(separator: "\n").first { $0.hasPrefix("| `GET /ready`") })
        #expect(Set(MarkdownPage.quoted(row).filter { $0.wholeMatch(of: /[a-z]+\.[a-z_]+/) != nil }) == all)
    }

    @Test func `the codes of backups, in their article`() throws {
        let source = try MarkdownPage("Sources/Records/Backup/BackupError.swift").text
        let codes = Set(source.matches(of: /"(backup\.[a-z_]+)"/).map { String($0.1) })
        #expect(codes.count > 12)
        let listed = try MarkdownPage("Sources/vrs/vrs.docc/Backup.md").names(below: "## What can go wrong")
        #expect(Set(listed) == codes)
    }

    @Test func `the verifier's problem codes`() throws {
        let source = try MarkdownPage("Sources/VerifierService/Problem.swift").text
        let codes = source.matches(of: /case \w+ = "([a-z_.]+)"/).map { String($0.1) }
        #expect(codes.count > 15)
        #expect(
            codes == (try MarkdownPage(MarkdownPage.reference).names(below: "## Codes")).filter { $0.contains(".") })
    }

    @Test func `the steps of a script`() throws {
        let page = try MarkdownPage("Sources/Exchange/Exchange.docc/TerminalRuns.md")
        let source = try MarkdownPage("kiosk-sim/Terminal/Session/SessionStep.swift").text
        let steps = source.matches(of: /(?m)^    case (.+)$/).flatMap { $0.1.components(separatedBy: ", ") }
        #expect(steps.count > 20)
        let list = steps.map { "`\($0)`" }.joined(separator: ", ")
        #expect(page.text.replacing("\n", with: " ").contains(list))
    }

    // MARK: Metrics and logs

    @Test func `metrics`() throws {
        let labels = Set(
            try SourceFile.all().flatMap { file in
                file.text.matches(of: /"((?:akashi|vrs|process)_[a-z_]+)"/).map { String($0.1) }
            })
        // The first cell of each row; the ending is that of the metric's kind, or its unit.
        let documented = try MarkdownPage(MarkdownPage.reference).rows(below: "## Metrics").dropFirst().flatMap {
            MarkdownPage.quoted($0[0])
        }
        let known = labels.map { label in
            ["", "_total", "_seconds"].map { label + $0 }.first(where: documented.contains) ?? label
        }
        #expect(known.count > 25)
        #expect(Set(known) == Set(documented))
    }

    @Test func `log fields`() throws {
        var fields: Set<String> = []
        for (_, text) in try SourceFile.all() where text.contains("import Logging") || text.contains("RequestNotes") {
            for match in text.matches(of: /"(\w+)": (?:\.string|"\\\()/) { fields.insert(String(match.1)) }
            for match in text.matches(of: /\b(?:metadata|line|fields|self)\["(\w+)"\] =/) {
                fields.insert(String(match.1))
            }
        }
        #expect(fields == Set(try MarkdownPage(MarkdownPage.reference).names(below: "## Log fields")))
    }
}

/// The sources that the reference speaks of.
private enum SourceFile {
    /// Every Swift file of the programs and libraries, with its text.
    static func all() throws -> [(path: String, text: String)] {
        try ["Sources", "kiosk-sim"].flatMap { folder in
            let root = Programs.root + "/" + folder
            let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
            return try files.filter { $0.hasSuffix(".swift") }.map { file in
                ("\(folder)/\(file)", try String(contentsOfFile: "\(root)/\(file)", encoding: .utf8))
            }
        }
    }
}
