import Foundation
package import SimulatedCard
package import TestSupport
package import Vaccination

/// One customer's session at a started `kiosk-sim run`, and what it left behind.
package struct Visit: Sendable {
    /// The process's exit status: 0 if the session ended as the script expects.
    package let status: Int32
    package let output: String
    package let errors: String
    /// The folder into which the printer program put its pages.
    package let pages: String

    /// The code that the session ended with.
    package var ended: String? {
        output.split(separator: "\n").last { $0.hasPrefix(#"{"ended":""#) }?.split(separator: "\"").dropFirst(3).first
            .map(String.init)
    }

    /// The files of the printer with this ending.
    package func files(_ ending: String) -> [String] {
        ((try? FileManager.default.subpathsOfDirectory(atPath: pages)) ?? [])
            .filter { $0.hasSuffix("." + ending) }.sorted().map { pages + "/" + $0 }
    }
}

extension Stack {
    /// What a visit takes: where it differs from the ordinary.
    package struct VisitSetting: Sendable {
        package var municipality: MunicipalityCode
        package var kind: CertificateKind
        package var pins: [String]
        package var more: [String]
        package var expect: String
        package var terminal: Int
        package var centre: String?
        /// A shell script in place of the printer program; its first argument is the folder for pages.
        package var printer: String?
        /// The terminal's limits in time, `key: seconds, …`.
        package var timeouts: String?

        /// What is not given is as usual.
        package init(
            municipality: MunicipalityCode, kind: CertificateKind = .domestic, pins: [String] = ["1234"],
            more: [String] = [], expect: String = "printed", terminal: Int = 1, centre: String? = nil,
            printer: String? = nil, timeouts: String? = nil
        ) {
            (self.municipality, self.kind, self.pins, self.more) = (municipality, kind, pins, more)
            (self.expect, self.terminal, self.centre) = (expect, terminal, centre)
            (self.printer, self.timeouts) = (printer, timeouts)
        }
    }

    /// Saves a card where a visit can use it, its spent tries included.
    package func save(_ card: CustomerCard) throws -> String {
        let path = folder + "/card-\(UUID().uuidString).json"
        try card.file.save(path)
        return path
    }

    /// Writes a terminal's configuration and gives its path.
    package func terminalConfiguration(
        card: String, printer: String, terminal: Int = 1, centre: String? = nil, timeouts: String? = nil
    ) throws -> String {
        var text = try template(
            "terminal.yaml",
            [
                "https://@CENTRE_TERMINAL@": centre ?? self.centre, "@TERMINAL@": Self.terminalName(terminal),
                "@CARD@": card, "@PRINTER@": printer,
            ])
        if let timeouts { text += "timeouts: {\(timeouts)}\n" }
        let name = "terminal-\(UUID().uuidString).yaml"
        try write(text, name)
        return folder + "/" + name
    }

    /// Writes a script for a visit and gives its path.
    package func script(_ setting: VisitSetting) throws -> String {
        let lines =
            [
                "municipality: \"\(setting.municipality)\"", "kind: \(setting.kind.rawValue)",
                "pins: [\(setting.pins.map { "\"\($0)\"" }.joined(separator: ", "))]", "expect: \(setting.expect)",
            ] + setting.more
        let name = "script-\(UUID().uuidString).yaml"
        try write(lines.joined(separator: "\n") + "\n", name)
        return folder + "/" + name
    }

    /// Runs one customer's session with a simulated card's file and the printer program.
    ///
    /// - Parameter during: what happens beside the session.
    package func visit(
        card path: String, _ setting: VisitSetting,
        during: (Program, _ pages: String) async throws -> Void = { _, _ in }
    ) async throws -> Visit {
        let pages = folder + "/pages-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: pages, withIntermediateDirectories: true)
        var printer = "command: [\(Programs.folder)/printer-sim, --out, \(pages)]"
        if let script = setting.printer {
            let name = "printer-\(UUID().uuidString).sh"
            try write(script, name)
            printer = "command: [/bin/sh, \(folder)/\(name), \(pages)]"
        }
        let configuration = try terminalConfiguration(
            card: "simulated: \(path)", printer: printer, terminal: setting.terminal, centre: setting.centre,
            timeouts: setting.timeouts)
        let program = try Program(
            Programs.path("kiosk-sim"), ["run", try script(setting), "--config", configuration], folder: folder)
        try await during(program, pages)
        let status = try await program.end()
        return Visit(status: status, output: program.output, errors: program.errors, pages: pages)
    }

    /// What `verifier check` says of files, and its exit status.
    package func verify(_ files: [String]) async throws -> (status: Int32, output: String) {
        let result = try await Program.run(
            Programs.path("verifier"), ["check", "--trust", keys + "/trust", "--json"] + files, folder: folder)
        return (result.status, result.output)
    }

    /// What a verifier says of each code, out of its report.
    package static func verdicts(_ report: String) throws -> [[String: Any]] {
        try report.split(separator: "\n").map { line in
            guard let verdict = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                throw TestFailure("no verdict: \(line)")
            }
            return verdict
        }
    }

    /// A printed overseas page of the first sample person, and the verdicts on its codes.
    package func overseas() async throws -> (page: String, verdicts: [[String: Any]]) {
        guard let person = people.first else { throw TestFailure("the sample has nobody") }
        let visit = try await visit(
            card: save(card(person)), VisitSetting(municipality: person.municipality, kind: .overseas))
        guard visit.ended == "printed", let page = visit.files("pdf").first else {
            throw TestFailure("\(visit.output)\(visit.errors)")
        }
        let (status, output) = try await verify([page])
        guard status == 0 else { throw TestFailure(output) }
        return (page, try Self.verdicts(output))
    }
}
