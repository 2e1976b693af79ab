import Foundation
import TestSupport
import Testing

/// What comes from outside becomes a value only through the checks of its type: a decoder that the compiler makes up looks
/// at forms, not at bounds.
@Suite struct DecodingTests {
    /// Types that the compiler may decode, since no value of their members is wrong: why.
    private static let unbounded = [
        "BackupNote.Form": "of the service's own folder; an instant to show",
        "BackupSet.FormatOnly": "a number that is compared",
        "CardList.Line": "of made-up people",
        "Fabrication.CardLine": "of made-up people, written and read by the same command",
        "PublishedFolder.Issuer": "what was published earlier, checked by who reads it back",
        "PublishedFolder.Keys": "what was published earlier, compared with the configured keys",
        "PublishedFolder.Keys.Key": "what was published earlier, compared with the configured keys",
        "PublishedFolder.List": "what was published earlier, checked by who reads it back",
        "RevocationBatches.Batch": "what was published earlier, checked by who reads it back",
        "RevocationBatches.Entry": "what was published earlier, checked by who reads it back",
        "CertificateReport": "an operator's list, shown as it is",
        "CertificateRequest": "its members check themselves",
        "DecisionAccount": "an operator's list, shown as it is",
        "DecisionRequest": "each member checks itself, or is parsed where it is used",
        "EnrolmentRequest": "each member is parsed where it is used, and refused there",
        "ImportAccount": "an operator's list, shown as it is",
        "ImportTimes": "of the verifier's own folder: times to show",
        "TerminalTrust.File": "checked with the trust it stands in, and as a file of a trust folder where it is used",
        "TerminalTrust.Text": "checked where a TerminalTrust is made of it",
        "IssueContent": "sealed by the record store; its members check themselves",
        "Journal.Header": "compared as a whole with the store's own",
        "JournalEntry": "of a line whose code was checked, written by this program",
        "JournalEntry.Decision": "of a line whose code was checked, written by this program",
        "JournalEntry.Erasure":
            "of a line whose code was checked, or a row that evidence proves, written by this program",
        "JournalEntry.Code": "of a line whose code was checked, written by this program",
        "LogReport": "an operator's list, shown as it is",
        "LogSearchReport": "an operator's list, shown as it is",
        "LogSearchRequest": "checked where a LogQuery is made of it",
        "LogSearchRequest.Person": "checked where a LogQuery is made of it",
        "Menu.Notice": "checked by Menu",
        "Municipality": "checked by Menu; elsewhere it comes from configuration",
        "IssuedVoucher": "sealed by the record store; its members check themselves",
        "PassportAmendment": "each member is parsed where it is used, and refused there",
        "PassportAmendment.Written": "parsed as a passport where it is used, and refused there",
        "PassportReport": "an operator's view, shown as it is",
        "PhoneAccess": "checked where a policy is made of it",
        "PhoneAccess.Release": "checked where a policy is made of it",
        "PersonReference": "its text is parsed where it is used, and refused there",
        "RegionAccount": "an operator's view, shown as it is",
        "SimulatedCountry.Document": "a made-up country's own file; each member is parsed where it is read",
        "SimulatedPassportFile.Document": "a made-up passport's own file; each member is parsed where it is read",
        "RegionLogKeys.Stored": "checked by who reads the file of keys",
        "RegionKeyFolder.KeyFile": "checked by who reads the file",
        "RegionKeyFolder.Keys": "of what a master key opened, checked by who reads the file",
        "SimulatedAuthority.Document": "a simulated card's file, checked by who reads it",
        "SimulatedCardFile.Document": "a simulated card's file, checked by who reads it",
        "RefusedRow": "sealed by the record store; a line of a file, for who repairs it",
        "StagedChange": "sealed by the record store; checked where a change is made of it",
        "StagedPerson": "sealed by the record store; checked where a person is made of it",
        "RetentionAccount": "an operator's view, shown as it is",
        "RetentionCounts": "of a decision that evidence proves, or an operator's view: shown and compared",
        "RetentionRun": "of a decision that evidence proves; its rules check themselves",
        "RestoreRequest": "each member is parsed where it is used, and refused there",
        "RootReport": "an operator's view, shown as it is",
        "SetForm": "of a set whose signature was checked, judged by BackupSet",
        "SetForm.PartForm": "of a set whose signature was checked, judged by BackupSet",
        "SignedRoot.Head": "of a root whose signature was checked",
        "SignedRoot.Header": "of a root, judged when its signature is checked",
        "SignedRoot.Payload": "of a root whose signature was checked",
        "StopRequest": "each member is parsed where it is used, and refused there",
        "SuspensionReport": "shown as it is",
        "SuspensionRequest": "its text is parsed where it is used, and refused there",
        "TerminalReport": "an operator's list, shown as it is",
        "VoucherIssue": "each member is parsed where it is used, and refused there",
        "VoucherQuestion": "each member is parsed where it is used, and refused there",
        "VoucherReport": "an operator's list, shown as it is",
        "VoucherReport.Step": "an operator's list, shown as it is",
        "VoucherVoid": "each member is parsed where it is used, and refused there",
    ]

