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
        let earlier = try await segments(of: region)
        // Of a region of which nothing is due there is no folder either.
        let isDue = try await nextSegment(of: region, before: before, keeping.linesPerSegment, now) != nil
        guard isDue || !earlier.isEmpty else { return closing }
        let turn = try await onOwnThread { [segmentFolder] in try segmentFolder.turn(of: region) }
        defer { withExtendedLifetime(turn) {} }
        let newest = try await read(from: region) { db, _ in try LogTable.newest(in: db) }
        while let found = try await nextSegment(of: region, before: before, keeping.linesPerSegment, now) {
            try Task.checkCancellation()
            let segment = try await writeFile(of: found, region, in: turn)
            let isClosed = try await write(to: region, sound: true) { ledger, encryptor in
                try table.close(
                    SegmentTable.Closed(segment: segment, header: found.header), now: now, in: ledger,
                    encryptor.evidence)
            }
            guard isClosed else { break }
            closing.closed.append(segment)
        }
        // Never one that was closed just now, of which there is no backup; and not while the clock says that nothing was written for a
        // long time: it may be wrong, and what is removed does not come back.
        if let before = keeping.removingBefore(now), let newest, abs(now.timeIntervalSince(newest)) < Self.longestPause
        {
            let due = earlier.filter { $0.removed == nil && $0.to < before }.map(\.last)
            if !due.isEmpty {
                closing.removed = try await write(to: region, sound: true) { ledger, _ in
                    try table.remove(due, now: now, in: ledger)
                }
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

    /// For how long a region's log may have had no line when files of it are removed.
    private static let longestPause: TimeInterval = 40 * 86_400

    public func segments(of region: MunicipalityCode) async throws -> [LogSegment] {
        guard served[region] == nil || wasMade(region) else { return [] }
        return try await read(from: region) { db, encryptor in
            try SegmentTable(region: region).closed(db, encryptor.evidence).map(\.segment)
        }
    }

    public func verifySegments(of region: MunicipalityCode, pins: [LogHead]) async throws -> EvidenceReport {
        var report = EvidenceReport()
        guard served[region] == nil || wasMade(region) else { return report }
        let pins = pins + [try await heads.known(region)].compactMap { $0 }
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
            // It may have been kept long enough meanwhile.
            if fault == .missing,
                try await segments(of: region).contains(where: { $0.last == segment.last && $0.removed != nil })
            {
                continue
            }
            if let fault {
                let words = fault.words
                report.add(
                    log, .segment,
                    "lines \(segment.first)–\(segment.last): \(segment.file) \(words.english) / \(words.japanese)")
            }
            for pin in wrong { report.add(log, .rollback, "line \(pin.count) is not the one that was known") }
        }
        let names = segmentFolder.names(of: region)
        // Behind the names: a file is there before the database knows of it.
        let known = Set(closed.map(\.segment.file)).union(try await segments(of: region).map(\.file))
        for name in names where !known.contains(name) {
            report.add(
                irregularity:
                    "\(name) is of no segment that the region knows: of a closing under way, or of a life before a restore, from which nobody else may have these lines; keep it elsewhere"
            )
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
    private func nextSegment(
        of region: MunicipalityCode, before instant: Date, _ most: Int64, _ now: Date
    ) async throws -> Found? {
        try await read(from: region, sound: true) { db, encryptor in
            let keys = encryptor.evidence
            let base = try SegmentTable.base(db, keys)
            let (begin, chain) = (base?.count ?? 0, base.map { Data($0.hash) } ?? keys.chainBeginning)
            let lines = try LogLines(db, after: begin)
            var (hash, from, to, last) = (chain, Int64.max, Int64.min, begin)
            var found: Found?
            while last - begin < most, let line = try lines.next() {
                // A line that a clock which was ahead wrote goes with those around it.
                let isOld = line.at < instant.storedMilliseconds
                guard isOld || line.at > now.storedMilliseconds else { break }
                hash = line.chain(after: hash)
                guard line.sequence == last + 1, line.isChained(by: hash) else {
                    throw StoreError.broken(EvidenceBreak(log: keys.log, kind: .chain, place: "line \(last + 1)"))
                }
                (from, to, last) = (min(from, line.at), max(to, line.at), line.sequence)
                guard isOld else { continue }
                found = Found(
                    header: SegmentHeader(
                        region: region.digits, first: begin + 1, last: last, before: Array(chain), hash: Array(hash)),
                    from: from, to: to)
            }
            return found
        }
    }

    /// Writes the file of a segment.
    private func writeFile(
        of found: Found, _ region: MunicipalityCode, in turn: SegmentTurn
    ) async throws -> LogSegment {
        let header = found.header
        // Held here, so that nobody waits for the disk with a view of the database.
        let (csv, key) = try await read(from: region) { db, encryptor in
            let rows = try StoredRow.fetchCursor(
                db, sql: "SELECT * FROM log WHERE sequence BETWEEN ? AND ? ORDER BY sequence",
                arguments: [header.first, header.last])
            var (csv, count): ([UInt8], Int64) = ([], 0)
            while let row = try rows.next() {
                let before = csv.count
                SegmentLines.append(try LogTable.line(row), try row.parse("sequence"), to: &csv)
                guard csv.count - before <= SegmentLines.maximumRecord else {
                    throw StoreError.corrupt("region \(region): a line of the log is too long")
                }
                count += 1
            }
            guard count == header.last - header.first + 1 else {
                throw StoreError.busy("region \(region): its lines are closed elsewhere")
            }
            return (csv, encryptor.generations.current.log.segments)
        }
        let bytes = try await onOwnThread { [segmentFolder] in
            try segmentFolder.write(header, under: key, for: region, lines: csv, in: turn)
        }
        return LogSegment(
            first: header.first, last: header.last, hash: header.hash, file: header.name, bytes: bytes,
            from: Date(storedMilliseconds: found.from), to: Date(storedMilliseconds: found.to), removed: nil)
    }

    /// Removes what closings left that were broken off, or that a restore has undone: files whose lines, by the chain, are those of the
    /// database or of segments of another length. Those of another life stay, since nobody else may have their lines.
    private func removeLeftovers(of region: MunicipalityCode) async throws {
        let segments = try await segments(of: region)
        let known = Set(segments.map(\.file))
        for name in segmentFolder.names(of: region) where !known.contains(name) {
            let parts = name.split(separator: "-")
            guard parts.count == 3, let last = Int64(parts[1]) else { continue }
            guard let chain = try await chain(at: last, of: region) else { continue }
            let hash = chain.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            if parts[2] == "\(hash).segment" { try segmentFolder.remove(name, of: region) }
        }
    }

    /// The chain up to a line, wherever it lies; `nil` if there is no such line that can be read.
    private func chain(at line: Int64, of region: MunicipalityCode) async throws -> Data? {
        let (atHand, closed, key) = try await read(from: region) { db, encryptor in
            (
                try LogTable.chain(at: line, in: db),
                try SegmentTable(region: region).closed(endingAfter: line - 1, limit: 1, db, encryptor.evidence).first,
                encryptor.generations.current.log.segments
            )
        }
        guard let closed, closed.segment.removed == nil else { return atHand }
        return try await onOwnThread { [segmentFolder] in
            var found: Data?
            do {
                try segmentFolder.lines(of: closed.header, under: key, in: region) { sequence, _, chain in
                    if sequence == line { found = chain }
                    return sequence < line
                }
            } catch is SegmentFault { return nil }
            return found
        }
    }
}
