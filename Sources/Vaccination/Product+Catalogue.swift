extension Product {
    /// Every product, in catalogue order: by maker, and each maker's by the day on which they were approved.
    public static let all: [Product] = [
        pfizer("PFIZER-12", "208", (2021, 2, 14), "コミナティ筋注", "COMIRNATY"),
        pfizer("PFIZER-5", "218", (2022, 1, 21), "コミナティ筋注5～11歳用", "COMIRNATY 5-11"),
        pfizer("PFIZER-6M", "219", (2022, 10, 5), "コミナティ筋注6カ月～4歳用", "COMIRNATY 6M-4"),
        // The CDC's codes for the bivalent vaccines with BA.1 are those of products that the United States did not use.
        pfizer("PFIZER-BA1", "520", (2022, 9, 12), "コミナティRTU筋注（BA.1）", "COMIRNATY BA.1"),
        pfizer("PFIZER-BA45", "300", (2022, 10, 5), "コミナティRTU筋注（BA.4-5）", "COMIRNATY BA.4-5"),
        pfizer("PFIZER-5-BA45", "301", (2023, 2, 28), "コミナティ筋注5～11歳用（BA.4-5）", "COMIRNATY 5-11 BA.4-5"),
        pfizer("PFIZER-XBB", "309", (2023, 9, 1), "コミナティRTU筋注（XBB.1.5）", "COMIRNATY XBB.1.5"),
        pfizer("PFIZER-5-XBB", "310", (2023, 9, 1), "コミナティ筋注5～11歳用（XBB.1.5）", "COMIRNATY 5-11 XBB.1.5"),
        pfizer("PFIZER-6M-XBB", "308", (2023, 9, 1), "コミナティ筋注6カ月～4歳用（XBB.1.5）", "COMIRNATY 6M-4 XBB.1.5"),
        moderna("MODERNA", "207", (2021, 5, 21), "スパイクバックス筋注", "SPIKEVAX"),
        moderna("MODERNA-BA1", "519", (2022, 9, 12), "スパイクバックス筋注（BA.1）", "SPIKEVAX BA.1"),
        moderna("MODERNA-BA45", "229", (2022, 11, 1), "スパイクバックス筋注（BA.4-5）", "SPIKEVAX BA.4-5"),
        // One vial; the CDC's codes are those of the amounts, 50 µg and, for children, 25 µg. 207 stands for both of the first.
        moderna("MODERNA-XBB", "312", (2023, 9, 12), "スパイクバックス筋注（XBB.1.5）", "SPIKEVAX XBB.1.5"),
        moderna("MODERNA-XBB-25", "311", (2023, 9, 12), "スパイクバックス筋注（XBB.1.5）25μg", "SPIKEVAX XBB.1.5 25 MCG"),
        Product(
            code: "ASTRAZENECA", name: "バキスゼブリア筋注", nameEnglish: "VAXZEVRIA", maker: "アストラゼネカ",
            makerEnglish: "AstraZeneca", kind: .viralVector, cvx: "210",
            eu: EUVaccineCodes(product: "EU/1/21/1529", maker: "ORG-100001699", prophylaxis: "1119305005"),
            period: from((2021, 5, 21))),
        Product(
            code: "NOVAVAX", name: "ヌバキソビッド筋注", nameEnglish: "NUVAXOVID", maker: "武田薬品工業（ノババックス）",
            makerEnglish: "Takeda (Novavax)", kind: .recombinantProtein, cvx: "211",
            eu: EUVaccineCodes(product: "EU/1/21/1618", maker: "ORG-100032020", prophylaxis: "1119305005"),
            period: from((2022, 4, 19))),
        Product(
            code: "JANSSEN", name: "ジェコビデン筋注", nameEnglish: "JCOVDEN", maker: "ヤンセンファーマ", makerEnglish: "Janssen",
            kind: .viralVector, cvx: "212",
            eu: EUVaccineCodes(product: "EU/1/20/1525", maker: "ORG-100001417", prophylaxis: "1119305005"),
            period: from((2022, 6, 20))),
        // Approved and given in Japan alone: neither the CDC nor the EU has a code for it.
        Product(
            code: "DAICHIRONA-XBB", name: "ダイチロナ筋注（XBB.1.5）", nameEnglish: "DAICHIRONA XBB.1.5", maker: "第一三共",
            makerEnglish: "Daiichi Sankyo", kind: .mRNA, cvx: nil, eu: nil, period: from((2023, 11, 28))),
    ]

    private static func pfizer(
        _ code: String, _ cvx: String, _ approved: (Int, Int, Int), _ name: String, _ english: String
    ) -> Product {
        Product(
            code: code, name: name, nameEnglish: english, maker: "ファイザー", makerEnglish: "Pfizer", kind: .mRNA, cvx: cvx,
            eu: EUVaccineCodes(product: "EU/1/20/1528", maker: "ORG-100030215", prophylaxis: "1119349007"),
            period: from(approved))
    }

    private static func moderna(
        _ code: String, _ cvx: String, _ approved: (Int, Int, Int), _ name: String, _ english: String
    ) -> Product {
        Product(
            code: code, name: name, nameEnglish: english, maker: "モデルナ", makerEnglish: "Moderna", kind: .mRNA, cvx: cvx,
            eu: EUVaccineCodes(product: "EU/1/20/1507", maker: "ORG-100031184", prophylaxis: "1119349007"),
            period: from(approved))
    }

    private static func from(_ day: (Int, Int, Int)) -> ClosedRange<CalendarDate> {
        let end = CalendarDate(written: (2024, 3, 31))
        return min(CalendarDate(written: day), end)...end
    }
}
