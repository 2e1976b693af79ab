package import CheckedConfiguration
import CredentialIssuing
package import Credentials
import Crypto
package import Foundation
package import PKCS11
package import Records
package import Signing

/// What signs VDS-NC, with what stands in each.
package struct VDSNCSigning: Sendable {
    /// The barcode signer.
    package var signer: CertifiedSigner
    /// The issuing state, three letters.
    package let state: String
    /// Who administers the programme, at most 20 characters, as each dose names it.
    package let administrator: String
    /// Revocation lists of the signer's authority, DER, for the export.
    package let revocationLists: [[UInt8]]
    /// The certificates of signers used before, DER, for the export when signers are pinned.
    package let earlier: [[UInt8]]

    package init(
        signer: CertifiedSigner, state: String = "JPN", administrator: String = "MHLW_Gov_of_JAPAN",
        revocationLists: [[UInt8]] = [], earlier: [[UInt8]] = []
    ) {
        self.signer = signer
        self.state = state
        self.administrator = administrator
        self.revocationLists = revocationLists
        self.earlier = earlier
    }
}

/// What signs EU Digital COVID Certificates, with what stands in each.
package struct DocumentSigning: Sendable {
    /// The document signer.
    package var signer: CertifiedSigner
    /// The issuing country, two letters.
    package let country: String
    /// Who issues, as shown to people.
    package let issuer: String
    /// How long a certificate is valid, unless its signer ends before.
    package let validity: TimeInterval
    /// The certificates of signers used before, DER, for the export.
    package let earlier: [[UInt8]]

    package init(
        signer: CertifiedSigner, country: String = "JP", issuer: String, validity: TimeInterval = 365 * 86_400,
        earlier: [[UInt8]] = []
    ) {
        self.signer = signer
        self.country = country
        self.issuer = issuer
        self.validity = validity
        self.earlier = earlier
    }
}

