import TestSupport
import Testing
import TravelDocument
import Vaccination

/// Whether passport and card are the same person's.
@Suite struct ComparisonTests {
    private func compare(
        _ zone: MachineReadableZone, _ card: String, birth: String = "1980-02-17", sex: Sex? = .female,
        registered: [String] = [], passports: [Passport] = []
    ) -> String {
        let holder = ComparedHolder(
            cardName: card, birthDate: BirthDate(iso: birth), sex: sex, registeredNames: registered,
            passports: passports)
        do {
            switch try HolderComparison.compare(zone, with: holder) {
            case .same: return "same"
            case .namesNotComparable: return "not comparable"
            }
        } catch { return error.code }
    }

    /// Family and given names of the zone, the card's name, and what is found.
    static let names: [(family: String, given: String, card: String, found: String)] = [
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON ANNA MARIA", "same"),
        ("ERIKSSON", "ANNA MARIA", "ＥＲＩＫＳＳＯＮ　ＡＮＮＡ　ＭＡＲＩＡ", "same"),
        ("ERIKSSON", "ANNA MARIA", "Anna Maria Eriksson", "same"),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON, ANNA-MARIA", "same"),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON ANNAMARIA", "same"),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON ANNA MARIA [見本花子]", "same"),
        ("ERIKSSON", "ANNA MARIA", "見本　花子（ERIKSSON ANNA MARIA）", "same"),
        ("ERIKSSON", "ANNA MARIA", "ERIKSSON ANNA", "passport.name_differs"),
        ("ERIKSSON", "ANNA", "ERIKSSON ANNA MARIA", "passport.name_differs"),
        ("ERIKSSON", "ANNA MARIA", "MIHON HANAKO", "passport.name_differs"),
        ("ERIKSSON", "ANNA MARIA", "", "not comparable"),
        ("MIHON", "HANAKO", "見本　花子", "not comparable"),
        ("MIHON", "HANAKO", "ミホン　ハナコ", "not comparable"),
        ("MIHON", "HANAKO", "見本 HANAKO", "not comparable"),
        ("O'BRIEN", "JOHN", "O'BRIEN JOHN", "same"), ("OBRIEN", "JOHN", "O’Brien John", "same"),
        ("MUELLER", "HANS", "MÜLLER HANS", "same"), ("MULLER", "HANS", "MÜLLER HANS", "same"),
        ("MUXXLLER", "HANS", "MÜLLER HANS", "same"), ("MULLER", "HANS", "MUELLER HANS", "passport.name_differs"),
        ("NUNEZ", "ANA", "NÚÑEZ ANA", "same"), ("GROSS", "ANA", "GROß ANA", "same"),
        ("SOREN", "BO", "SØREN BO", "same"),
        ("NGUYEN", "VAN AN", "NGUYEN VAN AN", "same"), ("NGUYEN", "VAN AN", "AN VAN NGUYEN", "same"),
        // Shortened: what the zone has must be the beginning of what the card has, in its order.
        ("NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", "NILAVADHANANANDA CHAYAPA DEJTHAMRONG KRASUANG", "same"),
        ("NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", "CHAYAPA DEJTHAMRONG KRASUANG NILAVADHANANANDA", "same"),
        (
            "NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", "NILAVADHANANANDA CHAYAPA DEJTHAMRONG SOMCHAI",
            "passport.name_differs"
        ),
        (
            "NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", "CHAYAPA NILAVADHANANANDA DEJTHAMRONG KRASUANG",
            "passport.name_differs"
        ),
        (
            "BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "DINGO POTOROO",
            "BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL DINGO POTOROO", "same"
        ),
        (
            "BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "DINGO POTOROO",
            "BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL WALLABY POTOROO", "passport.name_differs"
        ),
    ]

    @Test func `names are compared as a zone may write them`() throws {
        for (family, given, card, found) in Self.names {
            let zone = try Made.named(family, given)
            #expect(compare(zone, card) == found, "\(family), \(given) with \(card)")
        }
    }

    @Test func `any Latin name that the record has is enough, and one that is no other's is a difference`() throws {
        let zone = try Made.named("MIHON", "HANAKO")
        func passport(_ name: String) throws -> Passport {
            try #require(
                Passport(number: "A1", writtenName: name, nationality: "JPN", expires: date("2030-01-01")))
        }
        #expect(compare(zone, "見本　花子", registered: ["見本　花子"]) == "not comparable")
        #expect(compare(zone, "見本　花子", registered: ["見本　花子", "MIHON HANAKO"]) == "same")
        #expect(compare(zone, "見本　花子", passports: [try passport("MIHON, HANAKO")]) == "same")
        #expect(compare(zone, "見本　花子", passports: [try passport("REIJI, HANAKO")]) == "passport.name_differs")
        #expect(compare(zone, "見本　花子", passports: [try passport("REIJI (MIHON), HANAKO")]) == "same")
        #expect(compare(zone, "見本　花子", passports: [try passport("MIHON, MARY (HANAKO)")]) == "same")
        let both = [try passport("REIJI, HANAKO"), try passport("MIHON, HANAKO")]
        #expect(compare(zone, "見本　花子", passports: both) == "same")
        #expect(compare(zone, "TARO JOHN", passports: both) == "same")
    }

    @Test(arguments: [
        ("1980-02-17", Sex?.some(.female), "same"), ("1880-02-17", .female, "same"),
        ("1980-02-18", .female, "passport.birth_date_differs"), ("1980-02", .female, "passport.birth_date_differs"),
        ("", .female, "passport.birth_date_differs"), ("1980-02-17", .male, "passport.sex_differs"),
        ("1980-02-17", .unspecified, "same"), ("1980-02-17", nil, "passport.sex_differs"),
    ])
    func `birth date and sex are always compared`(_ birth: String, _ sex: Sex?, _ found: String) throws {
        #expect(compare(try Made.holder(), "MIHON HANAKO", birth: birth, sex: sex) == found)
        let kanji = found == "same" ? "not comparable" : found
        #expect(compare(try Made.holder(), "見本　花子", birth: birth, sex: sex) == kanji)
    }

    @Test func `a zone that does not state the sex agrees with either`() throws {
        let zone = try Made.holder(sex: .unspecified)
        for sex in Sex.allCases { #expect(compare(zone, "MIHON HANAKO", sex: sex) == "same") }
    }

    @Test func `a holder shows nothing of the person`() {
        let holder = ComparedHolder(cardName: "MIHON HANAKO", birthDate: BirthDate(iso: "1980-02-17"), sex: .female)
        #expect("\(holder)" == "ComparedHolder(…)")
        var dumped = ""
        dump(holder, to: &dumped)
        #expect(!dumped.contains("MIHON") && !dumped.contains("1980"))
    }

    @Test func `odd names never trap`() async throws {
        let samples = Self.names.map { Array($0.card.utf8) }
        let zones = try Self.names.map { try Made.named($0.family, $0.given) }
        await BadInput.run("names to compare", samples: samples, cases: BadInput.cases / 4) { bytes in
            let holder = ComparedHolder(
                cardName: String(decoding: bytes, as: UTF8.self), birthDate: BirthDate(iso: "1980-02-17"), sex: .female)
            for zone in zones { _ = try? HolderComparison.compare(zone, with: holder) }
        }
    }
}