    private func types() throws -> [String: DeclaredType] {
        var types: [String: DeclaredType] = [:]
        for folder in ["Sources", "kiosk-sim"] {
            for path in try FileManager.default.subpathsOfDirectory(atPath: "\(Programs.root)/\(folder)").sorted()
            where path.hasSuffix(".swift") {
                let text = try String(contentsOfFile: "\(Programs.root)/\(folder)/\(path)", encoding: .utf8)
                DeclaredType.collect(text, into: &types)
            }
        }
        return types
    }

    @Test func `no type with a checking initialiser is decoded around it`() throws {
        let types = try types()
        #expect(types.count > 200 && types["Menu"]?.isDecodable == true)
        for (name, type) in types.sorted(by: { $0.key < $1.key }) where type.isSynthesised {
            #expect(!type.checks, "\(name) has an initialiser that refuses values, and is decoded without it")
        }
    }

    @Test func `each type that is decoded as the compiler makes it up says why nothing has to be checked`() throws {
        let types = try types()
        for (name, type) in types.sorted(by: { $0.key < $1.key }) where type.isSynthesised {
            #expect(
                Self.unbounded[name] != nil,
                "\(name): decode it through an initialiser that checks its bounds (init(from:)), or list it with the reason"
            )
        }
        for name in Self.unbounded.keys {
            #expect(types[name]?.isSynthesised == true, "\(name) is in the list and not decoded so any more")
        }
    }

    @Test func `the lint sees what it looks for`() {
        var types: [String: DeclaredType] = [:]
        DeclaredType.collect(
            """
            /// struct Comment: Codable {
            public struct A: Hashable, Codable { let a: Int; public init?(_ a: Int) { nil } }
            enum Outer { struct B: Decodable { let text = "}{" } ; struct C { func f() { if true {} } } }
            extension Outer.C: Codable { init(from decoder: any Decoder) throws {} }
            struct D: Codable { init(_ a: Int) throws(E) {} }
            enum F: String, Codable { case a }
            """, into: &types)
        #expect(types["A"]?.isSynthesised == true && types["A"]?.checks == true)
        #expect(types["Outer.B"]?.isSynthesised == true && types["Outer.B"]?.checks == false)
        #expect(types["Outer.C"]?.isDecodable == true && types["Outer.C"]?.isSynthesised == false)
        #expect(types["D"]?.checks == true)
        #expect(types["F"]?.isSynthesised == false && types["Comment"] == nil)
    }
}

/// What a source says of a type, over its declaration and extensions.
private struct DeclaredType {
    /// Whether it conforms to Decodable.
    private(set) var isDecodable = false
    /// Whether an initialiser of its own refuses values.
    private(set) var checks = false
    private var decodesItself = false
    private var isEnumeration = false

    /// Whether the compiler makes up how it is decoded. Enumerations are decoded by their raw values, none but the declared.
    var isSynthesised: Bool { isDecodable && !decodesItself && !isEnumeration }

    private struct Scope {
        var type: String?
        var text = ""
    }

    /// Adds what a file says. It knows of Swift what this repository's sources have of it: comments by the line, strings.
    static func collect(_ source: String, into types: inout [String: DeclaredType]) {
        var scopes = [Scope()]
        for character in code(of: source) {
            switch character {
            case "{":
                let head = scopes[scopes.count - 1].text
                let outer = scopes.compactMap(\.type).last
                let declaration =
                    #/\b(struct|class|actor|enum|extension)\s+([A-Z][\w.]*)\s*(?:<[^{}]*>)?\s*(:[^{}=\u{1}]*)?$/#
                guard let match = head.firstMatch(of: declaration) else {
                    scopes.append(Scope())
                    continue
                }
                let name = [outer, String(match.2)].compactMap { $0 }.joined(separator: ".")
                var type = types[name] ?? DeclaredType()
                if let conformances = match.3, conformances.contains(#/\b(Codable|Decodable)\b/#) {
                    type.isDecodable = true
                }
                if match.1 == "enum" { type.isEnumeration = true }
                types[name] = type
                scopes.append(Scope(type: name))
            case "}":
                guard scopes.count > 1, let scope = scopes.popLast() else { continue }
                scopes[scopes.count - 1].text = "\(scopes[scopes.count - 1].text)\u{1}"
                guard let name = scope.type else { continue }
                if scope.text.contains(#/\binit\(from decoder/#) { types[name]?.decodesItself = true }
                // A plain form is another reading of the same members, and refuses what they refuse.
                if scope.text.contains(
                    #/\binit\?\((?!plain )|\binit\((?!from decoder)[^\u{1}]*?\)\s*(?:async\s+)?throws/#)
                {
                    types[name]?.checks = true
                }
            default: scopes[scopes.count - 1].text.append(character)
            }
        }
    }

    /// A source without its comments and the contents of its strings.
    private static func code(of source: String) -> String {
        source.replacing(#/"""[\s\S]*?"""/#, with: "\"\"")
            .replacing(#/"(?:\\.|[^"\\\n])*"/#, with: "\"\"")
            .replacing(#/\/\/[^\n]*/#, with: "")
    }
}
