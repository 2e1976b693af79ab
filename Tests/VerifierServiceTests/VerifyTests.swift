import CredentialIssuing
import Credentials
import Foundation
import IssuerSupport
import Vaccination
import NIOHTTP1
import Rendering
import TestSupport
import Testing

/// `POST /v1/verify`, asked of the started program.
@Suite(.serialized, .requires(.program("verifier")))
struct VerifyTests {
    private let folder: TemporaryFolder
    private let issuers: Issuers
    private let served: Served

    init() throws {
        folder = try TemporaryFolder()
        issuers = try Issuers()
        try issuers.writeTrust(to: folder)
        served = try Self.serve(folder)
    }

    static func serve(_ folder: TemporaryFolder, _ more: [String] = []) throws -> Served {
        try Served(["--trust", folder.url("trust").path, "--at", "2026-01-01T01:00:00Z"] + more)
    }

    private static func picture(_ text: String) throws -> Data {
        Data(try QRCode([.bytes(text)], level: .l).png(pixelsPerModule: 4))
    }

    @Test func `every way of sending gives the same verdict`() async throws {
        let person = try Person()
        let card = try await issuers.card(person)
        let text = card.qrText
        let picture = try Self.picture(text)
        let json = try JSONSerialization.data(withJSONObject: ["text": text])
        let answers = [
            try await served.verify(text + "\r\n\n"),
            try await served.verify("text/plain; charset=UTF-8", Data(text.utf8)),
            try await served.verify("application/json", json),
            try await served.verify("application/smart-health-card", Data(card.file)),
            try await served.verify("image/png", picture),
            try await served.verify("application/pdf", Document.page(with: picture)),
        ]
        for answer in answers {
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "application/json")
            #expect(answer.header("cache-control") == "no-store")
            #expect(answer.overall == "valid")
            let verdict = try #require(answer.verdicts.first)
            #expect(answer.verdicts.count == 1)
            #expect(verdict["format"] as? String == "shc")
            #expect(verdict["certificateId"] as? String == person.id.text)
            #expect((verdict["holder"] as? [String: Any])?["name"] as? String == "MIHON HANAKO")
            #expect((verdict["doses"] as? [[String: Any]])?.compactMap { $0["lot"] as? String } == ["LOT1", "LOT2"])
        }
        #expect(try answers[0].json["checkedAt"] as? String == "2026-01-01T01:00:00Z")
    }

    @Test func `all formats of one person together are valid, a changed one beside them is not`() async throws {
        let person = try Person()
        let lines = [
            try await issuers.card(person).qrText, try await issuers.vdsnc(person).text,
            try await issuers.dcc(person).text,
        ]
        let good = try await served.verify(lines.joined(separator: "\n"))
        #expect(good.overall == "valid")
        #expect(good.verdicts.compactMap { $0["format"] as? String } == ["shc", "vdsnc", "dcc"])
        // A letter of the VDS-NC's lot.
        let changed = lines[1].replacingOccurrences(of: "LOT2", with: "LOT3")
        #expect(changed != lines[1])
        let bad = try await served.verify([lines[0], changed].joined(separator: "\n"))
        #expect(bad.overall == "invalid")
        #expect(bad.reasons.last == ["signature.invalid"])
        let reason = try #require((bad.verdicts.last?["reasons"] as? [[String: Any]])?.first)
        #expect((reason["messageJapanese"] as? String)?.contains("署名") == true)
        // What was not verified is not shown.
        #expect(bad.verdicts.last?["holder"] == nil && bad.verdicts.last?["doses"] == nil)
    }

    @Test func `two people's codes of one request are not valid together, of two requests they are`() async throws {
        let one = try await issuers.vdsnc(Person()).text
        let other = try await issuers.dcc(Person(family: "SHIKEN", given: "TARO")).text
        for text in [one, other] { #expect(try await served.verify(text).overall == "valid") }
        let both = try await served.verify("\(one)\n\(other)")
        #expect(both.overall == "invalid")
        #expect(both.reasons == [["sheet.disagrees"], ["sheet.disagrees"]])
    }

    @Test func `what the test part of the folder vouches for is a test certificate`() async throws {
        let folder = try TemporaryFolder()
        try issuers.writeTrust(to: folder, isTest: true)
        let answer = try await Self.serve(folder).verify(issuers.card(Person()).qrText)
        #expect(answer.overall == "test")
        #expect(
            answer.verdicts.first?["test"] as? Bool == true && answer.verdicts.first?["verdict"] as? String == "valid")
    }

    @Test func `a text that is no certificate is a verdict, not an error`() async throws {
        let answer = try await served.verify("https://example.com/menu")
        #expect(answer.status == 200 && answer.overall == "invalid")
        #expect(answer.reasons == [["format.unknown"]])
    }

    /// What the service refuses: the type, the body, and the refusal.
    private static let refused: [(type: String?, body: Data, status: Int, code: String)] = [
        (nil, Data("shc:/1".utf8), 415, "request.unsupported_type"),
        ("text/html", Data("shc:/1".utf8), 415, "request.unsupported_type"),
        ("text/plain; charset=shift_jis", Data("shc:/1".utf8), 415, "request.unsupported_type"),
        ("application/json", Data("{}".utf8), 400, "request.invalid"),
        ("application/json", Data(#"{"text":1}"#.utf8), 400, "request.invalid"),
        ("application/json", Data(#"{"text":"a","more":1}"#.utf8), 400, "request.invalid"),
        ("application/json", Data(#"{"text":"a""#.utf8), 400, "request.invalid"),
        ("application/json", Data(repeating: UInt8(ascii: "["), count: 200_000), 400, "request.invalid"),
        ("application/json", Data(#"{"text":""}"#.utf8), 422, "input.empty"),
        ("text/plain", Data(), 422, "input.empty"),
        ("text/plain", Data(" \r\n\n".utf8), 422, "input.empty"),
        ("text/plain", Data([0x61, 0xFF]), 422, "input.not_text"),
        ("text/plain", Data([0x61, 0x00]), 422, "input.not_text"),
        ("text/plain", Data(String(repeating: "a\n", count: 65).utf8), 422, "input.too_many_codes"),
        ("text/plain", Data(repeating: 0x61, count: 256 << 10 + 1), 413, "request.too_large"),
        ("image/png", Data(repeating: 0x89, count: 20 << 20 + 1), 413, "request.too_large"),
        ("image/png", Data("no picture".utf8), 422, "scan.unknown_format"),
        ("image/png", Data(), 422, "input.empty"),
        ("image/png", Document.pngHeader(width: 32_767, height: 32_767), 422, "scan.too_many_pixels"),
        ("image/png", Document.pngHeader(width: 100, height: 100), 422, "scan.broken_picture"),
        ("image/jpeg", Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 16]), 422, "scan.broken_picture"),
        ("application/pdf", Data("%PDF-1.4\nnothing".utf8), 422, "scan.broken_document"),
        ("application/pdf", Document.pages(17), 422, "scan.too_many_pages"),
        ("application/pdf", Document.pages(2), 422, "scan.no_code"),
    ]

    @Test(arguments: refused.indices)
    func `what cannot be checked is refused with a code`(_ index: Int) async throws {
        let (type, body, status, code) = Self.refused[index]
        for isChunked in [false, true] {
            let answer = try await served.send(.POST, "/v1/verify", type: type, body, isChunked: isChunked)
            #expect(answer.status == status)
            #expect(answer.header("content-type") == "application/problem+json")
            #expect(answer.header("cache-control") == "no-store")
            let problem = try answer.json
            #expect(problem["code"] as? String == code)
            #expect(problem["status"] as? Int == status)
            #expect(problem["type"] as? String == "urn:akashi:problem:\(code)")
            for title in ["title", "titleJapanese"] { #expect((problem[title] as? String)?.isEmpty == false) }
        }
    }

    @Test func `an encoded body is refused, not inflated`() async throws {
        let answer = try await served.send(
            .POST, "/v1/verify", type: "text/plain", Data("shc:/1".utf8), headers: [("content-encoding", "gzip")])
        #expect(answer.status == 415)
    }

    @Test func `nothing that was checked is in the log`() async throws {
        let person = try Person(family: "HIMITSU", given: "NAISHO", documentNumber: "TZ7654321", lot: "QXQ")
        let vdsnc = try await issuers.vdsnc(person).text
        _ = try await served.verify(vdsnc)
        _ = try await served.verify("image/png", Self.picture(vdsnc))
        _ = try await served.verify(vdsnc.replacingOccurrences(of: "QXQ1", with: "QXQ3"))
        _ = try await served.verify("application/json", Data(#"{"text":["HIMITSU"]}"#.utf8))
        _ = try await served.verify("application/pdf", Data("%PDF-1.4\nHIMITSU".utf8))
        _ = try await served.send(.GET, "/HIMITSU?name=NAISHO")
        #expect(try served.stop() == 0)
        let log = served.log
        #expect(log.contains("trust folder read"))
        for secret in ["HIMITSU", "NAISHO", "TZ7654321", "QXQ", "1980-11-23", person.id.text, String(vdsnc.prefix(40))]
        {
            #expect(!log.contains(secret))
        }
    }
}
