import Credentials
import Crypto
import Foundation
import CheckedConfiguration
import CredentialIssuing
import RecordService
import RecordSupport
import Records
import Signing
import Testing
import Vaccination

/// Signers of VDS-NC and EU certificates: a wrong one is found at start, by its name.
@Suite struct SignerTests {
    /// A stack's keys, of which a test replaces files.
    private struct Files {
        let stack: Stack
        let authority: DevelopmentCountryAuthority
        var keys: String { stack.folder + "/keys" }

        init() async throws {
            stack = try await Stack()
            let pem = try String(contentsOfFile: stack.folder + "/keys/vrs/csca.key.pem", encoding: .utf8)
            let key = try P256.Signing.PrivateKey(
                pemRepresentation: String(pem.drop { $0 != "-" }))
            authority = try DevelopmentCountryAuthority(country: "JP", now: Stack.start - 86_400, key: key)
        }

        func key(_ name: String) throws -> P256.Signing.PublicKey {
            try FileKey(pemFile: keys + "/vrs/\(name).pem", allowDevelopment: true).publicKey
        }

        /// Replaces the VDS-NC signer's certificate.
        func write(_ der: [UInt8], _ name: String = "seal-signer") throws {
            try Data(der).write(to: URL(fileURLWithPath: keys + "/vrs/\(name).pem"))
        }

        func error(
            at now: Date = Stack.start, development: Bool = true, _ change: (String) -> String = { $0 }
        ) async throws -> ConfigurationError? {
            let text = change(
                Stack.yaml(keys: keys, records: stack.folder + "/records", limits: "{perPersonAndDay: 3}"))
            let file = try ConfigurationFile(text: text, name: "vrs.yaml")
            do {
                _ = try await VRSConfiguration(file, development: development, now: now)
                return nil
            } catch let error as ConfigurationError {
                #expect(!error.japanese.isEmpty)
                return error
            }
        }
    }

    @Test func `overseas certificates want a VDS-NC signer`() async throws {
        let files = try await Files()
        let error = try await files.error {
            $0.split(separator: "\n").filter { !$0.hasPrefix("seal:") }.joined(separator: "\n")
        }
        #expect(error?.keyPath == "seal")
        let none = try await files.error {
            $0.split(separator: "\n").filter { !$0.hasPrefix("seal:") }.joined(separator: "\n")
                .replacing("domestic, overseas", with: "domestic")
        }
        #expect(none == nil)
    }

    @Test(arguments: [
        ("/vrs/seal-signer.pem", "/vrs/dcc-signer.pem", "seal.certificate", "signer.key_mismatch"),
        ("/vrs/dcc-signer.pem", "/vrs/csca.pem", "dcc.certificate", "signer.key_mismatch"),
        ("/vrs/seal-signer.pem", "/vrs/seal-signing.pem", "seal.certificate", "signer.malformed"),
        ("/vrs/seal-signing.pem", "/vrs/csca.pem", "seal.key", "chmod 600"),
        ("[KEYS/vrs/csca.pem]", "[KEYS/vrs/dcc-signer.pem]", "seal.authorities", "signer.authority_malformed"),
        ("country: JP", "country: jp", "dcc.country", "capital"),
        ("country: JP,", "", "dcc.country", "missing"),
        ("issuer: Akashi development issuer}", "validDays: 9}", "dcc.issuer", "missing"),
    ])
    func `a wrong file or value is named`(from: String, to: String, keyPath: String, says: String) async throws {
        let files = try await Files()
        let error = try await files.error {
            $0.replacing(
                from.replacing("KEYS", with: files.keys), with: to.replacing("KEYS", with: files.keys),
                maxReplacements: 1)
        }
        #expect(error?.keyPath == keyPath)
        #expect(error?.english.contains(says) == true, "\(error?.english ?? "it was accepted")")
    }

