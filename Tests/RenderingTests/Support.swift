import Foundation
import Rendering
import Scanning
import TestSupport
import Testing
import Vaccination

/// The templates of this repository, and pages of made-up people from them.
enum Pages {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("templates").path

    /// One renderer for all tests, as a service has one for all requests.
    static let renderer = Result { try PageRenderer(templateFolder: folder) }

    static func vaccinee(
        name: String = "見本　花子", romaji: String = "MIHON, HANAKO", born: String = "1980-11-23"
    ) throws -> Vaccinee {
        let passport = try #require(
            Passport(
                number: "TZ1234567", romajiName: romaji, nationality: "JPN", expires: try date("2030-01-01")))
        let birthDate = try #require(BirthDate(iso: born))
        return try #require(Vaccinee(name: name, birthDate: birthDate, sex: .female, passport: passport))
    }

    static func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(iso: text)) }

    /// Doses with ever longer texts; the lots are LOT-1 and so on.
    static func doses(_ count: Int, from first: Int = 1) throws -> [Dose] {
        try (first..<first + count).map { number in
            let product = Product.all[(number - 1) % Product.all.count]
            return try #require(
                Dose(number: number, date: try date("2021-0\(number)-11"), product: product, lot: "LOT-\(number)"))
        }
    }

    static func content(
        _ kind: CertificateKind = .domestic, name: String = "見本　花子", romaji: String = "MIHON, HANAKO",
        born: String = "1980-11-23",
        doses: [Dose]? = nil, exceeds: Bool = false, codes: [String: QRCode]? = nil, isSample: Bool = false
    ) throws -> PageContent {
        let municipality = Municipality(
            code: try #require(MunicipalityCode("131016")), prefecture: "見本県", name: "見本市",
            prefectureEnglish: "Mihon", nameEnglish: "Mihon City")
        var generator = SystemRandomNumberGenerator()
        return .certificate(
            kind, of: try vaccinee(name: name, romaji: romaji, born: born), doses: try doses ?? self.doses(3),
            exceeds: exceeds,
            by: municipality, id: CertificateID(using: &generator), issuedOn: try date("2026-11-21"),
            codes: try codes ?? self.codes(kind), isSample: isSample)
    }

    /// The codes that a certificate must have.
    static func codes(_ kind: CertificateKind) throws -> [String: QRCode] {
        var codes = ["shc": try card()]
        if kind == .overseas { codes["icao"] = try QRCode(fitting: [.bytes(vdsncText)], maximumVersion: 33) }
        return codes
    }

    /// The text of a made-up VDS-NC of usual length.
    static let vdsncText = long("{\"data\":{\"seal\":\"見本\"}}", 1400)

    /// A romaji name as long as one may be.
    static let longRomaji =
        "MIHON" + String(repeating: "O", count: 34) + ", " + String(repeating: "TARO ", count: 7) + "TARO"

    /// A text filled up with digits to so many bytes.
    static func long(_ start: String, _ count: Int) -> String {
        start + digits(max(0, count - start.utf8.count))
    }

    /// A code of one version: the least that does not fit the one below.
    static func code(version: Int) throws -> QRCode {
        var count = 1
        while let code = try? QRCode([.bytes(digits(count))], level: .l, maximumVersion: version - 1),
            code.version < version
        {
            count += 16
        }
        return try QRCode([.bytes(digits(count))], level: .l, maximumVersion: version)
    }

    /// Keeps a page to look at if `AKASHI_KEEP_PAGES` names a folder.
    static func keep(_ page: RenderedPage, _ name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["AKASHI_KEEP_PAGES"] else { return }
        try Data(page.pdf).write(to: URL(fileURLWithPath: "\(folder)/\(name).pdf"))
        try Data(page.png).write(to: URL(fileURLWithPath: "\(folder)/\(name).png"))
    }

    /// A SMART Health Card's code with this many characters of made-up JWS.
    static func card(length: Int = 900) throws -> QRCode {
        try QRCode(fitting: QRSegment.smartHealthCard(digits: digits(2 * length)), maximumVersion: 22)
    }

    static func digits(_ count: Int) -> String {
        String((0..<count).map { Character(String(($0 * 7 + $0 / 11) % 10)) })
    }

    static func cardText(length: Int = 900) -> String { "shc:/" + digits(2 * length) }

    /// The text of a PDF as poppler's pdftotext reads it in the order it was drawn, without spaces and line breaks.
    static func text(of pdf: [UInt8]) throws -> String {
        let text = try Tool.run("pdftotext", ["-raw", "-", "-"], input: pdf)
        return String(decoding: text, as: UTF8.self).filter { !$0.isWhitespace }
    }
}

/// Poppler's command line tools, which read our files independently of what wrote them.
enum Tool {
    static func run(_ name: String, _ arguments: [String], input: [UInt8]) throws -> [UInt8] {
        Array(try Program.runBlocking(name, arguments, input: Data(input)).succeeded())
    }
}
