import Attestation
import CardChip
import Crypto
import Exchange
import Vaccination

/// An application in whichever way it came, as far as the steps behind its checks need it.
enum IncomingApplication: Sendable {
    /// A terminal's.
    case kiosk(Application)
    /// A phone's, and what its device is revoked by.
    case phone(PhoneApplication, DeviceFacts)

    var challenge: [UInt8] {
        switch self {
        case .kiosk(let application): application.challenge
        case .phone(let application, _): application.challenge
        }
    }

    var request: CertificateRequest {
        switch self {
        case .kiosk(let application): application.request
        case .phone(let application, _): application.request
        }
    }

    var channel: IssueChannel {
        switch self {
        case .kiosk(let application): application.channel.issueChannel
        case .phone: .app
        }
    }

    var transcriptHash: [UInt8] {
        switch self {
        case .kiosk(let application): application.transcriptHash
        case .phone(let application, _): application.transcriptHash
        }
    }

    var hash: [UInt8] {
        switch self {
        case .kiosk(let application): application.hash
        case .phone(let application, _): application.hash
        }
    }

    /// The session's signing key, X9.63.
    var sessionSigningKey: [UInt8] {
        switch self {
        case .kiosk(let application): Array(application.signingPublicKey.x963Representation)
        case .phone(let application, _): Array(application.signingPublicKey.x963Representation)
        }
    }

    /// What register and log have as its terminal: of a phone nothing, since nothing may link a device and a person.
    var terminal: String {
        switch self {
        case .kiosk(let application): Hexadecimal.text(application.terminalCertificateHash)
        case .phone: "app"
        }
    }
}
