import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// Personal fields are encrypted for their rows.
@Suite struct FieldEncryptionTests {
    @Test func `nothing personal can be read in the files' bytes`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let person = try Sample.person(
            name: "ZZREADABLE　見本花子", passport: "XX7654321", standing: .deceased, printed: ["XX1234567"])
        let id = try await store.signed(person, kind: .overseas)
        _ = try await store.recordOutcome(id, in: Sample.city, printed: true, now: Sample.now)
        try await store.stop(.number(person.number), now: Sample.now)
        let bytes = try files(in: place.folder).reduce(into: Data()) {
            $0 += try Data(contentsOf: URL(fileURLWithPath: $1))
        }
        // What is not secret is found, so the search works.
        #expect(bytes.range(of: Data(id.text.utf8)) != nil)
        let secrets = [
            person.number.digits, "ZZREADABLE", "見本花子", "XX7654321", "XX1234567", "MHTESTLOT", "MIHON", "deceased",
            person.vaccinee.birthDate.description, person.vaccinee.birthDate.digits, "PFIZER",
        ]
        for (index, secret) in secrets.enumerated() {
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "secret \(index) is readable")
            #expect(bytes.range(of: Data(Data(secret.utf8).base64EncodedString().utf8)) == nil)
        }
    }

    private func files(in folder: String) throws -> [String] {
        let found = try FileManager.default.subpathsOfDirectory(atPath: folder).map { folder + "/" + $0 }
        #expect(found.contains { $0.hasSuffix("-wal") })
        return found.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    @Test(arguments: [
        "UPDATE person SET sealed = (SELECT sealed FROM person WHERE id = 2) WHERE id = 1",
        "UPDATE person SET id = 9 WHERE id = 1",
        "UPDATE dose SET sealed = (SELECT sealed FROM dose WHERE person = 2 AND number = 1) WHERE person = 1 AND number = 1",
        "UPDATE dose SET sealed = (SELECT sealed FROM dose WHERE person = 1 AND number = 2) WHERE person = 1 AND number = 1",
        "DELETE FROM dose WHERE person = 1; UPDATE dose SET person = 1 WHERE person = 2",
        "UPDATE dose SET number = 9 WHERE person = 1 AND number = 3",
        "UPDATE earlier_passport SET person = 1 WHERE person = 2",
        "UPDATE person SET sealed = zeroblob(3) WHERE id = 1",
        "UPDATE person SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE id = 1",
    ])
    func `an encrypted field moved to another row, column or person does not open`(sql: String) async throws {
        let place = try Place()
        let store = try place.sqlite()
        let first = try Sample.person(1)
        _ = try await store.write([first, try Sample.person(2, printed: ["XX2"])], in: Sample.city, now: Sample.now)
        #expect(try await store.person(first.number, in: Sample.city) != nil)
        try await RawDatabase(place.path(of: Sample.city)).execute(sql, foreignKeys: false)
        await #expect(throws: StoreError.broken()) { try await store.person(first.number, in: Sample.city) }
        // Also for who could make the row's code anew.
        try await store.noteRestored(.region(Sample.city), reason: "test", asItIs: true, now: Sample.now)
        await #expect(throws: StoreError.corrupt()) { try await store.person(first.number, in: Sample.city) }
    }

    @Test func `two people's number hashes exchanged give nobody's record to anybody`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let people = [try Sample.person(1), try Sample.person(2)]
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        try await RawDatabase(place.path(of: Sample.city)).execute(
            """
            CREATE TEMP TABLE t AS SELECT id, number_hash FROM person;
            UPDATE person SET number_hash = randomblob(32);
            UPDATE person SET number_hash = (SELECT number_hash FROM t WHERE t.id = 3 - person.id)
            """)
        for person in people {
            await #expect(throws: StoreError.broken()) { try await store.person(person.number, in: Sample.city) }
        }
        try await store.noteRestored(.region(Sample.city), reason: "test", asItIs: true, now: Sample.now)
        for person in people {
            await #expect(throws: StoreError.corrupt()) { try await store.person(person.number, in: Sample.city) }
        }
    }

    @Test func `a certificate's content moved to another certificate does not open`() async throws {
        let place = try Place()
        let store = try place.sqlite()
        let record = try await store.with(try Sample.person())
        let first = try Sample.intent(of: record)
        let second = try Sample.intent(of: record)
        for intent in [first, second] { _ = try await store.record(intent, limit: DailyLimit(9)) }
        try await RawDatabase(place.path(of: Sample.city)).execute(
            "UPDATE certificate SET sealed = (SELECT sealed FROM certificate WHERE id = '\(second.certificateID)') WHERE id = '\(first.certificateID)'"
        )
        await #expect(throws: StoreError.broken()) { try await store.record(first, limit: DailyLimit(9)) }
        try await store.noteRestored(.region(Sample.city), reason: "test", asItIs: true, now: Sample.now)
        await #expect(throws: StoreError.corrupt()) { try await store.record(first, limit: DailyLimit(9)) }
        #expect(try await store.record(second, limit: DailyLimit(9)) == .resumed(second))
    }

    @Test func `a region's file under another region's name is refused when it is opened`() async throws {
        let place = try Place()
        let number = try Sample.person().number
        do {
            let store = try place.sqlite()
            _ = try await store.with(try Sample.person())
            _ = try await store.revoked(in: Sample.town)
        }
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: place.path(of: Sample.town) + suffix)
            try? FileManager.default.copyItem(
                atPath: place.path(of: Sample.city) + suffix, toPath: place.path(of: Sample.town) + suffix)
        }
        let store = try place.sqlite()
        await #expect(throws: StoreError.wrongKey()) { try await store.person(number, in: Sample.town) }
        #expect(try await store.person(number, in: Sample.city) != nil)
    }

    @Test(arguments: ["UPDATE log SET event = 'printed'", "DELETE FROM log"])
    func `the log refuses to be changed or cut, whoever asks`(sql: String) async throws {
        let place = try Place()
        let store = try place.sqlite()
        _ = try await store.with(try Sample.person())
        let raw = try RawDatabase(place.path(of: Sample.city))
        await #expect(throws: (any Error).self) { try await raw.execute(sql) }
        #expect(try await store.log(in: Sample.city, after: 0, limit: 9).count == 1)
    }
}

