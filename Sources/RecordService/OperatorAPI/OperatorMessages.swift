package import Exchange
package import Foundation
package import Records
package import Vaccination

/// The JSON bodies between operators' commands and the operators' interface. None but ``StopRequest``, ``LogSearchRequest``, and those
/// of vouchers and passports (``VoucherQuestion``), carries anything of a person; of these only ``VoucherReport`` goes outward, with a
/// voucher's line.
package enum OperatorJSON {
    /// A request's body.
    package static let content = Route.Content.json(maximumBytes: 65_536)

    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    package static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, from: Data(bytes))
    }
}

/// Asks to enrol a terminal or to renew its certificate, by a signing request or a certificate, both PEM; one of them.
package struct EnrolmentRequest: Codable, Sendable {
    /// The terminal's name; not looked at when renewing.
    package var id: String?
    /// The shop, for operators; not looked at when renewing.
    package var shop: String?
    /// A PKCS #10 request (RFC 2986) that the terminal authority is to sign.
    package var csr: String?
    /// A certificate that the terminal authority has issued.
    package var certificate: String?

    package init(id: String?, shop: String?, csr: String?, certificate: String?) {
        self.id = id
        self.shop = shop
        self.csr = csr
        self.certificate = certificate
    }
}

/// A terminal as operators see it.
package struct TerminalReport: Codable, Sendable {
    package let id: String
    package let shop: String
    /// SHA-256 of the certificate, lower-case hexadecimal.
    package let certificateHash: String
    package let notAfter: Date
    package let status: EnrolledTerminal.Status
    package let isSuspended: Bool
    /// The certificate in PEM form; only in the answer to enrolment and renewal.
    package let certificate: String?
}

/// What is out of service.
package struct SuspensionReport: Codable, Sendable {
    /// In the form of ``Records/Suspension/text``.
    package let suspensions: [String]
    /// Why issuing stands still; absent if it does not.
    package let issuingHalted: String?
    /// Where the evidence of regions is broken, a text each; nothing is issued there.
    package let broken: [String]
    /// What else the service is not ready for, as `/ready` says it; absent if it is nothing.
    package let missing: [String]?
    /// What else does not go as it should while it goes on, as `/ready` says it; absent if it is nothing.
    package let degraded: [String]?

    init(suspensions: [String], issuingHalted: String?, broken: [String], missing: [String], degraded: [String]) {
        (self.suspensions, self.issuingHalted, self.broken) = (suspensions, issuingHalted, broken)
        self.missing = missing.isEmpty ? nil : missing
        self.degraded = degraded.isEmpty ? nil : degraded
    }
}

/// Says that a log was restored.
package struct RestoreRequest: Codable, Sendable {
    /// Why, for the log: 1 to 200 characters without personal data.
    package let reason: String
    /// Whether everything is sealed anew as it stands; absent means no.
    package let asItIs: Bool?

    package init(reason: String, asItIs: Bool) {
        self.reason = reason
        self.asItIs = asItIs
    }
}

/// The last signed root.
package struct RootReport: Codable, Sendable {
    /// See ``SignedRoot``.
    package let root: String
}

/// Names what is to be suspended.
package struct SuspensionRequest: Codable, Sendable {
    /// In the form of ``Records/Suspension/text``.
    package let scope: String

    package init(scope: String) { self.scope = scope }
}

/// Names a person or a card for the stop list; one of them.
package struct StopRequest: Codable, Sendable {
    /// The individual number, twelve digits.
    package var number: String?
    /// SHA-256 of the card's EF 0007, hexadecimal.
    package var chipKeyHash: String?

    package init(number: String?, chipKeyHash: String?) {
        self.number = number
        self.chipKeyHash = chipKeyHash
    }
}

/// A certificate as operators see it.
package struct CertificateReport: Codable, Sendable {
    package let certificateID: CertificateID
    package let municipality: MunicipalityCode
    package let kind: CertificateKind
    package let channel: IssueChannel
    package let copies: Int
    package let state: CertificateState
    /// Whether it was revoked after it was printed.
    package let isRevoked: Bool
    /// SHA-256 of the terminal's certificate, lower-case hexadecimal.
    package let terminal: String
    package let inquiry: String
    package let at: Date
    package let issuedOn: CalendarDate

    package init(_ entry: CertificateEntry) {
        certificateID = entry.certificateID
        municipality = entry.municipality
        kind = entry.kind
        channel = entry.channel
        copies = entry.copies
        state = entry.state
        isRevoked = entry.isRevoked
        terminal = entry.terminal
        inquiry = entry.inquiry
        at = entry.at
        issuedOn = entry.issuedOn
    }
}

/// A line of a log as operators see it.
package struct LogReport: Codable, Sendable {
    package let sequence: Int64
    package let at: Date
    package let event: LogEvent
    package let certificateID: CertificateID?
    package let terminal: String?
    package let inquiry: String?
    package let detail: String?
    /// SHA-256 of the certificate of the operator who made the change, lower-case hexadecimal, or `local:` and a user's number.
    package let actor: String?
    /// Whether an individual number was used: the one of a card at a terminal, or the one that somebody searched for.
    package let usesNumber: Bool?

    package init(_ entry: LogEntry) {
        usesNumber = entry.usesNumber
        sequence = entry.sequence
        at = entry.at
        event = entry.event
        certificateID = entry.certificateID
        terminal = entry.terminal
        inquiry = entry.inquiry
        detail = entry.detail
        actor = entry.actor
    }
}
