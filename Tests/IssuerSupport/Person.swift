public import Vaccination

/// A made-up person.
public struct Person: Sendable {
    /// The family name.
    public let family: String
    /// The given name, which may be empty.
    public let given: String
    /// The day of birth.
    public let birthDate: BirthDate
    /// The passport's number.
    public let documentNumber: String
    /// The identifier of the person's certificate.
    public let id: CertificateID
    /// What was given, the earliest first.
    public let doses: [Dose]

    /// A person with a history.
    public init(
        family: String, given: String, birthDate: BirthDate, documentNumber: String, id: CertificateID, doses: [Dose]
    ) {
        self.family = family
        self.given = given
        self.birthDate = birthDate
        self.documentNumber = documentNumber
        self.id = id
        self.doses = doses
    }

    /// A person born on 23 November 1980 with two doses, of lots 1 and 2 of a series.
    public init(
        family: String = "MIHON", given: String = "HANAKO", documentNumber: String = "TK1234567", lot: String = "LOT"
    ) throws {
        struct NoSample: Error {}
        var generator = SystemRandomNumberGenerator()
        guard let birthDate = BirthDate(iso: "1980-11-23"), let product = Product.all.first else {
            throw NoSample()
        }
        let doses = try (1...2).map { number in
            guard let date = CalendarDate(iso: "2021-0\(number)-11"),
                let dose = Dose(number: number, date: date, product: product, lot: "\(lot)\(number)")
            else { throw NoSample() }
            return dose
        }
        self.init(
            family: family, given: given, birthDate: birthDate, documentNumber: documentNumber,
            id: CertificateID(using: &generator), doses: doses)
    }

    /// Both names, as a reader of certificates shows them.
    public var name: String { "\(family) \(given)" }
}
