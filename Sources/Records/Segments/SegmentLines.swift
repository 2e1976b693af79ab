import Foundation

/// The lines of a closed segment as CSV (RFC 4180, but with line feeds alone): a header, then one record a line of the log.
///
/// A field that is missing is empty, an empty text is `""`; a text is quoted if it is empty or holds a comma, a quotation mark or
/// a line break, and in no other case. So each line has one form, and whatever is read is written as the same bytes again.
package enum SegmentLines {
    /// What a file begins with. `at` is in milliseconds since 1970.
    package static let header = Array("sequence,at,event,certificate,terminal,inquiry,detail,actor\n".utf8)
    /// The most bytes that one record may have.
    package static let maximumRecord = 1 << 20
    private static let columns = 8

    // MARK: Writing

    static func append(_ line: LogTable.Line, _ sequence: Int64, to bytes: inout [UInt8]) {
        bytes += String(sequence).utf8
        bytes.append(comma)
        bytes += String(line.at).utf8
        for field in [line.event, line.certificate, line.terminal, line.inquiry, line.detail, line.actor] {
            bytes.append(comma)
            if let field { append(field, to: &bytes) }
        }
        bytes.append(newline)
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        guard text.isEmpty || text.utf8.contains(where: isSpecial) else {
            bytes += text.utf8
            return
        }
        bytes.append(quote)
        for byte in text.utf8 {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }

    // MARK: Reading

    /// Reads the next record and moves `place` behind it; `nil` if it is not all there yet.
    /// - Throws: ``SegmentFault/changed`` for anything that ``append(_:_:to:)`` does not write.
    static func next(
        in bytes: UnsafeRawBufferPointer, from place: inout Int
    ) throws(SegmentFault) -> (sequence: Int64, line: LogTable.Line)? {
        var fields: [String?] = []
        fields.reserveCapacity(columns)
        var index = place
        while true {
            guard let (field, end) = try field(in: bytes, from: index) else { return nil }
            fields.append(field)
            index = end + 1
            if bytes[end] == newline { break }
            guard fields.count < columns else { throw .changed }
        }
        guard fields.count == columns, let sequence = number(fields[0]), let at = number(fields[1]),
            let event = fields[2]
        else { throw .changed }
        place = index
        return (
            sequence,
            LogTable.Line(
                at: at, event: event, certificate: fields[3], terminal: fields[4], inquiry: fields[5],
                detail: fields[6], actor: fields[7])
        )
    }

    /// A field, and where the comma or line feed behind it is; `nil` if that is not there yet.
    private static func field(
        in bytes: UnsafeRawBufferPointer, from start: Int
    ) throws(SegmentFault) -> (text: String?, end: Int)? {
        guard start < bytes.count else { return nil }
        guard bytes[start] == quote else {
            var end = start
            while end < bytes.count, bytes[end] != comma, bytes[end] != newline {
                if isSpecial(bytes[end]) { throw .changed }
                end += 1
            }
            guard end < bytes.count else { return nil }
            guard end > start else { return (Optional<String>.none, end) }
            guard let text = String(validating: bytes[start..<end], as: UTF8.self) else { throw .changed }
            return (text, end)
        }
        var (text, isNeeded, index): ([UInt8], Bool, Int) = ([], false, start + 1)
        while index < bytes.count {
            let byte = bytes[index]
            if byte == quote {
                guard index + 1 < bytes.count else { return nil }
                if bytes[index + 1] != quote {
                    guard bytes[index + 1] == comma || bytes[index + 1] == newline, isNeeded || text.isEmpty,
                        let text = String(validating: text, as: UTF8.self)
                    else { throw .changed }
                    return (text, index + 1)
                }
                index += 1
            }
            isNeeded = isNeeded || isSpecial(byte)
            text.append(byte)
            index += 1
        }
        return nil
    }

    private static func number(_ text: String?) -> Int64? {
        guard let text, let number = Int64(text), String(number) == text else { return nil }
        return number
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == comma || byte == quote || byte == newline || byte == 13
    }

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")
    private static let newline = UInt8(ascii: "\n")

    /// Reads whatever bytes as records and writes those that it takes again: what a fuzzer and the tests of bad input ask.
    /// - Returns: the bytes that were records, as they are written.
    package static func roundTrip(_ bytes: [UInt8]) throws -> [UInt8] {
        var (place, written): (Int, [UInt8]) = (0, [])
        try bytes.withUnsafeBytes { bytes in
            while let (sequence, line) = try next(in: bytes, from: &place) { append(line, sequence, to: &written) }
        }
        return written
    }
}
