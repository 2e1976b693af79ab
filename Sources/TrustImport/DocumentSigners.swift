import Credentials
import Crypto
import Foundation

// Signers of EU and WHO certificates: trust lists, DID documents, revocation batches.
extension TrustImporter {
    mutating func takeList(_ json: JSON, _ input: String) {
        let list = json.kind(json.root) == .array ? json.root : json.member("certificates", of: json.root)
        for entry in entries(list, json, input) ?? [] { takeEntry(entry, json, input) }
    }

    private mutating func takeEntry(_ entry: JSON.Place, _ json: JSON, _ input: String) {
        let kid = json.string(json.member("kid", of: entry))
        if let type = json.member("certificateType", of: entry), !json.isString(type, "DSC") {
            return refuse(.notSigner, input, about: kid)
        }
        let text = json.string(entry) ?? json.string(json.member("rawData", of: entry))
        takeDocumentSigner(text, kid: kid, input)
    }

    mutating func takeDocument(_ json: JSON, _ input: String) {
        let document = json.member("didDocument", of: json.root) ?? json.root
        guard let methods = entries(json.member("verificationMethod", of: document), json, input) else { return }
        for method in methods {
            let key = json.member("publicKeyJwk", of: method)
            let kid = json.string(json.member("kid", of: key))
            if json.member("d", of: key) != nil {
                refuse(.keyRefused, input, detail: "key.private", about: kid)
                continue
            }
            // The certificate says which key it is: coordinates beside it are met padded, or without their curve.
            guard let chain = json.elements(of: json.member("x5c", of: key)), let first = Array(chain.prefix(1)).first,
                let text = json.string(first)
            else {
                refuse(.chainMissing, input, about: kid)
                continue
            }
            takeDocumentSigner(text, kid: kid, input)
        }
    }

    /// - Parameters:
    ///   - text: the certificate in base64.
    ///   - kid: its key identifier as the list gives it.
    private mutating func takeDocumentSigner(_ text: String?, kid: String?, _ input: String) {
        guard let text, text.utf8.count <= 32 << 10, let der = Data(base64Encoded: text),
            let certificate = Certificate(der: Array(der))
        else { return refuse(.certificateMalformed, input, about: kid) }
        let digest = Array(SHA256.hash(data: certificate.der).prefix(8))
        if let kid {
            let given = try? Base64URL.decode(
                kid.utf8.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 }, padding: .tolerated)
            guard given == digest else { return refuse(.wrongKeyID, input, about: kid) }
        }
        guard CertificateRole(certificate) == .documentSigner else {
            return refuse(certificate.isAuthority ? .notSigner : .wrongUse, input, about: Digest.hex(digest))
        }
        take(certificate, as: .documentSigner, input)
    }

    mutating func takeBatch(_ json: JSON, _ input: String) {
        let bytes = Array(json.source(json.root))
        guard let batch = DCCRevocation.Batch(json, json.root), bytes.count <= TrustStore.maximumFileBytes else {
            return refuse(.revocationMalformed, input)
        }
        guard mayGo("dcc/revocation") else { return refuse(.wrongUse, input) }
        let id = batch.keyID.isEmpty ? batch.country : Digest.hex(batch.keyID)
        let digest = listing?.digest ?? TrustManifest.digest(bytes)
        if listing != nil { settled.insert(digest) }
        if batch.expires <= now { return refuse(.revocationExpired, input, about: id) }
        let file = path("dcc/revocation", Self.listName(digest))
        bring(file)
        guard files[file] == nil else { return refuse(.duplicate, input, about: id) }
        put(bytes, file)
        report.taken.append(
            .init(
                kind: .documentRevocation, id: id, owner: "\(batch.country) \(batch.hashType.rawValue)",
                expires: Date(timeIntervalSince1970: batch.expires), path: file, count: batch.count))
    }
}
