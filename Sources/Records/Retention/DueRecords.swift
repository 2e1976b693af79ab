import Foundation
package import Vaccination

/// What the rules of retention look at of one person.
package struct RetainedPerson: Hashable, Sendable {
    /// One of the person's certificates.
    package struct Certificate: Hashable, Sendable {
        package let id: CertificateID
        /// The day on which it was asked for, in Japan.
        package let askedOn: CalendarDate
        package let state: CertificateState

        package init(id: CertificateID, askedOn: CalendarDate, state: CertificateState) {
            (self.id, self.askedOn, self.state) = (id, askedOn, state)
        }
    }

    /// Whether doses were recorded, such that do not count any more among them.
    package let hasDoses: Bool
    /// The day of the last dose that counts, and of the last one that was recorded where none does; a later one on which a voucher was
    /// issued, or somebody changed a voucher or passport by hand.
    package let lastDose: CalendarDate?
    package let standing: Standing
    /// Since when the person is no resident any more, by the register; where it does not say so, when it last changed.
    package let left: CalendarDate?
    /// Whether the individual number still finds the person.
    package let hasNumber: Bool
    package let certificates: [Certificate]

    package init(
        hasDoses: Bool, lastDose: CalendarDate?, standing: Standing, left: CalendarDate?, hasNumber: Bool,
        certificates: [Certificate]
    ) {
        (self.hasDoses, self.lastDose, self.standing, self.left) = (hasDoses, lastDose, standing, left)
        (self.hasNumber, self.certificates) = (hasNumber, certificates)
    }

    /// What a record says.
    package init(_ record: PersonRecord, _ vouchers: [Voucher], hasNumber: Bool, certificates: [Certificate]) {
        let counted = record.doses.counted
        let doses = counted.isEmpty ? record.doses.entries.map(\.dose) : counted
        self.init(
            hasDoses: !record.doses.entries.isEmpty,
            lastDose: (doses.map(\.date) + Self.byHand(record, vouchers)).max(), standing: record.standing,
            // The later one of the two: somebody who moved away first may have died since.
            left: record.register.flatMap { [$0.residentUntil, $0.changedOn].compactMap { $0 }.max() },
            hasNumber: hasNumber, certificates: certificates)
    }
}

extension RetainedPerson {
    /// The days on which vouchers were issued, and on which somebody changed a voucher or passport by hand.
    private static func byHand(_ record: PersonRecord, _ vouchers: [Voucher]) -> [CalendarDate] {
        let entries = record.passports.entries
        var changes = vouchers.flatMap(\.history).filter { $0.source == .byOperator }.map(\.at)
        changes += entries.filter { $0.source == .byOperator }.compactMap(\.recordedAt)
        changes += entries.filter { $0.endedBy == .byOperator }.compactMap(\.endedAt)
        let days = changes.compactMap { CalendarDate.inJapan(secondsSince1970: $0.timeIntervalSince1970) }
        return vouchers.compactMap(\.issuedOn) + days
    }
}

/// What of one person is kept no longer.
package struct DueRecords: Hashable, Sendable {
    /// Certificates, in the order of their identifiers.
    package var certificates: [CertificateID] = []
    /// All doses, with vouchers and passports.
    package var doses = false
    /// The individual number of somebody who died.
    package var number = false
    /// Everything that is there.
    package var person = false

    package init(
        certificates: [CertificateID] = [], doses: Bool = false, number: Bool = false, person: Bool = false
    ) {
        (self.certificates, self.doses, self.number, self.person) = (certificates, doses, number, person)
    }

    /// Whether nothing is due.
    package var isEmpty: Bool { certificates.isEmpty && !doses && !number && !person }

    /// The kinds, as lists and lines of the log call them.
    package var kinds: [RetentionKind] {
        [
            certificates.isEmpty ? nil : .certificates, doses ? .doses : nil, number ? .number : nil,
            person ? .person : nil,
        ].compactMap { $0 }
    }

    /// What of it was listed too. Doses stay with a certificate that was not.
    func and(_ listed: DueRecords) -> DueRecords {
        let certificates = certificates.filter(listed.certificates.contains)
        let isWhole = certificates.count == self.certificates.count
        return DueRecords(
            certificates: certificates, doses: isWhole && doses && listed.doses,
            number: number && (listed.number || listed.person),
            // Doses that came since the list take nobody with them.
            person: isWhole && person && listed.person && (!doses || listed.doses))
    }
}

extension RetentionRules {
    /// What of a person is kept no longer at the beginning of a day.
    ///
    /// - A certificate that was asked for long enough ago. One that is signed and not reported on is under way, however old it is; one
    ///   that stopped at its intent is not: its application ended minutes later.
    /// - Doses, all or none of them: a certificate must not show some. They stay while a certificate does, which names them.
    /// - The person, once nothing else is there, who has to have left or died as long ago as doses are kept. One of whom no register
    ///   says when that was stays.
    /// - The number of somebody who died, unless the person goes as a whole.
    package func due(_ person: RetainedPerson, on cutoff: CalendarDate) -> DueRecords {
        var due = DueRecords()
        due.certificates = person.certificates.filter { certificate in
            certificate.state != .signed && provision.isOver(since: certificate.askedOn, on: cutoff)
        }.map(\.id).sorted { $0.text < $1.text }
        let keepsCertificates = due.certificates.count < person.certificates.count
        if !keepsCertificates, person.hasDoses, let last = person.lastDose {
            due.doses = doses.isOver(since: last, on: cutoff)
        }
        guard person.standing != .resident, let left = person.left else { return due }
        let keepsDoses = person.hasDoses && !due.doses
        due.person = !keepsCertificates && !keepsDoses && doses.isOver(since: left, on: cutoff)
        due.number =
            !due.person && person.hasNumber && person.standing == .deceased
            && deceasedNumbers.isOver(since: left, on: cutoff)
        return due
    }
}
