import Crypto

/// The document signers of HCERT codes that are trusted, by the first eight bytes of their certificates' digests.
struct SignerTrust: Sendable {
    struct Signer: Sendable {
        let certificate: Certificate
        let isTest: Bool
    }

    private(set) var signers: [[UInt8]: [Signer]] = [:]

    var isEmpty: Bool { signers.isEmpty }

    /// Adds a file with certificates. Returns what was refused.
    mutating func add(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        let objects = PEM.objects("CERTIFICATE", in: file.bytes) ?? []
        let certificates = objects.compactMap { Certificate(der: $0) }
        guard !objects.isEmpty, certificates.count == objects.count else {
            return [TrustRefusal(path: file.path, code: "certificate.malformed", keyID: nil)]
        }
        for certificate in certificates {
            let keyID = Array(SHA256.hash(data: certificate.der).prefix(8))
            signers[keyID, default: []].append(Signer(certificate: certificate, isTest: isTest))
        }
        return []
    }
}
