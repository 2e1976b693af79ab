import CheckedConfiguration
import Foundation
import MutualTLS
import Signing
import TestSupport
import Testing
import Vaccination
import X509

/// What stays in use of a list of authorities that is read again.
@Suite struct AuthorityReloadTests {
    /// A folder with authorities `a`, `b` and `c`, and `bundle` of the first two.
    private struct Folder {
        /// What stands behind the name of each.
        static let rest = ",O=\(DevelopmentMark.name)"
        let temporary: TemporaryFolder
        let pem: [String: String]
        var path: String { temporary.path }

        init() throws {
            temporary = try TemporaryFolder()
            pem = try Dictionary(
                uniqueKeysWithValues: ["a", "b", "c"].map { name in
                    (name, try IssuingAuthority.create(commonName: name, now: .now).certificatePEM)
                })
            for (name, text) in pem { try write(text, name) }
            try write((pem["a"] ?? "") + "\n" + (pem["b"] ?? ""), "bundle")
        }

        func write(_ text: String, _ name: String) throws {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        }

        func section(_ text: String) throws -> ConfigurationSection {
            try ConfigurationFile(text: text + "\nmore: 1", name: "test.yaml", folder: path).root
        }

        func first(_ list: String) throws -> CertificateAuthorities {
            try CertificateAuthorities(section("list: \(list)"), "list", development: true, now: .now)
        }

        func readAgain(
            _ known: CertificateAuthorities, _ text: String
        ) throws -> (names: [String], flaw: ConfigurationError?) {
            let read = known.readAgain(.success(try section(text)), "list", development: true, now: .now)
            return (
                read.authorities.certificates.map {
                    "\($0.subject)".replacing("CN=", with: "").replacing(Self.rest, with: "")
                }, read.flaw
            )
        }
    }

    @Test(
        arguments: [
            ("list: []", []), ("", []), ("lists: [a]", []), ("list: a", []), ("list: {a: b}", []),
            ("list: [b, {file: x}]", ["b"]), ("list: [b, [a]]", ["b"]), ("list: [b, nowhere]", ["b"]),
            ("list: [{file: x}]", []), ("list: [a, nowhere]", ["a"]),
        ] as [(String, [String])])
    func `of a list with a flaw stays what stands in it, and the flaw says what that is`(
        text: String, names: [String]
    ) throws {
        let folder = try Folder()
        let read = try folder.readAgain(folder.first("[a]"), text)
        #expect(read.names == names)
        let flaw = try #require(read.flaw)
        #expect(
            flaw.english.hasSuffix(
                names.first.map { "; in use of this list: \(folder.path)/\($0) (CN=\($0),O=\(DevelopmentMark.name))" }
                    ?? "; no authority of this list is in use any more, so that nobody is let in by it"))
    }

    @Test func `a section that is away names nobody`() throws {
        let folder = try Folder()
        let root = try folder.section("list: [a]")
        let away = Result { () throws(ConfigurationError) in try root.section("nowhere") }
        let read = try folder.first("[a]").readAgain(away, "list", development: true, now: .now)
        #expect(read.authorities.certificates.isEmpty && read.flaw != nil)
    }

    @Test(arguments: ["", "away"])
    func `a file of which nothing can be read counts as it was, if its path stands in the list`(content: String) throws
    {
        let folder = try Folder()
        let known = try folder.first("[a, b]")
        let path = folder.path + "/a"
        if content.isEmpty { try folder.write("", "a") } else { try FileManager.default.removeItem(atPath: path) }
        #expect(try folder.readAgain(known, "list: [a, b]").names == ["a", "b"])
        #expect(try folder.readAgain(known, "list: [a]").names == ["a"])
        #expect(try folder.readAgain(known, "list: [b, {file: x}]").names == ["b"])
    }

    @Test func `a bundle without an authority takes it out although the one that is left is damaged`() throws {
        let folder = try Folder()
        let known = try folder.first("[bundle, c]")
        let (a, b) = (try #require(folder.pem["a"]), try #require(folder.pem["b"]))
        let damaged = b.replacing("MII", with: "MII*", maxReplacements: 1)
        #expect(damaged != b)
        for (content, names) in [
            (damaged, ["c"]), (String(b.dropLast(40)), ["c"]), ("text", ["c"]), (a + "\n" + damaged, ["a", "c"]),
            (damaged + "\n" + a, ["a", "c"]),
        ] {
            try folder.write(content, "bundle")
            let read = try folder.readAgain(known, "list: [bundle, c]")
            #expect(read.names == names && read.flaw != nil)
        }
    }

    @Test func `a certificate in a damaged file that was not in use does not come in`() throws {
        let folder = try Folder()
        let known = try folder.first("[a]")
        try folder.write((folder.pem["c"] ?? "") + "\n-----BEGIN CERTIFICATE-----\n", "a")
        #expect(try folder.readAgain(known, "list: [a]").names == [])
    }
}
