import Crypto
import Foundation
import MutualTLS
import Signing
import StackSupport
import Synchronization
import TestSupport
import Testing
import Vaccination

/// Every key of a running installation is changed as `keys/README.md` says, while people come and go.
@Suite(.serialized)
struct RotationTests {
    /// A key or a certificate that signs, seals or encrypts.
    enum Role: String, CaseIterable { case shc, vdsnc, dcc, answer, challenge, root, regions }

    @Test func `every key changes under way, and no page is refused by a terminal or a verifier`() async throws {
        let folder = Stack.newFolder()
        let stack = try await Stack.start(in: folder, terminals: 4, people: 100)
        do {
            try await rotate(stack)
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    private func rotate(_ stack: Stack) async throws {
        let rotation = try Rotation(stack)
        try await rotation.begin()
        let visitors = Visitors(stack)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for terminal in 1...2 { group.addTask { try await visitors.come(to: terminal) } }
            group.addTask {
                defer { visitors.isEnough = true }
                try await visitors.untilPrinted(1)
                for role in Role.allCases {
                    try await rotation.change(role) { try await visitors.untilPrinted(4) }
                    // The next ones are issued under the new key.
                    try await visitors.untilPrinted(2)
                }
            }
            try await group.waitForAll()
        }
        let endings = visitors.endings
        // A service that is being started again cannot be asked for a moment; nothing else may stop anybody.
        #expect(endings.filter { !["printed", "upstream.unavailable", "centre.unreachable"].contains($0) } == [])
        #expect(endings.count { $0 == "printed" } >= 2 * Role.allCases.count)
        // Every page, from before the first change to behind the last, is plainly valid by what is published now.
        try await rotation.importTrust()
        for page in visitors.pages {
            let result = try await Program.run(
                Programs.path("verifier"), ["check", "--trust", rotation.trust, page], folder: stack.folder)
            #expect(result.status == 0, "\(result.output)")
        }
        // The first one, one for each of shc, dcc and answer, two for root. Terminals trust a signer of VDS-NC by its authority.
        #expect(rotation.editions.count == 6)
    }
}

/// The procedure, by the started programs.
private final class Rotation: Sendable {
    let stack: Stack
    /// The verifier's trust folder.
    let trust: String
    private let publisher: Mutex<String>
    private let seen = Mutex<Set<String>>([])

    init(_ stack: Stack) throws {
        self.stack = stack
        trust = stack.folder + "/verifier-trust"
        publisher = Mutex(stack.folder + "/publisher.pem")
    }

    /// The editions for terminals that were exported.
    var editions: Set<String> { seen.withLock { $0 } }

    private func edit(_ name: String, _ changes: KeyValuePairs<String, String>) throws {
        let path = "\(stack.folder)/\(name).in"
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for (old, new) in changes {
            guard text.contains(old) else { throw TestFailure("\(name) has no \(old)") }
            text = text.replacing(old, with: new)
        }
        try stack.write(text, name + ".in")
    }

    /// Terminals take their trust from the publisher from now on.
    func begin() async throws {
        try writePublisher("\(stack.keys)/vrs/root-signing.pem")
        try edit(
            "vrs.yaml",
            [
                "templates:": """
                publishing: {folder: \(stack.folder)/public}
                limits: {perPersonAndDay: 1000}
                templates:
                """
            ])
        let trust = "{key: \(stack.folder)/publisher.pem, file: \(stack.folder)/held-@TERMINAL@.signed}"
        try edit(
            "terminal.yaml",
            [
                "answerSealingKey: \(stack.keys)/answer-sealing.pub.pem\n": "",
                "trust: \(stack.keys)/trust\n": "publisher: \(trust)\n",
            ])
        try await publishAndRestart()
    }

    private func writePublisher(_ path: String) throws {
        let key = try P256.Signing.PrivateKey(pemRepresentation: Stack.pem(path))
        try stack.write(key.publicKey.pemRepresentation + "\n", "publisher.pem")
    }

    /// What is configured is exported first, then `vrs` is started with it; verifiers import between the two.
    private func publishAndRestart() async throws {
        try stack.write(
            try stack.template(
                "vrs.yaml", ["@VRS_CENTRE_PORT@": "0", "@VRS_INNER_PORT@": "0", "@VRS_OPERATIONS_PORT@": "0"]),
            "export.yaml")
        let exported = try await Program.run(
            Programs.path("vrs"), ["export", "--config", stack.folder + "/export.yaml", "--development"],
            folder: stack.folder)
        guard exported.status == 0 else { throw TestFailure("export: \(exported.output)\(exported.errors)") }
        let edition = try String(contentsOfFile: stack.folder + "/public/terminal-trust.signed", encoding: .utf8)
        _ = seen.withLock { $0.insert(edition) }
        try await importTrust()
        try await stack.restartRecordSystem()
    }

