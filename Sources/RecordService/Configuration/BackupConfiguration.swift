import CheckedConfiguration
package import Crypto
import Foundation
import Signing
package import Records

/// Where backups go, and to whom they are sealed.
package struct BackupConfiguration: Sendable {
    /// The folder of the backups.
    package let place: BackupPlace
    /// The public half of the backup key: this host cannot open what it seals.
    package let recipient: P256.KeyAgreement.PublicKey
    /// Keys that signed roots before: sets of that time are still built upon.
    package let earlierRootKeys: [P256.Signing.PublicKey]
    /// After how many hours without a whole backup the service says that one is due.
    package let maximumAgeHours: Int

    init?(_ root: ConfigurationSection, apartFrom records: [String]) throws(ConfigurationError) {
        guard let section = try root.optionalSection("backup") else { return nil }
        let folder = try section.path("folder")
        func standard(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path + "/" }
        guard !records.contains(where: { standard(folder).hasPrefix(standard($0)) }) else {
            throw section.error(
                "folder",
                english: "a folder outside of records.folder, records.journal and records.keys, best on another disk",
                japanese: "records.folder・records.journal・records.keys の外（できれば別のディスク）のフォルダーにしてください。")
        }
        place = BackupPlace(folder)
        let path = try section.file("publicKey")
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let key = try? P256.KeyAgreement.PublicKey(pemRepresentation: text)
        else {
            throw section.error(
                "publicKey",
                english:
                    "\(path) holds no P-256 public key in PEM form; vrs backup make-key makes a pair, on another machine",
                japanese: "\(path)にPEM形式のP-256公開鍵がありません。vrs backup make-key で（別の機械で）作成してください。")
        }
        recipient = key
        earlierRootKeys = try section.publicKeys("earlierRootKeys") {
            try? P256.Signing.PublicKey(pemRepresentation: $0)
        }
        maximumAgeHours = try section.integer("maximumAgeHours", 1...8760, unit: "h", fallback: 26)
        try section.refuseUnknownKeys()
    }
}

/// What the service knows of backups: a note beside the databases, which the command writes when a whole one is made.
package struct BackupNote: Sendable {
    /// The set's name.
    package let set: String
    /// When it was begun, in seconds since 1970.
    package let at: Double

    private struct Form: Codable {
        let set: String
        let at: Double
    }

    /// Its file's name in the folder of the records.
    static let name = "backup.json"

    /// The note in a folder of records; `nil` if there is none that can be read.
    package init?(in records: String) {
        guard let handle = FileHandle(forReadingAtPath: "\(records)/\(Self.name)") else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: 1024),
            let form = try? JSONDecoder().decode(Form.self, from: data), form.at.isFinite
        else { return nil }
        (set, at) = (form.set, form.at)
    }

    init(_ set: BackupSet) {
        self.set = set.name
        at = set.at.timeIntervalSince1970
    }

    func write(in records: String) throws {
        try JSONEncoder().encode(Form(set: set, at: at)).write(
            to: URL(fileURLWithPath: "\(records)/\(Self.name)"), options: .atomic)
    }
}

extension VRSConfiguration {
    /// What of backups the service shows: when the last whole one was begun, and when the next is due; `nil` without `backup`.
    var backupTimes: (last: Double?, due: Double)? {
        guard let backup else { return nil }
        let note = BackupNote(in: recordFolder)
        return (note?.at, note.map { $0.at + 3600 * Double(backup.maximumAgeHours) } ?? 0)
    }
}
