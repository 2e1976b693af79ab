import Credentials
import Foundation

/// When each file of a trust folder was fetched, as an import notes it in `imported.json`.
package struct ImportTimes: Codable, Sendable {
    /// Where the note stands in the trust folder.
    package static let name = TrustManifest.notesName

    /// Seconds since 1970 by the file's path below the folder.
    package var files: [String: Double] = [:]

    package init() {}

    /// Reads a folder's note; one that is missing or cannot be read says nothing.
    package static func read(_ folder: String) -> ImportTimes {
        guard let handle = FileHandle(forReadingAtPath: "\(folder)/\(name)") else { return ImportTimes() }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: 16 << 20),
            let times = try? JSONDecoder().decode(ImportTimes.self, from: data)
        else { return ImportTimes() }
        return times
    }

    /// When a file was written, in seconds since 1970.
    package static func modified(_ file: String) -> Double? {
        let place = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: place)
        return (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970
    }
}