    /// What is wrong with a VDS-NC signer's certificate, and what the message says.
    @Test(arguments: [
        ("no extended key usage", "signer.extended_key_usage"), ("another usage", "signer.extended_key_usage"),
        ("a usage that is not critical", "signer.extended_key_usage"), ("no document type", "signer.document_type"),
        ("another document type", "signer.document_type"), ("not yet valid", "signer.not_yet_valid"),
        ("expired", "signer.expired"), ("another authority", "signer.not_issued_by_authority"),
    ])
    func `a signer that verifiers would refuse is refused at start`(flaw: String, says: String) async throws {
        let files = try await Files()
        let key = try files.key("seal-signing")
        let (from, until) = (Stack.start - 86_400, Stack.start + 86_400 * 365)
        let usage = "2.23.136.1.1.14.2"
        let der: [UInt8] =
            switch flaw {
            case "no extended key usage":
                try files.authority.issue(to: key, from: from, until: until, usage: nil, documentType: "NV")
            case "another usage":
                try files.authority.issue(
                    to: key, from: from, until: until, usage: "2.23.136.1.1.14.1", documentType: "NV")
            case "a usage that is not critical":
                try files.authority.issue(
                    to: key, from: from, until: until, usage: usage, isCritical: false, documentType: "NV")
            case "no document type":
                try files.authority.issue(to: key, from: from, until: until, usage: usage, documentType: nil)
            case "another document type":
                try files.authority.issue(to: key, from: from, until: until, usage: usage, documentType: "NT")
            case "not yet valid": try files.authority.issue(to: key, from: Stack.start + 1, until: until)
            case "expired": try files.authority.issue(to: key, from: from, until: Stack.start - 1)
            default:
                try DevelopmentCountryAuthority(country: "JP", now: Stack.start - 86_400)
                    .issue(to: key, from: from, until: until)
            }
        try files.write(der)
        let error = try await files.error()
        #expect(error?.english.contains(says) == true, "\(error?.english ?? "it was accepted")")
        #expect(error?.keyPath == (flaw == "another authority" ? "seal.authorities" : "seal.certificate"))
    }

    @Test func `a document signer for tests alone is refused`() async throws {
        let files = try await Files()
        try files.write(
            try files.authority.issue(
                to: try files.key("dcc-signing"), from: Stack.start - 86_400, until: Stack.start + 86_400,
                usage: "1.3.6.1.4.1.1847.2021.1.1", isCritical: false, documentType: nil), "dcc-signer")
        let error = try await files.error()
        #expect(error?.keyPath == "dcc.certificate")
        #expect(error?.english.contains("signer.extended_key_usage") == true)
    }

    @Test func `a signer is warned about before it ends and refused behind it`() async throws {
        let files = try await Files()
        let end = Stack.start + 86_400 * 90
        try files.write(
            try files.authority.issue(to: try files.key("seal-signing"), from: Stack.start - 86_400, until: end))
        func warnings(_ now: Date) async throws -> [ConfigurationError] {
            let text = Stack.yaml(
                keys: files.keys, records: files.stack.folder + "/records", limits: "{perPersonAndDay: 3}")
            let file = try ConfigurationFile(text: text, name: "vrs.yaml")
            return try await VRSConfiguration(file, development: true, now: now).warnings
        }
        #expect(try await warnings(end - 61 * 86_400).isEmpty)
        let near = try await warnings(end - 59 * 86_400)
        #expect(near.map(\.keyPath) == ["seal.certificate"])
        #expect(near[0].english.contains("seal-signer.pem ends in 59 days, on 2027-02-19"))
        #expect(near[0].japanese.contains("あと59日"))
        #expect(try await files.error(at: end) == nil)
        #expect(try await files.error(at: end + 1)?.english.contains("signer.expired") == true)
    }

