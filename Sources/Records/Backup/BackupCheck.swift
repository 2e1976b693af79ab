import Crypto
import Foundation

/// Reads everything that a set consists of, and puts nothing anywhere.
package struct BackupCheck {
    /// What is not as it was written.
    package struct Fault: Hashable, Sendable, CustomStringConvertible {
        /// Of which part; `nil` for the set itself.
        package let part: BackupPart?
        /// What.
        package let error: BackupError
        /// Part and error.
        package var description: String { (part.map { "\($0): " } ?? "") + "\(error)" }
    }

    /// What was looked at.
    package struct Report: Sendable {
        /// Segments that were read.
        package fileprivate(set) var segments = 0
        /// Their bytes.
        package fileprivate(set) var bytes: Int64 = 0
        /// Whether their blocks were opened too.
        package fileprivate(set) var isDeep = false
        /// What is wrong.
        package fileprivate(set) var faults: [Fault] = []
        /// Regions in it whose keys are kept no more: they come back by nothing.
        package fileprivate(set) var erased: [BackupPart] = []
    }

    private let place: BackupPlace
    private let reader: BackupReader
    /// Segments that were found as they were written.
    private var sound: Set<BackupIndex.Segment> = []

    /// A check of sets of a place; what one set was found to share with another is read once.
    package init(_ place: BackupPlace, _ reader: BackupReader) { (self.place, self.reader) = (place, reader) }

    /// Looks at a set.
    /// - Parameter name: `nil` for the newest.
    package mutating func check(
        _ name: String?, progress: (BackupPart, Double) -> Void = { _, _ in }
    ) throws(BackupError) -> Report {
        var report = Report()
        report.isDeep = reader.privateKey != nil
        guard try place.isThere(for: reader.host) else { throw .notFound("\(place.path) is no folder of backups") }
        let set: BackupSet
        do throws(BackupError) { set = try place.set(name, reader) } catch {
            guard [.damaged(), .missing(), .wrongSigner()].contains(error) else { throw error }
            report.faults.append(Fault(part: nil, error: error))
            return report
        }
        for (number, part) in set.parts.enumerated() {
            progress(part.part, Double(number) / Double(set.parts.count))
            do throws(BackupError) { try check(part, &report) } catch {
                report.faults.append(Fault(part: part.part, error: error))
            }
            do throws(BackupError) { try checkKeys(of: part, &report) } catch {
                report.faults.append(Fault(part: part.part, error: error))
            }
        }
        return report
    }

    private mutating func check(_ part: BackupSet.Part, _ report: inout Report) throws(BackupError) {
        let index = try place.index(of: part, reader)
        var used = [[Int]](repeating: [], count: index.segments.count)
        for block in index.blocks { used[block.segment].append(block.place) }
        for (segment, places) in zip(index.segments, used) {
            do throws(BackupError) {
                try check(segment, Set(places), of: part.part, &report)
            } catch {
                // Every one is named.
                report.faults.append(Fault(part: part.part, error: error))
            }
        }
        guard let key = reader.privateKey, let first = index.blocks.first, part.part.log != nil else { return }
        let installation = try installation(of: part)
        let segment = try BackupSegmentReader(
            in: place.folder(.segments, part.part), index.segments[first.segment].name, of: part.part,
            installation: installation)
        guard try segment.block(first.place, by: key).starts(with: Data("SQLite format 3\0".utf8)) else {
            throw .damaged("\(part.part) is no database")
        }
    }

    private mutating func check(
        _ segment: BackupIndex.Segment, _ places: Set<Int>, of part: BackupPart, _ report: inout Report
    ) throws(BackupError) {
        guard !sound.contains(segment) || reader.privateKey != nil else { return }
        let file = try BackupSegmentReader(
            in: place.folder(.segments, part), segment.name, of: part, installation: try installation())
        if sound.insert(segment).inserted {
            do throws(BackupError) { try file.check(segment) } catch {
                sound.remove(segment)
                throw error
            }
            report.segments += 1
            report.bytes += Int64(BackupSegmentForm.size(segment.blocks))
        }
        guard let key = reader.privateKey else { return }
        for place in places.sorted() { _ = try file.block(place, by: key) }
    }

    private func checkKeys(of part: BackupSet.Part, _ report: inout Report) throws(BackupError) {
        guard let name = part.keys else { return }
        let path = "\(place.folder(.keys, part.part))/\(name)"
        guard BackupFile.size(path) != nil else {
            guard case .region = part.part else { throw .missing(path) }
            report.erased.append(part.part)
            return
        }
        // Nobody else opens them.
        guard reader.privateKey != nil else { return }
        _ = try place.keys(of: part, reader)
    }

    private func installation() throws(BackupError) -> Data { try place.installation() }
    private func installation(of part: BackupSet.Part) throws(BackupError) -> Data { try place.installation() }
}

extension BackupPlace {
    /// Whose backups they are, by the folder's own word: what is sealed says so again.
    func installation() throws(BackupError) -> Data {
        let path = path + "/akashi-backup"
        let text = String(decoding: try BackupFile.read(path, maximumBytes: 200), as: UTF8.self)
        guard let line = text.split(separator: "\n").dropFirst().first, BackupHex.isRight(String(line), bytes: 16),
            let bytes = BackupHex.bytes(String(line))
        else { throw .damaged(path) }
        return bytes
    }

    /// The file of keys of a part, as it lay among the keys.
    func keys(of part: BackupSet.Part, _ reader: BackupReader) throws(BackupError) -> Data? {
        guard let name = part.keys else { return nil }
        let path = "\(folder(.keys, part.part))/\(name)"
        guard BackupFile.size(path) != nil else {
            throw .keysGone("\(part.part): \(path)")
        }
        let bytes = try BackupFile.read(path, maximumBytes: BackupEnvelope.Kind.keys.maximumBytes)
        return try BackupEnvelope(bytes, as: .keys, at: path).open(named: "\(part.part)/\(name)", by: reader)
    }
}
