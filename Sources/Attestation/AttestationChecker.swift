import Credentials
import Crypto
package import Foundation

/// Judges attestations by a policy and a list of revoked attestation keys. It has no clock, network or disk.
package struct AttestationChecker: Sendable {
    /// What it judges by.
    package let policy: AttestationPolicy
    private let status: AndroidStatusList?

    /// A checker.
    ///
    /// - Parameters:
    ///   - policy: what is accepted.
    ///   - status: Google's list; `nil` if there is none that can be read, which refuses all of Android.
    package init(policy: AttestationPolicy, status: AndroidStatusList?) {
        self.policy = policy
        self.status = status
    }

    /// Checks an attestation.
    ///
    /// - Parameters:
    ///   - attestation: as it was sent.
    ///   - challenge: what it has to be made for.
    ///   - proof: of Android and in development the key's signature over ``DeviceProof/enrolment(_:)``; of iOS none, since Apple
    ///     takes no attestation from a device that has not the key.
    ///   - keyHash: how the device named its key (Apple's key id), if it did: SHA-256 of the uncompressed point.
    ///   - now: the time.
    package func check(
        _ attestation: Attestation, challenge: EnrolmentChallenge, proof: [UInt8]?, keyHash: [UInt8]? = nil,
        at now: Date
    ) throws(AttestationRefusal) -> AttestedDeviceKey {
        let key: AttestedDeviceKey
        switch attestation.content {
        case .chain(let chain):
            key = try check(chain, attestation.platform, challenge, at: now)
        case .appAttest(let statement):
            guard let apple = policy.apple else { throw .platformNotTaken }
            key = try statement.check(apple, clientDataHash: challenge.bytes, at: now)
        }
        if let keyHash, keyHash != key.facts.keyHash { throw .keyDiffers }
        try check(proof, of: key, challenge)
        if let refusal = policy.revocations.refusal(of: key.facts) { throw refusal }
        return key
    }

    private func check(
        _ chain: CertificateChain, _ platform: AttestationPlatform, _ challenge: EnrolmentChallenge, at now: Date
    ) throws(AttestationRefusal) -> AttestedDeviceKey {
        let rules: AndroidRules
        let statement: KeyDescription
        if platform == .development {
            guard let development = policy.development else { throw .platformNotTaken }
            rules = AndroidRules(development)
            statement = try Self.statement(chain, development.roots, at: now)
        } else {
            guard let android = policy.android else { throw .platformNotTaken }
            rules = AndroidRules(android)
            statement = try Self.statement(chain, android.roots, at: now)
            try checkStatus(chain, android, at: now)
        }
        if let refusal = rules.refusals(statement, challenge: challenge.bytes).first { throw refusal }
        guard let key = chain.certificates.first?.p256Key else { throw .keyType }
        guard let level = statement.level else { throw .levelNotTaken }
        guard let (app, version) = rules.app(statement.software.application) else { throw .appUnknown }
        return AttestedDeviceKey(
            platform: platform, publicKey: key, level: level,
            facts: DeviceFacts(
                keyHash: DeviceProofKey.hash(of: key), app: app.package, appVersion: version,
                patchLevel: statement.hardware.patchLevel, model: rules.model(statement)),
            osVersion: statement.hardware.osVersion, vendorPatchLevel: statement.hardware.vendorPatchLevel,
            bootPatchLevel: statement.hardware.bootPatchLevel, environment: nil)
    }

    /// What a chain's hardware says, once its signatures were found right.
    static func statement(
        _ chain: CertificateChain, _ roots: [AttestationRoot], at now: Date
    ) throws(AttestationRefusal) -> KeyDescription {
        try chain.verify(
            to: roots, allowing: [KeyDescription.identifier, KeyDescription.provisioningIdentifier],
            at: now.timeIntervalSince1970)
        return try KeyDescription.read(chain)
    }

    // Of every certificate, as Google asks; no list, a broken or an old one says nothing of any.
    private func checkStatus(
        _ chain: CertificateChain, _ policy: AndroidPolicy, at now: Date
    ) throws(AttestationRefusal) {
        guard let status, status.isUsable(at: now, maximumAge: policy.maximumStatusAge) else { throw .statusUnknown }
        guard !chain.certificates.contains(where: status.names) else { throw .revoked }
    }

    private func check(
        _ proof: [UInt8]?, of key: AttestedDeviceKey, _ challenge: EnrolmentChallenge
    ) throws(AttestationRefusal) {
        if key.platform == .ios {
            guard proof == nil else { throw .proofMalformed }
        } else {
            guard let proof else { throw .proofMalformed }
            _ = try key.proofKey.check(proof, of: DeviceProof.enrolment(challenge))
        }
    }
}
