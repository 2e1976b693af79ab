import Crypto
import CryptoExtras
import Foundation

/// What a phone's session and a query cannot do without, done bare on all cores at once: keys parsed, nothing read, checked or sent.
///
/// `akashi-bench bare SECONDS session|query` prints how many a second, for a baseline beside whole ones of started programs.
enum BareSession {
    static func work(_ arguments: some Collection<String>) async throws {
        let words = Array(arguments)
        guard words.count == 2, let seconds = Double(words[0]), (0.1...60).contains(seconds),
            ["session", "query"].contains(words[1])
        else { throw BenchError("akashi-bench bare SECONDS session|query") }
        let isSession = words[1] == "session"
        let folder = NSTemporaryDirectory() + "akashi-bare-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let begun = ContinuousClock.now
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
            for core in 0..<ProcessInfo.processInfo.activeProcessorCount {
                group.addTask {
                    let parts = try Parts(file: "\(folder)/\(core)")
                    let end = ContinuousClock.now.advanced(by: .seconds(seconds))
                    var count = 0
                    while ContinuousClock.now < end { count += isSession ? try parts.sessions() : try parts.queries() }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        let rate = Double(done) / ((ContinuousClock.now - begun) / .seconds(1))
        print(Stopwatch.rounded(rate))
    }

    /// The keys and messages of one core.
    private struct Parts {
        /// How many sessions are under way at once, which share what is written durably.
        private static let together = 64
        private static let message = [UInt8](repeating: 7, count: 450)
        private static let digest = SHA256.hash(data: message)
        private let chip: _RSA.Signing.PrivateKey
        private let chipSignature: _RSA.Signing.RSASignature
        private let signer = P256.Signing.PrivateKey()
        private let signature: P256.Signing.ECDSASignature
        private let upload = P256.KeyAgreement.PrivateKey()
        private let answer = P256.KeyAgreement.PrivateKey()
        private let asked: (key: Data, sealed: Data)
        private let file: FileHandle
        private let files = Data(count: 1536)
        private let answered = Data(count: 32_768)
        private let rows = Data(count: 4096 * Parts.together)
        private let info = Data("bare".utf8)
        private let suite = HPKE.Ciphersuite.P256_SHA256_AES_GCM_256

        init(file path: String) throws {
            chip = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            chipSignature = try chip.signature(for: Self.digest, padding: .insecurePKCS1v1_5)
            signature = try signer.signature(for: Self.message)
            var sender = try HPKE.Sender(recipientKey: upload.publicKey, ciphersuite: suite, info: info)
            asked = (sender.encapsulatedKey, try sender.seal(Data(count: 512)))
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let handle = FileHandle(forWritingAtPath: path)
            else { throw BenchError("\(path) cannot be written") }
            file = handle
        }

        /// Sessions that share their durable writes: attempt, claim, intent, signed, outcome.
        func sessions() throws -> Int {
            for _ in 0..<Self.together { try session() }
            for _ in 0..<5 {
                try file.write(contentsOf: rows)
                try file.synchronize()
            }
            try file.truncate(atOffset: 0)
            return Self.together
        }

        func queries() throws -> Int {
            try query()
            return 1
        }

        /// A phone's and its services' signatures, checks and agreements in one session without a page.
        private func session() throws {
            // TLS between phone and mobile back end: the server's signature; chain and signature at the phone.
            try handshake()
            try sign(1)
            try verify(2)
            // The day's statement; the chip's key by its file.
            try verify(1)
            _ = try chip.signature(for: Self.digest, padding: .insecurePKCS1v1_5)
            try check(1)
            // Files to the upload key, and the device's proof.
            var sender = try HPKE.Sender(recipientKey: upload.publicKey, ciphersuite: suite, info: info)
            let sealed = try sender.seal(files)
            try sign(1)
            // At the mobile back end: device certificate, proof, chip file, chip.
            try verify(2)
            try check(2)
            // At the record system: device certificate, proof, four of the card; opened.
            try verify(2)
            try check(4)
            var recipient = try HPKE.Recipient(
                privateKey: upload, ciphersuite: suite, info: info, encapsulatedKey: sender.encapsulatedKey)
            _ = try recipient.open(sealed)
            // The credential, and its check before it leaves.
            try sign(1)
            try verify(1)
            // The answer to the session's key, opened, and the credential checked once more.
            let session = P256.KeyAgreement.PrivateKey()
            var answering = try HPKE.Sender(
                recipientKey: session.publicKey, ciphersuite: suite, info: info, authenticatedBy: answer)
            let sealedAnswer = try answering.seal(answered)
            var opening = try HPKE.Recipient(
                privateKey: session, ciphersuite: suite, info: info, encapsulatedKey: answering.encapsulatedKey,
                authenticatedBy: answer.publicKey)
            _ = try opening.open(sealedAnswer)
            try verify(1)
            // The outcome.
            try sign(1)
            try verify(1)
        }

        /// The record system's part of a query: opened, its token opened, the reply sealed.
        private func query() throws {
            var recipient = try HPKE.Recipient(
                privateKey: upload, ciphersuite: suite, info: info, encapsulatedKey: asked.key)
            _ = try recipient.open(asked.sealed)
            let secret = try recipient.exportSecret(context: info, outputByteCount: 32)
            for _ in 0..<2 {
                let key = HKDF<SHA256>.deriveKey(inputKeyMaterial: secret, info: info, outputByteCount: 32)
                _ = try AES.GCM.seal(files.prefix(32), using: key)
            }
        }

        private func handshake() throws {
            let client = Curve25519.KeyAgreement.PrivateKey()
            let passing = Curve25519.KeyAgreement.PrivateKey()
            _ = try client.sharedSecretFromKeyAgreement(with: passing.publicKey)
            _ = try passing.sharedSecretFromKeyAgreement(with: client.publicKey)
        }

        private func sign(_ times: Int) throws {
            for _ in 0..<times { _ = try signer.signature(for: Self.message) }
        }

        private func verify(_ times: Int) throws {
            for _ in 0..<times where !signer.publicKey.isValidSignature(signature, for: Self.message) {
                throw BenchError("a right signature was refused")
            }
        }

        private func check(_ times: Int) throws {
            for _ in 0..<times
            where !chip.publicKey.isValidSignature(chipSignature, for: Self.digest, padding: .insecurePKCS1v1_5) {
                throw BenchError("a right signature was refused")
            }
        }
    }
}
