import Credentials
import Crypto
import Foundation
import SimulatedPassport
import TestSupport
import Testing
import TravelDocument
import Vaccination

/// Passive authentication: one flaw a passport, each with its reason.
@Suite struct CheckerTests {
    @Test func `a passport that its country signed is accepted, and says what the record needs`() throws {
        let issued = try Issued()
        let document = try TravelDocumentChecker(trust: issued.trust).check(issued.chip, at: now)
        #expect(document.zone == issued.zone && !document.isTest)
        #expect(document.signedAt == now - 3600)
        let passport = try #require(document.passport)
        #expect(passport.number == "TZ1234567" && passport.romajiName == "MIHON, HANAKO")
        #expect(passport.expires == CalendarDate(iso: "2031-05-31") && passport.nationality == "UTO")
        #expect("\(document) \(issued.chip)" == "VerifiedTravelDocument(…) TravelDocumentFiles(…)")
    }

    @Test
    func `a passport is one for tests in the test part, with the development mark, and where an authority strayed`()
        throws
    {
        var tests = try Issued()
        tests.folder = "test/passport"
        let marked = try Issued(mark: DevelopmentMark.name)
        for issued in [tests, marked] {
            #expect(try TravelDocumentChecker(trust: issued.trust).check(issued.chip, at: now).isTest)
        }
        let issued = try Issued()
        let both = TravelDocumentTrust(
            files: issued.files + [TrustFile(path: "test/passport/a.cer", bytes: issued.country.certificate)])
        #expect(try TravelDocumentChecker(trust: both).check(issued.chip, at: now).isTest)
    }

