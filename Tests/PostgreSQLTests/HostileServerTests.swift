import Foundation
import Glibc
import PostgreSQL
import TestSupport
import Testing

/// Servers that answer what no server should. Whatever comes, an error comes of it, in time and without much memory.
@Suite(.serialized) struct HostileServerTests {
    private static func message(_ letter: Character, _ body: [UInt8], length: Int32? = nil) -> [UInt8] {
        let length = length ?? Int32(body.count + 4)
        return Array(String(letter).utf8) + withUnsafeBytes(of: length.bigEndian) { Array($0) } + body
    }

    private static func status(_ name: String, _ value: String) -> [UInt8] {
        message("S", Array(name.utf8) + [0] + Array(value.utf8) + [0])
    }

    private static let letIn =
        message("R", [0, 0, 0, 0]) + status("server_version", "15.0") + status("in_hot_standby", "off")
        + status("default_transaction_read_only", "off") + message("K", [0, 0, 0, 1, 0, 0, 0, 2])
        + message("Z", [0x49])

    /// The answers before a statement's own: prepared, bound, described as one column of int8.
    private static let begun =
        message("1", []) + message("2", [])
        + message(
            "T", [0, 1, 0x6E, 0] + [0, 0, 0, 0, 0, 0] + [0, 0, 0, 20] + [0, 8] + [0xFF, 0xFF, 0xFF, 0xFF] + [0, 1])

