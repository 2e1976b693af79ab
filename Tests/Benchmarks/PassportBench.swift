import Credentials
import Crypto
import SimulatedPassport
import TravelDocument
import Vaccination

/// The check of a passport's chip against what it cannot do without: two P-256 signatures and the hashes beneath them.
enum PassportBench {
    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let sample = try SamplePassport()
        let checker = TravelDocumentChecker(trust: TravelDocumentTrust(files: sample.trust))
        let bare = try BareP256(sample.files.dataGroup1)
        let figure = try await stopwatch.measure(
            "passport/check",
            against: .work(
                "two bare P-256 verifications over a certificate and attributes, two hashes (swift-crypto)", bare.run)
        ) {
            _ = try checker.check(sample.files, at: SamplePassport.now)
        }
        return [figure]
    }
}

/// A made-up passport and the country that issued it.
struct SamplePassport {
    static let now = 1_780_272_000.0
    /// ICAO's specimen (Doc 9303-4).
    static let specimen =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"
    let zone: MachineReadableZone
    let files: TravelDocumentFiles
    let trust: [TrustFile]

    init() throws {
        let country = SimulatedCountry(country: "UT", now: Self.now)
        guard let today = CalendarDate.inJapan(secondsSince1970: Self.now), let state = StateCode("UTO"),
            let name = ZoneName(family: "MIHON", given: "HANAKO"), let birth = BirthDate(iso: "1980-02-17"),
            let birthDate = ZoneBirthDate(birth, today: today), let expires = CalendarDate(iso: "2031-05-31")
        else { throw BenchError("no sample") }
        zone = try MachineReadableZone(
            issuingState: state, name: name, number: "TZ1234567", nationality: state, birthDate: birthDate,
            sex: .female,
            expires: expires, today: today)
        let data = DataGroup1(zone).bytes
        var form = SecurityObjectForm(dataGroup1: data)
        form.signedAt = Self.now
        files = TravelDocumentFiles(
            dataGroup1: data, securityObject: form.signed(by: country.documentSigner(now: Self.now)))
        trust = [
            TrustFile(path: "test/passport/csca.cer", bytes: country.certificate),
            TrustFile(
                path: "test/passport/csca.crl",
                bytes: country.revocationList(from: Self.now - 86_400, until: Self.now + 30 * 86_400)),
        ]
    }
}

/// P-256 verifications and hashes, and nothing else: keys and signatures are parsed beforehand.
struct BareP256 {
    private let key: P256.Signing.PublicKey
    private let certificate = [UInt8](repeating: 3, count: 450)
    private let attributes = [UInt8](repeating: 4, count: 110)
    private let signatures: [P256.Signing.ECDSASignature]
    private let data: [UInt8]

    init(_ data: [UInt8]) throws {
        let pair = P256.Signing.PrivateKey()
        (key, self.data) = (pair.publicKey, data)
        signatures = [try pair.signature(for: certificate), try pair.signature(for: attributes)]
    }

    func run() throws {
        // The LDS security object and DG1.
        for _ in 0..<2 where SHA256.hash(data: data).isEmptyDigest { throw BenchError("no hash") }
        for (signature, message) in zip(signatures, [certificate, attributes])
        where !key.isValidSignature(signature, for: message) {
            throw BenchError("a right signature was refused")
        }
    }
}

extension SHA256.Digest {
    fileprivate var isEmptyDigest: Bool { allSatisfy { $0 == 0 } }
}
