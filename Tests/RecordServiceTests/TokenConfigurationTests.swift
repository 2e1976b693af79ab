import CheckedConfiguration
import CredentialIssuing
import Crypto
import Foundation
import RecordService
import Records
import Signing
import TestSupport
import Testing

/// A configuration whose keys lie in a token.
@Suite(.serialized) struct TokenConfigurationTests {
    private let stack: Stack
    private let hsm: SoftHSM
    private let folder: TemporaryFolder
    private var keys: String { stack.folder + "/keys" }
    private let name = "c-\(UUID().uuidString.prefix(18))"

    init() async throws {
        stack = try await Stack()
        hsm = try await SoftHSM.shared()
        folder = try TemporaryFolder()
        try write("pin", SoftHSM.pin + "\n")
    }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
        try folder.write(name, Data(text.utf8))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file(name))
    }

    private func token(
        module: String = SoftHSM.module, label: String = "AKASHI DEVELOPMENT", pin: String = "pin", more: String = ""
    ) -> String {
        "token: {module: \(module), label: \(label), pin: \(folder.file(pin))\(more)}\n"
    }

    private func configuration(
        _ more: String, _ change: (String) -> String = { $0 }
    ) async throws -> VRSConfiguration {
        let text = change(Stack.yaml(keys: keys, records: stack.folder + "/other", limits: "{perPersonAndDay: 3}"))
        return try await VRSConfiguration(
            try ConfigurationFile(text: text + more, name: "vrs.yaml"), development: true, now: Stack.start)
    }

    private func inToken(_ text: String) -> String {
        text.replacing("\(keys)/vrs/shc-signing.pem", with: "\"pkcs11:object=\(name)\"")
    }

    private func bring(_ label: String = "AKASHI DEVELOPMENT") async throws {
        let pem = try String(contentsOfFile: keys + "/vrs/shc-signing.pem", encoding: .utf8)
        try await hsm.bring(pem, as: name, to: label)
    }

    @Test func `a key that a URI names signs from within the token`() async throws {
        try await bring()
        let configuration = try await configuration(token(), inToken)
        #expect(
            configuration.signers.keys.active.publicKey.rawRepresentation
                == stack.configuration.signers.keys.active.publicKey.rawRepresentation)
        _ = try await configuration.signers.keys.active.signature(over: [1])
        #expect(!configuration.warnings.contains { $0.keyPath == "issuer.key" })
    }

    @Test func `the reference lists the keys of a token and no others`() async throws {
        let text = Stack.yaml(keys: keys, records: stack.folder + "/other", limits: "{perPersonAndDay: 3}") + token()
        let file = try ConfigurationFile(text: text, name: "vrs.yaml")
        _ = try await VRSConfiguration(file, development: true, now: Stack.start)
        let documented = try MarkdownPage.configurationKeys(of: "vrs.yaml").filter { $0.hasPrefix("token.") }
        #expect(MarkdownPage.listed(file.root.askedFor.filter { $0.hasPrefix("token.") }) == Set(documented))
        #expect(documented.count == 4)
    }

    @Test func `a key that its token would give away is warned of`() async throws {
        try await hsm.makeExtractable(name, in: "AKASHI DEVELOPMENT")
        let warnings = try await configuration(token(), inToken).warnings
        #expect(warnings.contains { $0.keyPath == "issuer.key" && $0.english.contains("CKA_EXTRACTABLE") })
    }

    @Test func `region keys are wrapped by a key in the token, and a store opens with them`() async throws {
        let made = try await TokenKeys(
            module: SoftHSM.module, label: "AKASHI DEVELOPMENT", pinFile: folder.file("pin"),
            folder: folder.file("out"), organisation: "見本省", country: "JP"
        ).make(.master, name)
        #expect(made.contains { $0.contains("records.masterKey: pkcs11:object=\(name)") })
        let configuration = try await configuration(token()) {
            $0.replacing("records: {", with: "records: {masterKey: \"pkcs11:object=\(name)\", ")
        }
        #expect(try FileCommands.check(configuration, name: "x").contains { $0.contains("vrs keys wrap") })
        #expect(try FileCommands.wrapKeys(configuration).count == 4)
        #expect(try !FileCommands.check(configuration, name: "x").contains { $0.contains("vrs keys wrap") })
        _ = try configuration.openStore(mayBegin: true)
        let text = try String(contentsOfFile: keys + "/vrs/regions/990019.json", encoding: .utf8)
        #expect(text.contains("pkcs11:object=\(name)") && !text.contains("dataKey"))

        // Back to a file: the token opens what it wrapped, once more.
        try write("master.key", "# AKASHI DEVELOPMENT KEY\n" + FileMasterKey.makeText())
        let next = try await self.configuration(token()) {
            $0.replacing(
                "records: {",
                with:
                    "records: {masterKey: \(folder.file("master.key")), earlierMasterKeys: [\"pkcs11:object=\(name)\"], "
            )
        }
        #expect(try FileCommands.wrapKeys(next).count == 4)
        let last = try await self.configuration("") {
            $0.replacing("records: {", with: "records: {masterKey: \(folder.file("master.key")), ")
        }
        _ = try last.openStore(mayBegin: true)
    }

    @Test func `keys made in a token come with public parts and requests, and a second run leaves them`() async throws {
        let keys = try TokenKeys(
            module: SoftHSM.module, label: "akashi", pinFile: folder.file("pin"), folder: folder.file("out"),
            organisation: "見本省", country: "JP")
        for role in [TokenKeys.Role.shc, .vdsnc, .dcc] {
            let first = try await keys.make(role, "\(name)-\(role)")
            #expect(first.contains { $0.contains("made") })
            let csr = folder.file("out/\(name)-\(role).csr")
            #expect(FileManager.default.fileExists(atPath: csr) == (role != .shc))
            let before = try folder.read("out/\(name)-\(role).pub.pem")
            let second = try await keys.make(role, "\(name)-\(role)")
            #expect(second.contains { $0.contains("there already") } && !second.contains { $0.contains(".pem") })
            #expect(try folder.read("out/\(name)-\(role).pub.pem") == before)
        }
        await #expect(throws: TokenRefused.self) { try await keys.make(.shc, "a b") }
    }

    /// A slip, where it is told, and what the message says.
    @Test(arguments: [
        ("no token", "issuer.key", "section token"), ("another token", "issuer.key", "another token"),
        ("no such key", "issuer.key", "token.no_such_key"), ("a query", "issuer.key", "pkcs11:object=NAME"),
        ("no module", "token.module", "token.module"), ("a PIN that others can read", "token.pin", "chmod 600"),
        ("a PIN of two lines", "token.pin", "one line"), ("an empty PIN", "token.pin", "one line"),
        ("a wrong PIN", "token.label", "before it locks itself"), ("sessions", "token.sessions", "1 to 64"),
        ("a real key in development", "issuer.key", "development key"),
        ("an earlier master key alone", "records.masterKey", "missing"),
        ("a master key twice", "records.earlierMasterKeys", "twice"),
        ("a master key that is none", "records.masterKey", "64 hexadecimal"),
    ])
    func `a slip is told with its place and remedy`(slip: String, keyPath: String, says: String) async throws {
        try write("master.key", "# AKASHI DEVELOPMENT KEY\n" + FileMasterKey.makeText())
        let master = folder.file("master.key")
        var (more, change): (String, (String) -> String) = (token(), inToken)
        func records(_ keys: String) -> (String) -> String {
            { $0.replacing("records: {", with: "records: {\(keys), ") }
        }
        switch slip {
        case "no token": more = ""
        case "another token":
            change = { $0.replacing("\(keys)/vrs/shc-signing.pem", with: "\"pkcs11:token=other;object=\(name)\"") }
        case "a query":
            change = { $0.replacing("\(keys)/vrs/shc-signing.pem", with: "\"pkcs11:object=a?pin-value=1234\"") }
        case "no module": more = token(module: "/etc/passwd")
        case "a PIN that others can read":
            try write("open", SoftHSM.pin, mode: 0o644)
            more = token(pin: "open")
        case "a PIN of two lines":
            try write("two", "1\n2\n")
            more = token(pin: "two")
        case "an empty PIN":
            try write("none", "\n")
            more = token(pin: "none")
        case "a wrong PIN":
            try write("wrong", "000000")
            more = token(label: "locked", pin: "wrong")
        case "sessions": more = token(more: ", sessions: 65")
        case "a real key in development":
            try await bring("akashi")
            more = token(label: "akashi")
        case "an earlier master key alone": change = records("earlierMasterKeys: [\(master)]")
        case "a master key twice": change = records("masterKey: \(master), earlierMasterKeys: [\(master)]")
        case "a master key that is none": change = records("masterKey: \(folder.file("pin"))")
        default: break
        }
        let error = await #expect(throws: ConfigurationError.self) {
            _ = try await configuration(more, change)
        }
        #expect(error?.keyPath == keyPath && error?.english.contains(says) == true, "\(String(describing: error))")
        #expect(error?.japanese.isEmpty == false)
        #expect(!"\(String(describing: error))".contains(SoftHSM.pin))
    }

    @Test func `a token that is away at the start is no wrong configuration`() async throws {
        let error = await #expect(throws: TokenUnavailable.self) {
            _ = try await configuration(token(label: "away"), inToken)
        }
        #expect(error?.exitStatus == .unavailable && error?.english.contains("token.label") == true)
    }
}
