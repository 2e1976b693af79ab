package import CardChip
package import Exchange
package import Records
package import Vaccination

/// The four attributes of a card, as far as they are compared with the record; the address is not among them.
package struct CardHolderClaim: Sendable {
    /// The name.
    package let name: CardName
    /// The date of birth, as far as it is known; `nil` if the card's eight digits are none, or say nothing of it.
    package let birthDate: BirthDate?
    /// Sex; `nil` if the card's digit means nothing.
    package let sex: Sex?

    /// The attributes of a verified card.
    package init(_ card: VerifiedCard) {
        name = CardName(card.attributes.name)
        birthDate = BirthDate(digits: card.attributes.birthDate.utf8)
        sex = Sex(cardDigit: UInt8(ascii: "0") &+ card.attributes.sexDigit)
    }

    package init(name: String, birthDate: BirthDate?, sex: Sex?) {
        self.name = CardName(name)
        self.birthDate = birthDate
        self.sex = sex
    }
}

extension PersonRecord {
    /// The same person with the passport that a phone has shown, as it would be recorded.
    func showing(_ passport: Passport) -> PersonRecord {
        let shown = Vaccinee(
            name: vaccinee.name, birthDate: vaccinee.birthDate, sex: vaccinee.sex, passport: passport)
        return PersonRecord(
            id: id, vaccinee: shown ?? vaccinee, standing: standing, register: register, doses: doses,
            printedOverseasPassports: printedOverseasPassports, passports: passports, version: version)
    }
}

/// Whether, and with which contents, a certificate may be issued from a record: rules only, no input or output.
package enum Eligibility {
    /// Throws if card and record are not the same person's.
    ///
    /// Names are compared by the rule of ``Vaccination/CardName``. Where either side does not state the sex (JIS X 0303 digits 0 and
    /// 9) there is nothing to compare, so only male against female is a difference. Birth dates are compared by the rule of
    /// ``Vaccination/BirthDate``; one on the card that the calendar does not have, or of which nothing is known, differs from all.
    /// - Parameter others: the names that the register has beside the registered one.
    package static func compare(
        _ card: CardHolderClaim, with vaccinee: Vaccinee, beside others: [OtherName] = []
    ) throws(ProblemCode) {
        guard card.name.shows(vaccinee.name, beside: others.map(\.name)) else { throw .personNameDiffers }
        guard card.birthDate == vaccinee.birthDate else { throw .personBirthDateDiffers }
        guard let sex = card.sex, sex == .unspecified || vaccinee.sex == .unspecified || sex == vaccinee.sex else {
            throw .personSexDiffers
        }
    }

    /// What the certificate says, or why there is none.
    ///
    /// Who moved away still gets a certificate of the doses given before; nothing is issued for the deceased. An overseas
    /// certificate wants a known passport that is valid today and stands on an earlier overseas certificate, unless the phone
    /// that asks has shown it.
    package static func content(
        of person: PersonRecord, kind: CertificateKind, today: CalendarDate, by channel: IssueChannel = .kiosk
    ) throws(ProblemCode) -> IssueContent {
        switch person.standing {
        case .resident, .movedAway: break
        case .deceased: throw .personDeceased
        }
        // Of two sources that contradict each other nobody here can tell which is right.
        guard let history = person.doses.history else { throw .recordUnclear }
        guard !history.doses.isEmpty else { throw .recordNoDoses }
        if kind == .overseas {
            guard let passport = person.vaccinee.passport else { throw .overseasNoPassport }
            guard passport.expires >= today else { throw .overseasPassportExpired }
            // A phone has shown the passport itself.
            guard channel == .app || person.printedOverseasPassports.contains(passport.number) else {
                throw .overseasNoEarlierCertificate
            }
        }
        return IssueContent(
            vaccinee: person.vaccinee, doses: history.certified, exceeds: history.exceedsCertificate)
    }
}
