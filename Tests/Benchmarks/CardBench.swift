import CardChip
import Crypto
import CryptoExtras
import SimulatedCard

/// The check of an application's card part against what it cannot do without: four RSA-2048 signatures.
enum CardBench {
    static func run(_ stopwatch: Stopwatch) async throws -> [Figure] {
        let authority = try SimulatedAuthority.create()
        let checker = CardChecker(authorities: try authority.authorities())

        let digest = SHA256.hash(data: Array("a transcript".utf8))
        let (files, signature) = try present(authority, digest)
        let bare = try BareVerification()
        let figure = try await stopwatch.measure(
            "card/check", against: .work("four bare RSA-2048 verifications (swift-crypto)", { try bare.run(4) })
        ) {
            _ = try checker.check(files, chipSignature: signature, over: digest)
        }
        return [figure]
    }

    /// A made-up person's card, read through its real commands, with the chip's signature over a digest.
    private static func present(
        _ authority: SimulatedAuthority, _ digest: SHA256Digest
    ) throws -> (CardFiles, [UInt8]) {
        let holder = try CardHolder(
            individualNumber: "537686677188", name: "見本\u{3000}花子", address: "見本県見本市見本町１－２－３", birthDate: "19800217",
            sexDigit: 2)
        let file = try SimulatedCardFile.make(holder: holder, pin: "1234", authority: authority)
        let presented = try CustomerCard(file).present()
        return (presented.files, try presented.chip.authenticate(digest: digest))
    }
}

/// RSA-2048 verifications and nothing else: keys parsed, digests computed beforehand.
struct BareVerification {
    private let key: _RSA.Signing.PublicKey
    private let signature: _RSA.Signing.RSASignature
    private let digest = SHA256.hash(data: Array("a bare message".utf8))

    init() throws {
        let pair = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        key = pair.publicKey
        signature = try pair.signature(for: digest, padding: .insecurePKCS1v1_5)
    }

    func run(_ times: Int) throws {
        for _ in 0..<times where !key.isValidSignature(signature, for: digest, padding: .insecurePKCS1v1_5) {
            throw BenchError("a right signature was refused")
        }
    }
}
