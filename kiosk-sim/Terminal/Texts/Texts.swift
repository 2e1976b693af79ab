import CardChip
package import CheckedConfiguration
import Exchange
import Foundation
package import Vaccination

/// A language of screens and receipts.
package enum Language: String, Sendable, CaseIterable {
    case ja, en
}

/// One language's texts, out of its file.
package struct Texts: Sendable {
    /// What a person is told at an ending.
    package struct Advice: Hashable, Sendable {
        /// What happened.
        package let title: String
        /// What to do now.
        package let advice: String

        package init(title: String, advice: String) {
            self.title = title
            self.advice = advice
        }
    }

    package let language: Language
    private let texts: [String: String]
    private let endings: [String: Advice]

    /// The codes of endings that are not refusals of centre or card.
    package static let ownCodes =
        [
            "printed", "left", "timeout", "interrupted", "terminal.internal", "out_of_service", "centre.unreachable",
            "centre.unusable", "guard.answer",
        ] + PrinterFailure.allCases.map(\.rawValue)
    /// The codes of card errors.
    package static let cardCodes = [
        CardTransportError.noReader.code, CardTransportError.noCard.code, CardTransportError.cardRemoved.code,
        CardTransportError.severalCards.code, CardTransportError.timeout.code, CardTransportError.readerFailure(0).code,
        CardError.otherCard.code, CardError.wrongPIN(triesLeft: 1).code, CardError.pinLocked.code,
        CardError.unexpectedStatus(0, command: 0).code,
    ]
    /// Every code that a language file has a text for, and no other.
    package static var codes: Set<String> {
        Set(ownCodes + cardCodes + ProblemCode.allCases.filter { !$0.isOfPhones }.map(\.rawValue))
    }

    /// The texts of a language that come with the program.
    package init(_ language: Language) throws(ConfigurationError) {
        let path = Bundle.module.bundleURL.appendingPathComponent("Languages/\(language.rawValue).yaml").path
        try self.init(language, try ConfigurationFile(path: path))
    }

    /// Texts from a file; throws when a key is missing or one too many.
    package init(_ language: Language, _ file: ConfigurationFile) throws(ConfigurationError) {
        let words = try file.root.section("texts")
        var texts: [String: String] = [:]
        for key in TextKey.allCases.map(\.rawValue) {
            texts[key] = try words.value(key, Expectation(english: "this text", japanese: "文言")) { $0 }
        }
        let advices = try file.root.section("endings")
        let expected = Expectation(english: "a headline and advice", japanese: "見出しと案内の二つ")
        var endings: [String: Advice] = [:]
        for code in Self.codes.sorted() {
            let pair = try advices.texts(code, expected)
            guard pair.count == 2 else { throw advices.missing(code, expected) }
            endings[code] = Advice(title: pair[0], advice: pair[1])
        }
        try file.root.refuseUnknownKeys()
        self.language = language
        self.texts = texts
        self.endings = endings
    }

    /// A text.
    package subscript(_ key: TextKey) -> String { texts[key.rawValue] ?? key.rawValue }

    /// A text with values in place of what stands in braces.
    package func callAsFunction(_ key: TextKey, _ values: [String: String]) -> String {
        values.reduce(self[key]) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    /// What a person is told at an ending.
    package func advice(for ending: SessionEnding) -> Advice {
        switch ending {
        case .outOfService: advice(code: "out_of_service")
        // Who has paid is not told to begin anew.
        case .timedOut(.printing): advice(code: PrinterFailure.unknown.rawValue)
        default: advice(code: ending.code)
        }
    }

    /// What a person is told for a code.
    package func advice(code: String) -> Advice {
        endings[code] ?? endings["terminal.internal"] ?? Advice(title: code, advice: "")
    }

    /// A kind of certificate by its name.
    package func name(of kind: CertificateKind) -> String {
        switch kind {
        case .domestic: self[.kindDomestic]
        case .overseas: self[.kindOverseas]
        }
    }

    /// A municipality by its name, without or with its prefecture.
    package func name(of municipality: Municipality, withPrefecture: Bool = false) -> String {
        switch language {
        case .ja: (withPrefecture ? municipality.prefecture : "") + municipality.name
        case .en: municipality.nameEnglish + (withPrefecture ? ", \(municipality.prefectureEnglish)" : "")
        }
    }

    /// An amount with separators for thousands.
    package func yen(_ amount: Int) -> String {
        var digits = String(amount)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits = String(digits.dropLast(3))
        }
        return ([digits] + groups).joined(separator: ",")
    }

    /// The text of a receipt, nothing of the person in it.
    package func receipt(_ receipt: Receipt) -> String {
        let width = 40
        func line(_ label: String, _ value: String) -> String {
            let gap = max(1, width - CharacterWidth.of(label) - CharacterWidth.of(value))
            return label + String(repeating: " ", count: gap) + value
        }
        var lines = [self[.receiptTitle], self[.serviceTitle], String(repeating: "-", count: width)]
        if receipt.isSample { lines.append(self[.receiptSample]) }
        lines += [
            line(self[.receiptAt], Self.clock(receipt.at)),
            line(self[.receiptMunicipality], name(of: receipt.municipality, withPrefecture: true)),
            line(self[.receiptKind], name(of: receipt.kind)),
            line("", self(.receiptCopies, ["copies": String(receipt.copies), "fee": yen(receipt.feeYen)])),
            line("", self(.receiptSum, ["sum": yen(receipt.sumYen)])),
            String(repeating: "-", count: width),
            line(self[.serviceInquiry], receipt.inquiry.text), self[.receiptNote],
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Day and time of day in Japan.
    static func clock(_ instant: Date) -> String {
        let seconds = instant.timeIntervalSince1970
        guard let day = CalendarDate.inJapan(secondsSince1970: seconds) else { return "" }
        let rest = (seconds + 9 * 3600).truncatingRemainder(dividingBy: 86_400)
        let minutes = Int(rest < 0 ? rest + 86_400 : rest) / 60
        let (hour, minute) = (minutes / 60, minutes % 60)
        return "\(day) \(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }
}
