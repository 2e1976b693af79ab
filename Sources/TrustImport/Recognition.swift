import Credentials
import Foundation

extension TrustImporter {
    /// Tells an input's form by its content; notes it, or why there is none.
    mutating func recognise(_ name: String, _ bytes: [UInt8]) -> Input? {
        guard bytes.count <= Self.maximumInputBytes else {
            refuse(.tooLarge, name)
            return nil
        }
        guard let contents = contents(name, bytes) else { return nil }
        return Input(name: name, contents: contents)
    }

    private mutating func contents(_ name: String, _ bytes: [UInt8]) -> [Input.Content]? {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        // A byte order mark is met in front of published JSON.
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let body = Array(text.drop(while: isSpace))
        if body.first == UInt8(ascii: "{") || body.first == UInt8(ascii: "[") { return document(name, body) }
        if let (signature, message) = Self.signedText(body) {
            return document(name, message, signature: signature)
        }
        if body.starts(with: "-----BEGIN ".utf8) || (body.first != 0x30 && Self.holdsPEM(body)) {
            return pem(name, body)
        }
        guard bytes.first == 0x30 else {
            refuse(.unknownForm, name)
            return nil
        }
        if SignedData.isOne(bytes) {
            report.forms.append((name, .masterList))
            return [.master(bytes)]
        }
        report.forms.append((name, .certificates))
        return Certificate(der: bytes) == nil && RevocationDates(der: bytes) != nil
            ? [.lists([bytes])] : [.certificates([bytes])]
    }

    private static func holdsPEM(_ bytes: [UInt8]) -> Bool {
        Data(bytes.prefix(1 << 16)).range(of: Data("-----BEGIN ".utf8)) != nil
    }

    private mutating func pem(_ name: String, _ bytes: [UInt8]) -> [Input.Content]? {
        guard let certificates = PEM.objects("CERTIFICATE", in: bytes), let lists = PEM.objects("X509 CRL", in: bytes),
            let signed = PEM.objects("CMS", in: bytes), let older = PEM.objects("PKCS7", in: bytes)
        else {
            refuse(.malformed, name)
            return nil
        }
        guard certificates.count + lists.count <= Self.maximumEntries else {
            refuse(.tooMany, name)
            return nil
        }
        var contents: [Input.Content] = []
        if !certificates.isEmpty { contents.append(.certificates(certificates)) }
        contents += (signed + older).map { .master($0) }
        if !lists.isEmpty { contents.append(.lists(lists)) }
        guard !contents.isEmpty else {
            refuse(.unknownForm, name)
            return nil
        }
        report.forms.append((name, signed.isEmpty && older.isEmpty ? .certificates : .masterList))
        return contents
    }

    /// - Parameter signature: what stood before the text, if it is one with a signature.
    private mutating func document(
        _ name: String, _ bytes: [UInt8], signature: [UInt8]? = nil
    ) -> [Input.Content]? {
        let json: JSON
        do { json = try JSON(bytes) } catch {
            refuse(.malformed, name, detail: error.kind.rawValue)
            return nil
        }
        guard let form = Self.form(of: json) else {
            refuse(.unknownForm, name)
            return nil
        }
        report.forms.append((name, form))
        return [.json(json, form, signature.map { .init(bytes: $0, message: bytes) })]
    }

    private static func form(of json: JSON) -> PublishedForm? {
        let root = json.root
        if json.kind(root) == .array { return .signerList }
        if json.member("trustManifest", of: root) != nil || json.member("links", of: root) != nil { return .manifest }
        if json.member("hashType", of: root) != nil { return .revocationBatch }
        if json.member("jwks", of: root) != nil { return .issuerFile }
        if json.member("issuerInfo", of: root) != nil { return .issuerSnapshot }
        if json.member("keys", of: root) != nil { return .keySet }
        if json.member("participating_issuers", of: root) != nil { return .issuerDirectory }
        if json.member("certificates", of: root) != nil { return .signerList }
        if json.member("verificationMethod", of: root) != nil || json.member("didDocument", of: root) != nil {
            return .didDocument
        }
        return nil
    }

    /// A line with a signature in base64, and the JSON behind it that was signed.
    private static func signedText(_ bytes: [UInt8]) -> (signature: [UInt8], message: [UInt8])? {
        func isBase64(_ byte: UInt8) -> Bool { Base64URL.contains(byte) || [0x2B, 0x2F, 0x3D].contains(byte) }
        let line = bytes.prefix(256).prefix(while: isBase64)
        guard line.count >= 86 else { return nil }
        let rest = bytes.dropFirst(line.count).drop { $0 == 0x0D || $0 == 0x0A || $0 == 0x20 }
        guard rest.first == UInt8(ascii: "{") || rest.first == UInt8(ascii: "["),
            let signature = Data(base64Encoded: Data(line))
        else { return nil }
        return (Array(signature), Array(rest))
    }
}
