/// A vaccine product that the record system knows, with the codes each credential format writes for it.
///
/// The catalogue is closed: a record names its product by ``code``, and an unknown code is refused where it comes in. It holds
/// what was given in Japan until the special temporary vaccinations (特例臨時接種) ended on 2024-03-31.
public struct Product: Hashable, Sendable {
    /// The catalogue's own stable code, such as `PFIZER-12`.
    public let code: String
    /// Product name in Japanese and as printed, such as コミナティ筋注.
    public let name: String
    /// Product name in Latin letters, such as `COMIRNATY`.
    public let nameEnglish: String
    /// The maker in Japanese, such as ファイザー.
    public let maker: String
    /// The maker in Latin letters, such as `Pfizer`.
    public let makerEnglish: String
    /// What kind of vaccine it is.
    public let kind: VaccineKind
    /// CVX code (CDC vaccine code system `http://hl7.org/fhir/sid/cvx`), as a SMART Health Card writes it; `nil` for a product
    /// that the CDC has given none: the card then writes the kind's ``VaccineKind/icd11``.
    public let cvx: String?
    /// The EU's codes; `nil` for a product that its value sets do not have: no EU certificate can be issued of its doses.
    public let eu: EUVaccineCodes?
    /// From the day of its approval in Japan, also as a change of an approval, until the last day of the special temporary
    /// vaccinations.
    public let period: ClosedRange<CalendarDate>

    /// The product with this code.
    public static func withCode(_ code: some StringProtocol) -> Product? { byCode[String(code)] }

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })
}

/// A product's codes in the EU's value sets for vaccination certificates.
public struct EUVaccineCodes: Hashable, Sendable {
    /// Value set vaccine-medicinal-product (`mp`), such as `EU/1/20/1528`.
    public let product: String
    /// Value set vaccine-mah-manf (`ma`), such as `ORG-100030215`.
    public let maker: String
    /// Value set sct-vaccines-covid-19 (`vp`), such as `1119349007`.
    public let prophylaxis: String
}

/// The kinds of vaccine against COVID-19 that the catalogue's products are of.
public enum VaccineKind: Hashable, Sendable, CaseIterable {
    /// mRNA vaccines.
    case mRNA
    /// Vaccines with a vector that does not replicate.
    case viralVector
    /// Vaccines of a recombinant protein.
    case recombinantProtein

    /// In Japanese, such as mRNAワクチン.
    public var name: String {
        switch self {
        case .mRNA: "mRNAワクチン"
        case .viralVector: "ウイルスベクターワクチン"
        case .recombinantProtein: "組換えタンパクワクチン"
        }
    }

    /// In English, such as `mRNA`.
    public var nameEnglish: String {
        switch self {
        case .mRNA: "mRNA"
        case .viralVector: "viral vector"
        case .recombinantProtein: "recombinant protein"
        }
    }

    /// The kind's code in ICD-11 (`http://id.who.int/icd/release/11/mms`, extension codes under XM68M6), such as `XM0GQ8`.
    public var icd11: String {
        switch self {
        case .mRNA: "XM0GQ8"
        case .viralVector: "XM9QW8"
        case .recombinantProtein: "XM5JC5"
        }
    }
}

extension Product: Codable {
    /// Reads a code of the catalogue; another is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let product = Product.withCode(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no such product in the catalogue")
        }
        self = product
    }

    /// Writes what ``init(from:)`` reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }
}
