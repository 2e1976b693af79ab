import Foundation
import TestSupport
import Testing

/// SQLite's locks are the process's (POSIX, `fcntl`): whoever opens a database's file beside it in the same process, and closes
/// it, takes all of them away, and two processes may then write at once. So every place beside the database that opens a file is
/// looked at once, and stands here.
@Suite struct DatabaseFileTests {
    /// The files of what stores and serves records that open others, and which.
    private static let opening = [
        "Records/Backup/BackupFile.swift":
            "files of backups, and what a restore puts together; of the host the journal and the root",
        "Records/Journal/Journal.swift": "the journal's own files and folder",
        "Records/CSV/ImportSource.swift": "a file that an argument names",
        "Records/CSV/EncryptedZipWriter.swift": "a file that an argument names, and its folder",
        "Records/Import/StagedFile.swift": "the rows of imports, in a folder of their own",
        "Records/Keys/RegionKeyFolder.swift": "files of keys",
        "Records/Keys/RegionKeyFolder+Erasure.swift": "files of keys",
        "Records/Keys/RegionKeyFolder+Rotation.swift": "the folder of keys",
        "Records/Segments/SegmentFolder.swift": "files of closed segments, in a folder of their own",
        "Records/SQLite/DatabaseLock.swift": "the file NAME.lock beside a database, which SQLite does not know",
        "Records/SQLite/SQLiteRecordStore+Imports.swift": "the file NAME.lock of a region's imports, beside their rows",
        "RecordService/Commands/BackupCommands.swift": "keys that arguments name, and the last root",
        "RecordService/Commands/FileCommands.swift": "files that arguments name, and the last root",
        "RecordService/Configuration/BackupConfiguration.swift": "a public key, and the note of the last backup",
        "RecordService/Configuration/PublishingConfiguration.swift": "public keys",
        "RecordService/Configuration/SignerConfiguration.swift": "certificates and lists",
        "RecordService/Evidence/EvidenceGuard.swift": "the last root, beside the journal",
        "RecordService/Keys/KeyWriter.swift": "the list of clients",
        "RecordService/Keys/ProductionKeys.swift": "certificates of authorities",
        "RecordService/Phone/DeviceEnrolling.swift": "a maker's list of revoked keys",
        "RecordService/Phone/UploadKeys.swift": "the daily keys of phones",
        "RecordService/Publishing/ExportTurn.swift": "the folder of an export",
        "RecordService/Publishing/PublishedFiles.swift": "what was published",
        "RecordService/Publishing/PublishedFolder.swift": "what was published",
        "RecordService/Publishing/PublishedTerminalTrust.swift": "what was published",
    ]

    @Test func `nothing but what is listed opens files beside the database, and nothing of it a database's`() throws {
        let opens =
            /FileHandle\(for|(Glibc\.|= )f?open\(|(Data|String)\(contentsOf|contents\(atPath|copyItem\(|createFile\(/
        var found: Set<String> = []
        for module in ["Records", "RecordService"] {
            let folder = "\(Programs.root)/Sources/\(module)"
            for path in try FileManager.default.subpathsOfDirectory(atPath: folder) where path.hasSuffix(".swift") {
                let text = try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
                for line in text.split(separator: "\n") where line.firstMatch(of: opens) != nil {
                    found.insert("\(module)/\(path)")
                    #expect(!line.contains("sqlite"), "\(module)/\(path): \(line)")
                }
            }
        }
        #expect(found.subtracting(Self.opening.keys) == [], "look at these, and say here what they open")
        #expect(Set(Self.opening.keys).subtracting(found) == [], "these open nothing any more")
    }
}
