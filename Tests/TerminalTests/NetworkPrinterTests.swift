import NIOCore
import NIOPosix
import Synchronization
import Terminal
import TestSupport
import Testing

/// Printers that take a page over TCP and say nothing.
struct NetworkPrinterTests {
    private static func job(bytes: Int = 300_000, copies: Int = 1) -> PrintJob {
        PrintJob(
            inquiry: "ABCDE-01234", copies: copies,
            pdf: Array("%PDF-1.7 ".utf8) + [UInt8](repeating: 7, count: bytes), png: [], receipt: "")
    }

    /// Prints on a printer that treats each connection as a handler does; its operator lets what was taken count.
    private static func print(
        _ job: PrintJob, takenIsPrinted: Bool = true,
        on handler: @escaping @Sendable () -> any ChannelHandler & Sendable
    ) async throws -> PrintResult {
        try await with(handler) { port in
            await Printer.network(host: "127.0.0.1", port: port, takenIsPrinted: takenIsPrinted).print(job)
        }
    }

    private static func with<Result>(
        _ handler: @escaping @Sendable () -> any ChannelHandler & Sendable, _ body: (Int) async throws -> Result
    ) async throws -> Result {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { $0.pipeline.addHandler(handler()) }
            .bind(host: "127.0.0.1", port: 0).get()
        let result = try await body(try #require(server.localAddress?.port))
        try await server.close()
        return result
    }

    @Test func `a printer on the network gets nothing but the PDF, once a copy`() async throws {
        let pages = Mutex<[[UInt8]]>([])
        let job = Self.job(copies: 2)
        let result = try await Self.print(job) { PageTaker { page in pages.withLock { $0.append(page) } } }
        #expect(result == .printed)
        #expect(pages.withLock { $0 } == [job.pdf, job.pdf])
    }

    @Test func `of a page that a printer on the network took nothing is known, unless its operator lets that count`()
        async throws
    {
        let taken = Mutex(0)
        let result = try await Self.print(Self.job(), takenIsPrinted: false) {
            PageTaker { _ in taken.withLock { $0 += 1 } }
        }
        #expect(result == .unknown)
        #expect(taken.withLock { $0 } == 1)
    }

    @Test func `a printer on the network that is not there has printed nothing`() async throws {
        let port = try await Self.with({ PageTaker { _ in } }, { $0 })
        let printer = Printer.network(host: "127.0.0.1", port: port, takenIsPrinted: true)
        #expect(await printer.print(Self.job()) == .notPrinted(.unreachable))
        let nowhere = Printer.network(host: "printer.invalid", port: port, takenIsPrinted: true)
        #expect(await nowhere.print(Self.job()) == .notPrinted(.unreachable))
    }

    /// Small enough for the system's buffers, and too large for them.
    @Test(arguments: [1, 300_000, 16_000_000])
    func `a printer on the network that accepts and closes at once has not printed`(_ bytes: Int) async throws {
        for _ in 0..<10 {
            let result = try await Self.print(Self.job(bytes: bytes)) { ClosesAtOnce() }
            // Nothing, if its end was seen before the first byte; and never more than is known.
            #expect([.unknown, .notPrinted(.failed)].contains(result))
        }
    }

    @Test(arguments: [300_000, 16_000_000])
    func `a printer on the network that closes with a page unread has not printed it`(_ bytes: Int) async throws {
        #expect(try await Self.print(Self.job(bytes: bytes)) { ReadsFirstBytes() } == .unknown)
    }

    @Test func `a printer on the network that ends its side before it can have the page has not taken it`()
        async throws
    {
        let result = try await Self.print(Self.job(bytes: 16_000_000)) { PageTaker(endsFirst: true) { _ in } }
        #expect([.unknown, .notPrinted(.failed)].contains(result))
    }

    @Test func `a second copy that nobody takes leaves a page of which nothing is known`() async throws {
        let connections = Mutex(0)
        let result = try await Self.print(Self.job(copies: 2)) {
            let number = connections.withLock { connections in
                connections += 1
                return connections
            }
            return number == 1 ? PageTaker { _ in } : ClosesAtOnce()
        }
        #expect(result == .unknown)
    }

    @Test func `a printer on the network that never closes holds nobody, and nothing is known of it`() async throws {
        let taken = Mutex(0)
        let result = try await Self.with({ PageTaker(closes: false) { _ in taken.withLock { $0 += 1 } } }) { port in
            let printing = Task {
                await Printer.network(host: "127.0.0.1", port: port, takenIsPrinted: true).print(Self.job())
            }
            try await eventually("the page at the printer") { taken.withLock { $0 } == 1 }
            printing.cancel()
            return await printing.value
        }
        #expect(result == .unknown)
    }

    @Test func `a printer on the network that reads nothing holds nobody, and nothing is known of it`() async throws {
        let arrived = Mutex(false)
        let result = try await Self.with({ ReadsNothing { arrived.withLock { $0 = true } } }) { port in
            let printing = Task {
                await Printer.network(host: "127.0.0.1", port: port, takenIsPrinted: true).print(
                    Self.job(bytes: 16_000_000))
            }
            try await eventually("the first bytes") { arrived.withLock { $0 } }
            printing.cancel()
            return await printing.value
        }
        #expect(result == .unknown)
    }
}

/// Gathers a page until the terminal ends its half, then closes, as a printer does that has everything.
private final class PageTaker: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let page = Mutex<[UInt8]>([])
    private let endsFirst: Bool
    private let closes: Bool
    private let done: @Sendable ([UInt8]) -> Void

    init(endsFirst: Bool = false, closes: Bool = true, _ done: @escaping @Sendable ([UInt8]) -> Void) {
        self.endsFirst = endsFirst
        self.closes = closes
        self.done = done
    }

    func channelActive(context: ChannelHandlerContext) {
        if endsFirst { context.close(mode: .output, promise: nil) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        page.withLock { $0.append(contentsOf: unwrapInboundIn(data).readableBytesView) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            done(page.withLock { $0 })
            if closes { context.close(promise: nil) }
        }
    }
}

/// A printer that is busy.
private final class ClosesAtOnce: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }
}

/// A printer that gives up in the middle.
private final class ReadsFirstBytes: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
}

/// A printer that takes a page's first bytes and stands still.
private final class ReadsNothing: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let arrived: @Sendable () -> Void

    init(_ arrived: @escaping @Sendable () -> Void) { self.arrived = arrived }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived()
        _ = context.channel.setOption(ChannelOptions.autoRead, value: false)
    }
}
