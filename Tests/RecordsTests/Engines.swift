import Foundation
import RecordSupport
import Records
import Testing
import Vaccination

/// A real store that every behavioural test runs against.
struct Engine: Sendable, CustomTestStringConvertible {
    let name: String
    /// Opens a store on a place; opening twice gives two instances on the same data.
    let open: @Sendable (Place) throws -> any RecordStore

    var testDescription: String { name }

    static let all = [
        Engine(name: "SQLite") { place in
            try SQLiteRecordStore(
                folder: place.folder + "/data", keys: place.keys, journal: place.journal,
                regions: Sample.municipalities)
        }
    ]
}
