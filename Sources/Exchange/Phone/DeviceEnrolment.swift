public import Foundation

/// A token that one enrolment of a device uses up (`POST /v1/enrolment/token`).
public struct DeviceToken: Hashable, Sendable, Codable {
    /// How many bytes a token may have.
    static let lengths = 16...256
    /// The token, which only `vrs` opens, 16 to 256 bytes.
    public let token: Data
    /// How long it is valid, 1 to 3,600 seconds.
    public let validSeconds: Int

    /// A token.
    public init(token: [UInt8], validSeconds: Int) {
        self.token = Data(token)
        self.validSeconds = validSeconds
    }
}

/// An app instance that asks for a device certificate (`POST /v1/enrolment`). Nothing of it was checked.
public struct DeviceEnrolment: Hashable, Sendable, Codable {
    /// The maximum of bytes as JSON: an attestation of 16 KiB in base 64, and the rest.
    public static let maximumBytes = 32_768

    /// The maximum of bytes of an attestation, and of a proof.
    static let (maximumAttestation, maximumProof) = (16_384, 512)

    /// `android`, `ios`, or in development `development`: a plain word of at most 16 characters.
    public let platform: String
    /// The token that the attestation was made for, 16 to 256 bytes.
    public let token: Data
    /// Android and development: the certificates of the key's chain in DER, one behind another, the key's own first. iOS: the
    /// attestation object. 1 to 16,384 bytes.
    public let attestation: Data
    /// Android and development: the key's ECDSA signature (DER) over `akashi/enrol-proof/v1` ‖ the attestation's challenge, 1 to 512
    /// bytes; `nil` on iOS.
    public let proof: Data?

    /// An enrolment.
    public init(platform: String, token: [UInt8], attestation: [UInt8], proof: [UInt8]?) {
        self.platform = platform
        self.token = Data(token)
        self.attestation = Data(attestation)
        self.proof = proof.map { Data($0) }
    }
}

/// What an enrolment gives.
public struct EnrolledDeviceAnswer: Hashable, Sendable, Codable {
    /// The device certificate, DER, 1 to 2,048 bytes.
    public let certificate: Data
    /// With it the holder revokes the device when the phone is lost; 16 characters of Crockford's base 32 in groups of four. The
    /// same enrolment again gives the same one.
    public let revocationCode: String

    /// A certificate with its code.
    public init(certificate: [UInt8], revocationCode: String) {
        self.certificate = Data(certificate)
        self.revocationCode = revocationCode
    }
}

/// A lost phone: its holder revokes it with the code that was shown when it enrolled (`POST /v1/device/revocation`).
public struct DeviceRevocation: Hashable, Sendable, Codable {
    /// The code; hyphens and blanks in it, and small letters, are taken as they are meant.
    public let code: String

    /// A revocation.
    public init(code: String) { self.code = code }

    /// Crockford's base 32.
    package static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    /// How many letters a code has.
    package static let letters = 16

    /// The letters of a code as somebody wrote it: hyphens, blanks and small letters are taken, and O, I and L as the digits that they
    /// are taken for; `nil` if they are none.
    package static func letters(of text: String) -> [UInt8]? {
        guard text.utf8.count <= 64 else { return nil }
        var letters: [UInt8] = []
        for byte in text.utf8 where byte != UInt8(ascii: "-") && byte != UInt8(ascii: " ") {
            let capital = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 0x20 : byte
            let meant: UInt8 =
                switch capital {
                case UInt8(ascii: "O"): UInt8(ascii: "0")
                case UInt8(ascii: "I"), UInt8(ascii: "L"): UInt8(ascii: "1")
                default: capital
                }
            guard alphabet.contains(meant) else { return nil }
            letters.append(meant)
        }
        return letters.count == Self.letters ? letters : nil
    }
}

extension DeviceToken {
    private enum Members: String, CodingKey { case token, validSeconds }

    /// Reads a token; one out of its bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        token = try values.decode(Data.self, forKey: .token)
        validSeconds = try values.decode(Int.self, forKey: .validSeconds)
        guard Self.lengths.contains(token.count), (1...3600).contains(validSeconds) else {
            throw decoder.outOfBounds(Self.self)
        }
    }
}

extension DeviceEnrolment {
    private enum Members: String, CodingKey { case platform, token, attestation, proof }

    /// Reads an enrolment; one out of its bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        platform = try values.decode(String.self, forKey: .platform)
        token = try values.decode(Data.self, forKey: .token)
        attestation = try values.decode(Data.self, forKey: .attestation)
        proof = try values.decodeIfPresent(Data.self, forKey: .proof)
        guard isPlain(platform, 1...16), DeviceToken.lengths.contains(token.count),
            (1...Self.maximumAttestation).contains(attestation.count),
            proof.map({ (1...Self.maximumProof).contains($0.count) }) ?? true
        else { throw decoder.outOfBounds(Self.self) }
    }
}

extension EnrolledDeviceAnswer {
    private enum Members: String, CodingKey { case certificate, revocationCode }

    /// Reads an answer; one out of its bounds, or with a code that is none, is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        certificate = try values.decode(Data.self, forKey: .certificate)
        revocationCode = try values.decode(String.self, forKey: .revocationCode)
        guard (1...PhoneApplication.maximumCertificate).contains(certificate.count),
            DeviceRevocation.letters(of: revocationCode) != nil
        else { throw decoder.outOfBounds(Self.self) }
    }
}

extension DeviceRevocation {
    private enum Members: String, CodingKey { case code }

    /// Reads a revocation; one whose code is none is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        code = try decoder.container(keyedBy: Members.self).decode(String.self, forKey: .code)
        guard Self.letters(of: code) != nil else { throw decoder.outOfBounds(Self.self) }
    }
}
