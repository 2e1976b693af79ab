import Foundation
import Rendering
import Scanning
import Testing
import Vaccination

/// The templates of this repository, and pages of made-up people from them.
enum Pages {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("templates").path

    /// One renderer for all tests, as a service has one for all requests.
    static let renderer = Result { try PageRenderer(templateFolder: folder) }

    static func vaccinee(name: String = "見本　花子", romaji: String = "MIHON, HANAKO") throws -> Vaccinee {
        let passport = try #require(
            Passport(
                number: "TZ1234567", romajiName: romaji, nationality: "JPN", expires: try date("2030-01-01")))
        return try #require(Vaccinee(name: name, birthDate: try date("1980-11-23"), sex: .female, passport: passport))
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
        doses: [Dose]? = nil, exceeds: Bool = false, codes: [String: QRCode]? = nil, isSample: Bool = false
    ) throws -> PageContent {
        let municipality = Municipality(
            code: try #require(MunicipalityCode("131016")), prefecture: "見本県", name: "見本市",
            prefectureEnglish: "Mihon", nameEnglish: "Mihon City")
        var generator = SystemRandomNumberGenerator()
        return .certificate(
            kind, of: try vaccinee(name: name, romaji: romaji), doses: try doses ?? self.doses(3), exceeds: exceeds,
            by: municipality, id: CertificateID(using: &generator), issuedOn: try date("2026-11-21"),
            codes: try codes ?? ["shc": card()], isSample: isSample)
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
    struct Failure: Error { let status: Int32 }

    static func run(_ name: String, _ arguments: [String], input: [UInt8]) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        let (to, from) = (Pipe(), Pipe())
        process.standardInput = to
        process.standardOutput = from
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Written from another thread, so that neither pipe can fill while the other waits.
        let writing = DispatchQueue(label: "input of \(name)")
        let handle = to.fileHandleForWriting
        writing.async {
            try? handle.write(contentsOf: Data(input))
            try? handle.close()
        }
        let output = from.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus) }
        return Array(output)
    }
}