/// Region keys.
@Suite struct KeyTests {
    @Test(arguments: ["990019", "control"])
    func `a wrong key is told at opening, before any read`(name: String) async throws {
        let place = try Place()
        _ = try place.sqlite()
        let path = "\(place.folder)/keys/\(name).json"
        try FileManager.default.removeItem(atPath: path)
        try place.keys.createMissing(for: [Sample.city], development: true)
        #expect(throws: StoreError.wrongKey()) { try place.sqlite() }
    }

    @Test func `a missing, unreadable, misplaced or openly readable key file is told at opening, with its path`() throws
    {
        for flaw in 0..<5 {
            let place = try Place()
            let path = "\(place.folder)/keys/990019.json"
            let files = FileManager.default
            switch flaw {
            case 0: try files.removeItem(atPath: path)
            case 1: try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            case 2:
                try files.removeItem(atPath: path)
                try files.copyItem(atPath: "\(place.folder)/keys/990027.json", toPath: path)
            case 3:
                try Data("{\"region\":\"990019\",\"dataKey\":\"AAAA\",\"indexKey\":\"AAAA\"}".utf8).write(
                    to: URL(fileURLWithPath: path))
            default: try Data(repeating: 0x7B, count: 5000).write(to: URL(fileURLWithPath: path))
            }
            if flaw >= 2 { try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path) }
            let error = #expect(throws: StoreError.self) { try place.sqlite() }
            #expect(error == .keyMissing(), "flaw \(flaw)")
            #expect(error?.detail.contains(path) == true, "flaw \(flaw)")
        }
    }

    @Test func `a region's keys are judged by the file that is read, behind a link too`() throws {
        let place = try Place()
        let (path, behind) = ("\(place.folder)/keys/990019.json", "\(place.folder)/elsewhere.json")
        let files = FileManager.default
        try files.moveItem(atPath: path, toPath: behind)
        try files.createSymbolicLink(atPath: path, withDestinationPath: behind)
        for mode in [0o640, 0o604, 0o620, 0o602] {
            try files.setAttributes([.posixPermissions: mode], ofItemAtPath: behind)
            let error = #expect(throws: StoreError.self) { try place.keys.keys(for: Sample.city) }
            #expect(error == .keyMissing() && error?.detail.contains("chmod 600") == true)
        }
        try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: behind)
        #expect(try place.keys.keys(for: Sample.city).isDevelopment)
    }

    @Test func `a development key is refused where development keys are not allowed`() throws {
        let place = try Place()
        let strict = RegionKeyFolder(path: place.keys.path, allowDevelopment: false)
        #expect(throws: StoreError.keyMissing()) { try strict.keys(for: Sample.city) }
        #expect(try place.keys.keys(for: Sample.city).isDevelopment)
    }

    @Test func `making missing keys leaves the others as they are, each for its owner alone`() throws {
        let place = try Place()
        let path = "\(place.folder)/keys/990019.json"
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        try place.keys.createMissing(for: [Sample.city, Sample.elsewhere], development: false)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        #expect(try !place.keys.keys(for: Sample.elsewhere).isDevelopment)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(place.folder)/keys")
        #expect(names.count == 5 && names.allSatisfy { $0.hasSuffix(".json") && !$0.hasPrefix(".") })
    }
}
