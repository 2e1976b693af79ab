@testable import Attestation
import Credentials
import Foundation
import SimulatedAttestation
import Testing

/// The list of revoked attestation keys, in its published form, fails closed.
@Suite struct StatusTests {
    private let fixture: AndroidFixture
    private var now: Date { AndroidFixture.now }

    init() throws { fixture = try AndroidFixture() }

    private static func list(_ text: String) -> AndroidStatusList? {
        AndroidStatusList(Array(text.utf8), fetched: AndroidFixture.now)
    }

    private func serials(_ chain: [[UInt8]]) throws -> [String] {
        try chain.map { try #require(Certificate(der: $0)).serialText }
    }

    @Test(arguments: 0..<4)
    func `any certificate of the chain that is on the list refuses`(place: Int) throws {
        let chain = try fixture.chain()
        let serial = try serials(chain)[place]
        #expect(try fixture.check(chain, status: AndroidFixture.status([serial])).refusal == .revoked)
        #expect(
            try fixture.check(chain, status: AndroidFixture.status(["0" + serial.uppercased()])).refusal == .revoked)
        #expect(try fixture.check(chain, status: AndroidFixture.status([serial + "0", "f" + serial])).refusal == nil)
    }

    @Test(arguments: ["REVOKED", "SUSPENDED", "SOMETHING_NEW"])
    func `whatever status an entry has refuses`(status: String) throws {
        let serial = try #require(serials(fixture.chain()).dropFirst().first)
        let list = Self.list(#"{"entries":{"\#(serial)":{"status":"\#(status)"}}}"#)
        #expect(try fixture.check(fixture.chain(), status: list).refusal == .revoked)
    }

    @Test func `an entry in decimal counts, too`() throws {
        let root = try SimulatedIssuer(
            root: "MIHON Root", .p256, .init(from: now - AndroidFixture.day, until: now + AndroidFixture.day))
        var terms = SimulatedIssuer.Terms(from: now - AndroidFixture.day, until: now + AndroidFixture.day)

        terms.serial = [0xB7, 0x45, 0xFD, 0x9A, 0x5B, 0x72, 0x64, 0x2F]
        let authority = try SimulatedIssuer("MIHON CA", .p256, under: root, terms)
        let device = try AndroidFixture(SimulatedMaker(root: root, authorities: [authority]))
        let decimal = String(UInt64(0xB745_FD9A_5B72_642F))
        #expect(try device.check(device.chain(), status: AndroidFixture.status([decimal])).refusal == .revoked)
        #expect(try device.check(device.chain(), status: AndroidFixture.status([decimal + "1"])).refusal == nil)
    }

    @Test func `no list, or one that is too old or of the future, says nothing of any key`() throws {
        let chain = try fixture.chain()
        #expect(try fixture.check(chain, status: nil).refusal == .statusUnknown)
        let ages: [(Double, AttestationRefusal?)] = [
            (AndroidFixture.day, nil), (AndroidFixture.day + 1, .statusUnknown), (-300, nil), (-301, .statusUnknown),
        ]
        for (age, refusal) in ages {
            let list = AndroidFixture.status(fetched: now - age)
            #expect(try fixture.check(chain, status: list).refusal == refusal, "\(age) s")
        }
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"entries":[]}"#, #"{"entries":{"x":{"status":"REVOKED"}}}"#,
        #"{"entries":{"":{"status":"REVOKED"}}}"#, #"{"entries":{"1":"REVOKED"}}"#, #"{"entries":{"1":{}}}"#,
        #"{"entries":{"1":{"status":1}}}"#, #"{"entries":{}} "# + "x", #"{"entries":{"1":{"status":"REVOKED"}"#,
        #"{"entries":{"1":{"status":"REVOKED"},"1":{"status":"SUSPENDED"}}}"#,
    ])
    func `a list that is not wholly as published is none`(text: String) {
        #expect(Self.list(text) == nil)
    }

    @Test func `what the published form allows besides is passed over`() throws {
        let text = """
            {"entries":{"2c8cdddfd5e03bfc":{"status":"REVOKED","expires":"2020-11-13","reason":"KEY_COMPROMISE",
            "comment":"Key stored on unsecure system"}},"more":1}
            """
        #expect(try #require(Self.list(text)).count == 1)
    }
}
