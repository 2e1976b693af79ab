import Foundation
import TestSupport
import Testing
import TrustImport

/// What is read for an import, where a folder is given.
@Suite struct ImportInputsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `of a folder every regular file below it is read in order, and no link or hidden file`() throws {
        let place = folder.file("mirror")
        for name in ["manifest.signed", "shc/b.json", "shc/a.json", "dcc/revocation/c.json"] {
            try folder.write("mirror/\(name)", Data(name.utf8))
        }
        try folder.write("mirror/shc/.part", Data())
        try folder.write("elsewhere/d.json", Data())
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: place + "/linked", withDestinationPath: folder.file("elsewhere"))
        try manager.createSymbolicLink(atPath: place + "/a", withDestinationPath: folder.file("elsewhere/d.json"))
        // Whoever opened it would wait for ever.
        #expect(mkfifo(place + "/pipe", 0o600) == 0)
        let names = ["dcc/revocation/c.json", "manifest.signed", "shc/a.json", "shc/b.json"]
        for given in [place, place + "/"] {
            let inputs = try ImportInputs.read([folder.file("elsewhere/d.json"), given])
            #expect(inputs.map(\.name) == [folder.file("elsewhere/d.json")] + names.map { "\(place)/\($0)" })
            #expect(inputs.dropFirst().map(\.bytes) == names.map { Array($0.utf8) })
        }
        let none = folder.file("none")
        #expect(throws: ImportInputs.Failure.unreadable(none)) { try ImportInputs.read([place, none]) }
    }

    @Test func `a folder with more files, more bytes or deeper folders than a published one may have is not read`()
        throws
    {
        let place = folder.file("bytes")
        for name in ["a", "b"] { try folder.write("bytes/\(name)", Data(count: 500)) }
        #expect(try ImportInputs.read([place], maximumBytes: 1000).count == 2)
        #expect(throws: ImportInputs.Failure.tooLarge(place)) { try ImportInputs.read([place], maximumBytes: 999) }
        let files = folder.file("files")
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: false)
        for number in 0...ImportInputs.maximumFiles {
            try #require(FileManager.default.createFile(atPath: "\(files)/\(number)", contents: nil))
        }
        #expect(throws: ImportInputs.Failure.tooLarge(files)) { try ImportInputs.read([files]) }
        try FileManager.default.removeItem(atPath: "\(files)/0")
        #expect(try ImportInputs.read([files]).count == ImportInputs.maximumFiles)
        let deep = folder.file("deep")
        try folder.write("deep/" + String(repeating: "a/", count: 20) + "b", Data())
        #expect(throws: ImportInputs.Failure.tooLarge(deep)) { try ImportInputs.read([deep]) }
    }
}
