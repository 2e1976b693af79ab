import Crypto

/// The document signers of HCERT codes that are trusted, by the first eight bytes of their certificates' digests.
struct HCERTTrust: Sendable {
    struct Signer: Sendable {
        let certificate: Certificate
        let isTest: Bool
    }

    private(set) var signers: [[UInt8]: [Signer]] = [:]
    private var revocation = DCCRevocation()
    private var testRevocation = DCCRevocation()
    var age = TrustAge()

    var isEmpty: Bool { signers.isEmpty }

    /// What is revoked, by whether a test signer signed.
    func revocation(isTest: Bool) -> [DCCRevocation] { isTest ? [revocation, testRevocation] : [revocation] }

    /// Adds a revocation batch; ``sortRevocation()`` must follow. Returns what was refused.
    mutating func addBatch(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        guard let batch = DCCRevocation.Batch(file.bytes) else {
            return [TrustRefusal(path: file.path, code: "revocation.malformed", keyID: nil)]
        }
        if isTest { testRevocation.add(batch) } else { revocation.add(batch) }
        age.noteRevocation(file.fetched, isTest: isTest)
        return []
    }

    mutating func sortRevocation() {
        revocation.sort()
        testRevocation.sort()
    }

    /// Adds a file with certificates. Returns what was refused.
    mutating func add(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        let objects = PEM.objects("CERTIFICATE", in: file.bytes) ?? []
        let certificates = objects.compactMap { Certificate(der: $0) }
        guard !objects.isEmpty, certificates.count == objects.count else {
            return [TrustRefusal(path: file.path, code: "certificate.malformed", keyID: nil)]
        }
        age.noteTrust(file.fetched, isTest: isTest)
        for certificate in certificates {
            let keyID = Array(SHA256.hash(data: certificate.der).prefix(8))
            signers[keyID, default: []].append(Signer(certificate: certificate, isTest: isTest))
        }
        return []
    }
}
