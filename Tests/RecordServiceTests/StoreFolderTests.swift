import CheckedConfiguration
import Foundation
import Glibc
import RecordService
import TestSupport
import Testing

/// Who may open the folders of the records.
@Suite struct StoreFolderTests {
    @Test(arguments: [0o750, 0o705, 0o710, 0o777])
    func `a folder of records that others can open is refused with the remedy, in both languages`(mode: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("records")
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try StoreFolder.close(path, "records.folder")
        #expect(chmod(path, mode_t(mode)) == 0)
        let error = #expect(throws: StoreFolder.Open.self) { try StoreFolder.close(path, "records.folder") }
        #expect(error?.english.contains("chmod -R go= \(path)") == true)
        #expect(error?.japanese.contains("chmod -R go= \(path)") == true)
        #expect(error?.exitStatus == .configuration)
    }

    @Test func `what lies in a closed folder is closed too, and what is not there yet is no fault`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("records")
        try StoreFolder.close(path, "records.folder")
        try FileManager.default.createDirectory(
            atPath: path + "/regions", withIntermediateDirectories: true)
        #expect(chmod(path, 0o700) == 0 && chmod(path + "/regions", 0o755) == 0)
        for name in ["control.sqlite", "regions/990019.sqlite"] {
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
            #expect(chmod("\(path)/\(name)", 0o644) == 0)
        }
        try StoreFolder.close(path, "records.folder")
        func mode(_ name: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")[.posixPermissions] as? Int
        }
        #expect(try mode("control.sqlite") == 0o600)
        #expect(try mode("regions") == 0o700)
        #expect(try mode("regions/990019.sqlite") == 0o600)
    }

    @Test(arguments: [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x00C3_6400, 0x5346_414F])
    func `a folder on a network's file system is refused with the remedy, in both languages`(type: Int) throws {
        let error = #expect(throws: StoreFolder.Remote.self) {
            try StoreFolder.refuseRemote("/records", "records.folder") { _ in type }
        }
        #expect(error?.english.contains("name a folder on a disk of this host") == true)
        #expect(error?.japanese.contains("このホストのディスクを指定") == true)
        #expect(error?.exitStatus == .configuration)
    }

    @Test func `the file system of a folder is that of the one that leads to it, where it is not there yet`() throws {
        let folder = try TemporaryFolder()
        #expect(StoreFolder.fileSystem(of: "/proc/self/none") == 0x9FA0)
        #expect(StoreFolder.fileSystem(of: folder.path + "/a/b") == StoreFolder.fileSystem(of: folder.path))
        try StoreFolder.refuseRemote(folder.path + "/a/b", "records.folder")
    }
}
