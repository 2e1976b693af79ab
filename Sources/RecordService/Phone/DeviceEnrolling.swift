import Attestation
import CardChip
import Crypto
package import Exchange
import Foundation
import Logging
import MutualTLS
import Records
import Signing
import Synchronization
import X509

/// Gives app instances their device certificates: a token, an attestation made for it, a certificate.
package struct DeviceEnrolling: Sendable {
    /// How long a token is good, in seconds: a person reads what the app says meanwhile.
    static let tokenSeconds = 600

    private let store: any DeviceStore
    private let control: ControlStateCache
    private let tokens: HourlyTokens
    private let masters: PhoneMasters
    private let attestations: AttestationSource
    private let authority: DeviceAuthority
    /// How many enrolments are under way at once; further ones are `service.busy`.
    package let places: ConcurrencyLimiter
    private let metrics: VRSMetrics
    private let logger: Logger
    private let now: @Sendable () -> Date

    init(
        store: any DeviceStore, control: ControlStateCache, masters: PhoneMasters, attestations: AttestationSource,
        authority: DeviceAuthority, places: ConcurrencyLimiter, metrics: VRSMetrics, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        (self.store, self.control, self.masters) = (store, control, masters)
        (self.attestations, self.authority, self.places) = (attestations, authority, places)
        (self.metrics, self.logger, self.now) = (metrics, logger, now)
        tokens = HourlyTokens(masters: masters, purpose: .enrolment, validSeconds: Self.tokenSeconds)
    }

    /// A new token.
    package func token() throws -> DeviceToken {
        DeviceToken(
            token: try tokens.make(now: now(), incarnation: control.snapshot.state.incarnation),
            validSeconds: tokens.validSeconds)
    }

    /// The certificate of an attested key. The same enrolment again gives the same one.
    package func enrol(_ request: DeviceEnrolment) async throws -> EnrolledDeviceAnswer {
        do {
            return try await places.admit { try await certificate(of: request) }
        } catch {
            let (code, cause) = Self.code(of: error)
            metrics.enrolment(code.rawValue)
            var metadata: Logger.Metadata = ["outcome": "\(code.rawValue)"]
            if let cause { metadata["cause"] = "\(cause)" }
            logger.info("enrolment refused", metadata: metadata)
            throw code
        }
    }

    private static func code(of error: any Error) -> (ProblemCode, String?) {
        switch error {
        case let refusal as AttestationRefusal: (ProblemCode(refusal), refusal.code)
        case let error as StoreError where error == .conflict(): (.deviceRevoked, nil)
        default: (ProblemMapping.code(issuing: error), ProblemMapping.cause(of: error))
        }
    }

    private func certificate(of request: DeviceEnrolment) async throws -> EnrolledDeviceAnswer {
        let now = now()
        guard let platform = AttestationPlatform(rawValue: request.platform) else {
            throw AttestationRefusal.platformNotTaken
        }
        let token = Array(request.token)
        guard let opened = tokens.open(token, incarnation: control.snapshot.state.incarnation) else {
            throw ProblemCode.enrolmentToken
        }
        let tokenHash = Array(SHA256.hash(data: token))
        // Its answer may have been lost in the token's last seconds: what it enrolled it enrols again for ten minutes, and nothing else.
        var earlier: EnrolledDevice?
        do throws(ProblemCode) { try opened.checkTime(now: now) } catch {
            earlier = try await store.device(enrolledBy: tokenHash, now: now)
            guard earlier != nil else { throw ProblemCode.enrolmentToken }
        }
        let attestation = try Attestation(platform: platform, bytes: Array(request.attestation))
        let key = try attestations.checker.check(
            attestation, challenge: EnrolmentChallenge(token: token, platform: platform),
            proof: request.proof.map { Array($0) }, at: now)
        if let refusal = control.snapshot.phones.refusal(enrolling: key.facts) { throw refusal }
        if let earlier {
            guard earlier.keyHash == key.facts.keyHash else { throw ProblemCode.enrolmentToken }
            return try repeated(earlier, tokenHash)
        }
        let code = RevocationCode(of: key.facts.keyHash, token: tokenHash, under: masters.keys[0])
        let issued = try authority.certificate(of: key, now: now)
        let device = EnrolledDevice(
            keyHash: key.facts.keyHash, kind: platform.rawValue, level: key.level.rawValue, notAfter: issued.notAfter,
            certificateDER: issued.der, codeHash: code.hash)
        guard let device else { throw ProblemCode.internal }
        let outcome = try await store.enrol(device, token: tokenHash, expires: opened.expires, now: now)
        switch outcome {
        case .fresh:
            metrics.enrolment("enrolled")
            logger.info(
                "enrolled", metadata: ["platform": "\(platform.rawValue)", "hardware": "\(key.level.rawValue)"])
            return EnrolledDeviceAnswer(certificate: issued.der, revocationCode: code.text)
        case .repeated(let device): return try repeated(device, tokenHash)
        case .used: throw ProblemCode.enrolmentToken
        }
    }

    /// What a device was given by the same enrolment before.
    private func repeated(_ device: EnrolledDevice, _ tokenHash: [UInt8]) throws -> EnrolledDeviceAnswer {
        guard !device.isRevoked else { throw ProblemCode.deviceRevoked }
        // The code that it was given then, also under an earlier master.
        let given = masters.keys.map { RevocationCode(of: device.keyHash, token: tokenHash, under: $0) }
        guard let code = given.first(where: { $0.hash == device.codeHash }) else { throw ProblemCode.enrolmentToken }
        metrics.enrolment("repeated")
        return EnrolledDeviceAnswer(certificate: device.certificateDER, revocationCode: code.text)
    }

    /// Revokes the device of a code that its holder was shown.
    package func revoke(_ request: DeviceRevocation) async throws {
        do {
            guard let code = RevocationCode(request.code),
                try await store.revokeDevice(codeHash: code.hash, now: now()) != nil
            else { throw ProblemCode.notFound }
        } catch {
            throw ProblemMapping.code(issuing: error)
        }
        try? await control.refresh()
        metrics.enrolment("revoked")
        logger.info("device revoked")
    }
}