    /// `verifier trust import` under the publisher's key.
    func importTrust() async throws {
        let exported = stack.folder + "/public/trust"
        let files = try FileManager.default.subpathsOfDirectory(atPath: exported).map { "\(exported)/\($0)" }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
        let imported = try await Program.run(
            Programs.path("verifier"),
            ["trust", "import", "--trust", trust, "--test", "--key", publisher.withLock { $0 }] + files,
            folder: stack.folder)
        guard imported.status == 0 else { throw TestFailure("import: \(imported.output)\(imported.errors)") }
    }

    private func newKey(_ name: String) throws -> P256.Signing.PrivateKey {
        let key = P256.Signing.PrivateKey()
        let path = "\(stack.folder)/keys/vrs/\(name)"
        try stack.write("# AKASHI DEVELOPMENT KEY\n\(key.pemRepresentation)\n", "keys/vrs/\(name).pem")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path + ".pem")
        try stack.write(key.publicKey.pemRepresentation + "\n", "keys/vrs/\(name).pub.pem")
        return key
    }

    /// The public part of the key that was.
    private func keepPublic(_ name: String) throws {
        let key = try P256.Signing.PrivateKey(pemRepresentation: Stack.pem("\(stack.keys)/vrs/\(name).pem"))
        try stack.write(key.publicKey.pemRepresentation + "\n", "keys/vrs/\(name).old.pem")
    }

    /// - Parameter printedAtEach: waits until every terminal had a session.
    func change(_ role: RotationTests.Role, printedAtEach: () async throws -> Void) async throws {
        let keys = stack.keys + "/vrs"
        switch role {
        case .shc:
            _ = try newKey("shc-2")
            try keepPublic("shc-signing")
            try edit(
                "vrs.yaml",
                ["key: \(keys)/shc-signing.pem": "key: \(keys)/shc-2.pem\n  earlierKeys: [\(keys)/shc-signing.old.pem]"]
            )
        case .vdsnc: try newSigner("seal", "vdsnc-2", role)
        case .dcc: try newSigner("dcc", "dcc-2", role)
        case .answer:
            _ = try newKey("answer-2")
            try keepPublic("answer-sealing.key")
            try edit(
                "vrs.yaml",
                [
                    "key: \(keys)/answer-sealing.key.pem":
                        "key: \(keys)/answer-2.pem\n  otherKeys: [\(keys)/answer-sealing.key.old.pem]"
                ])
        case .challenge:
            let old = try String(contentsOfFile: "\(keys)/challenge.key", encoding: .utf8)
            let new = SymmetricKey(size: .bits256).withUnsafeBytes { $0.map { String(format: "%02x", $0) }.joined() }
            var lines = old.split(separator: "\n").map(String.init)
            lines.insert(new, at: lines.firstIndex { !$0.hasPrefix("#") } ?? 0)
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(
                to: URL(fileURLWithPath: "\(keys)/challenge.key"))
            try await stack.restartRecordSystem()
            return
        case .root:
            _ = try newKey("root-2")
            // Announced by the key that was, then used.
            try edit(
                "vrs.yaml",
                [
                    "publishing: {folder: \(stack.folder)/public}":
                        "publishing: {folder: \(stack.folder)/public, nextRootKeys: [\(keys)/root-2.pub.pem]}"
                ])
            try await publishAndRestart()
            try await printedAtEach()
            try edit(
                "vrs.yaml",
                [
                    "rootKey: \(keys)/root-signing.pem": "rootKey: \(keys)/root-2.pem",
                    ", nextRootKeys: [\(keys)/root-2.pub.pem]": "",
                ])
            publisher.withLock { $0 = "\(keys)/root-2.pub.pem" }
        case .regions:
            // While the service goes on: it is not told, and not started again.
            let rotated = try await Program.run(
                Programs.path("vrs"),
                ["keys", "rotate", "--config", stack.folder + "/export.yaml", "--development", "--all"],
                folder: stack.folder)
            guard rotated.status == 0 else { throw TestFailure("rotate: \(rotated.output)\(rotated.errors)") }
            return
        }
        try await publishAndRestart()
    }

    /// Another signer under the same country authority.
    private func newSigner(_ section: String, _ name: String, _ role: RotationTests.Role) throws {
        let keys = stack.keys + "/vrs"
        let key = try newKey(name)
        let authority = try DevelopmentCountryAuthority(
            country: "JP", now: Date(),
            key: P256.Signing.PrivateKey(pemRepresentation: Stack.pem("\(keys)/csca.key.pem")))
        let (from, until) = (Date().addingTimeInterval(-3600), Date().addingTimeInterval(86_400 * 1000))
        let der =
            try role == .vdsnc
            ? authority.issue(to: key.publicKey, from: from, until: until)
            : authority.issueDocumentSigner(to: key.publicKey, from: from, until: until)
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        try stack.write(
            "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n", "keys/vrs/\(name)-signer.pem")
        try edit(
            "vrs.yaml",
            [
                "key: \(keys)/\(section)-signing.pem": "key: \(keys)/\(name).pem",
                "certificate: \(keys)/\(section)-signer.pem":
                    "certificate: \(keys)/\(name)-signer.pem\n  earlierCertificates: [\(keys)/\(section)-signer.pem]",
            ])
    }
}
