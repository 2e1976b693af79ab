import Foundation
import Records
import TestSupport
import Testing

/// Files that are imported out of encrypted zips, which another implementation has written.
@Suite(.requires(.python(.records)))
struct EncryptedZipTests {
    private static let password = "見本のパスワード"

    /// The zips, made once.
    private static let folder = Result {
        let folder = NSTemporaryDirectory() + "akashi-zips-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Python.records.run("RecordsTests/Python/zips.py", ["write", folder])
        return folder
    }

    private func path(_ name: String) throws -> String { "\(try Self.folder.get())/\(name)" }

    /// The lines of a ledger, or why it cannot be read.
    private func lines(_ name: String, password: String = password) throws -> Int {
        let source = try ImportSource.encrypted(try path(name), password: password)
        let file = try #require(LedgerFile(source, encoding: .utf8, tables: CodeTables()))
        var count = 0
        while let rows = try file.next(1000) {
            for row in rows { _ = try row.change.get() }
            count += rows.count
        }
        #expect(file.progress == 1)
        return count
    }

    @Test(arguments: ["right-128.zip", "right-192.zip", "right-256.zip"])
    func `what was encrypted is read whole`(name: String) throws {
        let (zip, text) = (try path(name), try path("text"))
        #expect(ImportSource.isZip(zip) && !ImportSource.isZip(text))
        #expect(try lines(name) == 20_000)
    }

    @Test(arguments: ["right-short.zip", "right-empty.zip"])
    func `a short file is read to its end`(name: String) throws {
        let source = try ImportSource.encrypted(try path(name), password: Self.password)
        let file = try #require(LedgerFile(source, encoding: .utf8, tables: CodeTables()))
        if name.contains("empty") {
            #expect(throws: CSVRefusals.self) { try file.next(1) }
        } else {
            #expect(try #require(try file.next(99)).count >= 3)
            #expect(try file.next(99) == nil)
        }
    }

    @Test(arguments: ["", "別のパスワード"])
    func `another password opens nothing`(password: String) throws {
        // One in 65,536 passes the check of the password: then the code behind the data is wrong.
        #expect(throws: (any Error).self) { try lines("right-256.zip", password: password) }
    }

    @Test(arguments: [
        ("notAES-plain.zip", EncryptedFileFault.notAES), ("notAES-traditional.zip", .notAES),
        ("notOne-two.zip", .notOne), ("notOne-none.zip", .notOne), ("compression-lzma.zip", .compression),
        ("compression-stored.zip", .compression),
        ("password-salt.zip", .password), ("damaged-text.zip", .damaged),
        ("damaged-cut.zip", .damaged), ("missing.zip", .unreadable),
    ])
    func `what is not one file in AES is not opened`(name: String, fault: EncryptedFileFault) throws {
        let path = try path(name)
        #expect(throws: fault) { try ImportSource.encrypted(path, password: Self.password) }
    }

    @Test(arguments: ["code", "data", "last", "longer", "shorter"])
    func `a file that is not what was encrypted is refused at its end at the latest`(what: String) throws {
        let error = #expect(throws: (any Error).self) { try lines("wrong-\(what).zip") }
        if let refusals = error as? CSVRefusals {
            #expect(["csv.not_authentic", "csv.value", "csv.utf8", "csv.columns"].contains(refusals.refusals[0].code))
        }
        // Whoever imports it asks for rows to the end, where nothing but this is said.
        guard
            let source = try? ImportSource.encrypted(
                try path("wrong-\(what).zip"), password: Self.password),
            let file = LedgerFile(source, encoding: .utf8, tables: CodeTables())
        else { return }
        let last = #expect(throws: CSVRefusals.self) { while try file.next(1000) != nil {} }
        #expect(last?.refusals.map(\.code) == ["csv.not_authentic"])
    }
}

extension Python {
    /// With another implementation of encrypted zips.
    fileprivate static let records = Python("RecordsTests")
}
