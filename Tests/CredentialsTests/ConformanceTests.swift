import Credentials
import Foundation
import Testing
import TrustFolder
import Vaccination

/// Public cases of the formats, where the folder with them is there; without it these tests have nothing to say.
@Suite struct ConformanceTests {
    struct Case: Decodable, Sendable {
        let id: String
        let at: String
        let trust: String
        let expect: String
        let why: String
        let texts: [String]?
    }

    static let folder: String? = {
        if let named = ProcessInfo.processInfo.environment["AKASHI_CONFORMANCE"] { return named }
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<8 {
            url.deleteLastPathComponent()
            let found = url.appendingPathComponent("shared/conformance").path
            if FileManager.default.fileExists(atPath: found) { return found }
        }
        return nil
    }()

    static func cases(_ name: String) -> [Case] {
        guard let folder, let text = try? String(contentsOfFile: "\(folder)/\(name).jsonl", encoding: .utf8) else {
            return []
        }
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
            .filter { $0.texts != nil }
    }

    private func agrees(_ one: Case) throws {
        let folder = try #require(Self.folder)
        let verifier = Verifier(trust: TrustStore(files: try TrustFolder.read("\(folder)/trust/\(one.trust)")))
        let now = try #require(Self.time(one.at))
        let verdicts = verifier.check(try #require(one.texts), at: now)
        let isValid = !verdicts.isEmpty && verdicts.allSatisfy(\.isValid)
        #expect(isValid == (one.expect == "valid"), "\(one.id): \(one.why): \(verdicts.flatMap(\.reasons).map(\.code))")
    }

    // Some cases give a fraction of a second, some no offset, which then is UTC.
    private static func time(_ text: String) -> Date? {
        let whole = text.replacing(/\.[0-9]+/, with: "")
        let fraction = text.firstMatch(of: /\.[0-9]+/).flatMap { Double("0" + $0.output) } ?? 0
        let date = try? Date(whole.contains(/(Z|[+-]..:?..)$/) ? whole : whole + "Z", strategy: .iso8601)
        return date?.addingTimeInterval(fraction)
    }

    @Test(.enabled(if: folder != nil), arguments: cases("shc"))
    func `the public cases of SMART Health Cards agree`(_ one: Case) throws { try agrees(one) }

    @Test(.enabled(if: folder != nil), arguments: cases("vdsnc"))
    func `the public cases of VDS-NC agree`(_ one: Case) throws { try agrees(one) }

    @Test(.enabled(if: folder != nil), arguments: cases("dcc"))
    func `the public cases of the EU Digital COVID Certificate agree`(_ one: Case) throws { try agrees(one) }
}
