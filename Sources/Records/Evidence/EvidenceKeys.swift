import Crypto
import Foundation
import GRDB

/// What one log's evidence is made with: keys derived from the region's data key, or from the control key, by HKDF (RFC
/// 5869) under labels of their own. While a region's keys rotate, what was made under those before is good too.
struct EvidenceKeys: Sendable {
    private struct Generation: Sendable {
        /// Begun with the row key, so that its two blocks are not hashed for every row.
        let rowCode: HMAC<SHA512>
        let headKey: SymmetricKey

        init(_ log: LogName, _ key: SymmetricKey) {
            func derived(_ role: String) -> SymmetricKey {
                HKDF<SHA256>.deriveKey(
                    inputKeyMaterial: key, info: Data("akashi/evidence/v1/\(log)/\(role)".utf8), outputByteCount: 32)
            }
            rowCode = HMAC<SHA512>(key: derived("row"))
            headKey = derived("head")
        }

        func code(_ input: [UInt8]) -> (mac: Data, summand: RowSum) {
            var row = rowCode
            row.update(data: input)
            return row.finalize().withUnsafeBytes { code in (Data(code.prefix(32)), RowSum(code.suffix(32))) }
        }

        func summand(_ input: [UInt8], _ mac: UnsafeRawBufferPointer) -> RowSum? {
            var row = rowCode
            row.update(data: input)
            return row.finalize().withUnsafeBytes { code in
                let own = UnsafeRawBufferPointer(rebasing: code[..<32])
                guard RawRows.order(own, mac) == 0 else { return nil }
                return RowSum(loading: UnsafeRawBufferPointer(rebasing: code[32...]))
            }
        }
    }

    let log: LogName
    private let current: Generation
    private let previous: Generation?
    /// What the bytes of every row's code begin with.
    private let beginning: [UInt8]
    /// What a sealed head is bound to.
    private let headLocation: [UInt8]

    init(log: LogName, from key: SymmetricKey, previous: SymmetricKey? = nil) {
        self.log = log
        current = Generation(log, key)
        self.previous = previous.map { Generation(log, $0) }
        beginning = {
            var bytes = Array("akashi/row/v1".utf8)
            bytes.appendField("\(log)".utf8)
            return bytes
        }()
        headLocation = Array("akashi/head/v1/\(log)".utf8)
    }

    /// What proves one row, and what it adds to the sum over all of them: the two halves of HMAC-SHA-512 over the table
    /// and every column. The second half is never stored, so that nobody can look for other rows with the same sum.
    func code(_ table: EvidentTable, _ values: [DatabaseValue]) -> (mac: Data, summand: RowSum) {
        current.code(input(table, values))
    }

    /// What a row that bears this code adds to the sum, and whether the code is of the keys in use; `nil` if it is not one of
    /// this row.
    func summand(
        of table: EvidentTable, _ values: [DatabaseValue], _ mac: Data?
    ) -> (summand: RowSum, isCurrent: Bool)? {
        let input = input(table, values)
        let code = current.code(input)
        if code.mac == mac { return (code.summand, true) }
        guard let code = previous?.code(input), code.mac == mac else { return nil }
        return (code.summand, false)
    }

    /// The same of bytes that were begun with ``begin(_:_:)`` and that every column was added to which
    /// ``EvidentTable/isAdded(_:)`` does not leave out.
    func summand(of input: [UInt8], _ mac: UnsafeRawBufferPointer) -> RowSum? {
        current.summand(input, mac) ?? previous?.summand(input, mac)
    }

    /// What comes before a row's columns.
    func begin(_ input: inout [UInt8], _ table: EvidentTable) {
        input.removeAll(keepingCapacity: true)
        input += beginning
        input.appendField(table.name.utf8)
    }

    private func input(_ table: EvidentTable, _ values: [DatabaseValue]) -> [UInt8] {
        // Bytes in an array: made for every row, and a Data costs several times as much to grow.
        var input = beginning
        input.reserveCapacity(1024)
        input.appendField(table.name.utf8)
        for (index, value) in values.enumerated() {
            if table.isAdded(index) {
                guard !value.isNull else { continue }
                // Which one it is: the one behind it may be missing in another row.
                input.appendField(table.columns[index].utf8)
            }
            input.appendColumn(value)
        }
        return input
    }

    /// A ledger's state, sealed: nobody without the key can read the sum or make another head.
    func seal(_ state: LedgerState) throws -> Data {
        let box = try AES.GCM.seal(state.bytes, using: current.headKey, authenticating: headLocation)
        guard let combined = box.combined else { throw StoreError.invalid("encryption") }
        return combined
    }

