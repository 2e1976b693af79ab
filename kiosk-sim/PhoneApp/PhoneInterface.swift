package import CardChip
package import Exchange
package import TravelDocument
package import Vaccination

/// One certificate that a person chose.
package struct PhoneChoice: Hashable, Sendable {
    /// The municipality where the person was resident when vaccinated.
    package let municipality: MunicipalityCode
    /// Which certificate.
    package let kind: CertificateKind

    /// A choice.
    package init(municipality: MunicipalityCode, kind: CertificateKind) {
        (self.municipality, self.kind) = (municipality, kind)
    }

    var request: CertificateRequest { CertificateRequest(municipality: municipality, kind: kind, copies: .one) }
}

/// Where a presentation of the card is.
package enum PhoneStep: String, Sendable, CaseIterable {
    case menu, choice, keys, passport, pin, challenge, card, read, sign, send, guarding, outcome
}

/// A passport that is at hand: its zone as the camera read it, and whether it has a chip.
package struct PresentedPassport: Hashable, Sendable, Confidential {
    /// The machine-readable zone, which opens the chip.
    package let zone: MachineReadableZone
    /// Whether its chip is read. Without it the zone alone is sent, which few municipalities accept.
    package let hasChip: Bool

    /// A passport.
    package init(zone: MachineReadableZone, hasChip: Bool = true) { (self.zone, self.hasChip) = (zone, hasChip) }
}

/// Why a tag is to be held to the phone.
package enum HoldReason: String, Sendable {
    /// For the first time.
    case first
    /// It was lost, or never found.
    case lost
    /// What was held there is another kind of card.
    case otherKind
    /// Another PIN was typed.
    case again
}

/// Why a PIN is to be typed.
package enum PINReason: Hashable, Sendable {
    /// For the first time; how often it can be tried is not known yet.
    case first
    /// It was wrong, and can be tried so often.
    case wrong(triesLeft: Int)
    /// The card was lost since, and opens its files with the PIN alone. Whether the last one was taken is not known.
    case lost
}

/// What the person does at the phone. Nothing goes on without an answer; `nil` or `false` is a person who leaves.
package protocol PhoneInterface: Sendable {
    /// A step was reached.
    func reached(_ step: PhoneStep) async
    /// What is asked for, one to eight, each once.
    func choose(of menu: Menu) async -> [PhoneChoice]?
    /// The passport for an overseas certificate.
    func passport() async -> PresentedPassport?
    /// The PIN as it is typed now. It is presented to the chip once.
    func pin(_ reason: PINReason) async -> PIN?
    /// Whether the person holds a tag to the phone.
    func hold(_ tag: Tag, _ reason: HoldReason) async -> Bool
    /// Shows a certificate and keeps it; whether it is kept. It was compared with the card before.
    func keep(_ certificate: KeptCertificate) async -> Bool
}
