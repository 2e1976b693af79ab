import CredentialFixtures
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import Vaccination

/// Revocation lists of countries' authorities: which of them say that a signer is not revoked.
@Suite struct AuthorityListTests {
    private let fixture: VDSNCFixture
    private let start = VDSNCFixture.start

    init() throws { fixture = try VDSNCFixture() }

    private func list(_ name: String, _ bytes: [UInt8]) -> TrustFile {
        TrustFile(path: "vdsnc/\(name).crl", bytes: bytes)
    }

    private func codes(
        _ lists: [TrustFile], _ fixture: VDSNCFixture? = nil, at now: Date = VDSNCFixture.later
    ) throws -> [String] {
        let fixture = fixture ?? self.fixture
        let verdict = try #require(
            fixture.check(try fixture.vdsnc(), at: now, trust: [fixture.authorityFile] + lists))
        return verdict.reasons.map(\.code)
    }

    /// Lists that speak of some certificates alone, or of changes, or that say something nobody here understands.
    private static let partial: [(VDSNCFixture.ListExtension, isEntry: Bool)] = [
        // Delta CRL indicator; issuing distribution point with onlyContainsCACerts, and for some reasons.
        (.init("2.5.29.27", value: [0x02, 0x01, 0x01]), false),
        (.init("2.5.29.27", isCritical: false, value: [0x02, 0x01, 0x01]), false),
        (.init("2.5.29.28", value: [0x30, 0x03, 0x82, 0x01, 0xFF]), false),
        (.init("2.5.29.28", isCritical: false, value: [0x30, 0x03, 0x82, 0x01, 0xFF]), false),
        (.init("2.5.29.28", value: [0x30, 0x04, 0x83, 0x02, 0x06, 0x40]), false),
        (.init("1.2.3.4", value: [0x05, 0x00]), false),
        // An entry that is another issuer's, and one nobody understands.
        (.init("2.5.29.29", value: [0x30, 0x00]), true), (.init("1.2.3.4", value: [0x05, 0x00]), true),
    ]

    @Test(arguments: partial.indices)
    func `a list that is not the whole one does not take the whole one's place`(index: Int) throws {
        let (flaw, isEntry) = Self.partial[index]
        let whole = list("a", try fixture.revocationList(revoking: [fixture.certificate]))
        func partial(_ seconds: Double) throws -> TrustFile {
            list(
                "b",
                try fixture.revocationList(
                    revoking: isEntry ? [fixture.authority.certificate] : [], made: start.addingTimeInterval(seconds),
                    listExtension: isEntry ? nil : flaw, entryExtension: isEntry ? flaw : nil))
        }
        let store = TrustStore(files: [fixture.authorityFile, whole, try partial(60)])
        #expect(store.refused.map(\.code) == ["revocation.partial"])
        #expect(try codes([whole, try partial(60)]).contains("signer.revoked"))
        #expect(try codes([try partial(60)]) == ["revocation.unknown"])
        // Nothing is known of what changed since the whole list was made; what changed before is in it.
        let other = list("a", try fixture.revocationList(revoking: [], made: start.addingTimeInterval(30)))
        #expect(try codes([other, try partial(60)]) == ["revocation.unknown"])
        #expect(try codes([other, try partial(0)]) == [])
    }

    @Test(arguments: [("2.5.29.35", false), ("2.5.29.20", false), ("1.2.3.4", false), ("2.5.29.20", true)])
    func `what says nothing about which certificates a list is for does not make it partial`(
        identifier: String, isCritical: Bool
    ) throws {
        let value: [UInt8] = identifier == "2.5.29.35" ? [0x30, 0x00] : [0x02, 0x01, 0x07]
        let bytes = try fixture.revocationList(
            revoking: [fixture.certificate],
            listExtension: .init(identifier, isCritical: isCritical, value: value),
            entryExtension: .init("2.5.29.21", isCritical: isCritical, value: [0x0A, 0x01, 0x01]))
        #expect(try codes([list("a", bytes)]) == ["signer.revoked"])
    }

    @Test func `a list whose time has not come does not take another's place, and alone says nothing`() throws {
        let now = list("a", try fixture.revocationList(revoking: [fixture.certificate]))
        let next = list("b", try fixture.revocationList(revoking: [], made: start.addingTimeInterval(86_400)))
        #expect(try codes([now, next]) == ["signer.revoked"])
        #expect(try codes([next]) == ["revocation.unknown"])
        // When its time has come it counts.
        #expect(try codes([next], at: start.addingTimeInterval(86_400)) == [])
        let later = list(
            "b", try fixture.revocationList(revoking: [fixture.certificate], made: start.addingTimeInterval(86_400)))
        let before = list("a", try fixture.revocationList(revoking: []))
        #expect(try codes([before, later]) == [])
        #expect(try codes([before, later], at: start.addingTimeInterval(86_400)) == ["signer.revoked"])
    }

    @Test func `a list that is broken, or bears a wrong signature, makes what it may name invalid`() throws {
        let right = try fixture.revocationList(revoking: [])
        #expect(try codes([list("a", right)]) == [])
        #expect(try codes([list("a", Array(right.dropLast()))]) == ["revocation.unknown"])
        #expect(try codes([list("a", [])]) == ["revocation.unknown"])
        var forged = right
        forged[forged.count - 5] ^= 1
        #expect(try codes([list("a", forged)]) == ["revocation.unknown"])
        #expect(try codes([list("a", forged), list("b", right)]) == ["revocation.unknown"])
        // Another country's list is nothing to this one.
        let other = try VDSNCFixture(country: "FR")
        #expect(try codes([list("a", try other.revocationList(revoking: []))]) == [])
    }

    @Test func `a signer whose certificate announces a list is not valid without one`() throws {
        let announcing = try VDSNCFixture(announcesList: true)
        #expect(try codes([], announcing) == ["revocation.unknown"])
        #expect(try codes([list("a", try announcing.revocationList(revoking: []))], announcing) == [])
        // Whoever pins a signer without its authority looks after it.
        let pinned = try #require(announcing.check(try announcing.vdsnc(), trust: [announcing.pinnedFile]))
        #expect(pinned.isValid && pinned.warnings.map(\.code) == ["revocation.list_missing"])
    }

    @Test func `a list that was held and is gone or older makes its authority's signers invalid`() throws {
        let authority = TrustManifest.digest(fixture.authority.certificate)
        func check(_ lists: [TrustFile], least: Double, key: String) throws -> [String] {
            let note = TrustFile(
                path: "imported.json",
                bytes: Array(#"{"lists":[{"path":"vdsnc/x.crl","key":"\#(key)","least":\#(Int(least))}]}"#.utf8))
            return try codes(lists + [note])
        }
        let seconds = start.timeIntervalSince1970
        let held = list("a", try fixture.revocationList(revoking: []))
        #expect(try check([held], least: seconds, key: authority) == [])
        #expect(try check([held], least: seconds + 60, key: authority) == ["revocation.unknown"])
        #expect(try check([], least: seconds, key: authority) == ["revocation.unknown"])
        #expect(try check([], least: seconds, key: String(repeating: "00", count: 32)) == [])
    }

    @Test func `a list counts for every certificate of the authority's name and key`() throws {
        let renewed = try DevelopmentCountryAuthority(
            country: "JP", now: start.addingTimeInterval(60), key: fixture.authority.key, mark: "MIHON")
        let files = [
            TrustFile(path: "vdsnc/0.der", bytes: renewed.certificate),
            TrustFile(path: "test/vdsnc/1.der", bytes: renewed.certificate),
            list("a", try fixture.revocationList(revoking: [fixture.certificate])),
        ]
        #expect(try codes(files) == ["signer.revoked"])
    }

    @Test func `a pinned signer whose authority is known and revoked it is revoked`() throws {
        let files = [fixture.pinnedFile, list("a", try fixture.revocationList(revoking: [fixture.certificate]))]
        #expect(try codes(files) == ["signer.revoked"])
    }

    @Test func `an authority that was taken out vouches for nobody, and what it revoked stays revoked`() throws {
        let authority = fixture.authority.certificate
        func note(_ least: Double, path: String = "vdsnc/a.cer") -> TrustFile {
            let list =
                #"{"path":"vdsnc/a.crl","key":"\#(TrustManifest.digest(authority))","least":\#(Int(least))}"#
            let retired = #"{"path":"\#(path)","certificate":"\#(Data(authority).base64EncodedString())"}"#
            return TrustFile(
                path: "imported.json", bytes: Array(#"{"lists":[\#(list)],"retired":[\#(retired)]}"#.utf8))
        }
        func codes(_ files: [TrustFile]) throws -> [String] {
            try #require(fixture.check(try fixture.vdsnc(), trust: files)).reasons.map(\.code)
        }
        let seconds = start.timeIntervalSince1970
        let revoking = list("a", try fixture.revocationList(revoking: [fixture.certificate]))
        let whole = list("a", try fixture.revocationList(revoking: []))
        #expect(try codes([whole, note(seconds)]).contains("signer.untrusted"))
        #expect(TrustStore(files: [whole, note(seconds)]).isEmpty)
        // Its list is known for what it is.
        #expect(TrustStore(files: [whole, note(seconds)]).refused.isEmpty)
        #expect(TrustStore(files: [whole]).refused.map(\.code) == ["revocation.unverified"])
        #expect(try codes([fixture.pinnedFile, revoking, note(seconds)]) == ["signer.revoked"])
        #expect(try codes([fixture.pinnedFile, whole, note(seconds)]) == [])
        #expect(try codes([fixture.pinnedFile, whole, note(seconds + 60)]) == ["revocation.unknown"])
        #expect(try codes([fixture.pinnedFile, note(seconds)]) == ["revocation.unknown"])
        // Trusted again, it is as before.
        #expect(try codes([fixture.authorityFile, whole, note(seconds)]) == [])
        let broken = TrustStore(files: [note(seconds, path: "dcc/a.cer")])
        #expect(broken.refused.map(\.code) == ["trust.notes_malformed"])
    }
}

/// A VDS-NC knows no revocation: the list of the issuer that its signer is linked to holds its identifier.
@Suite struct LinkedListTests {
    private let fixture: VDSNCFixture
    private let cards = SmartHealthCardFixture()

    init() throws { fixture = try VDSNCFixture() }

    private func issuer(rids: String = "", ctr: Int = 3, version: Int? = 3, path: String = "shc/issuer.json")
        -> TrustFile
    {
        cards.trustFile(
            path: path, crls: #"[{"kid":"\#(cards.kid)","method":"rid","ctr":\#(ctr),"rids":[\#(rids)]}]"#,
            crlVersion: version)
    }

    private func link(_ certificate: [UInt8]? = nil, path: String = "vdsnc/links.json") -> TrustFile {
        TrustFile(
            path: path,
            bytes: TrustManifest.linksFile([
                TrustManifest.digest(certificate ?? fixture.certificate): SmartHealthCardFixture.issuer
            ]))
    }

    private func codes(_ files: [TrustFile]) throws -> [String] {
        try #require(fixture.check(try fixture.vdsnc(), trust: [fixture.authorityFile] + files))
            .reasons.map(\.code)
    }

    @Test(arguments: [
        (#""0123456789AB""#, true), (#""0123456789AB.1""#, true), (#""0123456789AC""#, false), ("", false),
    ])
    func `a revoked certificate's VDS-NC is revoked alone, where its signer is linked to its issuer`(
        rids: String, isRevoked: Bool
    ) throws {
        let revoked = isRevoked ? ["revocation.revoked"] : []
        #expect(try codes([issuer(rids: rids), link()]) == revoked)
        let manifest = TrustManifest(
            counter: 1, files: [],
            links: [TrustManifest.digest(fixture.certificate): SmartHealthCardFixture.issuer])
        #expect(try codes([issuer(rids: rids), TrustFile(path: "manifest.json", bytes: manifest.bytes)]) == revoked)
        // Without a link, or with another signer's, nobody knows of it: what a foreign reader cannot see.
        #expect(try codes([issuer(rids: rids)]) == [])
        #expect(try codes([issuer(rids: rids), link(fixture.authority.certificate)]) == [])
    }

    /// The same certificate with the first length of its encoding in one byte more, which is no DER, and with the other signature.
    private func variants() throws -> [[UInt8]] {
        let der = fixture.certificate
        try #require(Array(der.prefix(2)) == [0x30, 0x82])
        let longer = [0x30, 0x83, 0x00] + der[2...]
        // tbsCertificate, the algorithm's identifier in 12 bytes, and a bit string.
        let end = 8 + (Int(der[6]) << 8 | Int(der[7])) + 12
        let signature = try P256.Signing.ECDSASignature(derRepresentation: der[(end + 3)...])
        // n - s, byte by byte.
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6,
            0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        var (other, borrow) = ([UInt8](repeating: 0, count: 32), 0)
        let raw = Array(signature.rawRepresentation)
        for index in (0..<32).reversed() {
            let value = Int(order[index]) - Int(raw[32 + index]) - borrow
            (other[index], borrow) = (UInt8(truncatingIfNeeded: value), value < 0 ? 1 : 0)
        }
        let twin = try P256.Signing.ECDSASignature(rawRepresentation: raw[..<32] + other).derRepresentation
        let body = Array(der[4..<end])
        let bits = [0x03, UInt8(twin.count + 1), 0x00] + twin
        let count = body.count + bits.count
        return [longer, [0x30, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + body + bits]
    }

    @Test func `a certificate that is written in another way is revoked as the linked one`() throws {
        let trust = [fixture.authorityFile, issuer(rids: #""0123456789AB""#), link()]
        for variant in try variants() {
            #expect(variant != fixture.certificate)
            let code = try fixture.vdsnc(certificate: variant)
            #expect(try #require(fixture.check(code, trust: trust)).reasons.map(\.code) == ["revocation.revoked"])
            // It is vouched for as the other one is.
            #expect(try #require(fixture.check(code, trust: [fixture.authorityFile])).reasons.isEmpty)
        }
    }

    @Test func `a linked issuer's list that is missing, older or broken makes the VDS-NC invalid`() throws {
        let unknown = ["revocation.unknown"]
        #expect(try codes([link()]) == unknown)
        #expect(try codes([issuer(ctr: 2), link()]) == unknown)
        #expect(try codes([cards.trustFile(crlVersion: 3), link()]) == unknown)
        #expect(try codes([cards.trustFile(crls: #"[{"kid":7}]"#), link()]) == unknown)
        #expect(try codes([issuer(path: "test/shc/issuer.json"), link()]) == unknown)
        #expect(try codes([cards.trustFile(), link()]) == [])
    }

    @Test func `links that cannot be read, or are gone, make every VDS-NC invalid`() throws {
        let broken = TrustFile(path: "vdsnc/links.json", bytes: Array(#"{"links":[{"signer":"ab"}]}"#.utf8))
        #expect(TrustStore(files: [broken]).refused.map(\.code) == ["trust.links_malformed"])
        #expect(try codes([issuer(), broken]) == ["revocation.unknown"])
        let note = TrustFile(
            path: "imported.json", bytes: Array(#"{"lists":[{"path":"vdsnc/links.json","least":1}]}"#.utf8))
        #expect(try codes([issuer(), link(), note]) == [])
        #expect(try codes([issuer(), note]) == ["revocation.unknown"])
    }
}
