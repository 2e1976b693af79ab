import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Signing
import Vaccination

/// Issuers of all three formats under keys made for the run, and as many different made-up certificates as are wanted.
struct SampleIssuers {
    /// 2026-01-01T00:00:00Z: all are issued and verified at this time.
    static let now = Date(timeIntervalSince1970: 1_767_225_600)
    static let url = "https://sample.invalid/issuer"

    let smartHealthCardKey = P256.Signing.PrivateKey()
    let vdsncKey = P256.Signing.PrivateKey()
    let dccKey = P256.Signing.PrivateKey()
    let smartHealthCards: SmartHealthCardIssuer
    let vdsncIssuer: VDSNCIssuer
    let dccIssuer: DCCIssuer
    let authority: DevelopmentCountryAuthority
    private let dccSigner: [UInt8]

    init() throws {
        let end = Self.now.addingTimeInterval(2 * 365 * 86_400)
        authority = try DevelopmentCountryAuthority(country: "JP", now: Self.now, mark: "MIHON")
        let vdsncSigner = try authority.issue(to: vdsncKey.publicKey, from: Self.now, until: end)
        dccSigner = try authority.issue(
            to: dccKey.publicKey, from: Self.now, until: end, usage: "1.3.6.1.4.1.1847.2021.1.2", documentType: nil)
        smartHealthCards = try SmartHealthCardIssuer(url: Self.url, signer: MemoryKey(key: smartHealthCardKey))
        vdsncIssuer = try VDSNCIssuer(state: "JPN", signer: MemoryKey(key: vdsncKey), certificate: vdsncSigner)
        dccIssuer = try DCCIssuer(country: "JP", signer: MemoryKey(key: dccKey), certificate: dccSigner)
    }

    /// Trust in these issuers.
    var trustFiles: [TrustFile] {
        let (x, y) = JWK.coordinates(of: smartHealthCardKey.publicKey)
        let kid = JWK.thumbprint(of: smartHealthCardKey.publicKey)
        let json = """
            {"issuer":"\(Self.url)","name":"見本","jwks":{"keys":[{"kty":"EC","kid":"\(kid)","use":"sig","alg":"ES256",\
            "crv":"P-256","x":"\(x)","y":"\(y)"}]}}
            """
        return [
            TrustFile(path: "shc/issuer.json", bytes: Array(json.utf8)),
            TrustFile(path: "vdsnc/csca.der", bytes: authority.certificate),
            TrustFile(path: "dcc/signer.der", bytes: dccSigner),
        ]
    }

    func smartHealthCard(_ person: SamplePerson, _ check: OutputCheck = .signature) async throws -> SmartHealthCard {
        let subject = SmartHealthCardSubject(
            family: person.family, given: person.given, birthDate: person.birthDate, doses: person.doses,
            performer: "見本県見本市")
        let prepared = try smartHealthCards.prepare(subject, notBefore: Self.now, revocationID: person.certificateID)
        return try await prepared.issue(check: check)
    }

    func vdsnc(_ person: SamplePerson) async throws -> VDSNC {
        let subject = VDSNCSubject(
            family: person.romajiFamily, given: person.romajiGiven, birthDate: person.birthDate, sex: .female,
            documentNumber: person.documentNumber, doses: person.doses, administrator: "MHLW_Gov_of_JAPAN",
            certificateID: person.certificateID)
        return try await vdsncIssuer.prepare(subject, at: Self.now).issue()
    }

    func dcc(_ person: SamplePerson, _ check: OutputCheck = .signature) async throws -> DCC {
        guard let dose = person.doses.last else { throw BenchError("no dose") }
        let subject = DCCSubject(
            family: person.romajiFamily, given: person.romajiGiven, latinFamily: person.romajiFamily,
            latinGiven: person.romajiGiven, birthDate: person.birthDate, dose: dose, seriesDoses: person.doses.count,
            issuer: "MHLW of Japan", certificateID: person.certificateID)
        let end = Self.now.addingTimeInterval(365 * 86_400)
        return try await dccIssuer.prepare(subject, at: Self.now, expires: end).issue(check: check)
    }

