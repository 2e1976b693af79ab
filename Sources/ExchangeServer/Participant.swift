package import CheckedConfiguration
package import Vaccination

/// A municipality that takes part, and the kinds of certificates that it offers.
package struct Participant: Sendable {
    /// Which municipality.
    package let municipality: Municipality
    /// The kinds it offers, at least one, each once.
    package let kinds: [CertificateKind]

    /// A participant out of parts that are right: at least one kind, each once.
    package init(municipality: Municipality, kinds: [CertificateKind]) {
        self.municipality = municipality
        self.kinds = kinds
    }

    /// Out of a mapping with `code`, `prefecture`, `name`, `prefectureEnglish`, `nameEnglish` and `kinds`.
    private init(_ section: ConfigurationSection) throws(ConfigurationError) {
        municipality = Municipality(
            code: try section.value(
                "code",
                Expectation(
                    english: "a municipality's six digits in quotes, the last a check digit",
                    japanese: "団体コード6桁（最後は検査数字、引用符で囲む）")
            ) { MunicipalityCode($0) },
            prefecture: try section.string("prefecture", Municipality.Lengths.prefecture),
            name: try section.string("name", Municipality.Lengths.name),
            prefectureEnglish: try section.string("prefectureEnglish", Municipality.Lengths.prefectureEnglish),
            nameEnglish: try section.string("nameEnglish", Municipality.Lengths.nameEnglish))
        let expected = Expectation(
            english: "a list with domestic, overseas or both", japanese: "domestic、overseasのリスト（両方でもよい）")
        let texts = try section.texts("kinds", expected)
        kinds = texts.compactMap(CertificateKind.init(rawValue:))
        guard !kinds.isEmpty, kinds.count == texts.count, Set(kinds).count == kinds.count else {
            throw texts.isEmpty
                ? section.missing("kinds", expected)
                : section.wrong("kinds", texts.joined(separator: ", "), expected)
        }
    }

    /// The participants of a list of mappings, by the codes of their municipalities: at least one, each once.
    package static func all(
        _ root: ConfigurationSection, _ key: String
    ) throws(ConfigurationError) -> [MunicipalityCode: Participant] {
        var participants: [MunicipalityCode: Participant] = [:]
        for section in try root.sections(key) {
            let participant = try Participant(section)
            let code = participant.municipality.code
            guard participants.updateValue(participant, forKey: code) == nil else {
                throw section.error("code", english: "\(code) stands twice", japanese: "\(code)が2回あります。")
            }
        }
        guard !participants.isEmpty else {
            throw root.missing(
                key, Expectation(english: "the list of municipalities that take part", japanese: "参加する市区町村のリスト"))
        }
        return participants
    }
}
