import CardChip
import Credentials
package import Exchange
package import Vaccination

/// A certificate that was compared with the card, for its holder to keep. Only a session makes one.
package struct KeptCertificate: Sendable, Confidential {
    /// What was asked for.
    package let request: CertificateRequest
    /// What stands in it, in few words.
    package let manifest: Manifest
    /// The codes' texts, to be shown as codes: of every format that the certificate has.
    package let codes: [String]
    /// The `.smart-health-card` file (SMART Health Cards Framework, "via file download"): JSON with the signed text.
    package let smartHealthCard: [UInt8]
    /// The page as PDF; empty unless it was asked for.
    package let pdf: [UInt8]
    /// The page as PNG; empty unless it was asked for.
    package let png: [UInt8]
    /// What asks later whether the certificate is still current; empty where `vrs` gives none.
    package let currentToken: [UInt8]

    /// The certificate's identifier.
    package var id: CertificateID { manifest.certificateID }
    /// The day of issue in Japan.
    package var issuedOn: CalendarDate { manifest.issuedOn }

    /// A certificate of an answer that the guard let pass; `nil` if no code of it makes a file.
    init?(_ answer: Answer, _ request: CertificateRequest) {
        guard let file = answer.codes.lazy.compactMap({ Self.file($0) }).first else { return nil }
        (self.request, manifest, codes) = (request, answer.manifest, answer.codes)
        (pdf, png, currentToken) = (answer.pdf, answer.png, answer.currentToken)
        smartHealthCard = file
    }

    /// The file of a SMART Health Card's code, which is its signed text in digits; `nil` of another code's text.
    private static func file(_ code: String) -> [UInt8]? {
        let text = Array(code.utf8)
        guard NumericCode.begins(text),
            let jws = try? NumericCode.decode(text, in: NumericCode.prefix.utf8.count..<text.count)
        else { return nil }
        return Array(#"{"verifiableCredential":[""#.utf8) + jws + Array(#""]}"#.utf8)
    }
}

/// What became of one choice.
package struct PhoneResult: Sendable {
    /// What was asked for.
    package let choice: PhoneChoice
    /// The number of its session, to be told when asking about it.
    package let inquiry: InquiryNumber
    /// The certificate that the phone keeps, or why there is none.
    package let certificate: Result<KeptCertificate, PhoneReason>
}
