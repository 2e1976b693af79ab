public import Foundation
import GRDB
public import Vaccination

// Closed segments: files beside a region's database. What each does is said at SegmentStore.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SQLiteRecordStore {
    public func closeLog(of region: MunicipalityCode, keeping: LogKeeping, now: Date) async throws -> LogClosing {
        guard served[region] != nil else { throw StoreError.unknownRegion("region \(region)") }
        var closing = LogClosing()
        guard wasMade(region) else { return closing }
        let table = SegmentTable(region: region)
        let before = keeping.closingBefore(now)
        while let found = try await nextSegment(of: region, before: before, keeping.linesPerSegment) {
            try Task.checkCancellation()
            let segment = try await writeFile(of: found, region)
            let isClosed = try await write(to: region) { ledger, encryptor in
                try table.close(
                    SegmentTable.Closed(segment: segment, header: found.header), now: now, in: ledger,
                    encryptor.evidence)
            }
            guard isClosed else { break }
            closing.closed.append(segment)
        }
        if let before = keeping.removingBefore(now) {
            closing.removed = try await write(to: region) { ledger, _ in
                try table.remove(before: before, now: now, in: ledger)
            }
        }
        for segment in try await segments(of: region) {
            if segment.removed != nil {
                try segmentFolder.remove(segment.file, of: region)
            } else if segmentFolder.fault(segment.file, bytes: segment.bytes, of: region) != nil {
                closing.damaged.append(segment.file)
            }
        }
        if !closing.closed.isEmpty { try await removeLeftovers(of: region) }
        // A command that ends now leaves no head behind; nothing depends on it.
        try? await heads.flush()
        return closing
    }

    public func segments(of region: MunicipalityCode) async throws -> [LogSegment] {
        guard served[region] == nil || wasMade(region) else { return [] }
        return try await read(from: region) { db, encryptor in
            try SegmentTable(region: region).closed(db, encryptor.evidence).map(\.segment)
        }
    }

    public func verifySegments(of region: MunicipalityCode, pins: [LogHead]) async throws -> EvidenceReport {
        var report = EvidenceReport()
        guard served[region] == nil || wasMade(region) else { return report }
        let (closed, keys) = try await read(from: region) { db, encryptor in
            (
                try SegmentTable(region: region).closed(db, encryptor.evidence),
                encryptor.generations.current.log
            )
        }
        var expected: Int64 = 1
        for closed in closed {
            let (segment, log) = (closed.segment, LogName.region(region))
            if segment.first != expected {
                report.add(log, .segment, "lines \(expected)–\(segment.first - 1): no segment has them")
            }
            expected = segment.last + 1
            let pins = pins.filter { (segment.first...segment.last).contains($0.count) }
            guard segment.removed == nil else { continue }
            let (lines, fault, wrong) = try await onOwnThread { [segmentFolder] in
                var (lines, wrong): (Int64, [LogHead]) = (0, [])
                do {
                    try segmentFolder.lines(of: closed.header, under: keys.segments, in: region) { line, _, chain in
                        lines += 1
                        wrong += pins.filter { $0.count == line && Data($0.hash) != chain }
                        return true
                    }
                } catch let fault as SegmentFault {
                    // A part that was cut within does not open.
                    let size =
                        fault == .changed ? segmentFolder.fault(segment.file, bytes: segment.bytes, of: region) : nil
                    return (lines, Optional(size ?? fault), wrong)
                }
                return (lines, nil, wrong)
            }
            report.lines += lines
            if let fault {
                let words = fault.words
                report.add(
                    log, .segment,
                    "lines \(segment.first)–\(segment.last): \(segment.file) \(words.english) / \(words.japanese)")
            }
            for pin in wrong { report.add(log, .rollback, "line \(pin.count) is not the one that was known") }
        }
        let known = Set(closed.map(\.segment.file))
        for name in segmentFolder.names(of: region) where !known.contains(name) {
            report.add(irregularity: "\(name) is of no segment that the region knows: of a life before a restore")
        }
        return report
    }

    // MARK: Closing

    /// Lines that are to be closed, as they were when it was looked.
    private struct Found: Sendable {
        let header: SegmentHeader
        let from, to: Int64
    }

    /// The next lines that are no longer at hand, every one as it was written; `nil` if there are none.
    private func nextSegment(of region: MunicipalityCode, before instant: Date, _ most: Int64) async throws -> Found? {
        try await read(from: region) { db, encryptor in
            let keys = encryptor.evidence
            let base = try SegmentTable.base(db, keys)
            let (begin, chain) = (base?.count ?? 0, base.map { Data($0.hash) } ?? keys.chainBeginning)
            let lines = try LogLines(db, after: begin)
            var (hash, from, to, last) = (chain, Int64.max, Int64.min, begin)
            while last - begin < most, let line = try lines.next() {
                guard line.at < instant.storedMilliseconds else { break }
                hash = line.chain(after: hash)
                guard line.sequence == last + 1, line.isChained(by: hash) else {
                    throw StoreError.broken(EvidenceBreak(log: keys.log, kind: .chain, place: "line \(last + 1)"))
                }
                (from, to, last) = (min(from, line.at), max(to, line.at), line.sequence)
            }
            guard last > begin else { return nil }
            return Found(
                header: SegmentHeader(
                    region: region.digits, first: begin + 1, last: last, before: Array(chain), hash: Array(hash)),
                from: from, to: to)
        }
    }

    /// Writes the file of a segment, and reads it again as whoever needs it will.
    private func writeFile(of found: Found, _ region: MunicipalityCode) async throws -> LogSegment {
        let header = found.header
        let bytes = try await read(from: region) { [segmentFolder] db, encryptor in
            let key = encryptor.generations.current.log.segments
            let rows = try StoredRow.fetchCursor(
                db, sql: "SELECT * FROM log WHERE sequence BETWEEN ? AND ? ORDER BY sequence",
                arguments: [header.first, header.last])
            let bytes = try segmentFolder.write(header, under: key, for: region) {
                guard let row = try rows.next() else { return nil }
                var csv: [UInt8] = []
                SegmentLines.append(try LogTable.line(row), try row.parse("sequence"), to: &csv)
                guard csv.count <= SegmentLines.maximumRecord else {
                    throw StoreError.corrupt("region \(region): a line of the log is too long")
                }
                return csv
            }
            do {
                try segmentFolder.lines(of: header, under: key, in: region) { _, _, _ in true }
            } catch let fault as SegmentFault {
                throw StoreError.segmentDamaged("region \(region): \(header.name) \(fault.words.english)")
            }
            return bytes
        }
        return LogSegment(
            first: header.first, last: header.last, hash: header.hash, file: header.name, bytes: bytes,
            from: Date(storedMilliseconds: found.from), to: Date(storedMilliseconds: found.to), removed: nil)
    }

    /// Removes what closings left that were broken off: files of lines that are in a segment of another length now, or in the
    /// database. Those of a life before a restore stay, since nobody else may have their lines.
    private func removeLeftovers(of region: MunicipalityCode) async throws {
        let known = Set(try await segments(of: region).map(\.file))
        for name in segmentFolder.names(of: region) where !known.contains(name) {
            let parts = name.split(separator: "-")
            guard parts.count == 3, let last = Int64(parts[1]) else { continue }
            let hash = parts[2].dropLast(".segment".count)
            let isHere = try await read(from: region) { db, _ in
                try LogTable.chain(at: last, in: db)?.prefix(8).map {
                    String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
                }.joined() == String(hash)
            }
            if isHere { try segmentFolder.remove(name, of: region) }
        }
    }
}
