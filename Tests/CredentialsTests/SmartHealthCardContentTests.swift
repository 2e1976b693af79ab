import CredentialFixtures
import Credentials
import Foundation
import TestSupport
import Testing

/// What a signed SMART Health Card says is shown as it was signed, of the person it was signed for, or not at all.
@Suite struct SmartHealthCardContentTests {
    let fixture = SmartHealthCardFixture()

    private func verdict(_ part: String, _ other: String) throws -> Verdict {
        let payload = try SmartHealthCardFixture.payload.replacing(one: part, with: other)
        return try #require(fixture.check(try fixture.jws(payload: payload)))
    }

    @Test(
        arguments: [
            (#""given":["花子"]"#, #""given":{"花子":"x"}"#), (#""given":["花子"]"#, #""given":["花子",1]"#),
            (#""given":["花子"]"#, #""given":"花子""#), (#""given":["花子"]"#, #""given":null"#),
            (#""family":"見本""#, #""family":["見本"]"#), (#""name":[{"#, #""name":[1,{"#),
            (#""coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"208"}]"#, #""coding":{"a":{"system":"x"}}"#),
            (#""code":"208""#, #""code":208"#), (#""lotNumber":"FA1234""#, #""lotNumber":1234"#),
            (#""actor":{"display":"見本市"}"#, #""actor":"見本市""#), (#""display":"見本市""#, #""display":{}"#),
            (#""status":"completed","#, ""), (#""status":"completed""#, #""status":"done""#),
            (#""occurrenceDateTime":"2021-06-01","#, ""),
            (#""occurrenceDateTime":"2021-06-01""#, #""occurrenceDateTime":"2021-06-01","occurrenceString":"June""#),
            (#""occurrenceDateTime":"2021-06-01""#, #""occurrenceDateTime":"x""#),
            (#""occurrenceDateTime":"2021-06-01""#, #""occurrenceDateTime":"2021-02-29""#),
            (#""occurrenceDateTime":"2021-06-01""#, #""occurrenceDateTime":"2021-06-01T09:00:00""#),
            (#""birthDate":"1990-01-01""#, #""birthDate":"1990-13-01""#),
            (#""birthDate":"1990-01-01""#, #""birthDate":"""#),
            (#""birthDate":"1990-01-01""#, #""birthDate":"1990-01-01","gender":"F""#),
            (#""fhirVersion":"4.0.1""#, #""fhirVersion":"""#), (#""resourceType":"Bundle""#, #""resourceType":"List""#),
            (#"["https://smarthealth.cards#health-card"]"#, #"["https://smarthealth.cards#health-card",1]"#),
            (#""fullUrl":"resource:1""#, #""fullUrl":"resource:0""#), (#""fullUrl":"resource:1""#, #""fullUrl":1"#),
            (#""nbf":1639958400"#, #""nbf":"1639958400""#), (#""nbf":1639958400"#, #""nbf":1639958400,"exp":null"#),
        ])
    func `a member of another kind or form than the format's is malformed`(_ part: String, _ other: String) throws {
        let verdict = try verdict(part, other)
        #expect(verdict.reasons.map(\.code) == ["payload.malformed"])
        #expect(verdict.holder == nil && verdict.doses.isEmpty)
    }

    @Test(
        arguments: [
            (["cvx 309"], "COMIRNATY (2023-)", "Pfizer", "309"), (["cvx 999"], "CVX 999", nil, "999"),
            (["icd XM0GQ8"], "COVID-19 vaccine, RNA based", nil, "XM0GQ8"),
            (["icd XM0000"], "ICD-11 XM0000", nil, "XM0000"),
            (["icd XM0GQ8", "cvx 309"], "COMIRNATY (2023-)", "Pfizer", "309"),
            (["icd XM0GQ8", "cvx 999"], "CVX 999", nil, "999"), (["sct 1119349007"], nil, nil, nil),
            (["icd XM0GQ8", "icd XM5JC5"], "COVID-19 vaccine, RNA based", nil, "XM0GQ8"),
            (["icd XM0GQ8", "icd XM8NQ0"], "COMIRNATY", "Pfizer", "XM8NQ0"),
            (["icd XM8NQ0", "icd XM3DT5"], "COMIRNATY", "Pfizer", "XM8NQ0"),
        ] as [([String], String?, String?, String?)])
    func `a vaccine has the name of its CVX code, or without one that of its kind in ICD-11`(
        _ codings: [String], _ product: String?, _ maker: String?, _ code: String?
    ) throws {
        let systems = [
            "cvx": "http://hl7.org/fhir/sid/cvx", "icd": "http://id.who.int/icd/release/11/mms",
            "sct": "http://snomed.info/sct",
        ]
        let written = codings.map { coding in
            let parts = coding.split(separator: " ").map(String.init)
            return #"{"system":"\#(systems[parts[0]] ?? "")","code":"\#(parts[1])"}"#
        }
        let verdict = try verdict(
            #"[{"system":"http://hl7.org/fhir/sid/cvx","code":"208"}]"#, "[\(written.joined(separator: ","))]")
        let dose = try #require(verdict.doses.first)
        #expect(verdict.isValid)
        #expect(dose.product == product && dose.maker == maker && dose.productCode == code)
    }

    @Test func `entries as an object are not walked as if they were an array`() throws {
        let payload = try SmartHealthCardFixture.payload.replacing(one: #""entry":["#, with: #""entry":{"a":"#)
            .replacing(one: #""birthDate":"1990-01-01"}},{"#, with: #""birthDate":"1990-01-01"}},"b":{"#)
            .replacing(one: #"]}}]}},"rid""#, with: #"]}}}}},"rid""#)
        #expect(fixture.check(try fixture.jws(payload: payload))?.reasons.map(\.code) == ["payload.malformed"])
    }

    @Test(arguments: [3, 15, 16, 17, 40])
    func `two resources of one name are malformed among however many, with a nameless one between them`(
        count: Int
    ) throws {
        let one = #"{"fullUrl":"x:1","resource":{"resourceType":"Basic"}},"#
        let nameless = #"{"resource":{"resourceType":"Basic"}},"#
        let others = (0..<count).map { one.replacing("x:1", with: "x:\($0)") }.joined() + nameless
        #expect(try verdict(#""entry":["#, #""entry":["# + others).isValid)
        let twice = try verdict(#""entry":["#, #""entry":["# + others + one)
        #expect(twice.reasons.map(\.code) == ["payload.malformed"])
    }

    @Test(
        arguments: [
            #""patient":{"reference":"resource:9"},"#, #""patient":{"reference":"resource:1"},"#,
            #""patient":{"display":"見本"},"#, "",
        ])
    func `a dose of somebody else, or of nobody, is not shown as the holder's`(_ patient: String) throws {
        let verdict = try verdict(#""patient":{"reference":"resource:0"},"#, patient)
        #expect(verdict.reasons.map(\.code) == ["holder.record_of_another"])
        #expect(verdict.holder == nil && verdict.doses.isEmpty)
    }

    @Test func `another resource about somebody else is an error as well`() throws {
        let other = #"{"resource":{"resourceType":"Observation","subject":{"reference":"resource:7"}}},"#
        let verdict = try verdict(#""entry":["#, #""entry":["# + other)
        #expect(verdict.reasons.map(\.code) == ["holder.record_of_another"])
    }

    @Test(
        arguments: [
            #"{"resource":{"resourceType":"Patient","name":[{"family":"別人"}],"birthDate":"1950-01-01"}},"#,
            #"{"fullUrl":"resource:8","resource":{"resourceType":"Patient"}},"#,
        ])
    func `a card with two patients is not valid`(_ other: String) throws {
        let verdict = try verdict(#""entry":["#, #""entry":["# + other)
        #expect(verdict.reasons.map(\.code) == ["holder.unclear"])
    }

    @Test func `a card without a patient, or with one without a name, is not valid`() throws {
        #expect(
            try verdict(#""resourceType":"Patient""#, #""resourceType":"Person""#).reasons.map(\.code) == [
                "holder.unclear"
            ])
        for (names, code) in [
            ("", "holder.unclear"), (#""name":[{"use":"usual"}],"#, "holder.unclear"),
            (#""name":[],"#, "payload.malformed"), (#""name":[{}],"#, "payload.malformed"),
            (#""name":[{"family":"","given":[]}],"#, "payload.malformed"),
        ] {
            let codes = try verdict(#""name":[{"family":"見本","given":["花子"]}],"#, names).reasons.map(\.code)
            #expect(codes == [code], "\(names)")
        }
    }

    @Test(
        arguments: [
            (#"{"use":"old","family":"旧姓"},{"family":"見本"}"#, "見本", ["見本"]),
            (#"{"use":"maiden","family":"旧姓"},{"use":"official","family":"見本"}"#, "見本", ["見本"]),
            (#"{"use":"temp","family":"仮名"},{"use":"usual","family":"見本"}"#, "見本", ["仮名", "見本"]),
            (#"{"use":"temp","family":"仮名"}"#, "仮名", ["仮名"]),
            (#"{"family":"前","period":{"end":"2021-11"}},{"family":"後","period":{"start":"2021-12"}}"#, "後", ["後"]),
            (#"{"family":"前","period":{"end":"2021"}},{"family":"後","period":{"start":"2022"}}"#, "前", ["前"]),
            (#"{"family":"先","period":{"start":"2021-12-20T10:00:01+09:00"}},{"family":"今"}"#, "今", ["今"]),
            (#"{"family":"今","period":{"start":"2021-12-20T10:00:00+09:00"}}"#, "今", ["今"]),
        ])
    func `of several names the current one is shown, and all current ones in JSON`(
        _ names: String, _ shown: String, _ current: [String]
    ) throws {
        let verdict = try verdict(#"{"family":"見本","given":["花子"]}"#, names)
        #expect(verdict.isValid)
        #expect(verdict.holder?.name == shown)
        #expect(verdict.holder?.names == current)
        let list = #""names":["# + current.map { "\"\($0)\"" }.joined(separator: ",") + "]"
        #expect(verdict.json().contains(list) == (current.count > 1))
    }

    @Test func `a name of long ago alone names nobody`() throws {
        let verdict = try verdict(#"{"family":"見本","given":["花子"]}"#, #"{"use":"old","family":"旧姓"}"#)
        #expect(verdict.reasons.map(\.code) == ["holder.unclear"])
    }

    @Test(
        arguments: [
            (#""status":"completed""#, #""status":"not-done""#, Subject.none),
            (#""resourceType":"Immunization""#, #""resourceType":"Observation""#, .test),
        ])
    func `what is no vaccination says so and is never taken for one`(
        _ part: String, _ other: String, _ subject: Subject
    ) throws {
        let verdict = try verdict(part, other)
        #expect(verdict.isValid && verdict.subject == subject && verdict.doses.isEmpty)
        #expect(verdict.json().contains(#""subject":"\#(subject.rawValue)""#))
        #expect(verdict.warnings.map(\.code).first?.hasPrefix("content.") == true)
    }

    @Test func `a name that cannot be seen is warned of`() throws {
        for name in ["\u{200B}\u{2060}", " \u{3000}", "\u{2800}\u{115F}"] {
            let verdict = try verdict(#"{"family":"見本","given":["花子"]}"#, #"{"family":"\#(name)"}"#)
            #expect(verdict.warnings.map(\.code) == ["holder.name_blank"])
        }
    }

    @Test func `a scheme in capitals and white space before the header are read`() throws {
        let jws = try fixture.jws()
        let digits = String(decoding: NumericCode.encode(Array(jws.utf8)), as: UTF8.self)
        #expect(fixture.check("SHC:/" + digits)?.isValid == true)
        let spaced = try fixture.jws(header: "\n " + SmartHealthCardFixture.header)
        #expect(!spaced.hasPrefix("eyJ"))
        #expect(fixture.check(spaced)?.isValid == true)
    }

    @Test func `line ends of all kinds are escaped in JSON lines`() throws {
        let verdict = try verdict(#""family":"見本""#, "\"family\":\"見\u{85}\u{9F}\u{2028}\u{2029}\u{7F}本\"")
        #expect(verdict.json().contains(#"見\u0085\u009f\u2028\u2029\u007f本"#))
        _ = try JSON(verdict.jsonBytes())
    }

    @Test func `names keep the joiners that they are spelt with, and nothing else that cannot be seen`() {
        #expect(Printable.line("علی\u{200C}رضا") == "علی\u{200C}رضا")
        #expect(Printable.line("क\u{94D}\u{200D}ष") == "क\u{94D}\u{200D}ष")
        #expect(Printable.line("A\u{200D}B\u{202E}C") == "A\u{FFFD}B\u{FFFD}C")
        #expect(Printable.line(String(repeating: "x", count: 5000)).unicodeScalars.count == Printable.maximumShown + 1)
    }
}
