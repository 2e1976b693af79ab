import CredentialFixtures
import Credentials
import Testing
import TestSupport

@Suite struct InspectionTests {
    private let cards = SmartHealthCardFixture()

    private func layers(_ text: String) -> [String: String] {
        Dictionary(Inspection(text).layers.map { ($0.name, $0.text) }) { first, _ in first }
    }

    @Test func `every layer of each format is shown, valid or not`() throws {
        // Signed by a stranger: shown all the same.
        let card = layers(try cards.jws { try TestSigner().sign($1) })
        #expect(card["JWS header"]?.contains(#""alg": "ES256""#) == true)
        #expect(card["payload"]?.contains(#""family": "見本""#) == true)
        #expect(card["JWS signature"]?.hasPrefix("64 bytes") == true)
        let vdsnc = layers(try VDSNCFixture().vdsnc())
        #expect(vdsnc["seal data"]?.contains(#""n": "MIHON  HANAKO""#) == true)
        #expect(vdsnc["signer's certificate"]?.contains("2.5.29.37 critical") == true)
        let code = layers(try HCERTFixture().code())
        #expect(code["CWT claims"]?.contains(#""ci": "URN:UVCI:01:JP:0123456789AB#X""#) == true)
        #expect(code["COSE header"]?.contains("ES256") == true)
    }

    @Test func `a layer that cannot be read says why`() throws {
        let last = try #require(Inspection(try cards.jws(compressed: [1, 2, 3])).layers.last)
        #expect(!last.isReadable && last.text.contains("deflate.invalid"))
        #expect(Inspection("noise").layers.map(\.isReadable) == [false])
    }

    @Test func `bad input never traps`() async throws {
        let samples = [try cards.jws(), try VDSNCFixture().vdsnc(), try HCERTFixture().code()]
        await BadInput.run("inspection", samples: samples.map { Array($0.utf8) }) {
            _ = Inspection(String(decoding: $0, as: UTF8.self)).layers
        }
    }
}
