import CredentialFixtures
import Credentials
import Foundation
import Testing

/// Codes that were shown together.
@Suite struct CodeGroupTests {
    private let card = SmartHealthCardFixture()
    private let vdsnc: VDSNCFixture
    private let certificate: HCERTFixture
    private let verifier: Verifier

    init() throws {
        vdsnc = try VDSNCFixture()
        certificate = try HCERTFixture()
        verifier = Verifier(
            trust: TrustStore(files: [card.trustFile(), vdsnc.authorityFile, certificate.trustFile]))
    }

    private func codes(_ groups: [[String]]) -> [[String]] {
        verifier.check(groups: groups, at: HCERTFixture.later).map { $0.reasons.map(\.code) }
    }

    /// A SMART Health Card with the name in Latin letters.
    private func latinCard(_ part: String = "x", _ other: String = "x") throws -> String {
        let payload = SmartHealthCardFixture.payload.replacingOccurrences(of: "見本\",\"given", with: "MIHON\",\"given")
            .replacingOccurrences(of: "花子", with: "HANAKO")
        return try card.jws(payload: part == other ? payload : payload.replacing(one: part, with: other))
    }

    private func vdsncCode(_ part: String = "x", _ other: String = "x") throws -> String {
        try vdsnc.vdsnc(data: part == other ? VDSNCFixture.data : VDSNCFixture.data.replacing(one: part, with: other))
    }

    @Test func `card, VDS-NC and EU code of one person agree`() throws {
        #expect(codes([[try latinCard(), try vdsncCode(), try certificate.code()]]) == [[], [], []])
    }

    @Test(arguments: [
        (#""dob":"1990-01-01""#, #""dob":"1990-01-02""#), ("MIHON  HANAKO", "MIHON  TARO"),
        ("MIHON  HANAKO", "SHIKEN  HANAKO"), ("FA1234", "FA1235"), ("2021-06-01", "2021-06-02"),
    ])
    func `a VDS-NC that contradicts the card makes both not valid`(_ part: String, _ other: String) throws {
        // The EU code names the dose's number as well, so that days are compared.
        let dose = HCERTFixture.certificate(entries: [("v", .array([try Self.firstDose()]))])
        let code = try certificate.code(claims: HCERTFixture.claims(certificate: dose))
        let found = codes([[try latinCard(), try vdsncCode(part, other), code]])
        #expect(found == [["sheet.disagrees"], ["sheet.disagrees"], ["sheet.disagrees"]])
    }

    /// The fixture's dose as the first of its series, on the day that card and VDS-NC name.
    private static func firstDose() throws -> CBORItem {
        .map([
            (.text("tg"), .text("840539006")), (.text("vp"), .text("1119349007")), (.text("mp"), .text("EU/1/20/1528")),
            (.text("ma"), .text("ORG-100030215")), (.text("dn"), .int(1)), (.text("sd"), .int(2)),
            (.text("dt"), .text("2021-06-01")), (.text("co"), .text("JP")), (.text("is"), .text("MIHON")),
            (.text("ci"), .text("URN:UVCI:01:JP:0123456789AB#X")),
        ])
    }

    @Test(arguments: [("TR1234567", "TR1234568"), (#""sex":"F""#, #""sex":"M""#)])
    func `two VDS-NC that contradict each other are not valid`(_ part: String, _ other: String) throws {
        #expect(codes([[try vdsncCode(), try vdsncCode(part, other)]]) == [["sheet.disagrees"], ["sheet.disagrees"]])
    }

    @Test(arguments: [
        // Left out, shortened, in another script, without a day: nothing that contradicts.
        ("MIHON  HANAKO", "MIHON  H"), ("MIHON  HANAKO", "MIHON"), (#""sex":"F""#, #""sex":"X""#),
        (#","lot":"FA1234""#, #","lot":"fa1234""#),
    ])
    func `what is said in other words does not contradict`(_ part: String, _ other: String) throws {
        #expect(codes([[try latinCard(), try vdsncCode(part, other)]]) == [[], []])
    }

    @Test func `scripts that cannot be compared do not contradict, the same script does`() throws {
        #expect(codes([[try card.jws(), try vdsncCode()]]) == [[], []])
        let other = try card.jws(payload: SmartHealthCardFixture.payload.replacing(one: "花子", with: "太郎"))
        #expect(codes([[try card.jws(), other]]) == [["sheet.disagrees"], ["sheet.disagrees"]])
    }

    @Test func `groups are judged each by itself`() throws {
        let other = try vdsncCode("MIHON  HANAKO", "SHIKEN  TARO")
        #expect(codes([[try latinCard()], [other]]) == [[], []])
        #expect(codes([[try latinCard(), try vdsncCode()], [other], []]) == [[], [], []])
    }

    @Test func `a code that was not verified has its own reason, and says nothing about the others`() throws {
        let forged = try vdsnc.vdsnc(
            data: VDSNCFixture.data.replacing(one: "MIHON  HANAKO", with: "SHIKEN  TARO"),
            signature: { _, bytes in try TestSigner().sign(bytes) })
        #expect(codes([[try latinCard(), forged]]) == [[], ["signature.invalid"]])
    }

    @Test func `an expired code still has to agree`() throws {
        let expired = try certificate.code(
            claims: HCERTFixture.claims(
                expires: .int(HCERTFixture.start + 1),
                certificate: HCERTFixture.certificate(entries: [("v", .array([HCERTFixture.vaccination]))])))
        #expect(codes([[try latinCard(), expired]]) == [[], ["time.expired"]])
        let other = try latinCard("1990-01-01", "1991-01-01")
        #expect(codes([[other, expired]]) == [["sheet.disagrees"], ["time.expired", "sheet.disagrees"]])
    }
}
