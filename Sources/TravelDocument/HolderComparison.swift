package import Vaccination

/// What a My Number card and a record say of their person, as far as it is compared with a passport.
package struct ComparedHolder: Sendable {
    /// The date of birth; `nil` if the card's digits are none, or say nothing of it.
    package let birthDate: BirthDate?
    /// Sex; `nil` if the card's digit means nothing.
    package let sex: Sex?
    fileprivate let names: [LatinName]

    /// A holder.
    ///
    /// - Parameters:
    ///   - cardName: the name as read from the card, with what it has in brackets.
    ///   - birthDate: of the card.
    ///   - sex: of the card.
    ///   - registeredNames: the names that the register has of the person, the registered one and those beside it.
    ///   - passports: passports that were recorded of the person, ended ones too: a passport from before a marriage has the name of
    ///     then, so whoever has another name by now is only told by the names beside it.
    package init(
        cardName: String, birthDate: BirthDate?, sex: Sex?, registeredNames: [String] = [], passports: [Passport] = []
    ) {
        (self.birthDate, self.sex) = (birthDate, sex)
        let written = CardName.pieces(of: cardName) + registeredNames.flatMap(CardName.pieces)
        let romaji = passports.flatMap { passport -> [String] in
            let families = [passport.romajiFamily] + passport.otherFamilyNames
            let given = [passport.romajiGiven] + passport.otherGivenNames
            return families.flatMap { family in given.map { $0.isEmpty ? family : "\(family), \($0)" } }
        }
        names = (written + romaji).compactMap(LatinName.init)
    }
}

/// Whether a passport and a My Number card are the same person's.
///
/// **The rule.** Birth dates are the same as far as a zone writes them (``ZoneBirthDate/agrees(with:)``). Sexes are the same where both
/// state one. Names are the same if the zone may write one of the Latin names that card and record have of the person
/// (``LatinName``): any of them is enough. Where they have none, names cannot be compared: kanji do not say how they are read, nor kana how
/// a passport spells them.
///
/// **What that lets through.** Of ``Outcome/namesNotComparable``, a genuine passport of anybody of the same sex who was born on the same
/// day, about one stranger in 50,000: what is then made shows that passport's name and number, and who holds that passport can be
/// asked. Of ``Outcome/same``, the same with a name that one of the person's own is written alike to: truncated to the same 39 characters,
/// or with its parts in another order. Of dates, a person exactly a hundred years older.
package enum HolderComparison {
    /// What a comparison found.
    package enum Outcome: Hashable, Sendable {
        /// Birth date and sex agree, and a name does.
        case same
        /// Birth date and sex agree; card and record have no name in Latin letters.
        case namesNotComparable
    }

    /// What differs.
    package enum Difference: String, Error, Hashable, Sendable, CaseIterable {
        case birthDate = "passport.birth_date_differs"
        case sex = "passport.sex_differs"
        case name = "passport.name_differs"

        /// A stable code.
        package var code: String { rawValue }
    }

    /// Compares a zone with what card and record say.
    package static func compare(
        _ zone: MachineReadableZone, with holder: ComparedHolder
    ) throws(Difference) -> Outcome {
        guard let birthDate = holder.birthDate, zone.birthDate.agrees(with: birthDate) else { throw .birthDate }
        guard let sex = holder.sex, sex == .unspecified || zone.sex == .unspecified || sex == zone.sex else {
            throw .sex
        }
        guard !holder.names.isEmpty else { return .namesNotComparable }
        guard holder.names.contains(where: { $0.mayBe(zone.name) }) else { throw .name }
        return .same
    }
}

extension ComparedHolder: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    package var description: String { "ComparedHolder(…)" }
    /// Shows no parts, to dumps and debuggers either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
