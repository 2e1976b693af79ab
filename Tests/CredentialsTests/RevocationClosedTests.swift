import CredentialFixtures
import Credentials
import Crypto
import Foundation
import Signing
import Testing
import Vaccination

/// What is not known to be revoked or not is not valid: lists that are missing, older, cut or broken.
@Suite struct RevocationClosedTests {
    private let start = VDSNCFixture.start

    private func codes(_ verdict: Verdict?) throws -> [String] { try #require(verdict).reasons.map(\.code) }
    private func refused(_ files: [TrustFile]) -> [String] { TrustStore(files: files).refused.map(\.code) }
    private func note(_ lists: String) -> TrustFile {
        TrustFile(path: "imported.json", bytes: Array(#"{"files":{},"lists":[\#(lists)]}"#.utf8))
    }

    // MARK: EU certificates

    private static let kid = "AAAAAAAAAAA="
    private func batch(
        kid: String = Self.kid, type: String = "UCI", hash: String = "AAAAAAAAAAAAAAAAAAAAAA==",
        expires: String = "2030-01-01T00:00:00Z", country: String = "JP"
    ) -> String {
        #"{"country":"\#(country)","expires":"\#(expires)","kid":"\#(kid)","hashType":"\#(type)","entries":[{"hash":"\#(hash)"}]}"#
    }
    private func file(_ text: some StringProtocol, _ path: String = "dcc/revocation/a.json") -> TrustFile {
        TrustFile(path: path, bytes: Array(text.utf8))
    }

    enum BatchFlaw: String, CaseIterable { case cutShort, hashType, shortHash, noEntries, empty }

    @Test(arguments: BatchFlaw.allCases)
    func `a batch that is cut or not understood makes what it may name invalid`(flaw: BatchFlaw) throws {
        let fixture = try HCERTFixture()
        let own = Data(HCERTFixture.keyID(fixture.certificate)).base64EncodedString()
        func text(_ kid: String) -> String {
            switch flaw {
            case .cutShort: String(batch(kid: kid).dropLast(12))
            case .hashType: batch(kid: kid, type: "SHA512")
            case .shortHash: batch(kid: kid, hash: "AAAAAAAAAAAAAA==")
            case .noEntries: batch(kid: kid).replacingOccurrences(of: "entries", with: "entrees")
            case .empty: ""
            }
        }
        func check(_ kid: String, path: String = "dcc/revocation/a.json") throws -> [String] {
            let files = [fixture.trustFile, file(text(kid), path)]
            #expect(refused(files) == ["revocation.malformed"])
            return try codes(fixture.check(try fixture.code(), trust: files))
        }
        #expect(try check(own) == ["revocation.unknown"])
        // Whoever it is not about stays valid if it says whom it is about; if it does not, it may be anybody.
        let isReadable = flaw != .cutShort && flaw != .empty
        #expect(try check(Self.kid) == (isReadable ? [] : ["revocation.unknown"]))
        #expect(try check("UNKNOWN_KID") == ["revocation.unknown"])
        #expect(try check(own, path: "test/dcc/revocation/a.json") == [])
    }

    @Test(arguments: ["", "J", " JP", "JP ", "J1", "JPNX", "日"])
    func `a batch for all keys of what is no country makes everything unknown, and never revokes nothing`(
        country: String
    ) throws {
        let fixture = try HCERTFixture()
        let bad = file(batch(kid: "UNKNOWN_KID", country: country))
        #expect(refused([bad]) == ["revocation.malformed"])
        #expect(
            try codes(fixture.check(try fixture.code(), trust: [fixture.trustFile, bad])) == ["revocation.unknown"])
        // For a key it is that key's certificates alone.
        let other = file(batch(country: country))
        #expect(try codes(fixture.check(try fixture.code(), trust: [fixture.trustFile, other])) == [])
    }

    @Test func `a broken batch whose time is over covers nobody any more`() throws {
        let fixture = try HCERTFixture()
        let old = file(batch(type: "OTHER", expires: "2021-01-01T00:00:00Z"))
        #expect(try codes(fixture.check(try fixture.code(), trust: [fixture.trustFile, old])) == [])
    }

    @Test func `a batch that was held and is gone, or has fewer entries, makes what it named invalid until it ends`()
        throws
    {
        let fixture = try HCERTFixture()
        let key = TrustManifest.digest(fixture.certificate).prefix(16)
        let kid = Data(HCERTFixture.keyID(fixture.certificate)).base64EncodedString()
        func check(_ least: Int, expires: Double = 4e9, key: Substring, _ more: [TrustFile] = []) throws -> [String] {
            let held = #"{"path":"dcc/revocation/a.json","key":"\#(key)","least":\#(least),"expires":\#(Int(expires))}"#
            return try codes(fixture.check(try fixture.code(), trust: [fixture.trustFile, note(held)] + more))
        }
        #expect(try check(1, key: key) == ["revocation.unknown"])
        #expect(try check(1, key: "0000000000000000") == [])
        #expect(try check(1, expires: HCERTFixture.later.timeIntervalSince1970, key: key) == [])
        let whole = file(batch(kid: kid))
        #expect(try check(1, key: key, [whole]) == [])
        #expect(try check(2, key: key, [whole]) == ["revocation.unknown"])
        // Its publisher says that it is the whole.
        let manifest = TrustManifest(counter: 1, files: [whole], links: [:])
        #expect(try check(2, key: key, [whole, TrustFile(path: "manifest.json", bytes: manifest.bytes)]) == [])
    }

    // MARK: SMART Health Cards

    @Test func `a list that was held and is gone or older makes its key's cards invalid`() throws {
        let fixture = SmartHealthCardFixture()
        func check(ctr: Int?, held: Int, kid: String? = nil) throws -> [String] {
            let lists = ctr.map { #"[{"kid":"\#(fixture.kid)","method":"rid","ctr":\#($0),"rids":[]}]"# }
            let held = note(#"{"path":"shc/other.json","key":"\#(kid ?? fixture.kid)","least":\#(held)}"#)
            return try codes(fixture.check(try fixture.jws(), trust: [fixture.trustFile(crls: lists), held]))
        }
        #expect(try check(ctr: 3, held: 3) == [])
        #expect(try check(ctr: 2, held: 3) == ["revocation.unknown"])
        #expect(try check(ctr: nil, held: 3) == ["revocation.unknown"])
        #expect(try check(ctr: nil, held: 3, kid: "other") == [])
    }

    // MARK: notes

    @Test(arguments: ["imported.json", "manifest.json"])
    func `a note that cannot be read makes everything that could be revoked invalid`(name: String) throws {
        for text in ["{", "[]", #"{"lists":[{}]}"#, #"{"trustManifest":2}"#, #"{"lists":7}"#]
        where name == "manifest.json" || text != #"{"trustManifest":2}"# {
            let broken = TrustFile(path: name, bytes: Array(text.utf8))
            #expect(refused([broken]) == ["trust.notes_malformed"])
            let card = SmartHealthCardFixture()
            #expect(
                try codes(card.check(try card.jws(), trust: [card.trustFile(), broken])) == ["revocation.unknown"])
            let vdsnc = try VDSNCFixture()
            #expect(
                try codes(vdsnc.check(try vdsnc.vdsnc(), trust: [vdsnc.authorityFile, broken]))
                    == ["revocation.unknown"])
            let dcc = try HCERTFixture()
            #expect(try codes(dcc.check(try dcc.code(), trust: [dcc.trustFile, broken])) == ["revocation.unknown"])
        }
    }

    @Test func `a note of an earlier version, without lists, is no fault`() throws {
        let old = TrustFile(path: "imported.json", bytes: Array(#"{"files":{"dcc/a.cer":1.5}}"#.utf8))
        #expect(refused([old]).isEmpty)
    }

    @Test func `a file that the manifest names and that is gone or another is not used`() throws {
        let fixture = try HCERTFixture()
        let list = file(batch())
        let manifest = TrustManifest(counter: 1, files: [fixture.trustFile, list], links: [:])
        let note = TrustFile(path: "manifest.json", bytes: manifest.bytes)
        #expect(refused([fixture.trustFile, list, note]).isEmpty)
        func check(_ files: [TrustFile]) throws -> [String] {
            try codes(fixture.check(try fixture.code(), trust: files + [note]))
        }
        #expect(try check([fixture.trustFile, list]) == [])
        #expect(refused([fixture.trustFile, note]) == ["revocation.missing"])
        // The batch is another key's, which the manifest says of it.
        #expect(try check([fixture.trustFile]) == [])
        let own = file(batch(kid: Data(HCERTFixture.keyID(fixture.certificate)).base64EncodedString()))
        let ownNote = TrustFile(
            path: "manifest.json",
            bytes: TrustManifest(counter: 1, files: [fixture.trustFile, own], links: [:]).bytes)
        for files in [[fixture.trustFile], [fixture.trustFile, list]] {
            #expect(
                try codes(fixture.check(try fixture.code(), trust: files + [ownNote])) == ["revocation.unknown"])
        }
        #expect(refused([list, note]) == ["trust.missing"])
        let other = TrustFile(path: fixture.trustFile.path, bytes: try HCERTFixture().certificate)
        #expect(refused([other, list, note]) == ["trust.changed"])
        #expect(try check([other, list]) == ["signer.untrusted"])
    }

    @Test func `a manifest is read as it was written`() throws {
        let links = [String(repeating: "ab", count: 32): "https://a.example"]
        let manifest = TrustManifest(counter: 7, files: [file(batch())], links: links)
        let read = try #require(TrustManifest(manifest.bytes))
        #expect(read.counter == 7 && read.links == links && read.digests == manifest.digests)
        #expect(read.lists == manifest.lists && read.lists.map(\.least) == [1])
    }

    @Test func `a manifest that is older than the one held, or gone, confirms nothing`() throws {
        let fixture = try HCERTFixture()
        func check(_ counter: Int?, held: Int) throws -> [String] {
            let manifest = counter.map {
                TrustFile(
                    path: "manifest.json",
                    bytes: TrustManifest(counter: $0, files: [fixture.trustFile], links: [:]).bytes)
            }
            let files = [fixture.trustFile, note(#"{"path":"manifest.json","least":\#(held)}"#)]
            return try codes(fixture.check(try fixture.code(), trust: files + (manifest.map { [$0] } ?? [])))
        }
        #expect(try check(7, held: 7) == [] && check(8, held: 7) == [])
        #expect(try check(6, held: 7) == ["revocation.unknown"])
        #expect(try check(nil, held: 7) == ["revocation.unknown"])
    }

    // MARK: old is not unknown

    @Test func `what was checked with an old list is valid with caution, and never unknown`() throws {
        let fixture = try VDSNCFixture()
        let list = try fixture.revocationList(revoking: [], nextUpdate: start.addingTimeInterval(60))
        let verdict = try #require(
            fixture.check(
                try fixture.vdsnc(), trust: [fixture.authorityFile, TrustFile(path: "vdsnc/a.crl", bytes: list)]))
        #expect(verdict.isValid && verdict.isCautioned)
        #expect(verdict.warnings.map(\.code) == ["revocation.list_old"])
        #expect(verdict.json().contains(#""caution":true"#))
        let plain = try #require(fixture.check(try fixture.vdsnc()))
        #expect(!plain.isCautioned && !plain.json().contains("caution"))
    }

    @Test func `a verifier whose trust cannot be read again says so in each verdict`() throws {
        let fixture = SmartHealthCardFixture()
        let stale = fixture.verifier().stale
        let texts = [try fixture.jws(), try fixture.jws()]
        for verdict in stale.check(texts, at: SmartHealthCardFixture.later)
            + stale.check([texts[0]], at: SmartHealthCardFixture.later)
            + stale.check(groups: [texts], at: SmartHealthCardFixture.later)
        {
            #expect(verdict.isValid && verdict.isCautioned && verdict.warnings.map(\.code) == ["trust.stale"])
        }
    }
}