    /// A code's text in a format.
    func text(_ format: Format, _ person: SamplePerson) async throws -> String {
        switch format {
        case .shc: try await smartHealthCard(person).qrText
        case .vdsnc: try await vdsnc(person).text
        case .dcc: try await dcc(person).text
        }
    }

    /// Different codes of a format.
    func texts(_ format: Format, count: Int) async throws -> [String] {
        var texts: [String] = []
        for number in 0..<count { texts.append(try await text(format, try SamplePerson(number))) }
        return texts
    }
}

/// A made-up person: each number is another, with one to five doses.
struct SamplePerson {
    let family: String
    let given: String
    let romajiFamily: String
    let romajiGiven: String
    let birthDate: BirthDate
    let documentNumber: String
    let certificateID: String
    let doses: [Dose]

    init(_ number: Int) throws {
        let kanji = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"]
        let letters = ["ICHI", "NI", "SAN", "YON", "GO", "ROKU", "NANA", "HACHI", "KYU", "JU"]
        let digits = [number / 100 % 10, number / 10 % 10, number % 10]
        family = "見本"
        given = digits.map { kanji[$0] }.joined() + ["子", "郎", "美"][number % 3]
        romajiFamily = "MIHON"
        romajiGiven = digits.map { letters[$0] }.joined()
        documentNumber = "TK" + String(1_000_000 + number % 9_000_000)
        certificateID = String(String(number + 0x1_0000_0000_0000, radix: 16).uppercased().suffix(12))
        guard let birthDate = CalendarDate(daysSince1970: number * 7919 % 16_000).map({ BirthDate($0) }) else {
            throw BenchError("no birth date")
        }
        self.birthDate = birthDate
        let products = Product.all.filter { $0.eu != nil }
        doses = try (0...number % 5).map { index in
            let day = 18_800 + number % 97 + index * 170
            guard let date = CalendarDate(daysSince1970: day),
                let dose = Dose(
                    number: index + 1, date: date, product: products[(number + index) % products.count],
                    lot: "S\(1000 + (number * 31 + index) % 9000)")
            else { throw BenchError("no sample dose") }
            return dose
        }
    }
}

private struct MemoryKey: CredentialSigner {
    let key: P256.Signing.PrivateKey
    var publicKey: P256.Signing.PublicKey { key.publicKey }
    func signature(over message: [UInt8]) async throws -> [UInt8] {
        Array(try key.signature(for: SHA256.hash(data: message)).rawRepresentation)
    }
}

/// `akashi-bench codes FOLDER COUNT [FORMAT]`: different codes, one a line, in FOLDER/codes.txt, and trust in their issuers
/// in FOLDER/trust; without a format all three in turn.
enum CodeFile {
    static func write(_ arguments: ArraySlice<String>) async throws {
        let arguments = Array(arguments)
        guard arguments.count >= 2, let count = Int(arguments[1]), (1...10_000_000).contains(count) else {
            throw BenchError("akashi-bench codes FOLDER COUNT [shc|vdsnc|dcc]")
        }
        let format = arguments.count > 2 ? Format(rawValue: arguments[2]) : nil
        try await write(to: arguments[0], count: count, format.map { [$0] } ?? Format.allCases)
    }

    static func write(to folder: String, count: Int, _ formats: [Format]) async throws {
        let issuers = try SampleIssuers()
        let root = URL(fileURLWithPath: folder)
        for file in issuers.trustFiles {
            let url = root.appendingPathComponent("trust/" + file.path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.bytes).write(to: url)
        }
        let codes = root.appendingPathComponent("codes.txt")
        try Data().write(to: codes)
        let handle = try FileHandle(forWritingTo: codes)
        defer { try? handle.close() }
        for start in stride(from: 0, to: count, by: 1000) {
            var block = ""
            for number in start..<min(count, start + 1000) {
                let format = formats[number % formats.count]
                block += try await issuers.text(format, try SamplePerson(number)) + "\n"
            }
            try handle.write(contentsOf: Data(block.utf8))
        }
    }
}
