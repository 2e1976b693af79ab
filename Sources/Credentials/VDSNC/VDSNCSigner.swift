import Crypto
import Synchronization

/// A VDS-NC's signer whose certificate somebody vouches for: pinned, or issued by a trusted country authority.
final class VDSNCSigner: Sendable {
    init(
        certificate: Certificate, isTest: Bool, isPinned: Bool, authorities: [VDSNCTrust.Authority],
        identifiers: RevocationState?
    ) {
        (self.certificate, self.isTest, self.isPinned) = (certificate, isTest, isPinned)
        (self.authorities, self.identifiers) = (authorities, identifiers)
    }

    let certificate: Certificate
    let isTest: Bool
    /// Whether it is trusted by itself, whoever issued it.
    let isPinned: Bool
    /// The certificates of the authority that issued it, as far as they are known here: an authority renews its own under
    /// the same key.
    let authorities: [VDSNCTrust.Authority]
    /// What is known of the published lists that its certificates' identifiers stand in; `nil` if it is linked to none.
    let identifiers: RevocationState?

    /// The authority's certificate by which the signer is judged at a time: one that is valid then, if there is any (one path
    /// that holds is enough, RFC 5280 section 6.1); `nil` if no authority is known here.
    func authority(at now: Double) -> VDSNCTrust.Authority? { authorities.first(at: now) }

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
    private let cards: SmartHealthCardTrust
    private let known = Mutex<[Encoding: VDSNCSigner]>([:])

    /// A certificate's encoding, told from others by its end, which is of its signature: only certificates that somebody
    /// vouches for are kept, so that nobody can choose many with one end.
    private struct Encoding: Hashable {
        let der: [UInt8]
        func hash(into hasher: inout Hasher) { for byte in der.suffix(8) { hasher.combine(byte) } }
    }

    // Only certificates that somebody vouches for are kept, so strangers cannot fill it.
    private static let maximumKnown = 1024
    private let authorities: AuthorityIndex

    init(trust: VDSNCTrust, cards: SmartHealthCardTrust) {
        (self.trust, self.cards) = (trust, cards)
        authorities = AuthorityIndex(trust.trusted)
    }

    /// The signer of a DER certificate.
    func signer(_ der: [UInt8]) throws(Refusal) -> VDSNCSigner {
        if let signer = known.withLock({ $0[Encoding(der: der)] }) { return signer }
        let signer = try find(der)
        known.withLock {
            if $0.count >= Self.maximumKnown { $0.removeAll() }
            $0[Encoding(der: der)] = signer
        }
        return signer
    }

    private func find(_ der: [UInt8]) throws(Refusal) -> VDSNCSigner {
        guard let certificate = Certificate(der: der) else { throw Refusal(.signerMalformed) }
        let all = authorities.issuers(of: certificate)
        let issuers = all.filter { !$0.isRetired }
        // The same authority in both parts of the folder: a test authority that strayed.
        let tests = issuers.filter(\.isTest)
        let pinned = trust.pinned[certificate]
        guard pinned != nil || !issuers.isEmpty else { throw Refusal(.signerUntrusted) }
        let isTest = pinned ?? (!tests.isEmpty || certificate.isDevelopment)
        return VDSNCSigner(
            certificate: certificate, isTest: isTest, isPinned: pinned != nil,
            // What a retired authority revoked of what is pinned stays revoked.
            authorities: issuers.isEmpty ? all : tests.isEmpty ? issuers : tests,
            identifiers: identifiers(certificate, issuedBy: all.map(\.certificate), isTest: isTest))
    }

    /// The authorities that a certificate is compared with: those of its issuer's name.
    func candidates(for certificate: Certificate) -> [VDSNCTrust.Authority] {
        authorities.candidates(for: certificate).map(\.authority)
    }

    /// What is known of the lists of the issuers that a signer is linked to.
    private func identifiers(
        _ certificate: Certificate, issuedBy authorities: [Certificate], isTest: Bool
    ) -> RevocationState? {
        guard !trust.links.isEmpty else { return nil }
        let forms = certificate.forms(issuedBy: authorities).map { TrustManifest.digest($0) }
        let issuers = Set(forms.flatMap { trust.links[$0] ?? [] })
        guard !issuers.isEmpty else { return nil }
        var state = RevocationState(lists: [])
        for issuer in issuers {
            let one = cards.state(ofIssuer: issuer, isTest: isTest)
            state.lists += one.lists
            if one.isUnknown { state.isUnknown = true }
        }
        return state
    }
}

extension TrustStore {
    /// The authorities that a VDS-NC signer's certificate is compared with: those of its issuer's name alone.
    package func candidates(for certificate: Certificate) -> [Certificate] {
        VDSNCSigners(trust: vdsnc, cards: smartHealthCards).candidates(for: certificate).map(\.certificate)
    }
}
