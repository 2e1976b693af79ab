import CheckedConfiguration
import CredentialIssuing
import Crypto
import Exchange
import Foundation
import RecordService
import RecordSupport
import Records
import Signing
import Testing
import TrustImport
import Vaccination

/// An export says nothing less than what was published before.
@Suite struct PublishingTests {
    /// A stack with a certificate in each of two regions, the overseas one with an EU code, both revoked.
    private static func revoked() async throws -> (stack: Stack, ids: [CertificateID]) {
        let stack = try await Stack()
        let person = TestPerson.traveller(1)
        var ids: [CertificateID] = []
        for (region, kind) in [(Stack.mihon, CertificateKind.overseas), (Stack.rei, .domestic)] {
            try await stack.write(person, in: region)
            let session = try stack.session(person, kind, in: region)
            let id = try await stack.issue(session).manifest.certificateID
            _ = try await stack.store.revoke(id, in: region.code, now: stack.clock.now)
            ids.append(id)
        }
        return (stack, ids)
    }

    /// The store of the same records with fewer regions in the configuration.
    private static func store(of stack: Stack, regions: [Municipality]) throws -> SQLiteRecordStore {
        try SQLiteRecordStore(
            folder: stack.configuration.recordFolder, keys: stack.configuration.regionKeys,
            journal: stack.configuration.journal, regions: regions)
    }

    private static func export(
        _ stack: Stack, _ store: any RecordStore, to folder: String
    ) async throws -> (files: [String: String], published: PublishedFiles) {
        let published = try await PublishedFiles(
            signers: stack.configuration.signers, store: store,
            earlier: try PublishedFolder(folder, isDevelopment: true), isDevelopment: true, now: stack.clock.now)
        var files: [String: String] = [:]
        for path in try await published.write(
            to: folder, signedBy: stack.configuration.rootKey,
            terminals: TerminalTrustContent(stack.configuration))
        {
            let data = try #require(FileManager.default.contents(atPath: path))
            files[String(path.dropFirst(folder.count + 1))] = String(decoding: data, as: UTF8.self)
        }
        return (files, published)
    }

    private static func counter(_ list: String) throws -> Int {
        struct List: Decodable { let ctr: Int }
        return try JSONDecoder().decode(List.self, from: Data(list.utf8)).ctr
    }

    @Test(arguments: [true, false])
    func `a region taken out of the configuration keeps its published revocations`(sameFolder: Bool) async throws {
        let (stack, ids) = try await Self.revoked()
        let path = ".well-known/crl/\(stack.signer.keyID).json"
        let before = try await Self.export(stack, stack.store, to: stack.folder + "/public").files
        let list = try #require(before[path])
        #expect(ids.allSatisfy { list.contains($0.text) })
        #expect(before.keys.contains { $0.contains("dcc/revocation/") })

        let fewer = try Self.store(of: stack, regions: [Stack.rei])
        let folder = stack.folder + (sameFolder ? "/public" : "/elsewhere")
        let after = try await Self.export(stack, fewer, to: folder).files
        #expect(after[path] == list)
        let batch = try #require(before.first { $0.key.contains("dcc/revocation/") })
        #expect(after[batch.key] == batch.value)
        #expect(after["trust/test/shc/issuer.json"] == before["trust/test/shc/issuer.json"])
    }

    @Test func `counters do not go back, and nothing is taken back, when the records are set back`() async throws {
        let (stack, ids) = try await Self.revoked()
        let folder = stack.folder + "/public"
        let path = ".well-known/crl/\(stack.signer.keyID).json"
        let before = try await Self.export(stack, stack.store, to: folder).files
        // Other records under the same keys, in which nobody was ever revoked.
        let empty = try SQLiteRecordStore(
            folder: stack.folder + "/older", keys: stack.configuration.regionKeys,
            journal: JournalPlace(folder: stack.folder + "/older-journal"),
            regions: stack.configuration.regions)
        let after = try await Self.export(stack, empty, to: folder).files
        let lists = try [before, after].map { try #require($0[path]) }
        #expect(ids.allSatisfy { lists[1].contains($0.text) })
        #expect(try Self.counter(lists[1]) >= Self.counter(lists[0]))
        #expect(
            before.filter { $0.key.contains("dcc/revocation/") } == after.filter { $0.key.contains("dcc/revocation/") })

        // And they go on from there.
        let person = TestPerson(2)
        try await stack.write(person)
        let id = try await stack.issue(try stack.session(person)).manifest.certificateID
        _ = try await stack.store.revoke(id, in: Stack.mihon.code, now: stack.clock.now)
        let last = try #require(try await Self.export(stack, stack.store, to: folder).files[path])
        #expect(try Self.counter(last) > Self.counter(lists[1]))
        #expect((ids + [id]).allSatisfy { last.contains($0.text) })
    }