    /// What is given as `seal.revocationLists`, and what the message says; nothing where it is accepted.
    @Test(
        arguments: [
            ("the whole list", nil), ("its DER form", nil), ("none", "announces its authority's revocation list"),
            ("an empty list of files", "missing"), ("a missing file", "files that can be read"),
            ("a list of changes", "not the whole list"), ("another authority's list", "none of these authorities"),
            ("a list of tomorrow", "its time has not come"), ("an empty file", "cannot be read"),
            ("garbage", "not a certificate revocation list"), ("a certificate", "holds none"),
            ("half a list", "not a certificate revocation list"), ("a cut PEM text", "is damaged"),
            ("the whole list and garbage", "not a certificate revocation list"),
            ("a list that has ended", "it ended on"), ("a list that names the signer", "names this signer"),
            ("a list that names another", nil),
        ] as [(String, String?)])
    func `the revocation list that a signer's certificate announces is whole, its authority's, and there`(
        what: String, says: String?
    ) async throws {
        let files = try await Files()
        let key = try files.key("seal-signing")
        let (from, until) = (Stack.start - 86_400, Stack.start + 86_400 * 365)
        let signer = try files.authority.issue(
            to: key, from: from, until: until, usage: "2.23.136.1.1.14.2", documentType: "NV", announcesList: true)
        try files.write(signer)
        let whole = try files.authority.revocationList(from: from, until: until)
        let other = try DevelopmentCountryAuthority(country: "JP", now: from)
        let pem = "-----BEGIN X509 CRL-----\n\(Data(whole).base64EncodedString())\n-----END X509 CRL-----\n"
        let content: [UInt8] =
            switch what {
            case "its DER form", "the whole list and garbage": whole
            case "a list of changes":
                try files.authority.revocationList(from: from, until: until, isDelta: true, revoked: [])
            case "another authority's list": try other.revocationList(from: from, until: until)
            case "a list of tomorrow":
                try files.authority.revocationList(from: Stack.start + 86_400, until: until)
            case "a list that has ended": try files.authority.revocationList(from: from, until: Stack.start - 1)
            case "a list that names the signer":
                try files.authority.revocationList(from: from, until: until, revoked: [signer])
            case "a list that names another":
                try files.authority.revocationList(from: from, until: until, revoked: [files.authority.certificate])
            case "an empty file": []
            case "garbage": Array("this is no list".utf8)
            case "a certificate": Array(try String(contentsOfFile: files.keys + "/vrs/csca.pem", encoding: .utf8).utf8)
            case "half a list": Array(whole.prefix(whole.count / 2))
            case "a cut PEM text": Array(pem.utf8.dropLast(10))
            default: Array(pem.utf8)
            }
        let path = files.keys + "/vrs/announced.crl"
        try Data(content).write(to: URL(fileURLWithPath: path))
        try Data("this is no list".utf8).write(to: URL(fileURLWithPath: files.keys + "/vrs/garbage.crl"))
        let given =
            switch what {
            case "none": ""
            case "an empty list of files": ", revocationLists: []"
            case "a missing file": ", revocationLists: [\(files.keys)/vrs/nothing.crl]"
            case "the whole list and garbage": ", revocationLists: [\(path), \(files.keys)/vrs/garbage.crl]"
            default: ", revocationLists: [\(path)]"
            }
        let error = try await files.error {
            $0.replacing(", revocationLists: [\(files.keys)/vrs/csca.crl.pem]", with: given)
        }
        guard let says else {
            #expect(error == nil, "\(error?.english ?? "")")
            return
        }
        let isSigner = what == "a list that names the signer"
        #expect(error?.keyPath.hasPrefix(isSigner ? "seal.certificate" : "seal.revocationLists") == true)
        #expect(error?.english.contains(says) == true, "\(error?.english ?? "it was accepted")")
    }

