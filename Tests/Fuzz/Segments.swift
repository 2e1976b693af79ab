import Records

/// A closed segment of a log, always the same: nobody without its key makes another one.
enum Segments {
    static let key = [UInt8](repeating: 3, count: 32)
    static let lines = 900
    static let sample: (bytes: [UInt8], header: SegmentHeader) = {
        guard let sample = try? SegmentFile.sample(lines: lines, detail: "見本, \"a\"", key: key) else {
            fatalError("no segment can be made")
        }
        return sample
    }()
}
