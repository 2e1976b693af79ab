import Foundation
import RecordSupport
import Records
import TestSupport
import Testing
import Vaccination

/// Doses that go back to a municipality's ledger.
@Suite struct LedgerExportTests {
    private func addressee(_ index: Int) throws -> RegisterEntry {
        let number = try #require(AddresseeNumber("0\(1000 + index)"))
        return try #require(RegisterEntry(addressee: number, writtenAt: 0))
    }

    private func person(_ index: Int, hasAddressee: Bool = true, doses: Int = 3) throws -> NewPerson {
        try Sample.person(index, register: hasAddressee ? try addressee(index) : nil, doses: doses)
    }

    /// People with and without an addressee number, without doses, and with some that contradict each other.
    private func fill(_ store: any RecordStore) async throws {
        let people = try (0..<700).map { try person($0, doses: $0 % 4) } + [person(900, hasAddressee: false)]
        _ = try await store.write(people, in: Sample.city, now: Sample.now)
        let product = try #require(Product.withCode("MODERNA"))
        let date = try #require(CalendarDate(iso: "2021-06-20"))
        let other = try #require(Dose(number: 1, date: date, product: product, lot: "MHOTHER"))
        let history = try #require(History([other]))
        let first = try person(1, doses: 1)
        let unclear = try #require(
            NewPerson(
                number: first.number, vaccinee: first.vaccinee, standing: .resident,
                history: history))
        _ = try await store.write([unclear], in: Sample.city, now: Sample.now)
    }

    private func text(_ store: any RecordStore, _ tables: CodeTables = CodeTables()) async throws -> (
        String, LedgerExport.Counts
    ) {
        var bytes: [UInt8] = []
        let counts = try await LedgerExport.write(Sample.city, of: store, products: tables.codesOfProducts) {
            bytes += $0
        }
        return (String(decoding: bytes, as: UTF8.self), counts)
    }

    @Test(arguments: Engine.all)
    func `what is given back is read again as what is there, and holds no individual number`(engine: Engine)
        async throws
    {
        let place = try Place()
        let store = try engine.open(place)
        try await fill(store)
        let tables = try CodeTables(json: Array(#"{"products": {"9": "PFIZER-12", "101": "PFIZER-12"}}"#.utf8))
        let (text, counts) = try await text(store, tables)
        #expect(counts.people == 524 && counts.doses == 1049 && counts.withoutAddressee == 1 && counts.unclear == 1)
        #expect(text.split(separator: "\n").count == 1050 && text.contains(",101,") && !text.contains(",9,"))
        for index in 0..<700 { #expect(!text.contains(try Sample.person(index).number.digits)) }
        let file = try #require(LedgerFile(.memory(Array(text.utf8)), encoding: .utf8, tables: tables))
        let origin = try #require(ImportOrigin(medium: "MADE-UP", purpose: "Tests", format: .ledger))
        let again = try await store.stage(
            origin, as: .addition, in: Sample.city, maximumRefused: 0, now: Sample.now, next: { try file.next() })
        #expect(again.state == .applied && again.counts.unchanged == 1049)
        await #expect(throws: StoreError.invalid()) {
            let none = try CodeTables(json: Array(#"{"products": {"1": "MODERNA"}}"#.utf8))
            _ = try await self.text(store, none)
        }
    }

    @Test(arguments: Engine.all)
    func `an export is a line of the log`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        _ = try await store.write([try person(0)], in: Sample.city, now: Sample.now)
        try await store.noteExport(people: 1, doses: 3, for: "Tests", in: Sample.city, now: Sample.now)
        let last = try #require(try await store.log(in: Sample.city, after: 0, limit: 9).last)
        #expect(last.event == .exported && last.detail == "1 3 Tests")
        await #expect(throws: StoreError.invalid()) {
            try await store.noteExport(people: 1, doses: 3, for: "", in: Sample.city, now: Sample.now)
        }
    }

    // MARK: The zip

    private func folder() throws -> String {
        let folder = NSTemporaryDirectory() + "akashi-export-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test(.requires(.python(.zipReader)), arguments: [0, 1, 25, 3_000_000])
    func `another implementation reads the zip, and so does this one`(size: Int) async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/out.zip"
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        try await EncryptedZipWriter.write(path, name: "見本.csv", password: "秘密") { give in
            var place = 0
            while place < bytes.count {
                let end = min(bytes.count, place + 70_001)
                try await give(Array(bytes[place..<end]))
                place = end
            }
        }
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out.zip"])
        let read = try Python.zipReader.run("RecordsTests/Python/zips.py", ["read", path, "秘密"])
        #expect(Array(read) == bytes)
        guard size > 25 else { return }
        let source = try ImportSource.encrypted(path, password: "秘密")
        var own: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
        defer { buffer.deallocate() }
        while case let count = try source.read(into: buffer), count > 0 { own += buffer[..<count] }
        #expect(own == bytes)
    }

    @Test func `of an export that is broken off nothing is left, and nothing is written over`() async throws {
        struct Broken: Error {}
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for parts in [0, 1, 40] {
            await #expect(throws: Broken.self) {
                try await EncryptedZipWriter.write(folder + "/out.zip", name: "a", password: "x") { give in
                    for _ in 0..<parts { try await give([UInt8](repeating: 7, count: 100_000)) }
                    throw Broken()
                }
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
        try Data("there".utf8).write(to: URL(fileURLWithPath: folder + "/out.zip"))
        for path in [folder + "/out.zip", folder + "/nowhere/out.zip"] {
            await #expect(throws: EncryptedFileFault.unwritable) {
                try await EncryptedZipWriter.write(path, name: "a", password: "x") { give in try await give([1, 2, 3]) }
            }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/out.zip")) == Data("there".utf8))
    }
}

extension Python {
    /// With another implementation of encrypted zips.
    fileprivate static let zipReader = Python("RecordsTests")
}
