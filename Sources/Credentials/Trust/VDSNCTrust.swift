/// The countries' signing authorities (CSCA) and single signers whose VDS-NC are trusted, with the revocation lists.
struct VDSNCTrust: Sendable {
    struct Authority: Sendable {
        let certificate: Certificate
        let isTest: Bool
        var revocation: CertificateRevocationList?
    }

    private(set) var authorities: [Authority] = []
    /// Signers trusted by themselves, and whether only for tests.
    private(set) var pinned: [Certificate: Bool] = [:]

    private(set) var age = TrustAge()

    var isEmpty: Bool { authorities.isEmpty && pinned.isEmpty }

    /// Adds a file with certificates: authorities, or signers pinned directly. Returns what was refused.
    mutating func add(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        let objects = PEM.objects("CERTIFICATE", in: file.bytes) ?? []
        guard !objects.isEmpty else {
            return [TrustRefusal(path: file.path, code: "certificate.malformed", keyID: nil)]
        }
        var certificates: [Certificate] = []
        for der in objects {
            guard let certificate = Certificate(der: der) else {
                return [TrustRefusal(path: file.path, code: "certificate.malformed", keyID: nil)]
            }
            certificates.append(certificate)
        }
        age.noteTrust(file.fetched, isTest: isTest)
        for certificate in certificates {
            if certificate.isAuthority {
                authorities.append(Authority(certificate: certificate, isTest: isTest))
            } else {
                // Pinned in both parts of the folder: a test signer that strayed.
                pinned[certificate] = isTest || (pinned[certificate] ?? false)
            }
        }
        return []
    }

    /// Adds a revocation list; all certificates must have been added before.
    mutating func addList(_ file: TrustFile) -> [TrustRefusal] {
        let objects = PEM.objects("X509 CRL", in: file.bytes) ?? []
        guard !objects.isEmpty else { return [TrustRefusal(path: file.path, code: "revocation.malformed", keyID: nil)] }
        var refused: [TrustRefusal] = []
        for der in objects {
            guard
                let (list, issuer) = CertificateRevocationList.read(
                    der: der, authorities: authorities.map(\.certificate))
            else {
                refused.append(TrustRefusal(path: file.path, code: "revocation.unverified", keyID: nil))
                continue
            }
            for index in authorities.indices where authorities[index].certificate == issuer {
                age.noteRevocation(file.fetched, isTest: authorities[index].isTest)
                // The newest of several lists counts.
                if let known = authorities[index].revocation, known.thisUpdate >= list.thisUpdate { continue }
                authorities[index].revocation = list
            }
        }
        return refused
    }
}
