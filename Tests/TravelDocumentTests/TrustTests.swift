import Credentials
import Foundation
import SimulatedPassport
import TestSupport
import Testing
import TravelDocument
import TrustFolder

/// The folder of passports' authorities.
@Suite struct TrustTests {
    private func codes(_ files: [TrustFile], held: [HeldList] = []) -> [String] {
        TravelDocumentTrust(files: files, held: held).refused.map { "\($0.path) \($0.code)" }
    }

    @Test func `the folder is read from the disk with its test part, and nothing else of the trust folder`() throws {
        let issued = try Issued()
        try withFolder { path in
            for file in issued.files + [
                TrustFile(path: "test/passport/a.cer", bytes: issued.country.certificate),
                TrustFile(path: "vdsnc/b.cer", bytes: issued.country.certificate),
                TrustFile(path: "passport/.hidden", bytes: [1]),
            ] {
                let url = URL(fileURLWithPath: path).appendingPathComponent(file.path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.bytes).write(to: url)
            }
            let files = try TrustFolder.read(path, folders: TrustFolder.passportFolders)
            #expect(Set(files.map(\.path)) == ["passport/csca.cer", "passport/0.crl", "test/passport/a.cer"])
            let trust = TravelDocumentTrust(files: files)
            #expect(trust.refused.isEmpty && !trust.isEmpty)
            #expect(trust.authorities.authorities.map(\.isTest).sorted { !$0 && $1 } == [false, true])
            // A verifier of certificates sees none of it.
            #expect(try TrustFolder.read(path).map(\.path) == ["vdsnc/b.cer"])
            #expect(TrustStore(files: files).isEmpty && TrustStore(files: files).refused.isEmpty)
        }
    }

    @Test func `PEM files with several certificates and lists are read`() throws {
        let (one, other) = (try Issued(), try Issued(country: "DE"))
        let text = [
            ("CERTIFICATE", one.country.certificate), ("CERTIFICATE", other.country.certificate),
            ("X509 CRL", one.lists[0]),
        ]
        .map { "-----BEGIN \($0)-----\n\(Data($1).base64EncodedString())\n-----END \($0)-----\n" }.joined()
        let trust = TravelDocumentTrust(files: [TrustFile(path: "passport/all.pem", bytes: Array(text.utf8))])
        #expect(trust.refused.isEmpty && trust.authorities.authorities.count == 2)
        #expect(try TravelDocumentChecker(trust: trust).check(one.chip, at: now).zone == one.zone)
    }

    @Test func `what does not belong there is refused, and what may have been a list makes everything unknown`() throws
    {
        let issued = try Issued()
        let checker = { (more: TrustFile) in
            TravelDocumentChecker(trust: TravelDocumentTrust(files: issued.files + [more]))
        }
        for (name, bytes, code, isUnknown) in [
            ("signer.cer", issued.signer.certificate, "certificate.not_authority", false),
            ("half.cer", Array(issued.country.certificate.dropLast()), "certificate.malformed", false),
            ("half.crl", Array(issued.lists[0].dropLast()), "revocation.malformed", true),
            ("certificate.crl", issued.country.certificate, "revocation.malformed", true),
            ("links.json", Array("{}".utf8), "trust.unknown_file", true),
            ("note.txt", Array("note".utf8), "trust.unknown_file", true),
        ] as [(String, [UInt8], String, Bool)] {
            let file = TrustFile(path: "passport/\(name)", bytes: bytes)
            #expect(codes(issued.files + [file]) == ["passport/\(name) \(code)"])
            if isUnknown {
                #expect(throws: TravelDocumentRejection.revocationUnknown) {
                    try checker(file).check(issued.chip, at: now)
                }
            } else {
                #expect(throws: Never.self) { try checker(file).check(issued.chip, at: now) }
            }
        }
        let large = TrustFile(path: "passport/a", bytes: [UInt8](repeating: 0, count: TrustStore.maximumFileBytes + 1))
        #expect(codes([large]) == ["passport/a trust.too_large"])
    }

    @Test func `a broken list in the test part concerns passports for tests alone`() throws {
        let issued = try Issued()
        let broken = TrustFile(path: "test/passport/a.crl", bytes: [0x30])
        let trust = TravelDocumentTrust(files: issued.files + [broken])
        #expect(throws: Never.self) { try TravelDocumentChecker(trust: trust).check(issued.chip, at: now) }
        var test = try Issued()
        test.folder = "test/passport"
        let other = TravelDocumentTrust(files: test.files + [broken])
        #expect(throws: TravelDocumentRejection.revocationUnknown) {
            try TravelDocumentChecker(trust: other).check(test.chip, at: now)
        }
    }

    @Test func `a list that was held must be here, and not older`() throws {
        let issued = try Issued()
        let held = issued.trust.authorities.held
        #expect(held.count == 1)
        #expect(codes(issued.certificates, held: held) == ["passport/0.crl revocation.missing"])
        #expect(codes(issued.files, held: held) == [])
        var older = issued
        older.lists = [issued.country.revocationList(from: now - 2 * day, until: now + 30 * day)]
        #expect(codes(older.files, held: held) == ["passport/0.crl revocation.missing"])
        let checker = TravelDocumentChecker(trust: TravelDocumentTrust(files: older.files, held: held))
        #expect(throws: TravelDocumentRejection.revocationUnknown) { try checker.check(issued.chip, at: now) }
    }

    @Test func `a list of changes alone leaves unknown what is revoked`() throws {
        var issued = try Issued()
        issued.lists = [
            issued.country.revocationList(from: now - day, until: now + day, isDelta: true),
            issued.country.revocationList(from: now - 2 * day, until: now + day),
        ]
        #expect(issued.code() == "passport.revocation_unknown")
    }

    @Test func `the authorities of a master list are trusted, if one of them vouches for its signer`() throws {
        let issued = try Issued()
        func list(_ usage: String? = "2.23.136.1.1.3", by country: SimulatedCountry, of all: [[UInt8]]) -> TrustFile {
            let signer = country.documentSigner(now: now) { form in
                if let usage { form.add("2.5.29.37", Written.sequence(Written.identifier(usage))) }
            }
            let content = Written.sequence(Written.integer(0), Written.set(all))
            var form = SecurityObjectForm(dataGroup1: [])
            (form.contentType, form.namedType) = ("2.23.136.1.1.2", "2.23.136.1.1.2")
            return TrustFile(path: "passport/list.ml", bytes: form.message(content, by: signer))
        }
        let lists = issued.files.dropFirst()
        let good = list(by: issued.country, of: [issued.country.certificate])
        let trust = TravelDocumentTrust(files: [good] + lists)
        #expect(trust.refused.isEmpty)
        #expect(try TravelDocumentChecker(trust: trust).check(issued.chip, at: now).zone == issued.zone)
        let stranger = SimulatedCountry(country: "UT", now: now, mark: "MIHON")
        var changed = good.bytes
        changed[changed.count - 1] ^= 1
        for wrong in [
            list("2.23.136.1.1.14.2", by: issued.country, of: [issued.country.certificate]),
            list(nil, by: issued.country, of: [issued.country.certificate]),
            list(by: stranger, of: [issued.country.certificate]),
            TrustFile(path: "passport/list.ml", bytes: changed),
            TrustFile(path: "passport/list.ml", bytes: Array(issued.chip.securityObject.dropFirst(4))),
        ] { #expect(codes([wrong]) == ["passport/list.ml trust.master_list"]) }
    }
}
