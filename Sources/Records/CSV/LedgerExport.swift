public import Vaccination

/// What a region gives back to its municipality's immunisation ledger (予防接種台帳): doses by 宛名番号, and never an individual number.
public enum LedgerExport {
    /// The columns: those that ``LedgerFile`` reads, by their Japanese names.
    public static let columns = ["宛名番号", "接種回数", "接種日", "製品", "ロット番号", "接種券", "接種会場", "医師"]

    /// What went into an export.
    public struct Counts: Hashable, Sendable {
        /// People with doses that are in it.
        public var people = 0
        /// Their doses.
        public var doses = 0
        /// People with doses who are not, since no entry of the resident register came of them.
        public var withoutAddressee = 0
        /// People who are not, since their doses contradict each other.
        public var unclear = 0

        /// Nothing.
        public init() {}
    }

    /// How many people are read at once.
    private static let batch = 500

    /// Gives a region's ledger, a part after the other.
    /// - Parameter products: the ledger's code of each product; `nil` for the catalogue's own.
    /// - Throws: ``StoreError/invalid(_:)`` if a product has no code there.
    public static func write(
        _ region: MunicipalityCode, of store: some PersonStore, products: [Product: String]?,
        to give: ([UInt8]) async throws -> Void
    ) async throws -> Counts {
        var counts = Counts()
        try await give(Array(CSVFile.line(columns).utf8))
        var last: Int64? = 0
        while let behind = last {
            let found = try await store.people(in: region, after: behind, limit: batch)
            var text = ""
            for person in found.people {
                guard let history = person.doses.history else {
                    counts.unclear += 1
                    continue
                }
                guard !history.doses.isEmpty else { continue }
                guard let addressee = person.register?.addressee else {
                    counts.withoutAddressee += 1
                    continue
                }
                counts.people += 1
                for dose in history.doses {
                    let code = products.map { $0[dose.product] } ?? dose.product.code
                    guard let code else { throw StoreError.invalid("no code for the product \(dose.product.code)") }
                    counts.doses += 1
                    let details = person.doses.details(of: dose)
                    text += CSVFile.line([
                        addressee.text, String(dose.number), dose.date.description, code, dose.lot,
                        details?.voucher?.digits ?? "", details?.venue ?? "", details?.doctor ?? "",
                    ])
                }
            }
            try await give(Array(text.utf8))
            last = found.last
        }
        return counts
    }
}

extension CodeTables {
    /// A ledger's code of each product, the first in their order where several mean one; `nil` if the tables have none.
    public var codesOfProducts: [Product: String]? {
        products.map { table in
            Dictionary(table.map { ($1, $0) }, uniquingKeysWith: { min($0, $1) })
        }
    }
}
