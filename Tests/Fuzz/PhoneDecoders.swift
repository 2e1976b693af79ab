import Crypto
import Exchange
import Foundation
@testable import RecordService
import Vaccination
@testable import WalletService

/// What comes from phones, what goes to them, and what the mobile back end is told.
extension Decoder {
    static let phones = [
        Decoder(name: "phone-application") { bytes in
            let application = try PhoneApplication(parsing: bytes)
            require(application.bytes == bytes, "a phone's application is not the bytes it was read from")
        },
        Decoder(name: "key-statement") { bytes in
            let statement = try KeyStatement(parsing: bytes)
            require(statement.bytes == bytes, "a statement is not the bytes it was read from")
            // Nobody has the key: nothing of what the fuzzer makes can be signed by it.
            require(
                statement.keys(statedBy: [Publishers.key.publicKey], at: statement.notBefore) == nil,
                "a statement without its signature")
        },
        Decoder(name: "phone-files") { bytes in
            for kind in CertificateKind.allCases {
                guard let files = try? PhoneFiles(parsing: bytes, of: kind) else { continue }
                require(files.plain(for: kind) == bytes, "files are not the bytes they were read from")
            }
        },
        Decoder(name: "phone-answer") { bytes in
            let content = try PhoneAnswer.parsed(bytes)
            // A manifest is JSON, of which the same can be written in several ways.
            if case .refused = content {
                require((try? PhoneAnswer.encoded(content)) == bytes, "a refusal is not the bytes it was read from")
            }
        },
        enrolment, currentQuery, phoneToken, phoneAccess,
    ]

    private static let enrolment = Decoder(name: "enrolment") { bytes in
        again(DeviceToken.self, bytes)
        again(EnrolledDeviceAnswer.self, bytes)
        again(DeviceRevocation.self, bytes)
        again(CertificateRequest.self, bytes)
        guard let enrolment = again(DeviceEnrolment.self, bytes) else { return }
        require((16...256).contains(enrolment.token.count), "a token out of its bounds")
        require((1...16_384).contains(enrolment.attestation.count), "an attestation out of its bounds")
    }

    private static let currentQuery = Decoder(name: "current-query") { bytes in
        if let token = try? CurrentQuery.token(inPlain: bytes) {
            require(CurrentQuery.plain(of: token) == bytes, "a query is not the bytes it was read from")
        }
        // Nobody has the key: the fuzzer seals nothing to it.
        require(CurrentQuery.Opened(opening: bytes, by: PhoneKeys.upload) == nil, "a query that nobody sealed")
        require(PhoneKeys.query?.answer(in: bytes) == nil, "a reply that nobody sealed")
    }

    private static let phoneToken = Decoder(name: "phone-token") { bytes in
        guard let masters = PhoneKeys.masters else { return require(false, "no master key") }
        for purpose in [HourlyTokens.Purpose.challenge, .enrolment] {
            let tokens = HourlyTokens(masters: masters, purpose: purpose, validSeconds: 180)
            require(tokens.open(bytes, incarnation: 1) == nil, "a token that nobody made")
        }
        require(CurrentTokens(masters: masters, validDays: 90).open(bytes) == nil, "a token that nobody made")
        if let code = RevocationCode(text(bytes)) {
            require(RevocationCode(code.text) == code, "a revocation code is not its own text")
        }
        if let read = PhoneMasters(file: text(bytes)) {
            require((1...8).contains(read.keys.count), "another number of master keys than there may be")
        }
    }

    private static let phoneAccess = Decoder(name: "phone-access") { bytes in
        guard let access = again(PhoneAccess.self, bytes) else { return }
        _ = PhonePolicy(access)
    }

    /// What was read, if it could be, comes back when it is written.
    @discardableResult
    private static func again<T: Codable & Equatable>(_ type: T.Type, _ bytes: [UInt8]) -> T? {
        guard let value = try? JSONDecoder().decode(type, from: Data(bytes)) else { return nil }
        guard let written = try? JSONEncoder().encode(value) else {
            require(false, "what was read cannot be written")
            return nil
        }
        require((try? JSONDecoder().decode(type, from: written)) == value, "what was read does not come back")
        return value
    }
}

/// Keys that are thrown away.
private enum PhoneKeys {
    static let upload = P256.KeyAgreement.PrivateKey()
    static let masters = PhoneMasters(
        file: SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
            bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        })
    /// A query for a statement of a key that only this process knows.
    static let query: CurrentQuery.Sent? = {
        let now = SmartHealthCards.now
        let start = UInt64(now.timeIntervalSince1970)
        let statement = try? KeyStatement(
            seconds: start..<start + 86_400, uploadKey: upload.publicKey, answerKey: upload.publicKey
        ) { Array(try Publishers.key.signature(for: $0).rawRepresentation) }
        guard let stated = statement?.keys(statedBy: [Publishers.key.publicKey], at: now) else { return nil }
        return try? CurrentQuery.seal(token: [UInt8](repeating: 1, count: 58), to: stated)
    }()
}