    @Test func `an export waits for nobody: while another one writes there it is refused, in both languages`()
        async throws
    {
        let (stack, _) = try await Self.revoked()
        let folder = stack.folder + "/public"
        var other: ExportTurn? = try ExportTurn(folder)
        let refused = await #expect(throws: ExportTurn.Failure.self) {
            try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        }
        #expect(refused?.exitStatus == .unavailable)
        #expect(refused?.english.contains("another export") == true)
        #expect(refused?.japanese.contains("別のエクスポート") == true)
        await #expect(throws: ExportTurn.Failure.self) {
            try await FileCommands.exportTerminals(
                to: folder, stack.configuration, mayBeUnannounced: false, now: stack.clock.now)
        }
        withExtendedLifetime(other) {}
        other = nil
        // One that wrote nothing leaves nothing.
        #expect(!FileManager.default.fileExists(atPath: folder))
        let exported = try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        #expect(!exported.paths.isEmpty)
    }

    @Test(arguments: [".well-known/crl", "trust/test/shc", "trust/test/dcc/revocation"])
    func `an export over a published file that cannot be understood is refused, and writes nothing`(
        place: String
    ) async throws {
        let (stack, _) = try await Self.revoked()
        let folder = stack.folder + "/public"
        _ = try await Self.export(stack, stack.store, to: folder)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(place)").first)
        let path = "\(folder)/\(place)/\(name)"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
        let error = await #expect(throws: PublishedFolder.Unreadable.self) {
            _ = try await Self.export(stack, stack.store, to: folder)
        }
        #expect(error?.path == path)
        #expect(error?.description.contains("公開済み") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == whole.count / 2)
    }

    @Test func `what a hand set back in a region stays in the export, and is said`() async throws {
        let (stack, ids) = try await Self.revoked()
        let folder = stack.folder + "/public"
        let path = ".well-known/crl/\(stack.signer.keyID).json"
        let raw = try RawDatabase("\(stack.configuration.recordFolder)/regions/\(Stack.mihon.code.digits).sqlite")
        try await raw.execute("UPDATE certificate SET state = 'printed', revoked_at = NULL")
        let (files, published) = try await Self.export(stack, stack.store, to: folder)
        let list = try #require(files[path])
        #expect(ids.allSatisfy { list.contains($0.text) })
        #expect(files.keys.contains { $0.contains("dcc/revocation/") })
        #expect(published.isPartial)
        #expect(
            published.warnings.count == 1 && published.warnings[0].contains("990019: row: certificate \(ids[0].text)"))
    }

    /// What an import under the record system's key takes of an exported trust folder.
    private static func taken(
        _ stack: Stack, _ folder: String, isTest: Bool = true, change: (String, [UInt8]) -> [UInt8]? = { $1 }
    ) throws -> ImportReport {
        let trust = folder + "/trust"
        let paths = try FileManager.default.subpathsOfDirectory(atPath: trust).sorted()
        let inputs = paths.compactMap { path in
            FileManager.default.contents(atPath: "\(trust)/\(path)").flatMap { change(path, Array($0)) }.map {
                (name: path, bytes: $0)
            }
        }
        var options = TrustImporter.Options(now: stack.clock.now)
        options.isTest = isTest
        options.publisher = Publisher(Array(stack.configuration.rootKey.publicKey.pemRepresentation.utf8))
        #expect(options.publisher != nil)
        return TrustImporter.run(inputs, options: options).report
    }

    @Test func `an exported trust folder is taken whole under its manifest's key, and no other file with it`()
        async throws
    {
        let (stack, _) = try await Self.revoked()
        let folder = stack.folder + "/public"
        _ = try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        let whole = try Self.taken(stack, folder)
        #expect(whole.refused.isEmpty)
        #expect(
            Set(whole.taken.map(\.kind)) == [
                .smartHealthCardKey, .smartHealthCardRevocation, .documentSigner, .documentRevocation, .authority,
                .authorityRevocation, .links,
            ])
        // A file that was changed, or put in, is what is refused, and that alone.
        let issuer = "test/shc/issuer.json"
        let changed = try Self.taken(stack, folder) { path, bytes in bytes + (path == issuer ? [0x20] : []) }
        #expect(changed.refused.map(\.input) == [issuer, "manifest.signed"])
        // What the file held of revocations is missed.
        #expect(changed.refused.map(\.cause) == [.signatureMissing, .listMissing])
        #expect(changed.taken == whole.taken.filter { !$0.path.hasPrefix("test/shc/") })
        let authority = "test/vdsnc/csca.cer"
        let other = try Self.taken(stack, folder) { path, bytes in
            path == authority ? Array(bytes.dropLast()) + [(bytes.last ?? 0) ^ 1] : bytes
        }
        #expect(other.refused.contains { $0.input == authority && $0.cause == .signatureMissing })
        #expect(!other.taken.contains { $0.kind == .authority || $0.kind == .authorityRevocation })
        // Without the signature, or with another's, the manifest covers nothing.
        let signed = "manifest.signed"
        let without = try Self.taken(stack, folder) { $0 == signed ? nil : $1 }
        #expect(without.taken.isEmpty)
        let wrong = try Self.taken(stack, folder) { path, bytes in bytes + (path == signed ? [0x20] : []) }
        #expect(wrong.taken.isEmpty && wrong.refused.contains { $0.cause == .signatureInvalid })
        // What is published as a test is not taken as anything else.
        let plain = try Self.taken(stack, folder, isTest: false)
        #expect(plain.taken.map(\.kind) == [.links])
        #expect(plain.refused.contains { $0.input == issuer && $0.cause == .signatureMissing })
    }

    @Test func `the export carries the last signed root`() async throws {
        let (stack, _) = try await Self.revoked()
        await stack.system.evidence.sweep()
        let folder = stack.folder + "/public"
        let exported = try await FileCommands.export(to: folder, stack.configuration, now: stack.clock.now)
        #expect(!exported.isPartial)
        let text = try String(contentsOfFile: folder + "/.well-known/akashi-root.jws", encoding: .utf8)
        #expect(SignedRoot(text, by: stack.configuration.rootKey.publicKey) == stack.system.evidence.root)
    }

    @Test func `a region that cannot be read holds up no other region's revocations, and is said`() async throws {
        let (stack, ids) = try await Self.revoked()
        let folder = stack.folder + "/public"
        let path = ".well-known/crl/\(stack.signer.keyID).json"
        _ = try await Self.export(stack, stack.store, to: folder)
        let person = TestPerson(2)
        try await stack.write(person, in: Stack.rei)
        let id = try await stack.issue(try stack.session(person, in: Stack.rei)).manifest.certificateID
        _ = try await stack.store.revoke(id, in: Stack.rei.code, now: stack.clock.now)
        let region = "\(stack.configuration.recordFolder)/regions/\(Stack.mihon.code).sqlite"
        try FileManager.default.moveItem(atPath: region, toPath: region + ".away")
        let (files, published) = try await Self.export(
            stack, try Self.store(of: stack, regions: stack.configuration.regions, readable: region), to: folder)
        let list = try #require(files[path])
        #expect((ids + [id]).allSatisfy { list.contains($0.text) })
        #expect(published.isPartial)
        #expect(published.warnings.count == 1 && published.warnings[0].contains(Stack.mihon.code.digits))
    }

    /// A store whose region is lost once the store is open: one that is lost before does not open.
    private static func store(of stack: Stack, regions: [Municipality], readable path: String) throws -> any RecordStore
    {
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        let store = try store(of: stack, regions: regions)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        return store
    }
}
