import Credentials
import Testing

@Suite struct UVCITests {
    @Test func `the checksum of an identifier is the specification's`() {
        #expect(UVCI.make(country: "NL", identifier: "187/37512422923") == "URN:UVCI:01:NL:187/37512422923#Z")
        #expect(UVCI.make(country: "NL", identifier: "見本") == nil)
    }
}
