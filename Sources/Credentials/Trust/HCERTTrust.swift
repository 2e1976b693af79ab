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
    /// Files outside the test part with a development mark in them.
    private(set) var marked: Set<String> = []

    var isEmpty: Bool { signers.isEmpty }

    /// What is revoked, by whether a test signer signed.
    func revocation(isTest: Bool) -> [DCCRevocation] { isTest ? [revocation, testRevocation] : [revocation] }

    // By whether only the test part's signers are concerned.
    private var unknown: [Bool: UnknownRevocation] = [:]
    /// The batches in use.
    private(set) var held: [HeldList] = []

    /// Whether it is not known what is revoked of a signer's certificates.
    func isUnknown(keyID: [UInt8], country: String?, isTest: Bool, at now: Double) -> Bool {
        guard !unknown.isEmpty else { return false }
        let key = TrustManifest.hexadecimal(keyID)
        return (isTest ? [false, true] : [false]).contains {
            unknown[$0]?.covers(key: key, country: country, at: now) ?? false
        }
    }

    /// Notes that it is not known what is revoked of some certificates.
    mutating func noteUnknown(isTest: Bool, _ change: (inout UnknownRevocation) -> Void) {
        change(&unknown[isTest, default: UnknownRevocation()])
    }

    /// Adds a revocation batch; ``sortRevocation()`` must follow. Returns what was refused.
    mutating func addBatch(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        guard let batch = DCCRevocation.Batch(file.bytes) else {
            // Half a batch revokes nothing, and says nothing of whoever is not in it.
            let scope = DCCRevocation.Batch.scope(file.bytes)
            noteUnknown(isTest: isTest) {
                $0.note(key: scope.keyID.map(TrustManifest.hexadecimal), country: scope.country, until: scope.until)
            }
            return [TrustRefusal(path: file.path, code: TrustRefusal.listMalformed, keyID: nil)]
        }
        if isTest { testRevocation.add(batch) } else { revocation.add(batch) }
        held.append(HeldList(batch, path: file.path))
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
            if certificate.isDevelopment, !isTest { marked.insert(file.path) }
            let keyID = Array(SHA256.hash(data: certificate.der).prefix(8))
            signers[keyID, default: []].append(
                Signer(certificate: certificate, isTest: isTest || certificate.isDevelopment))
        }
        return []
    }
}

extension HeldList {
    /// A batch as it is held.
    init(_ batch: DCCRevocation.Batch, path: String) {
        self.init(
            path: path, key: batch.keyID.isEmpty ? nil : TrustManifest.hexadecimal(batch.keyID),
            country: batch.keyID.isEmpty ? batch.country : nil, least: Double(batch.count), expires: batch.expires)
    }
}
