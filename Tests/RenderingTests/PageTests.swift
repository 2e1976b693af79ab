import Foundation
import Rendering
import Scanning
import TestSupport
import Testing
import Vaccination

/// Certificate pages.
@Suite struct PageTests {
    let renderer: PageRenderer

    init() throws { renderer = try Pages.renderer.get() }

    @Test(arguments: CertificateKind.allCases, [false, true])
    func `the codes of PDF and PNG are the codes put in`(kind: CertificateKind, isSample: Bool) throws {
        // As long as version 22 takes: with the least error correction there is.
        let code = try Pages.card(length: 1195)
        let vdsnc = kind == .overseas ? Pages.vdsncText : nil
        let codes = try vdsnc.map { ["shc": code, "icao": try QRCode([.bytes($0)], level: .l)] } ?? ["shc": code]
        let page = try renderer.render(Pages.content(kind, codes: codes, isSample: isSample))
        let wanted = [Pages.cardText(length: 1195), vdsnc].compactMap { $0 }.sorted()
        #expect(try Scanning.codes(in: page.pdf, expecting: wanted.count).map(\.text).sorted() == wanted)
        #expect(try Scanning.codes(in: page.png, expecting: wanted.count).map(\.text).sorted() == wanted)
    }

    @Test(arguments: [1, 5], [false, true])
    func `an overseas page carries seal and card, and an EU code where there is one, each as large as its place takes`(
        doses: Int, hasEUCode: Bool
    ) throws {
        let vdsnc = Pages.long("{\"data\":{\"seal\":\"見本\"}}", 2068)
        let europe = Pages.long("HC1:", 702)
        var codes = ["shc": try Pages.card(length: 1195), "icao": try QRCode([.bytes(vdsnc)], level: .l)]
        #expect(codes["icao"]?.version == 33)
        if hasEUCode {
            codes["dcc"] = try QRCode([.alphanumeric(europe)], level: .q)
            #expect(codes["dcc"]?.version == 20)
        }
        let name = String(repeating: "見本", count: 20) + "　" + String(repeating: "長太郎", count: 13)
        let content = try Pages.content(
            .overseas, name: name, romaji: Pages.longRomaji, doses: Pages.doses(doses), exceeds: doses == 5,
            codes: codes, isSample: true)
        let page = try renderer.render(content)
        try Pages.keep(page, "overseas-\(doses)-doses\(hasEUCode ? "-eu" : "")")
        var wanted = [vdsnc, Pages.cardText(length: 1195)]
        if hasEUCode { wanted.append(europe) }
        for file in [page.pdf, page.png] {
            let found = try Scanning.codes(in: file, expecting: wanted.count).map(\.text)
            #expect(found.sorted() == wanted.sorted())
        }
    }

