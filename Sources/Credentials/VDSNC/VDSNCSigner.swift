import Crypto
import Synchronization

/// A VDS-NC's signer whose certificate somebody vouches for: pinned, or issued by a trusted country authority.
struct VDSNCSigner: Sendable {
    let certificate: Certificate
    let isTest: Bool
    /// The authority that issued it; `nil` for a pinned one.
    let authority: VDSNCTrust.Authority?
    /// The trusted authorities that issued a pinned one: they vouch for nothing here, but may have revoked it.
    let pinnedAuthorities: [VDSNCTrust.Authority]

    /// Whether the signature is right. The algorithm must be the one of the key's curve.
    func isValid(_ signature: [UInt8], algorithm: String, over message: [UInt8]) throws(Refusal) -> Bool {
        switch (certificate.key, algorithm) {
        case (.p256(let key), "ES256"):
            return try Self.form(signature, 64) && ES256.isValid(signature, over: message, by: key)
        case (.p384(let key), "ES384"):
            guard try Self.form(signature, 96),
                let parsed = try? P384.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(parsed, for: SHA384.hash(data: message))
        case (.p521(let key), "ES512"):
            guard try Self.form(signature, 132),
                let parsed = try? P521.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(parsed, for: SHA512.hash(data: message))
        default: throw Refusal(.algorithmNotAllowed)
        }
    }

    private static func form(_ signature: [UInt8], _ count: Int) throws(Refusal) -> Bool {
        guard signature.count == count else { throw Refusal(.signatureMalformed) }
        return true
    }
}

/// Finds who vouches for signers' certificates and remembers those found, since a few signers sign everything.
///
/// What is remembered does not depend on time; validity periods and revocation are judged at each check.
final class VDSNCSigners: Sendable {
    private let trust: VDSNCTrust
    private let known = Mutex<[[UInt8]: VDSNCSigner]>([:])
    // Only certificates that somebody vouches for are kept, so strangers cannot fill it.
    private static let most = 1024

    init(trust: VDSNCTrust) { self.trust = trust }

    /// The signer of a DER certificate.
    func signer(_ der: [UInt8]) throws(Refusal) -> VDSNCSigner {
        if let signer = known.withLock({ $0[der] }) { return signer }
        let signer = try find(der)
        known.withLock {
            if $0.count >= Self.most { $0.removeAll() }
            $0[der] = signer
        }
        return signer
    }

    private func find(_ der: [UInt8]) throws(Refusal) -> VDSNCSigner {
        guard let certificate = Certificate(der: der) else { throw Refusal(.signerMalformed) }
        if let isTest = trust.pinned[certificate] {
            return VDSNCSigner(
                certificate: certificate, isTest: isTest, authority: nil, pinnedAuthorities: issuers(of: certificate))
        }
        let issuers = issuers(of: certificate)
        // The same authority in both parts of the folder: a test authority that strayed.
        guard let issuer = issuers.first(where: \.isTest) ?? issuers.first else { throw Refusal(.signerUntrusted) }
        return VDSNCSigner(
            certificate: certificate, isTest: issuer.isTest, authority: issuer, pinnedAuthorities: [])
    }

    private func issuers(of certificate: Certificate) -> [VDSNCTrust.Authority] {
        trust.authorities.filter { certificate.isIssued(by: $0.certificate) }
    }
}
