package import Foundation
package import Records
package import Vaccination

/// Names one person of a region.
package struct PersonReference: Codable, Sendable {
    /// How, see ``Records/PersonSearch/Kind``.
    package let by: String
    /// The number, or name, birth date and sex with commas between, as ``Records/PersonSearch/init(_:written:)`` reads it.
    package let text: String

    package init(by: PersonSearch.Kind, text: String) { (self.by, self.text) = (by.rawValue, text) }

    /// The search; `nil` if it is none.
    var search: PersonSearch? { PersonSearch.Kind(rawValue: by).flatMap { PersonSearch($0, written: text) } }
}

/// Asks for a person's vouchers.
package struct VoucherQuestion: Codable, Sendable {
    package let person: PersonReference
    /// What for, 1 to 100 characters; it stands in the region's log.
    package let purpose: String

    package init(person: PersonReference, purpose: String) { (self.person, self.purpose) = (person, purpose) }
}

/// Asks to issue a voucher to a person, or to issue one again.
package struct VoucherIssue: Codable, Sendable {
    package let person: PersonReference
    /// The eighteen digits that stand on it.
    package let line: String
    /// The day of issue.
    package let issuedOn: CalendarDate
    /// Why it is issued again; only where it is.
    package let reason: VoucherReason?

    package init(person: PersonReference, line: VoucherLine, issuedOn: CalendarDate, reason: VoucherReason? = nil) {
        (self.person, self.line, self.issuedOn, self.reason) = (person, line.digits, issuedOn, reason)
    }
}

/// Asks to make a voucher void.
package struct VoucherVoid: Codable, Sendable {
    /// The eighteen digits that stand on it.
    package let line: String
    package let reason: VoucherReason

    package init(line: VoucherLine, reason: VoucherReason) { (self.line, self.reason) = (line.digits, reason) }
}

/// A voucher as operators see it.
package struct VoucherReport: Codable, Sendable {
    /// A step of its history.
    package struct Step: Codable, Sendable {
        package let kind: VoucherEvent.Kind
        package let at: Date
        /// SHA-256 of the operator's certificate, or `local:` and a user's number; absent for an import.
        package let by: String?
        package let source: DoseSource
        package let reason: VoucherReason?
    }

    /// The eighteen digits that stand on it.
    package let line: String
    package let state: VoucherState
    package let issuedOn: CalendarDate?
    /// The day of the dose that has spent it.
    package let spentOn: CalendarDate?
    package let history: [Step]

    init(_ standing: VoucherStanding) {
        (line, state) = (standing.voucher.line.digits, standing.state)
        (issuedOn, spentOn) = (standing.voucher.issuedOn, standing.dose?.dose.date)
        history = standing.voucher.history.map {
            Step(kind: $0.kind, at: $0.at, by: $0.by, source: $0.source, reason: $0.reason)
        }
    }
}

/// Says which passport a person has.
package struct PassportAmendment: Codable, Sendable {
    /// A passport as it is written.
    package struct Written: Codable, Sendable {
        package let number: String
        /// The name in Latin letters with other names in brackets, see ``Vaccination/Passport/writtenName``.
        package let name: String
        package let nationality: String
        package let expires: CalendarDate

        package init(_ passport: Passport) {
            (number, name) = (passport.number, passport.writtenName)
            (nationality, expires) = (passport.nationality, passport.expires)
        }

        var passport: Passport? {
            Passport(number: number, writtenName: name, nationality: nationality, expires: expires)
        }
    }

    package let person: PersonReference
    /// The passport; absent if none is known any more.
    package let passport: Written?
    package let reason: PassportReason

    package init(person: PersonReference, passport: Passport?, reason: PassportReason) {
        (self.person, self.passport, self.reason) = (person, passport.map(Written.init), reason)
    }
}

/// What the change of a passport means for certificates.
package struct PassportReport: Codable, Sendable {
    /// Those that show a passport which was taken back: each to be revoked or left.
    package let affected: [CertificateID]
}