/// The code with which a holder revokes a lost phone: 80 bits, shown once, kept as a hash.
struct RevocationCode: Hashable, Sendable {
    private let letters: [UInt8]

    /// The code of an enrolment; the same one again has the same.
    init(of keyHash: [UInt8], token: [UInt8], under master: SymmetricKey) {
        let message = Array("akashi/device-revocation/v1".utf8) + keyHash + token
        let mac = Array(HMAC<SHA256>.authenticationCode(for: message, using: master))
        // Five bits of each byte: bytes are uniform, and so are their lower bits.
        letters = mac.prefix(DeviceRevocation.letters).map { DeviceRevocation.alphabet[Int($0 & 31)] }
    }

    /// A code as somebody wrote it, see ``Exchange/DeviceRevocation/letters(of:)``.
    init?(_ text: String) {
        guard let letters = DeviceRevocation.letters(of: text) else { return nil }
        self.letters = letters
    }

    /// Four groups of four.
    var text: String {
        stride(from: 0, to: DeviceRevocation.letters, by: 4)
            .map { String(decoding: letters[$0..<$0 + 4], as: UTF8.self) }.joined(separator: "-")
    }

    /// What is kept of it.
    var hash: [UInt8] { Array(SHA256.hash(data: Array("akashi/device-revocation/v1".utf8) + letters)) }
}

/// Signs device certificates.
struct DeviceAuthority: Sendable {
    private let issuer: IssuingAuthority
    private let validDays: Int

    /// - Parameter validDays: how long certificates are valid; the app is attested anew for the next.
    init(issuer: IssuingAuthority, validDays: Int) {
        self.issuer = issuer
        self.validDays = validDays
    }

    func certificate(of key: AttestedDeviceKey, now: Date) throws -> (der: [UInt8], notAfter: Date) {
        let issued = try issuer.device(
            named: DeviceCertificate.uri(of: key), publicKey: key.publicKey, now: now, days: validDays)
        let der = try issued.certificate.der
        guard der.count <= DeviceCertificate.maximumBytes else { throw ProblemCode.internal }
        return (der, issued.certificate.notValidAfter)
    }
}

/// What attestations are judged by: the policy of the configuration, and Google's list of revoked keys, which is read again while the
/// service runs.
package final class AttestationSource: Sendable {
    private let policy: AttestationPolicy
    private let statusFile: String?
    private let state: Mutex<(checker: AttestationChecker, modified: Date?)>

    /// - Parameter statusFile: where the list lies; `nil` if no Android device is taken.
    init(policy: AttestationPolicy, statusFile: String?) {
        (self.policy, self.statusFile) = (policy, statusFile)
        state = Mutex((AttestationChecker(policy: policy, status: nil), nil))
        reload()
    }

    var checker: AttestationChecker { state.withLock { $0.checker } }

    /// Reads the list again if its file changed.
    /// - Returns: whether it is there and can be read, if one is wanted.
    @discardableResult
    func reload() -> Bool {
        guard let statusFile else { return true }
        let attributes = try? FileManager.default.attributesOfItem(atPath: statusFile)
        let modified = attributes?[.modificationDate] as? Date
        if let modified, state.withLock({ $0.modified }) == modified { return true }
        guard let modified, let data = FileManager.default.contents(atPath: statusFile),
            let list = AndroidStatusList(Array(data), fetched: modified)
        else {
            // One that cannot be read says nothing of any key, and what was read before grows old.
            return false
        }
        let checker = AttestationChecker(policy: policy, status: list)
        state.withLock { $0 = (checker, modified) }
        return true
    }
}