/// Everything that signs codes.
package struct Signers: Sendable {
    /// The issuer's URL in SMART Health Cards.
    package let issuerURL: String
    /// The issuer's name in trust folders.
    package let issuerName: String
    /// The keys of SMART Health Cards.
    package var keys: KeyRing
    /// VDS-NC; needed for overseas certificates.
    package var vdsnc: VDSNCSigning?
    /// EU certificates; overseas certificates carry one if this is there.
    package var document: DocumentSigning?
    /// Keys that leaked: what they signed is to be refused, so that nothing published vouches for them any more.
    package var withdrawn: Set<SigningKeyUse> = []
    /// The token that holds keys, if one does.
    package var token: Token?

    package init(
        issuerURL: String, issuerName: String, keys: KeyRing, vdsnc: VDSNCSigning? = nil,
        document: DocumentSigning? = nil
    ) {
        self.issuerURL = issuerURL
        self.issuerName = issuerName
        self.keys = keys
        self.vdsnc = vdsnc
        self.document = document
    }

    /// The certificates of the signers of VDS-NC, now and before, DER.
    package var vdsncCertificates: [[UInt8]] { vdsnc.map { [$0.signer.certificate] + $0.earlier } ?? [] }

    /// The keys in use, and all whose public parts are published with them.
    var keyUses: (active: Set<SigningKeyUse>, known: Set<SigningKeyUse>) {
        var active: Set = [SigningKeyUse(role: .shc, thumbprint: keys.active.publicKey)]
        var known = active.union(keys.earlier.map { SigningKeyUse(role: .shc, thumbprint: $0) })
        for (role, signer, earlier) in [
            (SigningKeyUse.Role.vdsnc, vdsnc?.signer, vdsnc?.earlier ?? []),
            (.dcc, document?.signer, document?.earlier ?? []),
        ] {
            guard let signer else { continue }
            active.insert(SigningKeyUse(role: role, thumbprint: signer.key.publicKey))
            known.formUnion(
                earlier.compactMap { Certificate(der: $0)?.p256Key }.map { SigningKeyUse(role: role, thumbprint: $0) })
        }
        known.formUnion(active)
        known.formUnion(withdrawn)
        return (active, known)
    }

    /// Notes the keys in use, before anything is signed with them.
    /// - Throws: ``MissingKeys`` if a key that was used before is not among these: what it signed would be refused with the
    ///   next export.
    func note(in store: any SigningKeyStore, now: Date) async throws {
        try await refuseMissing(in: store)
        try await store.noteSigningKeys(keyUses.active, now: now)
    }

    /// Throws ``MissingKeys`` if a key that was used before is not among these.
    func refuseMissing(in store: any SigningKeyStore) async throws {
        let missing = try await store.signingKeys().subtracting(keyUses.known)
        guard missing.isEmpty else { throw MissingKeys(keys: missing) }
    }

    /// The files of a verifier's trust folder that vouch for what is signed here.
    ///
    /// - Parameters:
    ///   - isDevelopment: whether they lie in the folder's test part.
    ///   - revoked: see ``Signing/KeyRing/trustFile(issuer:name:revoked:)``.
    package func trustFiles(
        isDevelopment: Bool, revoked: [String: (ctr: Int, rids: [String])] = [:]
    ) -> [TrustFile] {
        let part = isDevelopment ? "test/" : ""
        var files = [
            TrustFile(
                path: part + "shc/issuer.json",
                bytes: keys.trustFile(
                    issuer: issuerURL, name: issuerName, revoked: revoked, isDevelopment: isDevelopment))
        ]
        func add(_ contents: [[UInt8]], to folder: String, name: String, type: String) {
            for (index, bytes) in contents.enumerated() {
                let number = index == 0 ? "" : "-\(index + 1)"
                files.append(TrustFile(path: "\(part)\(folder)/\(name)\(number).\(type)", bytes: bytes))
            }
        }
        if let vdsnc {
            add(vdsnc.signer.authorities, to: "vdsnc", name: "csca", type: "cer")
            // Without an authority's certificate the signers themselves are what a verifier can trust.
            if vdsnc.signer.authorities.isEmpty {
                add([vdsnc.signer.certificate] + vdsnc.earlier, to: "vdsnc", name: "signer", type: "cer")
            }
            add(vdsnc.revocationLists, to: "vdsnc", name: "csca", type: "crl")
        }
        if let document {
            add([document.signer.certificate] + document.earlier, to: "dcc", name: "signer", type: "cer")
        }
        return files
    }

    /// The stable codes of signers whose certificate does not cover an instant.
    package func outOfDate(at now: Date) -> [String] {
        func judge(_ signer: CertifiedSigner?, _ name: String) -> String? {
            guard let signer else { return nil }
            return now < signer.notBefore || now > signer.notAfter ? name + ".signer_out_of_date" : nil
        }
        return [judge(vdsnc?.signer, "seal"), judge(document?.signer, "dcc")].compactMap { $0 }
    }
}

/// Keys that signed certificates, and that the configuration does not name any more.
package struct MissingKeys: ExplainedError {
    /// The keys.
    package let keys: Set<SigningKeyUse>

    package var exitStatus: ExitStatus { .configuration }
    package var english: String {
        "signing keys that were used are not configured any more: list their public parts or certificates as earlier ones"
    }
    package var japanese: String { "使用した署名鍵が設定にありません。以前の鍵または証明書として記載してください。" }

    package var description: String {
        keys.sorted { ($0.role.rawValue, $0.thumbprint) < ($1.role.rawValue, $1.thumbprint) }.map { key in
            let place =
                switch key.role {
                case .shc: "issuer.earlierKeys (its public part), or if it leaked in issuer.withdrawnKeys"
                case .vdsnc:
                    "seal.earlierCertificates (its certificate), or if it leaked in seal.withdrawnCertificates"
                case .dcc: "dcc.earlierCertificates (its certificate), or if it leaked in dcc.withdrawnCertificates"
                }
            return """
                the \(key.role.rawValue) key \(key.thumbprint) was used and is not configured any more, so that verifiers would \
                refuse what it signed: list it in \(place) / 使用した署名鍵が設定にありません。\(place) に記載してください。
                """
        }.joined(separator: "\n")
    }
}

extension SigningKeyUse {
    init(role: Role, thumbprint key: P256.Signing.PublicKey) {
        self.init(role: role, thumbprint: JWK.thumbprint(of: key))
    }
}
