import CQREncode
import CZXing
import CredentialIssuing
import Credentials
import Foundation
import Rendering
import Scanning
import Vaccination

/// A domestic certificate's page with its one code, as `vrs` makes it.
struct SamplePage {
    let card: SmartHealthCard
    let content: PageContent
    let renderer: PageRenderer

    init() async throws { try self.init(try await SampleIssuers().smartHealthCard(SamplePerson(4))) }

    private init(_ card: SmartHealthCard) throws {
        let person = try SamplePerson(4)
        self.card = card
        guard let birthDate = BirthDate(iso: "1980-02-17"), let issuedOn = CalendarDate(iso: "2026-01-01"),
            let vaccinee = Vaccinee(name: "見本\u{3000}花子", birthDate: birthDate, sex: .female),
            let municipality = MunicipalityCode("990019"), let id = CertificateID("000000000000")
        else { throw BenchError("no sample person") }
        content = .certificate(
            .domestic, of: vaccinee, doses: person.doses, exceeds: true,
            by: Municipality(
                code: municipality, prefecture: "見本県", name: "見本市", prefectureEnglish: "Mihon",
                nameEnglish: "Mihon City"),
            id: id, issuedOn: issuedOn,
            codes: ["shc": try QRCode(QRSegment.smartHealthCard(digits: card.numeric), level: .l, maximumVersion: 22)],
            isSample: false)
        renderer = try PageRenderer(templateFolder: try Self.templates())
    }

    /// The repository's templates: in the working folder, or in a folder above the program.
    private static func templates() throws -> String {
        var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").standardizedFileURL
        var candidates = [FileManager.default.currentDirectoryPath]
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            candidates.append(folder.path)
        }
        for candidate in candidates where FileManager.default.fileExists(atPath: candidate + "/templates/domestic.json")
        {
            return candidate + "/templates"
        }
        throw BenchError("templates/domestic.json: not in the working folder and not above the program")
    }
}

/// A code as large as a SMART Health Card may have, as PNG.
enum CodeBench {
    /// The longest card in version 22 at level L: 1,195 characters, two digits each.
    private static let digits = String(repeating: "5676290952432060346029", count: 108) + "56762909524320"

    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let segments = QRSegment.smartHealthCard(digits: digits)
        let figure = try await stopwatch.measure(
            "code/v22", against: .work("bare libqrencode of the same segments, no PNG", bare)
        ) {
            let code = try QRCode(segments, level: .l, maximumVersion: 22)
            guard code.version == 22, !code.png(pixelsPerModule: 4).isEmpty else { throw BenchError("not version 22") }
        }
        return [figure]
    }

    private static func bare() throws {
        guard let input = QRinput_new2(22, QR_ECLEVEL_L) else { throw BenchError("libqrencode does not start") }
        defer { QRinput_free(input) }
        let (prefix, digits) = (Array("shc:/".utf8), Array(Self.digits.utf8))
        guard QRinput_append(input, QR_MODE_8, Int32(prefix.count), prefix) == 0,
            QRinput_append(input, QR_MODE_NUM, Int32(digits.count), digits) == 0, let code = QRcode_encodeInput(input)
        else { throw BenchError("libqrencode fails") }
        QRcode_free(code)
    }
}

/// A whole page from its texts and one code: the document alone, as a printer wants it, and with its picture.
enum PageBench {
    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let page = try await SamplePage()
        let pdf = {
            guard try page.renderer.renderPDF(page.content).starts(with: "%PDF".utf8) else {
                throw BenchError("no PDF")
            }
        }
        return [
            try await stopwatch.measure("page/pdf", against: .aim("the aim: 6 ms of one core", 1000.0 / 6), pdf),
            try await stopwatch.measure("page/pdf+png", against: .work("the page as PDF alone", pdf)) {
                guard try !page.renderer.render(page.content).png.isEmpty else { throw BenchError("no PNG") }
            },
            try await stopwatch.measure("page/check", against: .work("the page as PDF", pdf)) {
                try page.renderer.check(page.content, beside: Set(page.content.codes.keys))
            },
        ]
    }
}

/// Reading the code back from the page that will be printed.
enum ScanBench {
    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let page = try await SamplePage()
        let png = try page.renderer.render(page.content).png
        let image = try Scanning.grayImage(fromPNG: png)
        let text = page.card.qrText
        let figure = try await stopwatch.measure(
            "scan/page",
            against: .work("bare ZXing-C++ on the page's gray pixels, no PNG decoding", { try bare(image) })
        ) {
            guard try Scanning.codes(inPNG: png).first?.text == text else { throw BenchError("the code was not read") }
        }
        return [figure]
    }

    private static func bare(_ image: GrayImage) throws {
        let codes = image.pixels.withUnsafeBufferPointer {
            akashi_codes_read(
                $0.baseAddress, Int32(image.width), Int32(image.height), Int32(image.width), AKASHI_PIXELS_GRAY, 16,
                AKASHI_LOOK_QUICK)
        }
        defer { akashi_codes_free(codes) }
        guard akashi_codes_count(codes) == 1 else { throw BenchError("the code was not read") }
    }
}
