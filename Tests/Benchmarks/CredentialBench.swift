import CZlib
import Credentials
import Crypto
import Foundation
import Signing
import Vaccination

/// A SMART Health Card of five doses under a key made for the run: what a kiosk certificate carries.
struct SampleCredential {
    static let now = Date(timeIntervalSince1970: 1_767_225_600)
    static let url = "https://sample.invalid/issuer"
    let key = P256.Signing.PrivateKey()
    let issuer: SmartHealthCardIssuer
    let subject: CredentialSubject

    init() throws {
        issuer = try SmartHealthCardIssuer(url: Self.url, signer: MemoryKey(key: key))
        guard let birthDate = CalendarDate(iso: "1980-02-17") else { throw BenchError("no birth date") }
        subject = CredentialSubject(
            family: "見本", given: "花子", birthDate: birthDate, doses: try Self.doses(), performer: "見本県見本市")
    }

    func issue() async throws -> SmartHealthCard {
        let prepared = try issuer.prepare(subject, notBefore: Self.now, revocationID: "0123456789AB")
        return try await prepared.issue()
    }

    /// Five doses, half a year apart.
    static func doses() throws -> [Dose] {
        let products = ["PFIZER-12", "PFIZER-12", "MODERNA", "PFIZER-BA1", "PFIZER-BA45"]
        let dates = ["2021-06-10", "2021-07-01", "2022-01-20", "2022-10-03", "2023-05-30"]
        return try zip(products, dates).enumerated().map { index, entry in
            guard let product = Product.withCode(entry.0), let date = CalendarDate(iso: entry.1),
                let dose = Dose(number: index + 1, date: date, product: product, lot: "SAMPLE\(index + 1)")
            else { throw BenchError("no sample dose") }
            return dose
        }
    }

    /// A trust store that knows the run's key.
    func trust() throws -> TrustStore {
        let raw = key.publicKey.rawRepresentation
        let (x, y) = (Self.base64URL(raw.prefix(32)), Self.base64URL(raw.suffix(32)))
        let thumbprint = SHA256.hash(data: Array(#"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#.utf8))
        let json = """
            {"issuer":"\(Self.url)","name":"Sample","jwks":{"keys":[{"kty":"EC","kid":"\(Self.base64URL(Data(thumbprint)))",\
            "use":"sig","alg":"ES256","crv":"P-256","x":"\(x)","y":"\(y)"}]}}
            """
        return TrustStore(files: [TrustFile(path: "shc/issuer.json", bytes: Array(json.utf8))])
    }

    static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

private struct MemoryKey: CredentialSigner {
    let key: P256.Signing.PrivateKey
    var publicKey: P256.Signing.PublicKey { key.publicKey }
    func signature(over message: [UInt8]) async throws -> [UInt8] {
        Array(try key.signature(for: message).rawRepresentation)
    }
}

/// Issuing and verifying a SMART Health Card against the cryptography that it cannot do without.
enum CredentialBench {
    static func verify(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let sample = try SampleCredential()
        let card = try await sample.issue()
        let verifier = Verifier(trust: try sample.trust())
        let message = Array(card.jws.utf8.prefix { _ in true })
        let signature = try sample.key.signature(for: message)
        let key = sample.key.publicKey
        let figure = try await stopwatch.measure(
            "verify/shc",
            against: .work(
                "one bare P-256 verification (swift-crypto)",
                { guard key.isValidSignature(signature, for: message) else { throw BenchError("refused") } })
        ) {
            guard verifier.check([card.qrText], at: SampleCredential.now).first?.isValid == true else {
                throw BenchError("the sample was found invalid")
            }
        }
        return [figure]
    }

    static func issue(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let sample = try SampleCredential()
        let payload = Array(
            String(repeating: sample.subject.performer + "resourceType Immunization completed ", count: 34).utf8)
        let figure = try await stopwatch.measure(
            "issue/shc",
            against: .work(
                "bare DEFLATE (zlib, level 9) of \(payload.count) bytes and one P-256 signature",
                {
                    let deflated = try Self.deflate(payload)
                    _ = try sample.key.signature(for: deflated)
                })
        ) {
            _ = try await sample.issue()
        }
        return [figure]
    }

    private static func deflate(_ bytes: [UInt8]) throws -> [UInt8] {
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
                == Z_OK
        else { throw BenchError("zlib does not start") }
        defer { deflateEnd(&stream) }
        var input = bytes
        return try input.withUnsafeMutableBufferPointer { source in
            try [UInt8](unsafeUninitializedCapacity: bytes.count + 64) { target, count in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                guard CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END else { throw BenchError("zlib does not end") }
                count = Int(stream.total_out)
            }
        }
    }
}
