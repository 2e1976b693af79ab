import Credentials
import Crypto
public import Vaccination
public import struct Foundation.Date

/// What a proof of vaccination as VDS-NC is about.
public struct VDSNCSubject: Hashable, Sendable {
    /// The family name in the passport's Latin letters.
    public let family: String
    /// The given names in the passport's Latin letters; empty if there are none.
    public let given: String
    /// The date of birth; left out if it is not wholly known, since `dob` is `YYYY-MM-DD` and optional beside a document's number.
    public let birthDate: BirthDate
    /// The sex; left out if unspecified.
    public let sex: Sex
    /// The travel document's number.
    public let documentNumber: String
    /// The doses, first to last.
    public let doses: [Dose]
    /// Who administers the programme, at most 20 bytes, such as `MHLW_Gov_of_JAPAN`.
    public let administrator: String
    /// The certificate's identifier, at most 12 characters.
    public let certificateID: String

    /// A subject from its parts; the issuer checks them.
    public init(
        family: String, given: String, birthDate: BirthDate, sex: Sex, documentNumber: String, doses: [Dose],
        administrator: String, certificateID: String
    ) {
        self.family = family
        self.given = given
        self.birthDate = birthDate
        self.sex = sex
        self.documentNumber = documentNumber
        self.doses = doses
        self.administrator = administrator
        self.certificateID = certificateID
    }
}

/// Issues proofs of vaccination as VDS-NC (`icao.vacc`, version 1).
public struct VDSNCIssuer: Sendable {
    /// The issuing state, `hdr.is`.
    public let state: String
    /// When the signer's certificate ends, in seconds since 1970.
    public let signerExpires: Double
    private let signer: any CredentialSigner
    private let certificate: Certificate

    /// The maximum of bytes of a version 40 code of level L in byte mode (ISO/IEC 18004 table 7).
    public static let maximumLength = 2953

    /// An issuer; refuses a certificate that no verifier would accept.
    ///
    /// - Parameters:
    ///   - state: three letters, such as `JPN`.
    ///   - signer: the barcode signer's key.
    ///   - certificate: its DER certificate: that key, extended key usage for barcode signers, document type `NV`.
    public init(state: String, signer: any CredentialSigner, certificate der: [UInt8]) throws(IssueError) {
        guard state.utf8.count == 3, state.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw .issuerMalformed
        }
        guard let certificate = Certificate(der: der) else { throw .certificateUnsuitable }
        guard let key = certificate.p256Key, key.rawRepresentation == signer.publicKey.rawRepresentation,
            certificate.extendedKeyUsage?.contains(Certificate.barcodeSignerUsage) == true,
            certificate.allows(documentType: Certificate.proofOfVaccination) == true,
            certificate.maySign, !certificate.isAuthority
        else { throw .certificateUnsuitable }
        self.state = state
        self.signer = signer
        self.certificate = certificate
        signerExpires = certificate.notAfter
    }

    /// Makes everything but the signature, and checks that the result will fit its code.
    ///
    /// - Parameters:
    ///   - subject: the person and the doses.
    ///   - now: the time of issue; the signer's certificate must be valid at it.
    ///   - limit: how many bytes the code holds.
    public func prepare(
        _ subject: VDSNCSubject, at now: Date, limit: Int = VDSNCIssuer.maximumLength
    ) throws(IssueError) -> PreparedVDSNC {
        let seconds = now.timeIntervalSince1970
        guard seconds >= certificate.notBefore, seconds <= certificate.notAfter else { throw .timesMalformed }
        guard let name = TravelDocumentName.make(family: subject.family, given: subject.given) else {
            throw .nameMalformed
        }
        guard (1...History.certificateLimit).contains(subject.doses.count) else {
            throw .doseCount(subject.doses.count)
        }
        guard Self.isPlain(subject.administrator, 1...20) else { throw .performerMalformed }
        guard Self.isPlain(subject.certificateID, 1...12) else { throw .revocationIDMalformed }
        guard Self.isPlain(subject.documentNumber, 1...11) else { throw .documentNumberMalformed }
        let text = VDSNCPayload.make(subject, name: name, state: state)
        guard let json = try? JSON(text) else { throw .nameMalformed }
        let prepared = PreparedVDSNC(data: json.canonical(json.root), certificate: certificate.der, signer: signer)
        guard prepared.length <= limit else { throw .tooLong(limit: limit, length: prepared.length) }
        return prepared
    }

    private static func isPlain(_ text: String, _ length: ClosedRange<Int>) -> Bool {
        length.contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// A VDS-NC that lacks only its signature. It can be issued once: issuing consumes it.
public struct PreparedVDSNC: ~Copyable, Sendable {
    private let data: [UInt8]
    private let certificate: String
    private let signer: any CredentialSigner

    fileprivate init(data: [UInt8], certificate: [UInt8], signer: any CredentialSigner) {
        self.data = data
        self.certificate = Base64URL.encode(certificate)
        self.signer = signer
    }

    /// How many bytes the VDS-NC will have.
    public var length: Int { whole(String(repeating: "A", count: 86)).count }

    private func whole(_ signature: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.name("data")
            $0.raw(data)
            $0.name("sig")
            $0.object {
                $0.member("alg", "ES256")
                $0.member("cer", certificate)
                $0.member("sigvl", signature)
            }
        }
        return writer.bytes
    }

    /// Signs and gives the VDS-NC.
    ///
    /// - Parameter check: whether the signature is checked here or by the caller.
    public consuming func issue(check: OutputCheck = .signature) async throws -> VDSNC {
        let signature = try await signer.signature(over: data, check)
        return VDSNC(text: String(decoding: whole(Base64URL.encode(signature)), as: UTF8.self))
    }
}

/// An issued VDS-NC.
public struct VDSNC: Hashable, Sendable {
    /// The code's text, for one segment in byte mode: canonical JSON (RFC 8785).
    public let text: String
}