    /// What is wrong with the passport, its signer or its country.
    static let flaws: [(flaw: String, code: String, change: @Sendable (inout Issued) throws -> Void)] = [
        ("another zone than was signed", "passport.dg1_differs", { $0.zone = try Made.holder(number: "TZ7654321") }),
        ("a hash changed before signing", "passport.dg1_differs", { $0.form.hashes[0].hash[5] ^= 1 }),
        ("no hash of DG1", "passport.dg1_not_listed", { $0.form.hashes[0].number = 3 }),
        ("DG1 hashed twice", "passport.sod_malformed", { $0.form.hashes.append($0.form.hashes[0]) }),
        ("a data group 17", "passport.sod_malformed", { $0.form.hashes[1].number = 17 }),
        ("a data group 0", "passport.sod_malformed", { $0.form.hashes[1].number = 0 }),
        ("one data group alone", "passport.sod_malformed", { $0.form.hashes.removeLast() }),
        ("a hash that is too short", "passport.sod_malformed", { $0.form.hashes[1].hash.removeLast() }),
        ("version 2", "passport.sod_malformed", { $0.form.version = 2 }),
        ("version 1 without the LDS version", "passport.sod_malformed", { $0.form.version = 1 }),
        ("version 0 with the LDS version", "passport.sod_malformed", { $0.form.more = ldsVersion }),
        (
            "something behind the LDS version", "passport.sod_malformed",
            { ($0.form.version, $0.form.more) = (1, ldsVersion + [0x05, 0x00]) }
        ),
        ("hashes by SHA-1", "passport.hash_algorithm", { $0.form.algorithm = "1.3.14.3.2.26" }),
        ("hashes by SHA-224", "passport.hash_algorithm", { $0.form.algorithm = "2.16.840.1.101.3.4.2.4" }),
        ("hashes by MD5", "passport.hash_algorithm", { $0.form.algorithm = "1.2.840.113549.2.5" }),
        ("content of another type", "passport.sod_malformed", { $0.form.contentType = "2.23.136.1.1.2" }),
        ("two signers", "passport.sod_signers", { $0.form.signers = 2 }),
        ("no signer", "passport.sod_signers", { $0.form.signers = 0 }),
        ("no signed attributes", "passport.sod_attributes", { $0.form.hasAttributes = false }),
        (
            "attributes that name another type", "passport.sod_attributes",
            { $0.form.namedType = "2.23.136.1.1.2" }
        ),
        ("another message's digest", "passport.sod_signature", { $0.form.digest = [UInt8](repeating: 1, count: 32) }),
        ("no certificate of the signer", "passport.signer_missing", { $0.form.hasCertificate = false }),
        (
            "a signer of another authority of the same name", "passport.signer_unknown",
            { $0.signer = SimulatedCountry(country: "UT", now: now, mark: "MIHON").documentSigner(now: now) }
        ),
        (
            "a signer of another country's authority, which is trusted", "passport.country_differs",
            {
                let other = SimulatedCountry(country: "DE", now: now, mark: "MIHON")
                $0.country = other
                $0.signer = other.documentSigner(now: now)
                $0.lists = [other.revocationList(from: now - day, until: now + day)]
            }
        ),
        (
            "a signer that names another country than its authority", "passport.country_differs",
            { $0.sign { $0.subject = SimulatedCountry.name("DE", "MIHON DOCUMENT SIGNER") } }
        ),
        ("another issuing state in the zone", "passport.country_differs", { $0.write(try Made.holder(state: "D")) }),
        (
            "a signer that may not sign", "passport.signer_wrong_use",
            { $0.sign { $0.use(Written.bits([0x20], unused: 5)) } }
        ),
        ("a signer that does not say what it may", "passport.signer_wrong_use", { $0.sign { $0.remove("2.5.29.15") } }),
        (
            "an authority that signs passports itself", "passport.signer_wrong_use",
            { $0.sign { $0.add("2.5.29.19", Written.sequence([0x01, 0x01, 0xFF])) } }
        ),
        (
            "a signer of proofs of vaccination", "passport.signer_wrong_use",
            { $0.sign { $0.add("2.5.29.37", Written.sequence(Written.identifier("2.23.136.1.1.14.2"))) } }
        ),
        (
            "a signer of identity cards", "passport.signer_wrong_use",
            { $0.sign { $0.setTypes(["ID"]) } }
        ),
        (
            "an unknown critical extension", "passport.signer_critical_extension",
            { $0.sign { $0.add("2.5.29.54", isCritical: true, Written.integer(0)) } }
        ),
        ("a signer that is not valid yet", "passport.signer_not_yet_valid", { $0.sign { $0.notBefore = now + 60 } }),
        ("a signer that has ended", "passport.signer_expired", { $0.sign { $0.notAfter = now - 60 } }),
        (
            "signed after the period of the key", "passport.signed_outside_period",
            { $0.sign(at: now - 400 * day) { _ in } }
        ),
        (
            "signed before the period of the key", "passport.signed_outside_period",
            { $0.form.signedAt = now - 3 * day }
        ),
        ("signed in the future", "passport.signed_outside_period", { $0.form.signedAt = now + 2 * day }),
        (
            "a period of the key that cannot be read", "passport.signed_outside_period",
            { $0.sign { $0.set("2.5.29.16", Written.sequence(Written.object(0x80, Array("20260601".utf8)))) } }
        ),
        (
            "a signer that is revoked", "passport.signer_revoked",
            { $0.lists = [$0.country.revocationList(from: now - day, until: now + day, revoking: [$0.signer.serial])] }
        ),
        (
            "a signer that is revoked in a list that is stale", "passport.signer_revoked",
            {
                $0.lists = [
                    $0.country.revocationList(from: now - 9 * day, until: now - day, revoking: [$0.signer.serial])
                ]
            }
        ),
        ("no revocation list", "passport.revocation_unknown", { $0.lists = [] }),
        (
            "a revocation list of tomorrow alone", "passport.revocation_unknown",
            { $0.lists = [$0.country.revocationList(from: now + day, until: now + 9 * day)] }
        ),
        (
            "a revocation list of another authority of the same name", "passport.revocation_unknown",
            {
                let other = SimulatedCountry(country: "UT", now: now, mark: "MIHON")
                $0.lists = [other.revocationList(from: now - day, until: now + day)]
            }
        ),
        ("a revocation list that cannot be read", "passport.revocation_unknown", { $0.lists.append([0x30, 0x01]) }),
        (
            "a revocation list that is stale", "passport.revocation_stale",
            { $0.lists = [$0.country.revocationList(from: now - 9 * day, until: now - day)] }
        ),
        ("a passport that expired yesterday", "passport.expired", { $0.write(try Made.holder(expires: "2026-05-31")) }),
    ]

    @Test(arguments: flaws.indices)
    func `a passport with one flaw is refused for it`(_ index: Int) throws {
        let (flaw, code, change) = Self.flaws[index]
        var issued = try Issued()
        #expect(issued.code() == nil)
        try change(&issued)
        #expect(issued.code() == code, "\(flaw)")
    }

