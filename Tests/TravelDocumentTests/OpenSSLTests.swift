import Credentials
import Foundation
import TestSupport
import Testing
import TravelDocument

/// Passports of a country that the `openssl` command plays: keys, certificates, revocation list and EF.SOD are all its work.
@Suite(.requires(.command("openssl", package: "openssl"))) struct OpenSSLTests {
    /// How a country signs.
    struct Scheme: Sendable, CustomTestStringConvertible {
        let name: String
        let key: [String]
        var digest = "sha256"
        var isPSS = false
        var expected: String?
        var testDescription: String { name }

        static func curve(_ curve: String, _ digest: String, isExplicit: Bool = false, _ expected: String? = nil)
            -> Scheme
        {
            Scheme(
                name: curve + (isExplicit ? " written out" : "") + ", " + digest,
                key: ["EC", "-pkeyopt", "ec_paramgen_curve:\(curve)"]
                    + (isExplicit ? ["-pkeyopt", "ec_param_enc:explicit"] : []), digest: digest, expected: expected)
        }

        static func rsa(_ bits: Int, _ digest: String, isPSS: Bool, _ expected: String? = nil) -> Scheme {
            Scheme(
                name: "RSA-\(bits)\(isPSS ? " PSS" : ""), \(digest)",
                key: ["RSA", "-pkeyopt", "rsa_keygen_bits:\(bits)"],
                digest: digest, isPSS: isPSS, expected: expected)
        }
    }

    static let schemes: [Scheme] = [
        .curve("P-256", "sha256"), .curve("P-384", "sha384"), .curve("P-521", "sha512"),
        .curve("brainpoolP256r1", "sha256"), .curve("brainpoolP384r1", "sha384"), .curve("brainpoolP512r1", "sha512"),
        .curve("P-256", "sha256", isExplicit: true), .curve("P-384", "sha384", isExplicit: true),
        .curve("brainpoolP256r1", "sha256", isExplicit: true), .rsa(2048, "sha256", isPSS: false),
        .rsa(3072, "sha512", isPSS: false), .rsa(2048, "sha256", isPSS: true), .rsa(3072, "sha384", isPSS: true),
        // Signed over SHA-1, or by a key that is too short.
        .curve("P-256", "sha1", "passport.sod_algorithm"), .rsa(2048, "sha1", isPSS: false, "passport.sod_algorithm"),
        .rsa(1024, "sha256", isPSS: false, "passport.sod_algorithm"),
        .curve("P-192", "sha256", "passport.sod_algorithm"),
    ]

    @Test(arguments: schemes)
    func `what the openssl command signs is read`(_ scheme: Scheme) async throws {
        let zone = try Made.holder()
        let data = DataGroup1(zone)
        let made = try await Country(scheme).passport(data.bytes)
        // What the command makes is valid from its own clock's now on.
        let now = Date().timeIntervalSince1970 + 60
        let trust = TravelDocumentTrust(files: made.files)
        #expect(trust.refused.isEmpty)
        let files = TravelDocumentFiles(dataGroup1: data.bytes, securityObject: made.object)
        do {
            let document = try TravelDocumentChecker(trust: trust).check(files, at: now)
            #expect(scheme.expected == nil)
            #expect(document.zone == zone && !document.isTest)
            #expect(abs((document.signedAt ?? 0) - now) < 3600)
        } catch { #expect(error.code == scheme.expected) }
    }

    /// A country's folder.
    private struct Country {
        let scheme: Scheme
        let folder: TemporaryFolder

        init(_ scheme: Scheme) throws {
            self.scheme = scheme
            folder = try TemporaryFolder()
        }

        private func openssl(_ arguments: [String]) async throws {
            _ = try await Program.run("openssl", arguments, folder: folder.path).succeeded()
        }

        private var padding: [String] { scheme.isPSS ? ["rsa_padding_mode:pss"] : [] }

        /// The trust folder's files and EF.SOD.
        func passport(_ data: [UInt8]) async throws -> (files: [TrustFile], object: [UInt8]) {
            let signing = padding.flatMap { ["-sigopt", $0] }
            // The authority's own digest is a sound one.
            let digest = scheme.digest == "sha1" ? "-sha256" : "-" + scheme.digest
            let weak = scheme.expected != nil
            try await openssl(
                ["genpkey", "-algorithm"] + (weak ? ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"] : scheme.key)
                    + ["-out", "csca.key"])
            try await openssl(["genpkey", "-algorithm"] + scheme.key + ["-out", "ds.key"])
            try await openssl(
                ["req", "-x509", "-new", "-key", "csca.key", digest, "-days", "5000", "-subj", "/C=UT/CN=MIHON CSCA"]
                    + ["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-outform", "DER", "-out", "csca.cer"]
                    + signing)
            try await openssl(["x509", "-inform", "DER", "-in", "csca.cer", "-out", "csca.pem"])
            try await openssl(["req", "-new", "-key", "ds.key", digest, "-subj", "/C=UT/CN=MIHON DS", "-out", "ds.csr"])
            try folder.write("ds.cnf", Data("keyUsage=critical,digitalSignature\n".utf8))
            try await openssl(
                ["x509", "-req", "-in", "ds.csr", "-CA", "csca.pem", "-CAkey", "csca.key", "-CAcreateserial", digest]
                    + ["-days", "4000", "-extfile", "ds.cnf", "-out", "ds.pem"] + signing)
            try folder.write("index.txt", Data())
            try folder.write("ca.cnf", Data("[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\ndefault_crl_days=30\n".utf8))
            try await openssl(
                ["ca", "-gencrl", "-config", "ca.cnf", "-cert", "csca.pem", "-keyfile", "csca.key", "-md"]
                    + [String(digest.dropFirst()), "-out", "csca.crl"] + signing)
            try folder.write("lds", Data(try await object(of: data)))
            try await openssl(
                ["cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-econtent_type", "2.23.136.1.1.1", "-md"]
                    + [scheme.digest, "-signer", "ds.pem", "-inkey", "ds.key"] + padding.flatMap { ["-keyopt", $0] }
                    + ["-in", "lds", "-outform", "DER", "-out", "sod.cms"])
            let message = try folder.read("sod.cms")
            // EF.SOD is the message behind its tag.
            let object = [0x77, 0x82, UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + Array(message)
            let files = try ["csca.cer", "csca.crl"].map {
                TrustFile(path: "passport/\($0)", bytes: Array(try folder.read($0)))
            }
            return (files, object)
        }

        /// The LDS security object, with hashes that the command made, written by the command.
        private func object(of data: [UInt8]) async throws -> [UInt8] {
            let digest = scheme.digest == "sha1" ? "sha256" : scheme.digest
            try folder.write("dg1", Data(data))
            let made = try await Program.run("openssl", ["dgst", "-\(digest)", "-r", "dg1"], folder: folder.path)
                .succeeded()
            let hash = String(decoding: made, as: UTF8.self).prefix { $0 != " " }
            let text = """
                asn1=SEQUENCE:lds
                [lds]
                version=INTEGER:0
                algorithm=SEQUENCE:algorithm
                groups=SEQUENCE:groups
                [algorithm]
                name=OID:\(digest)
                parameters=NULL
                [groups]
                one=SEQUENCE:one
                two=SEQUENCE:two
                [one]
                number=INTEGER:1
                hash=FORMAT:HEX,OCTETSTRING:\(hash)
                [two]
                number=INTEGER:2
                hash=FORMAT:HEX,OCTETSTRING:\(String(repeating: "0", count: hash.count))
                """
            try folder.write("lds.cnf", Data(text.utf8))
            try await openssl(["asn1parse", "-genconf", "lds.cnf", "-noout", "-out", "lds.der"])
            return Array(try folder.read("lds.der"))
        }
    }
}
