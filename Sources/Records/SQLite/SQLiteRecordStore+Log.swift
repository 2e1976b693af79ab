import GRDB
public import Vaccination

// The logs: one in each region's file, one in the control file. What each does is said at LogStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await read(from: region) { db, _ in try LogTable.lines(after: sequence, limit: limit, of: db) }
    }

    public func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await control.read { db in try LogTable.lines(after: sequence, limit: limit, of: db) }
    }
}
