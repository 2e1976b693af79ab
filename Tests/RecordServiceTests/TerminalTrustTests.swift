import CheckedConfiguration
import Crypto
import Exchange
import Foundation
import HTTPServer
import RecordService
import RecordSupport
import Records
import Signing
import TestSupport
import Testing
import Vaccination

/// What terminals trust, from the export on.
@Suite struct TerminalTrustTests {
    let stack: Stack
    private var keys: String { stack.folder + "/keys" }
    private var published: String { stack.folder + "/public" }
    private var file: String { published + "/" + PublishedTerminalTrust.name }

    init() async throws { stack = try await Stack() }

    /// The stack's configuration with a folder to publish to, and changes.
    private func configuration(_ changes: KeyValuePairs<String, String> = [:]) async throws -> VRSConfiguration {
        var text =
            Stack.yaml(keys: keys, records: stack.folder + "/records", limits: "{perPersonAndDay: 5}")
            + "publishing: {folder: \(published)}\n"
        for (old, new) in changes {
            #expect(text.contains(old))
            text = text.replacing(old, with: new)
        }
        return try await VRSConfiguration(
            ConfigurationFile(text: text, name: "vrs.yaml", folder: stack.folder), development: true, now: Stack.start)
    }

    private func export(_ configuration: VRSConfiguration, now: Date = Stack.start) async throws {
        let files = try await PublishedFiles(
            signers: configuration.signers, store: stack.store,
            earlier: try PublishedFolder(published, isDevelopment: true), isDevelopment: true, now: now)
        _ = try await files.write(
            to: published, signedBy: configuration.rootKey, terminals: TerminalTrustContent(configuration))
    }

    private func edition() throws -> SignedTerminalTrust {
        let bytes = try #require(FileManager.default.contents(atPath: file))
        return try #require(SignedTerminalTrust(parsing: Array(bytes)))
    }

    private func build(_ configuration: VRSConfiguration) async throws -> VRS {
        try await VRS.build(
            configuration, store: stack.store, ready: stack.ready, metrics: PrometheusFactory(),
            logger: stack.logs.logger, now: { Stack.start })
    }

