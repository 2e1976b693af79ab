import CZlib
import CredentialIssuing
import Credentials
import Crypto
import Foundation
import Vaccination

/// Issuing and verifying certificates against the cryptography, and for issuing the compression, that they cannot do
/// without. The certificates are different ones in turn, as they are in life.
enum CredentialBench {
    private static let variety = 200

    static func verify(_ format: Format, _ stopwatch: Stopwatch) async throws -> [Figure] {
        let issuers = try SampleIssuers()
        let verifier = Verifier(trust: TrustStore(files: issuers.trustFiles))
        // As many different signatures as there are certificates: a processor learns the branches of one that comes again
        // and again, and is then faster than any verifier could be.
        let key = issuers.smartHealthCardKey.publicKey
        let signed = try (0..<variety).map { index in
            let digest = SHA256.hash(data: Array("message \(index)".utf8))
            return (digest: digest, signature: try issuers.smartHealthCardKey.signature(for: digest))
        }
        var nextSigned = 0
        let texts = try await issuers.texts(format, count: variety)
        var next = 0
        let figure = try await stopwatch.measure(
            "verify/\(format.rawValue)",
            against: .work(
                "one bare P-256 verification of a digest (swift-crypto), of different ones in turn",
                {
                    nextSigned = (nextSigned + 1) % signed.count
                    let (digest, signature) = signed[nextSigned]
                    guard key.isValidSignature(signature, for: digest) else { throw BenchError("refused") }
                })
        ) {
            next = (next + 1) % texts.count
            let verdicts = verifier.check([texts[next]], at: SampleIssuers.now)
            guard verdicts.count == 1, verdicts[0].isValid else {
                throw BenchError("a sample was found invalid")
            }
        }
        return [figure]
    }

    /// As `vrs` issues: it verifies the whole certificate itself afterwards, which is measured by verify/….
    static func issueSmartHealthCard(_ stopwatch: Stopwatch) async throws -> [Figure] {
        try await issue(.shc, check: .byCaller, stopwatch, "issue/shc")
    }
    static func issueDCC(_ stopwatch: Stopwatch) async throws -> [Figure] {
        try await issue(.dcc, check: .byCaller, stopwatch, "issue/dcc")
    }
    /// As the library issues when its caller says nothing else: each signature is verified.
    static func issueSmartHealthCardChecked(_ stopwatch: Stopwatch) async throws -> [Figure] {
        try await issue(.shc, check: .signature, stopwatch, "issue/shc/checked")
    }
    static func issueDCCChecked(_ stopwatch: Stopwatch) async throws -> [Figure] {
        try await issue(.dcc, check: .signature, stopwatch, "issue/dcc/checked")
    }

    private static func issue(
        _ format: Format, check: OutputCheck, _ stopwatch: Stopwatch, _ name: String
    ) async throws -> [Figure] {
        let issuers = try SampleIssuers()
        let people = try (0..<variety).map { try SamplePerson($0) }
        let isSmartHealthCard = format == .shc
        var parts: [Parts] = []
        for person in people {
            parts.append(
                isSmartHealthCard
                    ? try .init(smartHealthCard: try await issuers.smartHealthCard(person).jws)
                    : try .init(dcc: try await issuers.dcc(person).text))
        }
        let baseline = bare(
            parts, isSmartHealthCard ? issuers.smartHealthCardKey : issuers.dccKey, isSmartHealthCard ? .raw : .zlib)
        var next = 0
        return [
            try await stopwatch.measure(name, against: baseline) {
                next = (next + 1) % people.count
                if isSmartHealthCard {
                    _ = try await issuers.smartHealthCard(people[next], check)
                } else {
                    _ = try await issuers.dcc(people[next], check)
                }
            }
        ]
    }

    /// What compression and signing of one certificate take in.
    private struct Parts {
        let compressed: [UInt8]
        let signed: [UInt8]

        init(smartHealthCard jws: String) throws {
            let parts = jws.split(separator: ".")
            guard parts.count == 3 else { throw BenchError("no JWS") }
            compressed = try Deflate.inflate(try Base64URL.decode(Array(parts[1].utf8)), limit: 1 << 20)
            signed = Array((parts[0] + "." + parts[1]).utf8)
        }

        init(dcc text: String) throws {
            let bytes = try Base45.decode(Array(text.utf8), in: 4..<text.utf8.count)
            compressed = try Deflate.inflate(bytes, limit: 1 << 20, wrapping: .zlib)
            let message = try CBOR(compressed)
            guard let payload = message.byteString(message.children(of: message.untagged(message.root, 18))[2]) else {
                throw BenchError("no COSE message")
            }
            // The Sig_structure is some 40 bytes longer.
            signed = payload + [UInt8](repeating: 0, count: 40)
        }
    }

    private static func bare(_ parts: [Parts], _ key: P256.Signing.PrivateKey, _ wrapping: Deflate.Wrapping) -> Baseline
    {
        var next = 0
        return .work("bare DEFLATE (zlib, level 9) and P-256 signature of the same bytes") {
            next = (next + 1) % parts.count
            _ = try deflate(parts[next].compressed, wrapping)
            _ = try key.signature(for: SHA256.hash(data: parts[next].signed))
        }
    }

    private static func deflate(_ bytes: [UInt8], _ wrapping: Deflate.Wrapping) throws -> [UInt8] {
        var stream = z_stream()
        guard
            deflateInit2_(
                &stream, 9, Z_DEFLATED, wrapping == .raw ? -MAX_WBITS : MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
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
