/// A vaccine product that the record system knows, with the codes each credential format writes for it.
///
/// The catalogue is closed: a record names its product by ``code``, and an unknown code is refused where it comes in.
public struct Product: Hashable, Sendable {
    /// The catalogue's own stable code, such as `PFIZER-12`.
    public let code: String
    /// CVX code (CDC vaccine code system `http://hl7.org/fhir/sid/cvx`), as a SMART Health Card writes it.
    public let cvx: String
    /// Product name in Japanese and as printed, such as コミナティ筋注.
    public let name: String
    /// Product name in Latin letters, such as `COMIRNATY`.
    public let nameEnglish: String
    /// The maker in Japanese, such as ファイザー.
    public let maker: String
    /// The maker in Latin letters, such as `Pfizer`.
    public let makerEnglish: String
    /// The kind of vaccine in Japanese, such as mRNAワクチン.
    public let vaccineType: String
    /// The kind of vaccine in English, such as `mRNA`.
    public let vaccineTypeEnglish: String
    /// EU value set vaccine-medicinal-product (`mp`), such as `EU/1/20/1528`.
    public let euProduct: String
    /// EU value set vaccine-mah-manf (`ma`), such as `ORG-100030215`.
    public let euMaker: String
    /// EU value set sct-vaccines-covid-19 (`vp`), such as `1119349007`.
    public let euProphylaxis: String

    /// The product with this code.
    public static func withCode(_ code: some StringProtocol) -> Product? { byCode[String(code)] }

    private static let byCode = Dictionary(uniqueKeysWithValues: all.map { ($0.code, $0) })

    /// Every product, in catalogue order.
    public static let all: [Product] = [
        pfizer("PFIZER-12", "208", "コミナティ筋注", "COMIRNATY"),
        pfizer("PFIZER-5", "218", "コミナティ筋注5～11歳用", "COMIRNATY 5-11"),
        pfizer("PFIZER-6M", "219", "コミナティ筋注6カ月～4歳用", "COMIRNATY 6M-4"),
        pfizer("PFIZER-BA1", "300", "コミナティRTU筋注（BA.1）", "COMIRNATY BA.1"),
        pfizer("PFIZER-BA45", "300", "コミナティRTU筋注（BA.4-5）", "COMIRNATY BA.4-5"),
        moderna("MODERNA", "207", "スパイクバックス筋注", "SPIKEVAX"),
        moderna("MODERNA-BA1", "229", "スパイクバックス筋注（BA.1）", "SPIKEVAX BA.1"),
        moderna("MODERNA-BA45", "229", "スパイクバックス筋注（BA.4-5）", "SPIKEVAX BA.4-5"),
        Product(
            code: "ASTRAZENECA", cvx: "210", name: "バキスゼブリア筋注", nameEnglish: "VAXZEVRIA", maker: "アストラゼネカ",
            makerEnglish: "AstraZeneca", vaccineType: "ウイルスベクターワクチン", vaccineTypeEnglish: "viral vector",
            euProduct: "EU/1/21/1529", euMaker: "ORG-100001699", euProphylaxis: "1119305005"),
        Product(
            code: "NOVAVAX", cvx: "211", name: "ヌバキソビッド筋注", nameEnglish: "NUVAXOVID", maker: "武田薬品工業（ノババックス）",
            makerEnglish: "Takeda (Novavax)", vaccineType: "組換えタンパクワクチン", vaccineTypeEnglish: "recombinant protein",
            euProduct: "EU/1/21/1618", euMaker: "ORG-100032020", euProphylaxis: "1119305005"),
        Product(
            code: "JANSSEN", cvx: "212", name: "ジェコビデン筋注", nameEnglish: "JCOVDEN", maker: "ヤンセンファーマ",
            makerEnglish: "Janssen", vaccineType: "ウイルスベクターワクチン", vaccineTypeEnglish: "viral vector",
            euProduct: "EU/1/20/1525", euMaker: "ORG-100001417", euProphylaxis: "1119305005"),
    ]

    private static func pfizer(_ code: String, _ cvx: String, _ name: String, _ english: String) -> Product {
        Product(
            code: code, cvx: cvx, name: name, nameEnglish: english, maker: "ファイザー", makerEnglish: "Pfizer",
            vaccineType: "mRNAワクチン", vaccineTypeEnglish: "mRNA", euProduct: "EU/1/20/1528", euMaker: "ORG-100030215",
            euProphylaxis: "1119349007")
    }

    private static func moderna(_ code: String, _ cvx: String, _ name: String, _ english: String) -> Product {
        Product(
            code: code, cvx: cvx, name: name, nameEnglish: english, maker: "モデルナ", makerEnglish: "Moderna",
            vaccineType: "mRNAワクチン", vaccineTypeEnglish: "mRNA", euProduct: "EU/1/20/1507", euMaker: "ORG-100031184",
            euProphylaxis: "1119349007")
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
