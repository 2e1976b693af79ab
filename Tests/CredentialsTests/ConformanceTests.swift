import Credentials
import Foundation
import TestSupport
import Testing
import TrustFolder
import Vaccination

/// Public cases of the formats, if the folder with them is there.
@Suite(.requires(.data(.conformance))) struct ConformanceTests {
    struct Case: Decodable, Sendable {
        let id: String
        let at: String
        let trust: String
        let expect: String
        let why: String
        let texts: [String]?
    }

    /// A format's cases that have texts; asked for only if the folder is there.
    static func cases(_ name: String) throws -> [Case] {
        let folder = try #require(OutsideData.conformance.folder)
        let lines = try String(contentsOfFile: "\(folder)/\(name).jsonl", encoding: .utf8).split(separator: "\n")
        let cases = try lines.map { try JSONDecoder().decode(Case.self, from: Data($0.utf8)) }
        return cases.filter { $0.texts != nil }
    }

    private func agrees(_ one: Case) throws {
        let folder = try #require(OutsideData.conformance.folder)
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

    @Test(arguments: try cases("shc"))
    func `the public cases of SMART Health Cards agree`(_ one: Case) throws { try agrees(one) }

    @Test(arguments: try cases("vdsnc"))
    func `the public cases of VDS-NC agree`(_ one: Case) throws { try agrees(one) }

    @Test(arguments: try cases("dcc"))
    func `the public cases of the EU Digital COVID Certificate agree`(_ one: Case) throws { try agrees(one) }
}
