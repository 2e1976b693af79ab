/// What is wrong with a print stream, and at which of its bytes.
public struct PrintStreamError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, in English; never with content.
    public let reason: String
    /// The offset of the frame or byte in question.
    public let offset: Int

    /// The reason and the place in one line.
    public var description: String { "print stream, byte \(offset): \(reason)" }
}

/// Reads a print stream piece by piece as it arrives; it holds no more than one job.
public struct PrintStreamReader {
    private var pending: [UInt8] = []
    private var offset = 0
    private var sawPreamble = false
    private var start: (inquiry: String, copies: Int)?
    private var documents: [PrintStream.MediaType: [UInt8]] = [:]
    private var receipt: String?
    private var job: StreamedJob?

    /// A reader at the beginning of a stream.
    public init() {}

    /// Whether nothing has come so far.
    public var isUntouched: Bool { offset == 0 && pending.isEmpty }

    /// Takes the next bytes; throws at the first thing that is wrong, and is of no further use then.
    public mutating func take(_ bytes: some Sequence<UInt8>) throws(PrintStreamError) {
        pending.append(contentsOf: bytes)
        var used = 0
        if !sawPreamble {
            let count = min(pending.count, PrintStream.preamble.count)
            guard pending[..<count] == PrintStream.preamble[..<count] else { throw wrong("another beginning") }
            guard count == PrintStream.preamble.count else { return }
            sawPreamble = true
            used = count
        }
        while pending.count - used >= 5 {
            let head = pending[used..<used + 5]
            let kind = head[used]
            let length = head.dropFirst().reduce(0) { $0 << 8 | Int($1) }
            try check(kind, length)
            guard pending.count - used - 5 >= length else { break }
            try take(kind, pending[used + 5..<used + 5 + length])
            used += 5 + length
            offset += 5 + length
        }
        pending.removeFirst(used)
        if job != nil, !pending.isEmpty { throw wrong("bytes behind the end") }
    }

    /// The job, once its end was there; throws if the stream stopped before.
    public func finish() throws(PrintStreamError) -> StreamedJob {
        guard let job, pending.isEmpty else { throw wrong("the stream ended before the job did") }
        return job
    }

    private func wrong(_ reason: String) -> PrintStreamError { PrintStreamError(reason: reason, offset: offset) }

    /// Bounds a frame before any of it is waited for.
    private func check(_ kind: UInt8, _ length: Int) throws(PrintStreamError) {
        guard job == nil else { throw wrong("a frame behind the end") }
        guard start != nil || kind == UInt8(ascii: "S") else { throw wrong("a frame before the start") }
        let bound: ClosedRange<Int>
        switch kind {
        case UInt8(ascii: "S"): bound = 12...12
        case UInt8(ascii: "D"): bound = 3...PrintStream.maximumDocument + 64
        case UInt8(ascii: "R"): bound = 1...PrintStream.maximumReceipt
        case UInt8(ascii: "E"): bound = 0...0
        default: throw wrong("an unknown kind of frame")
        }
        guard bound.contains(length) else { throw wrong("a frame of \(length) bytes") }
    }

    private mutating func take(_ kind: UInt8, _ payload: ArraySlice<UInt8>) throws(PrintStreamError) {
        switch kind {
        case UInt8(ascii: "S"):
            guard start == nil else { throw wrong("a second start") }
            let inquiry = payload.prefix(11)
            guard StreamedJob.isInquiry(inquiry), let copies = payload.last.map({ Int($0) }),
                PrintStream.copies.contains(copies)
            else { throw wrong("a start of another form") }
            start = (String(decoding: inquiry, as: UTF8.self), copies)
        case UInt8(ascii: "D"):
            guard let count = payload.first, payload.count > Int(count) + 1 else {
                throw wrong("a document of another form")
            }
            let name = payload.dropFirst().prefix(Int(count))
            guard let type = PrintStream.MediaType(rawValue: String(decoding: name, as: UTF8.self)) else {
                throw wrong("an unknown media type")
            }
            let document = Array(payload.dropFirst(Int(count) + 1))
            guard documents[type] == nil else { throw wrong("a second document of one type") }
            guard document.count <= PrintStream.maximumDocument else { throw wrong("a document too large") }
            documents[type] = document
        case UInt8(ascii: "R"):
            guard receipt == nil, let text = String(validating: payload, as: UTF8.self) else {
                throw wrong("a second receipt, or one of another form")
            }
            receipt = text
        default:
            guard let start,
                let whole = StreamedJob(
                    inquiry: start.inquiry, copies: start.copies, documents: documents, receipt: receipt ?? "")
            else { throw wrong("an end without a document") }
            job = whole
        }
    }
}
