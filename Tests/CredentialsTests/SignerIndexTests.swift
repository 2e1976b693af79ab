import CredentialFixtures
import Credentials
import Foundation
import Signing
import Testing

/// A signer that nobody knows costs little, however many authorities are trusted.
@Suite struct SignerIndexTests {
    private static let count = 40

    @Test func `an unknown signer is compared with the authorities of its issuer's name alone`() throws {
        let files = try (0..<Self.count).map { index in
            TrustFile(
                path: "vdsnc/\(index).der",
                bytes: try DevelopmentCountryAuthority(country: "JP", now: VDSNCFixture.start, mark: "MIHON \(index)")
                    .certificate)
        }
        let trust = TrustStore(files: files)
        // Forged ones, each with a certificate of its own: half of them name an authority that is trusted.
        for index in 0..<8 {
            let isNamed = index % 2 == 0
            let forged = try VDSNCFixture(mark: "MIHON \(isNamed ? index : Self.count + index)")
            let certificate = try #require(Certificate(der: forged.certificate))
            #expect(
                trust.candidates(for: certificate).map(\.der)
                    == (isNamed ? [files[index].bytes] : []))
            #expect(forged.check(try forged.vdsnc(), trust: files)?.reasons.map(\.code) == ["signer.untrusted"])
        }
    }

    @Test func `each of many authorities is still found by its signers`() throws {
        let fixtures = try ["A", "B", "C"].map { try VDSNCFixture(mark: "MIHON \($0)") }
        let trust = fixtures.enumerated().map {
            TrustFile(path: "vdsnc/\($0.offset).der", bytes: $0.element.authority.certificate)
        }
        for fixture in fixtures { #expect(fixture.check(try fixture.vdsnc(), trust: trust)?.isValid == true) }
    }

    @Test func `a check within a budget ends where it is used up`() throws {
        let fixture = SmartHealthCardFixture()
        let texts = Array(repeating: try fixture.jws(), count: 5)
        var left = 3
        let verdicts = fixture.verifier().check(groups: [texts], at: SmartHealthCardFixture.later) {
            left -= 1
            return left >= 0
        }
        #expect(verdicts == nil && left == -1)
        #expect(
            fixture.verifier().check(groups: [texts], at: SmartHealthCardFixture.later) { true }?.count == 5)
    }
}