    static let right: [(what: String, change: @Sendable (inout Issued) throws -> Void)] = [
        ("version 1 with the LDS version", { ($0.form.version, $0.form.more) = (1, ldsVersion) }),
        ("a passport that expires today", { $0.write(try Made.holder(expires: "2026-06-01")) }),
        ("no time of signing", { $0.form.signedAt = nil }),
        ("a signer that does not say when its key may sign", { $0.sign { $0.remove("2.5.29.16") } }),
        ("a signer that does not say what documents it may sign", { $0.sign { $0.remove("2.23.136.1.1.6.2") } }),
        (
            "a signer for exactly this document's code",
            {
                $0.sign { $0.setTypes(["ID", "PD"]) }
                $0.write(try Made.holder(code: "PD"))
            }
        ),
        (
            "a signer whose key's period has ended, and the passport was signed in it",
            {
                $0.sign(at: now - 400 * day) { _ in }
                $0.form.signedAt = now - 390 * day
            }
        ),
        (
            "SHA-512",
            {
                $0.form.algorithm = "2.16.840.1.101.3.4.2.3"
                $0.form.hashes = [
                    (1, Array(SHA512.hash(data: DataGroup1($0.zone).bytes))), (2, [UInt8](repeating: 2, count: 64)),
                ]
            }
        ),
        (
            "SHA-384",
            {
                $0.form.algorithm = "2.16.840.1.101.3.4.2.2"
                $0.form.hashes = [
                    (1, Array(SHA384.hash(data: DataGroup1($0.zone).bytes))), (16, [UInt8](repeating: 2, count: 48)),
                ]
            }
        ),
        (
            "a newer list beside a stale one",
            { $0.lists.append($0.country.revocationList(from: now - 90 * day, until: now - 60 * day)) }
        ),
        (
            "somebody else revoked",
            {
                let other = $0.country.documentSigner(now: now)
                $0.lists = [$0.country.revocationList(from: now - day, until: now + day, revoking: [other.serial])]
            }
        ),
    ]

    @Test(arguments: right.indices)
    func `what the standard allows is accepted`(_ index: Int) throws {
        let (what, change) = Self.right[index]
        var issued = try Issued()
        try change(&issued)
        #expect(issued.code() == nil, "\(what)")
    }

    @Test func `Germany's one letter is its authority's two`() throws {
        var issued = try Issued(country: "DE")
        issued.write(try Made.holder(state: "D"))
        #expect(issued.code() == nil)
    }

    @Test
    func `an authority whose certificate has ended vouches for nobody, and one that was renewed under its key does`()
        throws
    {
        var issued = try Issued()
        let old = SimulatedCountry(
            country: "UT", now: now - 400 * day, mark: "MIHON", key: issued.country.key, until: now - day)
        let renewed = issued.country
        issued.country = old
        #expect(issued.code() == "passport.authority_expired")
        let both = TravelDocumentTrust(
            files: issued.files + [TrustFile(path: "passport/z.cer", bytes: renewed.certificate)])
        #expect(try TravelDocumentChecker(trust: both).check(issued.chip, at: now).zone == issued.zone)
    }

    @Test func `a signer's certificate that the message has not inside may be given beside it`() throws {
        var issued = try Issued()
        issued.form.hasCertificate = false
        let other = issued.country.documentSigner(now: now)
        func code(_ signer: [UInt8]?) -> String? {
            let files = TravelDocumentFiles(
                dataGroup1: issued.chip.dataGroup1, securityObject: issued.chip.securityObject, signer: signer)
            do {
                _ = try TravelDocumentChecker(trust: issued.trust).check(files, at: now)
                return nil
            } catch { return error.code }
        }
        #expect(code(issued.signer.certificate) == nil)
        #expect(code(other.certificate) == "passport.signer_missing")
        #expect(code([0x30, 0x00]) == "passport.signer_missing")
        #expect(code([UInt8](repeating: 0, count: 20_000)) == "passport.sod_malformed")
    }

    @Test func `a list counts for as long after its end as the rules say, and at most for ninety days`() throws {
        var issued = try Issued()
        issued.lists = [issued.country.revocationList(from: now - 9 * day, until: now - day)]
        let rules = try #require(TravelDocumentChecker.Rules(listGrace: 2 * day))
        #expect(issued.code(rules: rules) == nil)
        #expect(issued.code(at: now + 2 * day, rules: rules) == "passport.revocation_stale")
        #expect(TravelDocumentChecker.Rules(listGrace: 91 * day) == nil)
        #expect(TravelDocumentChecker.Rules(listGrace: -1) == nil)
    }

