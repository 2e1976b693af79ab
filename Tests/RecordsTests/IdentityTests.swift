import Crypto
import Foundation
import Records
import TestSupport
import Testing
import Vaccination

/// Parse, encode, compare: what is written is read as it was.
@Suite struct IdentityTests {
    /// Text of pieces that a careless writer or reader would take for something else.
    private func text(_ random: inout Seeded) -> String {
        let pieces = [",", "\"", "\u{301}", "\u{E0100}", "見", "𠮷", "a", " ", "\u{3000}", "'", ";", "\\", "\u{FEFF}x"]
        return (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
            .joined()
    }

    @Test func `fields of CSV are read as they were written, whatever stands in them`() throws {
        var random = Seeded("CSV")
        let rows = (0..<2_000).map { _ in (0..<3).map { _ in text(&random) } }
        let file = ([["first", "second", "third"]] + rows).map(CSVFile.line).joined()
        var read: [[String]] = []
        try CSVFile.read(Array(file.utf8), columns: ["first", "second", "third"]) { _, fields in
            read.append(fields)
            return []
        }
        #expect(read.map { $0.map { Array($0.utf8) } } == rows.map { $0.map { Array($0.utf8) } })
    }

    @Test func `every suspension has one text`() async throws {
        let city = try #require(MunicipalityCode("131016"))
        let all: [Suspension] =
            [.everything, .municipality(city), .terminal("T0001"), .terminal("a-b_c.D")]
            + CertificateKind.allCases.map { .kind($0) }
        for suspension in all { #expect(Suspension(suspension.text) == suspension) }
        await BadInput.run("suspensions", samples: all.map { Array($0.text.utf8) }, cases: 3_000) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let read = Suspension(text) { #expect(read.text == text) }
        }
    }

    @Test func `a region's keys are read as they were made, and made once`() throws {
        let folder = try TemporaryFolder()
        let region = try #require(MunicipalityCode("131016"))
        let keys = RegionKeyFolder(path: folder.file("keys"), allowDevelopment: true)
        try keys.createMissing(for: [region], development: true)
        let (bytes, made) = (try folder.read("keys/131016.json"), try keys.keys(for: region))
        try keys.createMissing(for: [region], development: true)
        let read = try keys.keys(for: region)
        #expect(try folder.read("keys/131016.json") == bytes)
        #expect(read.dataKey == made.dataKey && read.indexKey == made.indexKey && read.isDevelopment)
    }
}
