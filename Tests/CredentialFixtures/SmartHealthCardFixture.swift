import CredentialIssuing
package import Credentials
package import Foundation

/// An issuer of health cards in a trust store, with all that a test changes by one flaw.
package struct SmartHealthCardFixture {
    /// Its URL.
    package static let issuer = "https://vc.example.jp/issuer"
    /// 2021-12-20T00:00:00Z.
    package static let start = Date(timeIntervalSince1970: 1_639_958_400)
    /// An hour later.
    package static let later = start.addingTimeInterval(3600)

    /// Its key.
    package let signer = TestSigner()

    /// The key's identifier.
    package var kid: String { signer.keyID }

    /// An issuer with new keys.
    package init() {}

    /// The issuer as a trust folder has it.
    package func trustFile(
        issuer: String = Self.issuer, path: String = "shc/issuer.json", signer: TestSigner? = nil, crls: String? = nil,
        crlVersion: Int? = nil
    ) -> TrustFile {
        let signer = signer ?? self.signer
        let (x, y) = JWK.coordinates(of: signer.publicKey)
        let version = crlVersion.map { ",\"crlVersion\":\($0)" } ?? ""
        let key =
            #"{"kty":"EC","kid":"\#(signer.keyID)","use":"sig","alg":"ES256","crv":"P-256","x":"\#(x)","y":"\#(y)"\#(version)}"#
        let lists = crls.map { ",\"crls\":\($0)" } ?? ""
        let text = #"{"issuer":"\#(issuer)","name":"見本発行者","jwks":{"keys":[\#(key)]}\#(lists)}"#
        return TrustFile(path: path, bytes: Array(text.utf8))
    }

    /// A verifier that trusts these files, or the issuer's alone.
    package func verifier(_ files: [TrustFile]? = nil) -> Verifier {
        Verifier(trust: TrustStore(files: files ?? [trustFile()]))
    }

    /// A header that is right; `KID` stands for the key's identifier.
    package static let header = #"{"zip":"DEF","alg":"ES256","kid":"KID"}"#

    /// A payload that is right but for what a test replaces in it.
    package static let payload =
        #"{"iss":"https://vc.example.jp/issuer","nbf":1639958400,"vc":{"type":["https://smarthealth.cards#health-card"],"#
        + #""credentialSubject":{"fhirVersion":"4.0.1","fhirBundle":{"resourceType":"Bundle","type":"collection","entry":["#
        + #"{"fullUrl":"resource:0","resource":{"resourceType":"Patient","name":[{"family":"見本","given":["花子"]}],"#
        + #""birthDate":"1990-01-01"}},{"fullUrl":"resource:1","resource":{"resourceType":"Immunization","#
        + #""status":"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"208"}]},"#
        + #""patient":{"reference":"resource:0"},"occurrenceDateTime":"2021-06-01","lotNumber":"FA1234","#
        + #""performer":[{"actor":{"display":"見本市"}}]}}]}},"rid":"0123456789AB"}}"#

    /// A signed text from its three parts as they are.
    package func jws(
        header: String = Self.header, payload: String = Self.payload, compressed: [UInt8]? = nil,
        signature: ((TestSigner, [UInt8]) throws -> [UInt8])? = nil
    ) throws -> String {
        let header = header.replacingOccurrences(of: "KID", with: kid)
        let body = compressed ?? Deflate.compress(Array(payload.utf8)) ?? []
        let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(body)
        let bytes = try signature?(signer, Array(input.utf8)) ?? signer.sign(Array(input.utf8))
        return input + "." + Base64URL.encode(bytes)
    }

    /// The verdict on a signed text.
    package func check(_ jws: String, at now: Date = Self.later, trust files: [TrustFile]? = nil) -> Verdict? {
        verifier(files).check([jws], at: now).first
    }
}
