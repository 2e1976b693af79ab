import CardChip
import SimulatedCard
import TestSupport
import Testing

/// Parse, encode, compare: what is written is read as it was, and what is read is written as the same bytes again.
@Suite struct IdentityTests {
    @Test func `commands are read as they were written, and every command has one form`() async throws {
        var random = Seeded("commands")
        var samples: [[UInt8]] = []
        for count in [0, 1, 4, 51, 254, 255] {
            for expected in [nil, 1, 255, 256] {
                let head = random.bytes(4)
                let command = try CommandAPDU(
                    cla: head[0], ins: head[1], p1: head[2], p2: head[3], data: random.bytes(count),
                    expectedLength: expected)
                #expect(try CommandAPDU(parsing: command.bytes) == command)
                samples.append(command.bytes)
            }
        }
        await BadInput.run("commands", samples: samples, cases: 3_000) { bytes in
            let read = try CommandAPDU(parsing: bytes)
            #expect(read.bytes == bytes)
        }
    }

    @Test func `answers of a card are read as they were written`() throws {
        var random = Seeded("answers of a card")
        for count in [0, 1, 255, 256] {
            let (data, status) = (random.bytes(count), random.bytes(2))
            let read = try ResponseAPDU(parsing: data + status)
            #expect(read.data == data)
            #expect([UInt8(read.status.rawValue >> 8), UInt8(read.status.rawValue & 0xFF)] == status)
        }
    }

    @Test func `objects are read as they were written, and every object has one form`() async throws {
        var random = Seeded("objects")
        var samples: [[UInt8]] = []
        for tag in [0x90, 0xDF21, 0xFF30] as [UInt16] {
            for count in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF] {
                let value = random.bytes(count)
                let object = TLV.object(tag, value)
                var reader = TLVReader(object, file: 1)
                let range = try reader.value(tag)
                try reader.finish()
                #expect(Array(object[range]) == value)
                if count <= 0x100 { samples.append(object) }
            }
        }
        await BadInput.run("objects", samples: samples, cases: 3_000) { bytes in
            for tag in [0x90, 0xDF21, 0xFF30] as [UInt16] {
                var reader = TLVReader(bytes, file: 1)
                guard let range = try? reader.value(tag), (try? reader.finish()) != nil else { continue }
                #expect(TLV.object(tag, Array(bytes[range])) == bytes)
            }
        }
    }

    @Test func `files of a card are written again from what was read of them`() async throws {
        let good = try Fixture.get().first.cardFiles()
        @Sendable func number(_ bytes: [UInt8]) throws -> [UInt8] {
            TLV.object(0xFF10, Array(try NumberFile(parsing: bytes).digits.utf8)) + [0xFF, 0xFF]
        }
        @Sendable func attributes(_ bytes: [UInt8]) throws -> [UInt8] {
            let read = try CardAttributes(parsing: bytes)
            let signed = [
                TLV.object(0xDF22, Array(read.name.utf8)), TLV.object(0xDF23, Array(read.address.utf8)),
                TLV.object(0xDF24, Array(read.birthDate.utf8)), TLV.object(0xDF25, [0x30 + read.sexDigit]),
            ].joined()
            // The table of offsets counts for nothing: no signature covers it.
            let start = bytes.count - signed.count - 8
            return TLV.object(0xFF20, TLV.object(0xDF21, Array(bytes[start..<start + 8])) + signed)
        }
        @Sendable func record(_ bytes: [UInt8]) throws -> [UInt8] {
            let read = try SignatureRecord(parsing: bytes)
            return TLV.object(
                0xFF30,
                TLV.object(0xDF31, Array(read.numberDigest)) + TLV.object(0xDF32, Array(read.attributesDigest))
                    + TLV.object(0xDF33, Array(read.signature)))
        }
        let codecs: [(String, [UInt8], @Sendable ([UInt8]) throws -> [UInt8])] = [
            ("EF 0001", good.number, number), ("EF 0002", good.attributes, attributes),
            ("EF 0003", good.record, record),
        ]
        for (name, sample, encode) in codecs {
            #expect(try encode(sample) == sample, "\(name)")
            await BadInput.run(name, samples: [sample], cases: 3_000) {
                let again = try encode($0)
                #expect(again == $0, "\(name)")
            }
        }
    }

    @Test func `hexadecimal is read as it was written, and in no other spelling`() async {
        var random = Seeded("hexadecimal")
        for count in 0..<64 {
            let bytes = random.bytes(count)
            #expect(Hexadecimal.bytes(Hexadecimal.text(bytes)) == bytes)
        }
        await BadInput.run(
            "hexadecimal", samples: [Array("00ff7f80".utf8), Array("0123456789abcdef".utf8)], cases: 3_000
        ) {
            let text = String(decoding: $0, as: UTF8.self)
            if let read = Hexadecimal.bytes(text) { #expect(Hexadecimal.text(read) == text) }
        }
    }

    @Test func `a simulated card's file is read as it was written`() throws {
        let folder = try TemporaryFolder()
        let card = try Fixture.get().first
        try card.save(folder.file("card.json"))
        let read = try SimulatedCardFile.load(folder.file("card.json"))
        #expect(read.files == card.files)
        #expect(read.triesLeft == card.triesLeft)
        try read.save(folder.file("again.json"))
        #expect(try folder.read("again.json") == folder.read("card.json"))
    }

    @Test func `a folder of card authorities has those that were put into it`() throws {
        let folder = try TemporaryFolder()
        let authorities = try (0..<2).map { _ in try SimulatedAuthority.create() }
        for authority in authorities {
            try authority.write(privateTo: folder.file("private/key.json"), publicTo: folder.file("card"))
            let read = try SimulatedAuthority(readingPrivate: folder.file("private/key.json"))
            #expect(read.keyID == authority.keyID)
            #expect(try read.publicPEM() == authority.publicPEM())
        }
        let read = try CardAuthorities(folder: folder.file("card"), acceptReal: false, acceptSimulated: true)
        #expect(read.keyIDs == authorities.map(\.keyID).sorted { $0.lexicographicallyPrecedes($1) })
    }
}
