import PostgreSQL
import TestSupport
import Testing

/// Values to the server and back, and answers that are not what they should be.
@Suite(.requires(.postgres)) struct ValueTests {
    @Test func `what is sent comes back as it was`() async throws {
        let pool = try await TestDatabase().pool()
        let bytes = (0...255).map { UInt8($0) }
        let rows = try await pool.query(
            Query(
                """
                SELECT $1::bool, $2::int4, $3::int8, $4::text, $5::bytea, $6::timestamptz, $7::int8[], $8::bytea[],
                    $9::text[], $10::bytea, $11::text, $12::int8, $13::bytea[]
                """,
                .bool(true), .int4(-5), .int8(.min), .text("証 '\"\\"), .bytes(bytes),
                .timestamp(try #require(Timestamp(unixMilliseconds: -1))), .int8s([1, -2, .max]),
                .byteStrings([[], bytes]), .texts(["", "か"]), .bytes([]), .text(""), .null, .byteStrings([])))
        let row = try rows.one()
        #expect(try row.value(0) == true)
        #expect(try row.value(1) == Int32(-5))
        #expect(try row.value(2) == Int64.min)
        #expect(try row.value(3) == "証 '\"\\")
        #expect(try row.value(4) == bytes)
        #expect(try row.value(5, as: Timestamp.self).unixMilliseconds == -1)
        #expect(try row.value(6, as: ColumnArray<Int64>.self).elements == [1, -2, .max])
        #expect(try row.value(7, as: ColumnArray<[UInt8]>.self).elements == [[], bytes])
        #expect(try row.value(8, as: ColumnArray<String>.self).elements == ["", "か"])
        #expect(try row.value(9, as: [UInt8].self).isEmpty)
        #expect(try row.value(10) == "")
        #expect(try row.optional(11, as: Int64.self) == nil)
        #expect(try row.value(12, as: ColumnArray<[UInt8]>.self).elements.isEmpty)
        await pool.close()
    }

    @Test func `rows are found by a list of keys`() async throws {
        let database = try await TestDatabase()
        let pool = try database.pool()
        _ = try await pool.query(Query("CREATE TABLE t (k bytea PRIMARY KEY, n int8)"))
        _ = try await pool.query(
            Query(
                "INSERT INTO t SELECT * FROM unnest($1::bytea[], $2::int8[])", .byteStrings([[1], [2], [3]]),
                .int8s([10, 20, 30])))
        let rows = try await pool.query(
            Query("SELECT n FROM t WHERE k = ANY($1) ORDER BY n", .byteStrings([[3], [1], [9]])))
        #expect(try rows.map { row throws(DatabaseFailure) in try row.value(0, as: Int64.self) } == [10, 30])
        await pool.close()
    }

    @Test(arguments: [
        ("SELECT 'x'::text", "text as a number"), ("SELECT 1.5::numeric", "a type that is not known"),
        ("SELECT NULL::int8", "NULL"),
    ])
    func `a column that is not what is asked for is damage`(statement: String, what: String) async throws {
        let pool = try await TestDatabase().pool()
        let row = try await pool.query(Query(statement)).one()
        #expect(throws: DatabaseFailure(.undecodable), "\(what)") { try row.value(0, as: Int64.self) }
        #expect(throws: DatabaseFailure(.undecodable), "a column that is not there") {
            try row.value(1, as: Int64.self)
        }
        #expect(throws: DatabaseFailure(.undecodable)) { try row.value(-1, as: Int64.self) }
        await pool.close()
    }

    @Test func `another number of rows than one is damage`() async throws {
        let pool = try await TestDatabase().pool()
        let rows = try await pool.query(Query("SELECT generate_series(1, 2)"))
        #expect(throws: DatabaseFailure(.undecodable)) { try rows.one() }
        #expect(rows.affected == 2)
        await pool.close()
    }

    /// Whether bytes are read as a value, each in an allocation of just their size.
    private static func reads<Value: ColumnValue>(_ type: Value.Type, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { Value(column: $0) != nil }
    }

    @Test func `no bytes trap, and those of a wrong length are no value`() {
        for length in 0...40 {
            for fill: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                let bytes = [UInt8](repeating: fill, count: length)
                #expect(Self.reads(Bool.self, bytes) == (length == 1 && fill <= 1))
                #expect(Self.reads(Int64.self, bytes) == [2, 4, 8].contains(length))
                #expect(Self.reads(Int32.self, bytes) == [2, 4].contains(length))
                #expect(Self.reads(TransactionID.self, bytes) == (length == 8))
                #expect(Self.reads(String.self, bytes) == (fill < 0x80 || length == 0))
                _ = Self.reads(Timestamp.self, bytes)
                #expect(!Self.reads(ColumnArray<Int64>.self, bytes))
                #expect(!Self.reads(ColumnArray<String>.self, bytes))
            }
        }
        #expect(!Self.reads(Timestamp.self, [0x7F] + [UInt8](repeating: 0xFF, count: 7)), "infinity")
    }

    /// An array of the one number 1, and how it is broken.
    @Test(
        arguments: [
            ([0, 0, 0, 2], 0, "two dimensions"), ([0, 0, 0, 1], 4, "with NULLs"), ([0, 0, 0, 25], 8, "of text"),
            ([0x7F, 0xFF, 0xFF, 0xFF], 12, "more than there are"), ([0xFF, 0xFF, 0xFF, 0xFF], 12, "fewer than none"),
            ([0, 0, 0, 2], 12, "one too few"), ([0xFF, 0xFF, 0xFF, 0xFF], 20, "a NULL"),
            ([0x7F, 0xFF, 0xFF, 0xFF], 20, "longer than there is"), ([0, 0, 0, 0], 12, "one too many"),
        ] as [([UInt8], Int, String)])
    func `an array with one flaw is no value`(flaw: [UInt8], place: Int, what: String) {
        var bytes: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8]
        bytes += [0, 0, 0, 0, 0, 0, 0, 1]
        #expect(Self.reads(ColumnArray<Int64>.self, bytes))
        bytes.replaceSubrange(place..<place + 4, with: flaw)
        #expect(!Self.reads(ColumnArray<Int64>.self, bytes), "\(what)")
    }

    @Test func `an array that is cut off is no value`() {
        let bytes: [UInt8] = [
            0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1,
        ]
        for count in 0..<bytes.count { #expect(!Self.reads(ColumnArray<Int64>.self, Array(bytes.prefix(count)))) }
    }

    @Test func `instants are cut to the millisecond towards the past, and none overflows`() {
        #expect(Timestamp(unixMilliseconds: 946_684_800_001)?.microseconds == 1000)
        #expect(Timestamp(microseconds: -1).unixMilliseconds == 946_684_799_999)
        #expect(Timestamp(unixMilliseconds: .max) == nil)
        #expect(Timestamp(unixMilliseconds: .min) == nil)
        #expect(Timestamp(microseconds: .min).unixMilliseconds < 0)
    }

    @Test func `an answer beyond its bound is refused, and its connection is closed`() async throws {
        let database = try await TestDatabase()
        let pool = try TestDatabase.pool(try database.settings { $0.answer = 1 << 20 }) { $0.connections = 1 }
        let refused = await failure {
            _ = try await pool.query(Query("SELECT repeat('x', 1000) FROM generate_series(1, 20000)"))
        }
        #expect(refused?.cause == .tooLarge)
        #expect(try await pool.query(Query("SELECT 1::int8")).one().value(0) == Int64(1))
        #expect(pool.counts.dropped == 1)
        await pool.close()
    }

    @Test(arguments: [("plain", "\"plain\""), ("a\"b", "\"a\"\"b\""), ("", nil)])
    func `names are quoted, and none that is no name`(name: String, quoted: String?) {
        #expect(Query.quoted(name) == quoted)
        #expect(Query.quoted("a\u{0}") == nil)
        #expect(Query.quoted(String(repeating: "x", count: 64)) == nil)
    }
}