    /// A new key's files, private and public.
    private func newKey(_ name: String) throws -> (private: String, public: String) {
        let key = P256.Signing.PrivateKey()
        let paths = (private: "\(keys)/\(name).pem", public: "\(keys)/\(name).pub.pem")
        try Data("# AKASHI DEVELOPMENT KEY\n\(key.pemRepresentation)\n".utf8).write(
            to: URL(fileURLWithPath: paths.private))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: paths.private)
        try Data(key.publicKey.pemRepresentation.utf8).write(to: URL(fileURLWithPath: paths.public))
        return paths
    }

    /// The public part of a key file.
    private func publicPart(of path: String) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let start = try #require(text.range(of: "-----BEGIN"))
        let key = try P256.Signing.PrivateKey(pemRepresentation: String(text[start.lowerBound...]))
        let place = path + ".pub"
        try Data(key.publicKey.pemRepresentation.utf8).write(to: URL(fileURLWithPath: place))
        return place
    }

    @Test func `an export says what signs and seals, and no second time what is the same`() async throws {
        let configuration = try await configuration()
        try await export(configuration)
        let first = try edition()
        let trust = try first.verified(by: [configuration.rootKey.publicKey])
        #expect(
            trust.answerKeys.map(\.x963Representation) == [configuration.sealingKey.publicKey.x963Representation])
        #expect(
            Set(trust.files.map(\.path)) == [
                "test/shc/issuer.json", "test/dcc/signer.cer", "test/vdsnc/csca.cer", "test/vdsnc/csca.crl",
            ])
        #expect(trust.publishers.isEmpty)
        try await export(configuration, now: Stack.start + 60)
        #expect(try edition() == first)
    }

    @Test func `revoked certificates change nothing for terminals`() async throws {
        let configuration = try await configuration()
        try await export(configuration)
        let first = try edition()
        let person = TestPerson(1)
        try await stack.write(person)
        let id = try await stack.issue(try stack.session(person)).manifest.certificateID
        _ = try await stack.store.revoke(id, in: Stack.mihon.code, now: Stack.start)
        try await export(configuration, now: Stack.start + 60)
        #expect(try edition() == first)
    }

    @Test func `a later edition has a greater counter, also when the clock went back`() async throws {
        try await export(try await configuration())
        let first = try edition()
        let next = try newKey("next-answer")
        try await export(
            try await configuration(["answers: {": "answers: {otherKeys: [\(next.public)], "]),
            now: Stack.start - 86_400)
        let second = try edition()
        #expect(second.counter > first.counter)
        let trust = try second.verified(by: [try await configuration().rootKey.publicKey])
        #expect(trust.answerKeys.count == 2)
    }

    enum Change: CaseIterable { case nothing, answer, smartHealthCard, noExport }

    @Test(arguments: Change.allCases)
    func `a service starts only with keys that terminals know`(change: Change) async throws {
        let before = try await configuration()
        if change != .noExport { try await export(before) }
        let next = try newKey("next")
        let (shc, answer) = ("\(keys)/vrs/shc-signing.pem", "\(keys)/vrs/answer-sealing.key.pem")
        let after: VRSConfiguration
        switch change {
        case .nothing, .noExport: after = before
        case .answer:
            after = try await configuration([
                "answers: {key: \(answer)}":
                    "answers: {key: \(next.private), otherKeys: [\(try publicPart(of: answer))]}"
            ])
        case .smartHealthCard:
            after = try await configuration([
                "key: \(shc)}": "key: \(next.private), earlierKeys: [\(try publicPart(of: shc))]}"
            ])
        }
        if change != .nothing {
            await #expect(throws: PublishedTerminalTrust.NotPublished.self) { _ = try await build(after) }
            // What it did not start with is not noted as used either.
            #expect(try await stack.store.signingKeys().count == 3)
            try await export(after)
        }
        _ = try await build(after)
    }

    @Test func `an edition is handed on when it lies in the folder, and not when a stranger signed it`() async throws {
        let configuration = try await configuration()
        let trust = try #require(configuration.publishedTerminalTrust())
        #expect(throws: PublishedTerminalTrust.Failure.unreadable) { try trust.reload() }
        // Once for each file.
        #expect(try trust.reload() == nil && trust.current == nil && trust.failure == .unreadable)
        try await export(configuration)
        let first = try edition()
        #expect(try trust.reload() == first.counter)
        #expect(try trust.reload() == nil)
        let waiting = Task { await trust.current(after: first.counter, timeout: .seconds(60)) }

        let text = try first.verified(by: [configuration.rootKey.publicKey]).text()
        let signature = try P256.Signing.PrivateKey().signature(for: SignedTerminalTrust.message(text))
        let foreign = try #require(SignedTerminalTrust(text: text, signature: Array(signature.rawRepresentation)))
        try Data(foreign.bytes).write(to: URL(fileURLWithPath: file), options: .atomic)
        #expect(throws: PublishedTerminalTrust.Failure.signature) { try trust.reload() }
        #expect(trust.current == first && trust.failure == .signature)

        try FileManager.default.removeItem(atPath: file)
        let next = try newKey("next-answer")
        try await export(
            try await self.configuration(["answers: {": "answers: {otherKeys: [\(next.public)], "]),
            now: Stack.start + 5)
        let second = try edition()
        #expect(try trust.reload() == second.counter)
        #expect(await waiting.value == second && trust.failure == nil)

        try Data(first.bytes).write(to: URL(fileURLWithPath: file), options: .atomic)
        #expect(throws: PublishedTerminalTrust.Failure.older) { try trust.reload() }
        #expect(trust.current == second)
    }

    @Test func `an edition whose file was away and is back as it was counts, and nothing is said of it any more`()
        async throws
    {
        let configuration = try await configuration()
        let trust = try #require(configuration.publishedTerminalTrust())
        try await export(configuration)
        let first = try edition()
        #expect(try trust.reload() == first.counter)
        // As a mount over its folder, which leaves the file itself as it is.
        try FileManager.default.moveItem(atPath: file, toPath: file + ".away")
        #expect(throws: PublishedTerminalTrust.Failure.unreadable) { try trust.reload() }
        #expect(trust.failure == .unreadable && trust.current == first)
        try FileManager.default.moveItem(atPath: file + ".away", toPath: file)
        #expect(try trust.reload() == first.counter)
        #expect(trust.failure == nil && trust.current == first)
        #expect(try trust.reload() == nil)
    }

    @Test func `a running service hands on no edition that lacks what it signs or seals with`() async throws {
        let before = try await configuration()
        try await export(before)
        let running = try #require(before.publishedTerminalTrust())
        #expect(try running.reload() != nil)
        // The new key alone: the one that is in use was forgotten.
        let next = try newKey("next-answer")
        let after = try await configuration([
            "answers: {key: \(keys)/vrs/answer-sealing.key.pem}": "answers: {key: \(next.private)}"
        ])
        try await export(after, now: Stack.start + 5)
        #expect(throws: PublishedTerminalTrust.Failure.lacksKeys) { try running.reload() }
        #expect(try running.current?.verified(by: [before.rootKey.publicKey]).answerKeys.count == 1)
    }

    @Test func `another list of an authority is no reason not to start`() async throws {
        try await export(try await configuration())
        let after = try await configuration([", revocationLists: [\(keys)/vrs/csca.crl.pem]": ""])
        let begun = try #require(try after.publishedTerminalTrust()?.begin())
        #expect(begun.isExportDue)
        _ = try await build(after)
        #expect(stack.logs.text.contains("an export would tell terminals something else"))
    }

    @Test func `a publisher's key that terminals were not told of signs nothing, unless it is asked for`() async throws
    {
        try await export(try await configuration())
        let first = try edition()
        let next = try newKey("next-root")
        let root = "rootKey: \(keys)/vrs/root-signing.pem"
        let after = try await configuration([root: "rootKey: \(next.private)"])
        await #expect(throws: TerminalTrustContent.Unannounced.self) { try await export(after, now: Stack.start + 5) }
        #expect(try edition() == first)
        // Announced by the key that was, it may.
        try await export(
            try await configuration([
                "publishing: {folder": "publishing: {nextRootKeys: [\(next.public)], folder"
            ]), now: Stack.start + 10)
        try await export(after, now: Stack.start + 15)
        #expect(throws: Never.self) { try edition().verified(by: [after.rootKey.publicKey]) }
        // A third one that nobody announced, by the one who has said that every terminal is changed by hand.
        let third = try newKey("third-root")
        let last = try await configuration([root: "rootKey: \(third.private)"])
        let exported = try await FileCommands.exportTerminals(
            to: published, last, mayBeUnannounced: true, now: Stack.start + 20)
        #expect(exported.paths == [file])
        #expect(try edition().counter > first.counter)
    }

    @Test func `revocations are published although the edition for terminals cannot be made`() async throws {
        let first = try await configuration()
        try await export(first)
        let next = try newKey("next-root")
        let after = try await configuration(["rootKey: \(keys)/vrs/root-signing.pem": "rootKey: \(next.private)"])
        let manifest = published + "/trust/manifest.json"
        let before = FileManager.default.contents(atPath: manifest)
        await #expect(throws: TerminalTrustContent.Unannounced.self) { try await export(after, now: Stack.start + 5) }
        #expect(FileManager.default.contents(atPath: manifest) != before)
    }

    @Test func `what an answer was made under stands in it`() async throws {
        let configuration = try await configuration()
        try await export(configuration)
        let counter = try edition().counter
        let system = try await build(configuration)
        let person = TestPerson(1)
        try await stack.write(person)
        let session = try stack.session(person)
        let sealed = try await system.issuing.issue(
            session.signed.bytes, inquiry: session.inquiry, formats: [.pdf])
        #expect(try stack.open(sealed, session).manifest.trust == counter)
        #expect(try await stack.issue(try stack.session(person)).manifest.trust == nil)
    }
}