    @Test func `files of the wrong form are refused before anything is looked at`() throws {
        let issued = try Issued()
        let (good, trust) = (issued.chip, issued.trust)
        func code(_ data: [UInt8], _ object: [UInt8]) -> String? {
            do {
                _ = try TravelDocumentChecker(trust: trust)
                    .check(TravelDocumentFiles(dataGroup1: data, securityObject: object), at: now)
                return nil
            } catch { return error.code }
        }
        for data in [
            [], Array(good.dataGroup1.dropLast()), good.dataGroup1 + [0], [0x60] + good.dataGroup1.dropFirst(),
        ] {
            #expect(code(data, good.securityObject) == "passport.dg1_malformed")
        }
        var wrongDigit = good.dataGroup1
        wrongDigit[5 + 53] = wrongDigit[5 + 53] == 0x30 ? 0x31 : 0x30
        #expect(code(wrongDigit, good.securityObject) == "zone.number.check_digit")
        let long = [UInt8](repeating: 0, count: SignedSecurityObject.maximumLength + 1)
        for object in [
            [], Array(good.securityObject.dropLast()), good.securityObject + [0],
            [0x78] + good.securityObject.dropFirst(),
            Array(good.securityObject.dropFirst(4)), long,
        ] {
            #expect(code(good.dataGroup1, object) == "passport.sod_malformed")
        }
    }

    @Test func `no change of one byte of a signed object is accepted`() throws {
        let issued = try Issued()
        let (good, checker) = (issued.chip, TravelDocumentChecker(trust: issued.trust))
        var accepted: [Int] = []
        for place in good.securityObject.indices {
            var object = good.securityObject
            object[place] ^= 0x01
            let files = TravelDocumentFiles(dataGroup1: good.dataGroup1, securityObject: object)
            if (try? checker.check(files, at: now)) != nil { accepted.append(place) }
        }
        // CMS's own version, its list of digests' algorithms, and the same of the signer say nothing that is signed.
        #expect(accepted.count <= 12, "\(accepted)")
        #expect(
            accepted.allSatisfy { place in
                place < 60 || place > good.securityObject.count - 400
            })
    }

    @Test func `bad signed objects never trap, and none is accepted that was not signed`() async throws {
        let issued = try Issued()
        var second = issued
        (second.form.version, second.form.more) = (1, ldsVersion)
        let (samples, trust, data) = (
            [issued.chip.securityObject, second.chip.securityObject], issued.trust, issued.chip.dataGroup1
        )
        let checker = TravelDocumentChecker(trust: trust)
        await BadInput.run("EF.SOD", samples: samples, cases: BadInput.casesWithSignatures) { bytes in
            let document = try checker.check(
                TravelDocumentFiles(dataGroup1: data, securityObject: bytes), at: now)
            #expect(document.zone.bytes == Array(data.dropFirst(5)))
        }
        await BadInput.run("LDS security objects", samples: [issued.form.content, second.form.content]) { bytes in
            let object = try LDSSecurityObject(parsing: bytes)
            #expect(object.hashes.allSatisfy { (1...16).contains($0.key) && $0.value.count == object.algorithm.length })
        }
    }

    @Test func `every reason has a code of its own, and stands in the documentation`() throws {
        let codes = TravelDocumentRejection.all.map(\.code) + HolderComparison.Difference.allCases.map(\.code)
        #expect(Set(codes).count == codes.count)
        let path = Programs.root + "/Sources/TravelDocument/TravelDocument.docc/ReasonCodes.md"
        let page = try String(contentsOfFile: path, encoding: .utf8)
        let listed = page.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("| `") else { return nil }
            return line.dropFirst(3).split(separator: "`").first.map(String.init)
        }
        #expect(Set(listed) == Set(codes) && listed.count == codes.count)
    }
}

/// `SEQUENCE { "0107", "040000" }`.
let ldsVersion = Written.sequence(
    Written.object(0x13, Array("0107".utf8)), Written.object(0x13, Array("040000".utf8)))

extension CertificateForm {
    mutating func remove(_ type: String) { extensions.removeAll { $0.type == type } }
    mutating func add(_ type: String, isCritical: Bool = false, _ value: [UInt8]) {
        extensions.append(.init(type, isCritical: isCritical, value))
    }
    mutating func set(_ type: String, _ value: [UInt8]) {
        remove(type)
        add(type, value)
    }
    mutating func use(_ bits: [UInt8]) { set("2.5.29.15", bits) }
    mutating func setTypes(_ types: [String]) {
        let all = types.map { Written.object(0x13, Array($0.utf8)) }
        set("2.23.136.1.1.6.2", Written.sequence(Written.integer(0), Written.set(all)))
    }
}
