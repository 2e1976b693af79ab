import Foundation
import Glibc
import NIOCore
import NIOPosix
import PrintStream
import Synchronization
import Terminal
import TestSupport
import Testing

struct PrinterTests {
    private let job = PrintJob(
        inquiry: "ABCDE-01234", copies: 2, pdf: Array("%PDF-1.7 ".utf8) + [UInt8](repeating: 7, count: 300_000),
        png: [1, 2, 3],
        receipt: "receipt\n")

    @Test func `a printer program gets the whole job on its standard input`() async throws {
        try await withFolder { folder in
            try await Printer.command(["/bin/sh", "-c", "cat > '\(folder)/stream'"]).print(job)
            var reader = PrintStreamReader()
            try reader.take(try #require(FileManager.default.contents(atPath: folder + "/stream")))
            let streamed = try reader.finish()
            #expect(streamed.documents[.pdf] == job.pdf)
            #expect(streamed.documents[.png] == job.png)
            #expect(streamed.copies == 2)
            #expect(streamed.receipt == job.receipt)
        }
    }

    @Test(
        arguments: [
            (["/bin/sh", "-c", "cat > /dev/null; exit 3"], PrinterFailure.failed),
            (["/bin/sh", "-c", "exit 0"], .failed),
            (["/nonexistent/printer"], .unreachable), (["/bin/sh", "-c", "cat > /dev/null; kill -9 $$"], .failed),
        ] as [([String], PrinterFailure)])
    func `a printer program that fails is told`(_ arguments: [String], _ failure: PrinterFailure) async throws {
        await #expect(throws: failure) { try await Printer.command(arguments).print(job) }
    }

    @Test func `a printer program has no descriptors of the terminal's but its streams`() async throws {
        try await withFolder { folder in
            let program = "cat > /dev/null; ls /proc/self/fd > '\(folder)/fds'"
            try await Printer.command(["/bin/sh", "-c", program]).print(job)
            let text = String(
                decoding: try #require(FileManager.default.contents(atPath: folder + "/fds")), as: UTF8.self)
            // 3 is the folder that ls itself reads.
            #expect(Set(text.split(separator: "\n").map(String.init)).isSubset(of: ["0", "1", "2", "3"]))
        }
    }

    @Test func `a printer on the network gets nothing but the PDF, once a copy`() async throws {
        let pages = Mutex<[[UInt8]]>([])
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        PageTaker { page in pages.withLock { $0.append(page) } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await Printer.network(host: "127.0.0.1", port: port).print(job)
        try await server.close()
        #expect(pages.withLock { $0 } == [job.pdf, job.pdf])
        await #expect(throws: PrinterFailure.unreachable) {
            try await Printer.network(host: "127.0.0.1", port: port).print(job)
        }
    }

    @Test func `a device gets nothing but the PDF, and a missing one is told`() async throws {
        try await withFolder { folder in
            let path = folder + "/device"
            try #require(mkfifo(path, 0o600) == 0)
            let reading = Task.detached { readAll(path) }
            try await Printer.device(path: path).print(job)
            #expect(await reading.value.map { Array($0) } == job.pdf + job.pdf)
            await #expect(throws: PrinterFailure.unreachable) {
                try await Printer.device(path: folder + "/none").print(job)
            }
        }
    }
}

/// All bytes of a pipe until its other side is closed.
private func readAll(_ path: String) -> Data? {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    return FileHandle(fileDescriptor: file, closeOnDealloc: true).readDataToEndOfFile()
}

/// Gathers a page until the terminal ends its half, then closes, as a printer does that has everything.
private final class PageTaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var page: [UInt8] = []
    private let done: @Sendable ([UInt8]) -> Void

    init(_ done: @escaping @Sendable ([UInt8]) -> Void) { self.done = done }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        page.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            done(page)
            context.close(promise: nil)
        }
    }
}
