public import Foundation
public import Vaccination

/// Files of people that go into a region in steps: read and compared with the records, approved by two operators, written a few
/// people at a time while the region is served. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** What an import has reached is in its row, which evidence covers; of a process that ends while a file is read
/// nothing goes in, and what it left is discarded with the next file; one that ends while people are written leaves whole people
/// and goes on behind the last one.
///
/// **Concurrency.** A region has one open import. Its people may be written by several processes: each row goes in once.
///
/// **Separation.** Rows that wait are sealed under a key of the import's own, which is kept under the region's data key: a
/// rotation renews that one key, and with the region's keys the rows are gone too.
public protocol ImportStore: Sendable {
    /// Reads a file's rows and compares them with the records; nothing goes in.
    ///
    /// The rows are asked for until there are no more. If more than `maximumRefused` per cent are refused, the import is
    /// ``ImportState/refused``; if nobody would change, it is ``ImportState/applied`` at once.
    /// - Parameters:
    ///   - change: how the doses of people who are there stand to those that were recorded.
    ///   - maximumRefused: 0 to 100.
    ///   - next: gives the next rows; `nil` at the end. What it throws ends the import: it is discarded.
    /// - Throws: ``StoreError/importOpen(_:)`` if another one is open, ``StoreError/locked()`` if one is being read.
    func stage(
        _ origin: ImportOrigin, as change: RecordChange, in region: MunicipalityCode, maximumRefused: Int, now: Date,
        next: () throws -> [ImportRow]?
    ) async throws -> RecordImport

    /// Notes that an operator approved an import; with the second one of another name and another certificate it is
    /// ``ImportState/applying``. Repeated by the same one it changes nothing.
    /// - Throws: ``StoreError/notFound(_:)``; ``StoreError/conflict(_:)`` if it waits for nobody.
    func approve(_ number: Int64, by name: String, in region: MunicipalityCode, now: Date) async throws -> RecordImport

    /// Writes the next people of an import that two operators approved, in one transaction.
    ///
    /// A dose is said to be recorded at `now`, or at most a second before it: people may be made ready before their turn.
    /// - Throws: ``StoreError/conflict(_:)`` if they did not.
    func apply(_ number: Int64, in region: MunicipalityCode, limit: Int, now: Date) async throws -> RecordImport

    /// Discards what of an import has not gone in. Repeated, it changes nothing.
    /// - Throws: ``StoreError/conflict(_:)`` if all of it has.
    func discard(_ number: Int64, in region: MunicipalityCode, now: Date) async throws -> RecordImport

    /// Notes that an operator has seen that the file was erased wherever it had been, and erases the rows that were refused.
    /// - Throws: ``StoreError/conflict(_:)`` while the import is open.
    func confirmErasure(of number: Int64, by name: String, in region: MunicipalityCode, now: Date) async throws
        -> RecordImport

    /// One import.
    /// - Throws: ``StoreError/notFound(_:)``
    func report(ofImport number: Int64, in region: MunicipalityCode) async throws -> RecordImport

    /// The last hundred imports, newest first.
    func imports(in region: MunicipalityCode) async throws -> [RecordImport]

    /// Gives the rows of an import that were refused, in the order of the file.
    func refusedRows(
        of number: Int64, in region: MunicipalityCode, _ body: (RefusedRow) throws -> Void
    ) async throws

    /// Removes what imports that are closed have left where a process ended between two steps.
    func tidyImports(in region: MunicipalityCode) async throws

    /// Regions that may have an import to write on with, whichever process it was approved at.
    func regionsWithImports() async throws -> [MunicipalityCode]
}