    @Test(arguments: SigningKeyUse.Role.allCases)
    func `a key that was used and is not configured any more is named at start and at an export`(
        role: SigningKeyUse.Role
    ) async throws {
        let stack = try await Stack()
        let used = SigningKeyUse(role: role, thumbprint: String(repeating: "x", count: 43))
        let folder = stack.folder + "/public"
        _ = try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        try await stack.store.noteSigningKeys([used], now: stack.clock.now)
        let error = await #expect(throws: MissingKeys.self) { _ = try await stack.restarted() }
        #expect(error?.keys == [used])
        #expect(error?.description.contains(role == .shc ? "issuer.earlierKeys" : "earlierCertificates") == true)
        await #expect(throws: MissingKeys.self) {
            try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        }
    }

    @Test func `an export refuses to leave out a key that the folder offers`() async throws {
        let stack = try await Stack()
        let folder = stack.folder + "/public"
        _ = try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        let path = folder + "/.well-known/jwks.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let other = text.replacing(stack.signer.keyID, with: String(repeating: "x", count: 43))
        try other.write(toFile: path, atomically: true, encoding: .utf8)
        let error = await #expect(throws: MissingKeys.self) {
            try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        }
        #expect(error?.keys.map(\.thumbprint) == [String(repeating: "x", count: 43)])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == other)
    }

    @Test(arguments: [SigningKeyUse.Role.shc, .dcc, .vdsnc])
    func `a key that leaked is withdrawn: nothing published vouches for it, and no export asks for it`(
        role: SigningKeyUse.Role
    ) async throws {
        let stack = try await Stack()
        let folder = stack.folder + "/public"
        let leaked = SigningKeyUse(role: role, thumbprint: String(repeating: "x", count: 43))
        _ = try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        // As it was published before.
        let keySet = folder + "/.well-known/jwks.json"
        let signers = [
            "/trust/test/dcc/signer-2.cer", "/trust/test/vdsnc/signer-2.cer", "/trust/test/vdsnc/csca-2.cer",
        ]
        .map { folder + $0 }
        if role == .shc {
            let text = try String(contentsOfFile: keySet, encoding: .utf8)
            let both = text.replacing("\"keys\":[", with: "\"keys\":[{\"kid\":\"\(leaked.thumbprint)\"},")
            #expect(both != text)
            try both.write(toFile: keySet, atomically: true, encoding: .utf8)
        } else {
            for signer in signers { try Data("a certificate".utf8).write(to: URL(fileURLWithPath: signer)) }
        }
        try await stack.store.noteSigningKeys([leaked], now: stack.clock.now)
        var configuration = stack.configuration
        configuration.signers.withdrawn = [leaked]
        _ = try await FileCommands.export(to: folder, configuration, now: stack.clock.now)
        #expect(try !String(contentsOfFile: keySet, encoding: .utf8).contains(leaked.thumbprint))
        for signer in signers { #expect(!FileManager.default.fileExists(atPath: signer), "\(signer)") }
        #expect(FileManager.default.fileExists(atPath: folder + "/trust/test/vdsnc/csca.cer"))
    }

    @Test(arguments: [
        ("issuer", "withdrawnKeys", "in use"), ("dcc", "withdrawnCertificates", "in use"),
        ("seal", "withdrawnCertificates", "in use"),
    ])
    func `a key that is withdrawn and still in use is refused`(section: String, key: String, says: String) async throws
    {
        let files = try await Files()
        let path: String
        if section != "issuer" {
            path = files.keys + "/vrs/\(section)-signer.pem"
        } else {
            path = files.keys + "/vrs/shc.pub.pem"
            try Data(files.key("shc-signing").pemRepresentation.utf8).write(to: URL(fileURLWithPath: path))
        }
        let error = try await files.error { $0.replacing("\(section): {", with: "\(section): {\(key): [\(path)], ") }
        #expect(error?.keyPath == "\(section).\(key)")
        #expect(error?.english.contains(says) == true, "\(error?.english ?? "it was accepted")")
    }

    @Test(arguments: ["seal", "dcc"])
    func `an earlier certificate that cannot be read is refused, not left out of the export`(section: String)
        async throws
    {
        let files = try await Files()
        let path = files.keys + "/vrs/earlier.pem"
        for (text, says) in [("garbage", "not an X.509 certificate"), ("-----BEGIN CERTIFICATE-----\n", "is damaged")] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let error = try await files.error {
                $0.replacing("\(section): {", with: "\(section): {earlierCertificates: [\(path)], ")
            }
            #expect(error?.keyPath == "\(section).earlierCertificates")
            #expect(error?.english.contains(says) == true, "\(error?.english ?? "it was accepted")")
        }
    }

    @Test func `a signer that ends while the service runs is not ready`() async throws {
        let stack = try await Stack()
        #expect(stack.configuration.signers.outOfDate(at: Stack.start).isEmpty)
        #expect(
            stack.configuration.signers.outOfDate(at: Stack.start + 6 * 365 * 86_400) == [
                "seal.signer_out_of_date", "dcc.signer_out_of_date",
            ])
    }

    /// Each development part is replaced by a real one in turn; the next one is what is refused then.
    @Test func `development signers are refused without development mode`() async throws {
        let files = try await Files()
        func unmark(_ name: String) throws {
            let path = files.keys + "/vrs/\(name).pem"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try Data(text.replacing(DevelopmentMark.keyLine + "\n", with: "").utf8).write(
                to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
        func real(_ key: String, _ certificate: String, usage: String, _ type: String?) throws {
            try files.write(
                try files.authority.issue(
                    to: try files.key(key), from: Stack.start - 86_400, until: Stack.start + 86_400 * 365,
                    usage: usage, documentType: type, name: "MIHON SIGNER"), certificate)
        }
        func refused() async throws -> String? { try await files.error(development: false)?.keyPath }
        #expect(try await refused() == "issuer.key")
        try unmark("shc-signing")
        #expect(try await refused() == "seal.key")
        try unmark("seal-signing")
        #expect(try await refused() == "seal.certificate")
        try real("seal-signing", "seal-signer", usage: "2.23.136.1.1.14.2", "NV")
        #expect(try await refused() == "dcc.key")
        try unmark("dcc-signing")
        #expect(try await refused() == "dcc.certificate")
        try real("dcc-signing", "dcc-signer", usage: "1.3.6.1.4.1.1847.2021.1.2", nil)
        #expect(try await refused() == "answers.key")
        // And the other way round: what is real signs no test certificates.
        #expect(try await files.error()?.keyPath == "issuer.key")
    }
}
