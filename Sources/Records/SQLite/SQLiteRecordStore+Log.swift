public import Foundation
import GRDB
public import Vaccination

// The logs: one in each region's file, one in the control file. What each does is said at LogStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func noteRefusal(
        _ code: String, of kind: CertificateKind, for number: IndividualNumber, terminal: String, inquiry: String,
        in region: MunicipalityCode, now: Date
    ) async throws {
        try await write(to: region, sound: true) { ledger, encryptor in
            try LogTable.append(
                .refused, terminal: terminal, inquiry: inquiry,
                detail: "\(code.prefix(64)) \(kind.rawValue) \(encryptor.pseudonym(of: number))", at: now, to: ledger)
        }
    }

    public func log(in region: MunicipalityCode, after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await read(from: region) { db, _ in try LogTable.lines(after: sequence, limit: limit, of: db) }
    }

    public func controlLog(after sequence: Int64, limit: Int) async throws -> [LogEntry] {
        try await control.read { db in try LogTable.lines(after: sequence, limit: limit, of: db) }
    }
}
