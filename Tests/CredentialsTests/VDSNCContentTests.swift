import CredentialFixtures
import Credentials
import Crypto
import Foundation
import Signing
import SwiftASN1
import TestSupport
import Testing
import X509

/// What a signed VDS-NC says is shown as it was signed, or not at all.
@Suite struct VDSNCContentTests {
    let fixture: VDSNCFixture

    init() throws { fixture = try VDSNCFixture() }

    @Test(
        arguments: [
            (
                #""vd":[{"adm":"MHLW_Gov_of_JAPAN","ctr":"JPN","dvc":"2021-06-01","lot":"FA1234","seq":1}]"#,
                #""vd":{"adm":"MHLW_Gov_of_JAPAN","ctr":"JPN","dvc":"2021-06-01","lot":"FA1234","seq":1}"#
            ),
            (#""seq":1}]"#, #""seq":1},null]"#), (#""vd":[{"#, #""vd":[null,{"#),
            (#""dob":"1990-01-01""#, #""dob":"1990-02-30""#), (#""dob":"1990-01-01""#, #""dob":19900101"#),
            (#""dvc":"2021-06-01""#, #""dvc":"2021-06""#), (#""dvc":"2021-06-01","#, ""),
            (#""ctr":"JPN""#, #""ctr":"jpn""#), (#""ctr":"JPN""#, #""ctr":"""#), (#""ctr":"JPN""#, #""ctr":"JAPAN""#),
            (#""seq":1"#, #""seq":0"#), (#""seq":1"#, #""seq":100"#), (#""seq":1"#, #""seq":"one""#),
            (#""seq":1"#, #""seq":1.5"#), (#""seq":1"#, #""seq":null"#),
            (#""lot":"FA1234""#, #""lot":"123456789012345678901""#), (#""lot":"FA1234""#, #""lot":1234"#),
            (#""i":"TR1234567""#, #""i":"123456789012""#), (#""sex":"F""#, #""sex":"female""#),
            (#""uvci":"0123456789AB""#, #""uvci":"0123456789ABC""#), (#""des":"XM68M6""#, #""des":"XM68M67""#),
            (#""n":"MIHON  HANAKO""#, #""n":"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMN""#),
            (#""uvci":"0123456789AB","#, ""), (#""des":"XM68M6","#, ""), (#""nam":"COMIRNATY","#, ""),
            (#""lot":"FA1234","#, ""), (#","seq":1"#, ""), (#""ctr":"JPN","#, ""), (#""ctr":"JPN""#, #""ctr":"J""#),
            (#""adm":"MHLW_Gov_of_JAPAN","#, ""),
        ])
    func `a member of another kind or form than the format's is malformed`(_ part: String, _ other: String) throws {
        let data = try VDSNCFixture.data.replacing(one: part, with: other)
        let verdict = try #require(fixture.check(try fixture.vdsnc(data: data)))
        #expect(verdict.reasons.map(\.code) == ["payload.malformed"])
        #expect(verdict.holder == nil && verdict.doses.isEmpty)
    }

    @Test func `a proof without an event is malformed`() throws {
        let data = try VDSNCFixture.data.replacing(
            one:
                #"{"des":"XM68M6","nam":"COMIRNATY","vd":[{"adm":"MHLW_Gov_of_JAPAN","ctr":"JPN","dvc":"2021-06-01","lot":"FA1234","seq":1}]}"#,
            with: "")
        let verdict = try #require(fixture.check(try fixture.vdsnc(data: data)))
        #expect(verdict.reasons.map(\.code) == ["payload.malformed"])
    }

    private func check(_ certificate: [UInt8], trust: [TrustFile]? = nil) throws -> Verdict {
        try #require(fixture.check(try fixture.vdsnc(certificate: certificate), trust: trust))
    }

    @Test func `a critical extension of the signer that is not known is refused`() throws {
        let certificate = try fixture.authority.issue(
            to: fixture.signer.publicKey, from: VDSNCFixture.start, until: VDSNCFixture.end,
            usage: Credentials.Certificate.barcodeSignerUsage, documentType: "NV",
            others: [.init(oid: [1, 3, 6, 1, 4, 1, 55555, 1], critical: true, value: [0x05, 0x00])])
        #expect(try check(certificate).reasons.map(\.code) == ["signer.critical_extension"])
        let pinned = [TrustFile(path: "vdsnc/signer.der", bytes: certificate)]
        #expect(try check(certificate, trust: pinned).reasons.map(\.code) == ["signer.critical_extension"])
    }

    @Test func `a pinned signer whom its authority revoked is refused`() throws {
        let list = TrustFile(
            path: "vdsnc/a.crl", bytes: try fixture.revocationList(revoking: [fixture.certificate]))
        #expect(try check(fixture.certificate, trust: [fixture.pinnedFile]).isValid)
        let trust = [fixture.pinnedFile, fixture.authorityFile, list]
        #expect(try check(fixture.certificate, trust: trust).reasons.map(\.code) == ["signer.revoked"])
    }

    @Test func `a signer of another country than its authority's or the issuer's is refused`() throws {
        let foreign = try fixture.authority.issue(
            to: fixture.signer.publicKey, from: VDSNCFixture.start, until: VDSNCFixture.end,
            usage: Credentials.Certificate.barcodeSignerUsage, documentType: "NV", country: "DE")
        #expect(try check(foreign).reasons.map(\.code) == ["signer.wrong_country"])
        let pinned = [TrustFile(path: "vdsnc/signer.der", bytes: foreign)]
        #expect(try check(foreign, trust: pinned).reasons.map(\.code) == ["signer.wrong_country"])
    }

    @Test func `a signer that names another key of its authority is warned of`() throws {
        let other = try fixture.authority.issue(
            to: fixture.signer.publicKey, from: VDSNCFixture.start, until: VDSNCFixture.end,
            usage: Credentials.Certificate.barcodeSignerUsage, documentType: "NV",
            authorityKey: P256.Signing.PrivateKey().publicKey)
        let verdict = try check(other)
        #expect(verdict.isValid && verdict.warnings.map(\.code).contains("signer.authority_key_differs"))
    }
}