    /// The state; `nil` if another key sealed it, or a hand changed it.
    func open(_ sealed: Data) -> LedgerState? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed) else { return nil }
        for key in [current.headKey, previous?.headKey].compactMap({ $0 }) {
            if let bytes = try? AES.GCM.open(box, using: key, authenticating: headLocation) {
                return LedgerState(bytes: Array(bytes))
            }
        }
        return nil
    }

    /// The chain before its first line: another one for each log.
    var chainBeginning: Data { Data(copying: SHA256.hash(data: Data("akashi/log/v1/\(log)".utf8))) }
}

/// A sum of row codes modulo 2^256: the order of additions does not matter, and what was added can be taken away.
struct RowSum: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    /// 32 bytes, big-endian.
    init(_ bytes: some Sequence<UInt8>) {
        var all: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in bytes.prefix(32).enumerated() { all[index / 8] = all[index / 8] << 8 | UInt64(byte) }
        words = (all[3], all[2], all[1], all[0])
    }

    /// The same of bytes in memory.
    init(loading bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
        words = (word(3), word(2), word(1), word(0))
    }

    func append(to bytes: inout [UInt8]) {
        for word in [words.3, words.2, words.1, words.0] { bytes.appendInteger(word) }
    }

    static func += (a: inout RowSum, b: RowSum) {
        var carry = false
        (a.words.0, carry) = add(a.words.0, b.words.0, carry)
        (a.words.1, carry) = add(a.words.1, b.words.1, carry)
        (a.words.2, carry) = add(a.words.2, b.words.2, carry)
        (a.words.3, carry) = add(a.words.3, b.words.3, carry)
    }

    static func -= (a: inout RowSum, b: RowSum) {
        // a − b = a + ~b + 1
        var carry = true
        (a.words.0, carry) = add(a.words.0, ~b.words.0, carry)
        (a.words.1, carry) = add(a.words.1, ~b.words.1, carry)
        (a.words.2, carry) = add(a.words.2, ~b.words.2, carry)
        (a.words.3, carry) = add(a.words.3, ~b.words.3, carry)
    }

    private static func add(_ a: UInt64, _ b: UInt64, _ carry: Bool) -> (UInt64, Bool) {
        let (first, overflow) = a.addingReportingOverflow(b)
        let (second, again) = first.addingReportingOverflow(carry ? 1 : 0)
        return (second, overflow || again)
    }

    static func == (a: RowSum, b: RowSum) -> Bool { a.words == b.words }
    func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// What a head seals.
struct LedgerState: Hashable, Sendable {
    /// The number of the log's last line.
    var count: Int64
    /// The chain up to it, 32 bytes.
    var hash: Data
    /// How many rows the sum is over.
    var rows: Int64 = 0
    /// The sum of the rows' codes.
    var sum = RowSum()

    init(count: Int64, hash: Data) {
        self.count = count
        self.hash = hash
    }

    var head: LogHead { LogHead(count: count, hash: Array(hash)) }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(80)
        bytes.appendInteger(UInt64(bitPattern: count))
        bytes.append(contentsOf: hash)
        bytes.appendInteger(UInt64(bitPattern: rows))
        sum.append(to: &bytes)
        return bytes
    }

    init?(bytes: [UInt8]) {
        guard bytes.count == 80 else { return nil }
        func number(_ part: ArraySlice<UInt8>) -> Int64 { Int64(bitPattern: part.reduce(0) { $0 << 8 | UInt64($1) }) }
        count = number(bytes[..<8])
        hash = Data(bytes[8..<40])
        rows = number(bytes[40..<48])
        sum = RowSum(bytes[48...])
    }
}

extension Data {
    /// The bytes of a digest or a code, at once: as a sequence they are taken one by one.
    init(copying bytes: some ContiguousBytes) { self = bytes.withUnsafeBytes { Data($0) } }
}

extension RangeReplaceableCollection where Element == UInt8 {
    mutating func appendInteger(_ value: UInt64) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Its length in eight bytes, then the bytes.
    mutating func appendField(_ field: some Collection<UInt8>) {
        appendInteger(UInt64(field.count))
        append(contentsOf: field)
    }

    /// A column with its type, so that no two different rows have the same bytes.
    mutating func appendColumn(_ value: DatabaseValue) {
        switch value.storage {
        case .null: append(0)
        case .int64(let number):
            append(1)
            appendInteger(UInt64(bitPattern: number))
        case .double(let number):
            append(2)
            appendInteger(number.bitPattern)
        case .string(let text):
            append(3)
            appendField(text.utf8)
        case .blob(let bytes):
            append(4)
            appendField(bytes)
        }
    }
}
