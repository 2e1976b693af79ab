import CredentialFixtures
import Credentials
import Foundation
import Signing
import Testing

/// A signer that nobody knows costs little, however many authorities are trusted.
@Suite struct SignerIndexTests {
    private static let count = 400

    private func seconds(_ verifier: Verifier, _ texts: [String]) -> Double {
        let time = ContinuousClock().measure {
            for text in texts { #expect(verifier.check([text], at: VDSNCFixture.later).first?.isValid == false) }
        }
        return time / .seconds(1)
    }

    @Test func `an unknown signer is compared with the authorities of its issuer's name alone`() throws {
        let files = try (0..<Self.count).map { index in
            TrustFile(
                path: "vdsnc/\(index).der",
                bytes: try DevelopmentCountryAuthority(country: "JP", now: VDSNCFixture.start, mark: "MIHON \(index)")
                    .certificate)
        }
        // Forged ones, each with a certificate of its own: half of them name an authority that is trusted.
        let texts = try (0..<40).map { index in
            try VDSNCFixture(mark: "MIHON \(index % 2 == 0 ? index : Self.count + index)").vdsnc()
        }
        let (many, few) = (Verifier(trust: TrustStore(files: files)), Verifier(trust: TrustStore(files: [files[0]])))
        // The best of some runs, since other tests run at the same time.
        func best(_ verifier: Verifier) -> Double { (0..<5).map { _ in seconds(verifier, texts) }.min() ?? 0 }
        let (quick, slow) = (best(few), best(many))
        // Reading every authority anew took some hundred times as long.
        #expect(slow < 8 * quick, "\(slow) s with \(Self.count) authorities, \(quick) s with one")
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