    @Test(arguments: [("icao", 34, 149), ("dcc", 21, 97)])
    func `a code larger than its place is refused by name`(place: String, version: Int, limit: Int) throws {
        var codes = try Pages.codes(.overseas)
        codes[place] = try Pages.code(version: version)
        #expect(throws: RenderError.codeTooLarge(place, modules: 17 + 4 * version, limit: limit)) {
            try renderer.renderPDF(Pages.content(.overseas, codes: codes))
        }
    }

    @Test func `the code in the PDF is one 1-bit mask of a bit a module`() throws {
        let pdf = try renderer.renderPDF(Pages.content())
        let list = String(decoding: try Tool.run("pdfimages", ["-list", "-"], input: pdf), as: UTF8.self)
        let images = list.split(separator: "\n").dropFirst(2).map { $0.split(separator: " ") }
        #expect(images.map { $0[2] } == ["stencil"])
        #expect(images.map { $0[3] } == ["105"])
        #expect(images.map { $0[7] } == ["1"])
    }

    @Test func `what a domestic page says can be selected as text`() throws {
        let text = try Pages.text(of: renderer.renderPDF(Pages.content(doses: Pages.doses(5))))
        for wanted in [
            "新型コロナウイルス感染症", "予防接種証明書", "VaccinationCertificateofCOVID-19", "見本花子", "1980年11月23日", "2026年11月21日", "見本市長",
        ] {
            #expect(text.contains(wanted), "\(wanted)")
        }
        for dose in try Pages.doses(5) {
            #expect(text.contains("2021年\(dose.number)月11日"))
            #expect(text.contains(dose.lot))
        }
        #expect(!text.contains("TZ1234567"))
        #expect(!text.contains("見本SAMPLE"))
        #expect(!text.contains("直近5回分"))
    }

    @Test func `an overseas page also says the passport's data, dose numbers and countries, in two languages`() throws {
        let text = try Pages.text(of: renderer.renderPDF(Pages.content(.overseas, doses: Pages.doses(5))))
        for wanted in [
            "MIHON,HANAKO", "1980-11-23", "TZ1234567", "JPN", "Dateofbirth", "COMIRNATY", "コミナティ筋注", "MayorofMihonCity",
            "2026-11-21",
        ] {
            #expect(text.contains(wanted), "\(wanted)")
        }
    }

    @Test(arguments: [
        ("1950-04", "1950年4月（日は不詳）", "1950-04（日は不詳Dayunknown）"),
        ("1950", "1950年（月日は不詳）", "1950（月日は不詳Monthanddayunknown）"),
    ])
    func `what is unknown of a birth date is said so on the page`(born: String, japanese: String, english: String)
        throws
    {
        for (kind, wanted) in [(CertificateKind.domestic, japanese), (.overseas, english)] {
            let page = try renderer.render(Pages.content(kind, born: born, doses: Pages.doses(5)))
            try Pages.keep(page, "\(kind.rawValue)-born-\(born)")
            #expect(try Pages.text(of: page.pdf).contains(wanted), "\(kind)")
        }
    }

    @Test(arguments: CertificateKind.allCases)
    func `all fonts are embedded as subsets that map back to Unicode`(kind: CertificateKind) throws {
        let pdf = try renderer.renderPDF(Pages.content(kind))
        let folder = try TemporaryFolder()
        try folder.write("page.pdf", Data(pdf))
        let list = String(decoding: try Tool.run("pdffonts", [folder.file("page.pdf")], input: []), as: UTF8.self)
        let fonts = list.split(separator: "\n").dropFirst(2)
        #expect(fonts.count >= 2)
        for font in fonts {
            #expect(font.contains("IPA"))
            #expect(font.contains("yes yes yes"), "\(font)")
        }
    }

    @Test func `the sample mark lies on sample pages, in both files`() throws {
        let code = ["shc": try Pages.card()]
        let plain = try renderer.render(Pages.content(codes: code))
        let sample = try renderer.render(Pages.content(codes: code, isSample: true))
        #expect(try Pages.text(of: sample.pdf).contains("見本SAMPLE"))
        // Faint, and many: the mark covers several percent of the page with the lightest grays.
        #expect(try lightGrays(sample.png) > lightGrays(plain.png) + 100_000)
    }

    private func lightGrays(_ png: [UInt8]) throws -> Int {
        var counts = [Int](repeating: 0, count: 256)
        for pixel in try Scanning.grayImage(fromPNG: png).pixels { counts[Int(pixel)] += 1 }
        return counts[200..<255].reduce(0, +)
    }

    @Test(arguments: CertificateKind.allCases)
    func `with more doses on record the page says that it has the five latest`(kind: CertificateKind) throws {
        let history = try #require(History(Pages.doses(7)))
        let text = try Pages.text(
            of: renderer.renderPDF(
                Pages.content(kind, doses: history.certified, exceeds: history.exceedsCertificate)))
        #expect(text.contains("※本証明書発行者が保存している接種記録のうち直近5回分が記載されます。"))
        #expect(!text.contains("LOT-2"))
        for number in 3...7 { #expect(text.contains("LOT-\(number)")) }
    }

    @Test func `rows left empty are closed`() throws {
        #expect(try Pages.text(of: renderer.renderPDF(Pages.content(doses: Pages.doses(1)))).contains("以下余白"))
        #expect(try !Pages.text(of: renderer.renderPDF(Pages.content(doses: Pages.doses(5)))).contains("以下余白"))
    }

    @Test(arguments: CertificateKind.allCases)
    func `a name of 80 characters stands on the page whole`(kind: CertificateKind) throws {
        let name = String(repeating: "見本", count: 20) + "　" + String(repeating: "長太郎", count: 13)
        #expect(name.count == 80)
        let romaji = Pages.longRomaji
        let text = try Pages.text(of: renderer.renderPDF(Pages.content(kind, name: name, romaji: romaji)))
        #expect(text.contains(name.filter { !$0.isWhitespace }))
        if kind == .overseas { #expect(text.contains(romaji.filter { !$0.isWhitespace })) }
    }

    @Test func `a lot number broken over two lines shows no hyphen that it does not have`() throws {
        let product = try #require(Product.withCode("PFIZER-12"))
        let dose = try #require(
            Dose(number: 1, date: Pages.date("2021-06-01"), product: product, lot: "ABCDEFGHIJ1234567890"))
        for kind in CertificateKind.allCases {
            #expect(
                try Pages.text(of: renderer.renderPDF(Pages.content(kind, doses: [dose]))).contains(
                    "ABCDEFGHIJ1234567890"))
        }
    }

    static let names: [(String, String)] = [
        ("of the standard set", "渡邉　花子"), ("of JIS X 0213", "髙橋　一彅"), ("outside the basic plane", "𠮷田　𠀋"),
        ("of a variant in the common font", "葛󠄀城　花子"), ("of a variant in the registers' font", "渡邉󠄔　花子"),
        ("in Latin letters with accents", "ÉVA　MÜLLER"), ("in half-width katakana", "ﾐﾎﾝ　ﾊﾅｺ"),
    ]

    @Test(arguments: names)
    func `rare characters are printed and selected as they are registered`(kind: String, name: String) throws {
        let text = try Pages.text(of: renderer.renderPDF(Pages.content(name: name)))
        let wanted = name.unicodeScalars.filter { !$0.properties.isWhitespace && !$0.properties.isVariationSelector }
        let found = String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.properties.isVariationSelector }))
        #expect(found.contains(String(String.UnicodeScalarView(wanted))))
    }

    @Test func `a variant is drawn as another shape than the standard form`() throws {
        let code = ["shc": try Pages.card()]
        func picture(_ name: String) throws -> [UInt8] {
            var content = try Pages.content(name: name, codes: code)
            content.fields["certificateID"] = "0000 0000 0000"
            return try renderer.renderPNG(content)
        }
        #expect(try picture("渡邉󠄔") != picture("渡邉"))
        #expect(try picture("葛󠄁") != picture("葛󠄀"))
        #expect(try picture("渡邉") == picture("渡邉"))
    }

    static let refused: [(name: String, change: @Sendable (inout PageContent) throws -> Void, error: RenderError)] = [
        ("a character that no font has", { $0.fields["name"] = "見本　𓀀" }, .missingGlyph(item: "name")),
        ("a character for private use", { $0.fields["name"] = "見本\u{E000}" }, .unprintableCharacter(item: "name")),
        ("a line break", { $0.fields["name"] = "見本\n花子" }, .unprintableCharacter(item: "name")),
        ("a control character", { $0.fields["name"] = "見本\u{0}花子" }, .unprintableCharacter(item: "name")),
        ("an override of direction", { $0.fields["name"] = "見本\u{202E}花子" }, .unprintableCharacter(item: "name")),
        (
            "a name longer than its place", { $0.fields["name"] = String(repeating: "長", count: 400) },
            .doesNotFit(item: "name")
        ),
        (
            "a date longer than its place", { $0.rows[1]["dateJapanese"] = String(repeating: "1", count: 60) },
            .doesNotFit(item: "date of row 2")
        ),
        ("no name", { $0.fields["name"] = nil }, .missingField(item: "name", field: "name")),
        ("a row without a lot", { $0.rows[0]["lot"] = nil }, .missingField(item: "lot of row 1", field: "lot")),
        (
            "six doses", { $0.rows = [[String: String]](repeating: $0.rows[0], count: 6) },
            .tooManyRows(count: 6, limit: 5)
        ),
        ("no code", { $0.codes = [:] }, .missingCode("shc")),
        ("a code without a place", { $0.codes["who"] = $0.codes["shc"] }, .unexpectedCode("who")),
        (
            "a code of version 23",
            { $0.codes["shc"] = try QRCode([.bytes([UInt8](repeating: 65, count: 1091))], level: .l) },
            .codeTooLarge("shc", modules: 109, limit: 105)
        ),
        ("an unknown template", { $0.template = "../domestic" }, .unknownTemplate("../domestic")),
    ]

    @Test(arguments: refused)
    func `what would not print as it should is refused with the reason`(
        name: String, change: @Sendable (inout PageContent) throws -> Void, error: RenderError
    ) throws {
        var content = try Pages.content(doses: Pages.doses(3))
        try change(&content)
        let changed = content
        #expect(throws: error) { try renderer.render(changed) }
        // All but a code that is too large is known before there are any.
        let codes = Set(content.codes.keys)
        content.codes = [:]
        let early: RenderError?
        do {
            try renderer.check(content, beside: codes)
            early = nil
        } catch { early = error }
        if case .codeTooLarge = error { #expect(early == nil) } else { #expect(early == error) }
    }

    @Test func `pages rendered at the same time each have their own person`() async throws {
        let renderer = renderer
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<48 {
                group.addTask {
                    let name = "見本　第\(number)号"
                    let digits = Pages.digits(600) + String(100_000 + number)
                    let code = try QRCode(QRSegment.smartHealthCard(digits: digits), level: .m, maximumVersion: 22)
                    let page = try renderer.render(
                        Pages.content(
                            number.isMultiple(of: 2) ? .domestic : .overseas, name: name,
                            codes: try Pages.codes(.overseas).filter {
                                number.isMultiple(of: 2) ? false : $0.key == "icao"
                            }
                            .merging(["shc": code]) { $1 }))
                    let text = try Pages.text(of: page.pdf)
                    #expect(text.contains("見本第\(number)号"))
                    #expect(try Scanning.codes(in: page.png, expecting: 2).map(\.text).contains("shc:/" + digits))
                }
            }
            try await group.waitForAll()
        }
    }
}
