import CardChip
import Dispatch
import Foundation
import Glibc
import SimulatedCard
import Synchronization
import TestSupport
import Testing

/// The card's side of vpcd's wire, against a reader that the test plays itself.
@Suite struct VirtualReaderWireTests {
    @Test func `controls are obeyed and commands answered`() throws {
        let card = SimulatedCard(file: try Fixture.get().first, persistTo: nil)
        let reader = try ReaderSocket()
        let virtual = VirtualReaderCard(card: card, port: reader.port)
        try virtual.insert()
        try reader.accept()

        try reader.send([0x01])
        try reader.send([0x04])
        #expect(try reader.receive() == bytes("3B888001000005E0B381A1007F"))
        try reader.send(bytes("00A4040C0AD3921000310001010408"))
        #expect(try reader.receive() == [0x90, 0x00])
        try reader.send(bytes("00A4020C020004"))
        #expect(try reader.receive() == [0x90, 0x00])
        // A reset is not answered, and the file is no longer selected.
        try reader.send([0x02])
        try reader.send(bytes("00B0000004"))
        #expect(try reader.receive() == [0x69, 0x86])
        virtual.remove()
        #expect(try reader.receive() == nil)
    }

    @Test func `bad messages never trap the card, and each command is answered`() async throws {
        let card = SimulatedCard(file: try Fixture.get().first, persistTo: nil)
        // One connection: a command waits for the answer to the one before, whichever thread sends it.
        let reader = Mutex(try ReaderSocket())
        let virtual = VirtualReaderCard(card: card, port: reader.withLock(\.port))
        try virtual.insert()
        try reader.withLock { try $0.accept() }
        let samples = ["00A4040C0AD3921000310001010408", "00A4020C020004", "00B0000000"].map(bytes)
        await BadInput.run("vpcd message", samples: samples) { input in
            guard input.count > 1 else { return }
            let answer = try reader.withLock { reader in
                try reader.send(input)
                return try reader.receive()
            }
            #expect((2...258).contains(try #require(answer).count))
        }
        // A length with nothing behind it ends with the connection.
        try reader.withLock { try $0.sendRaw([0xFF, 0xFF, 0x00]) }
        virtual.remove()
        #expect(try reader.withLock { try $0.receive() } == nil)
    }
}

/// A listener that speaks for the reader.
private final class ReaderSocket {
    let port: UInt16
    private let listener: Int32
    private var connection: Int32 = -1

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 1) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        try #require(isListening)
    }

    deinit {
        close(listener)
        if connection >= 0 { close(connection) }
    }

    func accept() throws {
        connection = Glibc.accept(listener, nil, nil)
        try #require(connection >= 0)
        var on: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    func send(_ message: [UInt8]) throws {
        try sendRaw([UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message)
    }

    func sendRaw(_ bytes: [UInt8]) throws {
        try #require(Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// The next message; `nil` if the card has gone.
    func receive() throws -> [UInt8]? {
        guard let length = read(2) else { return nil }
        return read(Int(length[0]) << 8 | Int(length[1]))
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return recv(connection, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }
}