    /// What comes in place of an answer to the first statement.
    private static let answers: [(String, [UInt8])] = [
        ("nothing", []),
        ("zeros", [UInt8](repeating: 0, count: 10_000)),
        ("text", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
        ("a length below its own", message("1", [], length: 3)),
        ("a negative length", message("D", [], length: -1)),
        ("a row of two gigabytes", begun + message("D", [0, 1], length: .max)),
        ("a row without columns' names", message("D", [0, 1, 0, 0, 0, 1, 0x31])),
        ("more columns than are there", message("1", []) + message("2", []) + message("T", [0xFF, 0xFF])),
        ("a row with more columns", begun + message("D", [0, 9, 0, 0, 0, 1, 0x31])),
        ("a value that is longer than its row", begun + message("D", [0, 1, 0x7F, 0xFF, 0xFF, 0xFF, 0x31])),
        ("a value of a negative length", begun + message("D", [0, 1, 0xFF, 0xFF, 0xFF, 0xF0])),
        ("an error without an end", message("E", Array("SERROR".utf8))),
        ("an error with a code that is none", message("E", Array("SERROR\0Cabcdefgh\0\0".utf8)) + message("Z", [0x49])),
        ("an end before the answer", message("Z", [0x49])),
        ("a COPY that nobody asked for", message("1", []) + message("2", []) + message("G", [0, 0, 0])),
        ("a COPY to here", message("1", []) + message("2", []) + message("H", [0, 0, 0])),
        ("another log-in", message("R", [0, 0, 0, 3])),
        ("a notice without an end", message("N", Array("SWARNING".utf8))),
        ("ends of nothing", message("C", Array("COMMIT\0".utf8)) + message("C", Array("COMMIT\0".utf8))),
        ("a thousand ends", (0..<1000).flatMap { _ in message("Z", [0x49]) }),
    ]

    /// What comes in place of letting in.
    private static let greetings: [(String, [UInt8])] = [
        ("nothing", []),
        ("text", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
        ("zeros", [UInt8](repeating: 0, count: 10_000)),
        ("a request of a gigabyte", message("R", [0, 0, 0, 0], length: 1 << 30)),
        ("a request that is not known", message("R", [0, 0, 0, 99])),
        ("a clear password", message("R", [0, 0, 0, 3])),
        ("an error of a gigabyte", message("E", [], length: 1 << 30)),
        ("an old server's error without an end", Array("E".utf8) + [UInt8](repeating: 0x41, count: 100_000)),
        ("an error without a code", message("E", Array("SFATAL\0Msecret\0\0".utf8))),
        ("another protocol", message("v", [0, 0, 0, 0, 0, 0, 0, 0])),
    ]

    /// A server that reads a start, writes a greeting, reads a statement and writes an answer, again and again if it is to.
    private static func server(
        greeting: [UInt8], answer: [UInt8], endless: Bool = false, closes: Bool = true
    ) throws -> ListeningSocket {
        try ListeningSocket(port: 5432) { client in
            defer { close(client) }
            let start = ListeningSocket.read(client)
            // A request to cancel (PostgreSQL 15, 55.7) has nothing to answer.
            guard start.count > 8, start[4] == 0, start[5] == 3 else { return }
            guard ListeningSocket.write(client, greeting), !ListeningSocket.read(client).isEmpty else { return }
            repeat {
                guard ListeningSocket.write(client, answer) else { return }
            } while endless
            if !closes { while !ListeningSocket.read(client).isEmpty {} }
        }
    }

    private static func pool(_ socket: ListeningSocket) throws -> Pool {
        let address = try #require(ServerAddress(host: socket.folder.path))
        let limits = TestDatabase.limits {
            $0.connecting = .seconds(1)
            $0.cleaning = .milliseconds(500)
            $0.answer = 8 << 20
        }
        let settings = try ConnectionSettings(
            addresses: [address], database: "d", role: "r", protection: .socket(owner: NSUserName()), limits: limits)
        return try TestDatabase.pool(settings)
    }

    /// Memory of this process that is in use, in bytes.
    private static func memory() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    @Test(arguments: [true, false])
    func `an answer that is none is an error`(closes: Bool) async throws {
        let before = try Self.memory()
        for (name, answer) in Self.answers {
            let socket = try Self.server(greeting: Self.letIn, answer: answer, closes: closes)
            let pool = try Self.pool(socket)
            let said = await failure {
                let row = try await pool.query(Query("SELECT 1::int8"), limit: .seconds(1)).one()
                _ = try row.value(0, as: Int64.self)
            }
            #expect(said != nil, "\(name)")
            #expect(said?.description.contains("secret") != true)
            await pool.close()
            #expect(pool.counts.open == 0, "\(name)")
        }
        #expect(try Self.memory() - before < 256 << 20)
    }

    @Test(arguments: [true, false])
    func `a greeting that is none is an error`(closes: Bool) async throws {
        let before = try Self.memory()
        for (name, greeting) in Self.greetings {
            let socket = try Self.server(greeting: greeting, answer: [], closes: closes)
            let pool = try Self.pool(socket)
            let said = await failure { try await pool.query(Query("SELECT 1"), limit: .seconds(5)) }
            #expect([.unreachable, .untrusted].contains(said?.cause), "\(name)")
            if name == "a clear password" { #expect(said?.cause == .untrusted) }
            await pool.close()
        }
        #expect(try Self.memory() - before < 256 << 20)
    }

    @Test func `rows without an end are given up at the bound of an answer`() async throws {
        let row = Self.message("D", [0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1])
        let rows = (0..<5000).flatMap { _ in row }
        let before = try Self.memory()
        let socket = try Self.server(greeting: Self.letIn, answer: Self.begun + rows, endless: true)
        let pool = try Self.pool(socket)
        let said = await failure { try await pool.query(Query("SELECT 1::int8"), limit: .seconds(60)) }
        #expect([.tooLarge, .lost].contains(said?.cause))
        await pool.close()
        #expect(try Self.memory() - before < 512 << 20)
    }

    @Test func `one row without an end is given up at the bound of an answer`() async throws {
        let begin = Self.begun + Self.message("D", [0, 1, 0x7F, 0, 0, 0], length: 0x7F00_0006)
        let before = try Self.memory()
        let socket = try Self.server(
            greeting: Self.letIn, answer: begin + [UInt8](repeating: 7, count: 1 << 16), endless: true)
        let pool = try Self.pool(socket)
        let said = await failure { try await pool.query(Query("SELECT 1::int8"), limit: .seconds(60)) }
        #expect(said?.cause == .tooLarge)
        await pool.close()
        #expect(try Self.memory() - before < 512 << 20)
    }
}
