import PrintStream
import TestSupport
import Testing
import Vaccination

struct PrintStreamTests {
    private func job(copies: Int = 2, receipt: String = "領収書\n") throws -> StreamedJob {
        try #require(
            StreamedJob(
                inquiry: "ABCDE-01234", copies: copies, documents: [.pdf: Array("%PDF-1.7 x".utf8), .png: [1, 2, 3]],
                receipt: receipt))
    }

    private func read(_ bytes: [UInt8], pieces: Int = .max) throws -> StreamedJob {
        var reader = PrintStreamReader()
        var rest = bytes[...]
        while !rest.isEmpty {
            try reader.take(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
        }
        return try reader.finish()
    }

    @Test(arguments: [1, 2, 7, Int.max])
    func `what is written is read, in pieces of any size`(_ size: Int) throws {
        let job = try job()
        #expect(try read(Array(job.chunks().joined()), pieces: size) == job)
    }

    @Test func `a job without a receipt has none`() throws {
        let job = try job(receipt: "")
        #expect(try read(Array(job.chunks().joined())).receipt == "")
    }

    @Test func `bytes are as documented`() throws {
        let bytes = Array(try job(copies: 1, receipt: "").chunks().joined())
        #expect(bytes.starts(with: Array("AKASHI-PRINT/1\nS".utf8) + [0, 0, 0, 12] + Array("ABCDE-01234".utf8) + [1]))
        #expect(bytes.suffix(5) == Array("E".utf8) + [0, 0, 0, 0])
    }

    @Test func `a job has as many copies as an application asks for`() {
        #expect(PrintStream.copies == 1...Copies.maximum)
    }

    @Test(arguments: [0, 11])
    func `a number of copies out of bounds is no job`(_ copies: Int) {
        #expect(StreamedJob(inquiry: "ABCDE-01234", copies: copies, documents: [.pdf: [1]], receipt: "") == nil)
    }

    @Test(arguments: ["../../etc/x", "abcde-01234", "ABCDE/01234", "ABCDE-0123"])
    func `an inquiry number of another form is no job, since files are named after it`(_ text: String) {
        #expect(StreamedJob(inquiry: text, copies: 1, documents: [.pdf: [1]], receipt: "") == nil)
    }

    /// Streams with one flaw each.
    static let flaws: [(String, [UInt8])] = {
        func frame(_ kind: String, _ payload: [UInt8], length: Int? = nil) -> [UInt8] {
            let count = length ?? payload.count
            return Array(kind.utf8) + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + payload
        }
        let head = Array("AKASHI-PRINT/1\n".utf8)
        let start = frame("S", Array("ABCDE-01234".utf8) + [1])
        let page = frame("D", [15] + Array("application/pdf".utf8) + [37])
        let end = frame("E", [])
        return [
            ("another beginning", Array("AKASHI-PRINT/2\n".utf8) + start + page + end),
            ("no end", head + start + page),
            ("no start", head + page + end),
            ("two starts", head + start + start + page + end),
            ("no document", head + start + end),
            ("two documents of one type", head + start + page + page + end),
            ("an unknown media type", head + start + frame("D", [9] + Array("text/html".utf8) + [37]) + end),
            ("an empty document", head + start + frame("D", [15] + Array("application/pdf".utf8)) + end),
            ("an unknown frame", head + start + frame("X", [1]) + page + end),
            ("bytes behind the end", head + start + page + end + [0]),
            ("a frame behind the end", head + start + page + end + frame("R", [65])),
            ("a length past all bounds", head + start + frame("D", [], length: 0xFFFF_FFFF)),
            ("a receipt that is not UTF-8", head + start + page + frame("R", [0xFF]) + end),
            ("no copies", head + frame("S", Array("ABCDE-01234".utf8) + [0]) + page + end),
            ("a path for a number", head + frame("S", Array("../../../ab".utf8) + [1]) + page + end),
        ]
    }()

    @Test(arguments: flaws)
    func `a stream with one flaw is refused`(_ name: String, _ bytes: [UInt8]) {
        #expect(throws: PrintStreamError.self) { try read(bytes) }
    }

    @Test func `bad streams never trap`() async throws {
        let samples = [Array(try job().chunks().joined())] + Self.flaws.map(\.1)
        await BadInput.run("print stream", samples: samples) { bytes in
            var reader = PrintStreamReader()
            let middle = bytes.count / 2
            try reader.take(bytes[..<middle])
            try reader.take(bytes[middle...])
            _ = try reader.finish()
        }
    }
}
