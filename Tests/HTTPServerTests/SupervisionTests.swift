import Exchange
import Foundation
import HTTPServer
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// What the service manager is told, and by what it is known that a service answers.
@Suite(.timeLimit(.minutes(1)))
struct SupervisionTests {
    @Test(arguments: [false, true])
    func `a message reaches a manager's socket, at a path and with an abstract name`(isAbstract: Bool) async throws {
        try await withFolder { folder in
            let socket = try NotifySocket(folder + "/notify", isAbstract: isAbstract)
            let manager = try #require(ServiceManager(environment: socket.environment()))
            #expect(manager.tell("READY=1"))
            #expect(manager.tell("STATUS=日本"))
            try await eventually("both were heard") { socket.messages == ["READY=1", "STATUS=日本"] }
        }
    }

    @Test func `a manager that is not there takes nothing, and nobody waits for it`() throws {
        let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": "/nonexistent/notify"]))
        #expect(!manager.tell("READY=1"))
    }

    @Test(arguments: ["", "/", "@", "relative", "vsock:2:1234", "/" + String(repeating: "x", count: 108)])
    func `an address of another form is no manager`(_ address: String) {
        #expect(ServiceManager(environment: ["NOTIFY_SOCKET": address]) == nil)
    }

    @Test(arguments: [
        ("5000000", "7", Duration.seconds(5)), ("5000000", "8", nil), ("0", "7", nil), ("soon", "7", nil),
        (nil, nil, nil),
    ])
    func `the watchdog's time is taken from the environment, if it is this process's`(
        _ microseconds: String?, _ process: String?, _ expected: Duration?
    ) throws {
        var environment = ["NOTIFY_SOCKET": "@x"]
        environment["WATCHDOG_USEC"] = microseconds
        environment["WATCHDOG_PID"] = process
        #expect(try #require(ServiceManager(environment: environment, process: 7)).watchdog == expected)
    }

    /// Runs a supervision while `body` looks at what the manager heard.
    private func supervised(
        watchdog: Duration?, _ liveness: Liveness,
        _ body: @Sendable (NotifySocket, ServiceGroup) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let socket = try NotifySocket(folder.file("notify"))
        let manager = try #require(ServiceManager(environment: socket.environment(watchdog: watchdog)))
        let logger = Lines().logger()
        let group = ServiceGroup(
            configuration: .init(
                services: [Supervision(manager: manager, liveness: liveness, logger: logger)], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(socket, group)) } catch { outcome = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
        withExtendedLifetime(folder) {}
    }

    @Test func `ready is said once the service is up, the watchdog is fed, and the stop is said`() async throws {
        let ready = ReadyLine(["a"]) { _ in }
        try await supervised(
            watchdog: .milliseconds(40), Liveness(isUp: { _ = try await ready.addresses }, answers: { _ in true })
        ) { socket, group in
            #expect(socket.messages == [])
            ready.bound("a", try SocketAddress(ipAddress: "127.0.0.1", port: 1))
            try await eventually("the watchdog is fed twice") {
                socket.messages.filter { $0 == "WATCHDOG=1" }.count >= 2
            }
            #expect(socket.messages.first == "READY=1")
            await group.triggerGracefulShutdown()
            try await eventually("the stop is said") { socket.messages.last == "STOPPING=1" }
        }
    }

    @Test func `a service that does not answer does not feed the watchdog, and feeds it when it answers again`()
        async throws
    {
        let asked = Mutex(0)
        let answers = Mutex(false)
        try await supervised(
            watchdog: .milliseconds(40),
            Liveness(isUp: {}) { _ in
                asked.withLock { $0 += 1 }
                return answers.withLock { $0 }
            }
        ) { socket, _ in
            try await eventually("it was asked often") { asked.withLock { $0 } > 5 }
            try await eventually("it is ready, and that is all") { socket.messages == ["READY=1"] }
            answers.withLock { $0 = true }
            try await eventually("the watchdog is fed") { socket.messages.contains("WATCHDOG=1") }
        }
    }

    @Test func `without a watchdog the service is not asked`() async throws {
        let asked = Mutex(0)
        try await supervised(
            watchdog: nil,
            Liveness(isUp: {}) { _ in
                asked.withLock { $0 += 1 }
                return true
            }
        ) { socket, group in
            try await eventually("it is ready") { socket.messages == ["READY=1"] }
            await group.triggerGracefulShutdown()
            try await eventually("it stops") { socket.messages.last == "STOPPING=1" }
            #expect(asked.withLock { $0 } == 0)
        }
    }

    @Test func `one event loop that takes no work is found within the time`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        #expect(await eventLoopsAnswer(group, within: .seconds(30)))
        let held = DispatchSemaphore(value: 0)
        let stuck = group.next().submit { held.wait() }
        #expect(await !eventLoopsAnswer(group, within: .milliseconds(100)))
        held.signal()
        try await stuck.get()
        #expect(await eventLoopsAnswer(group, within: .seconds(30)))
        try await group.shutdownGracefully()
    }

    @Test func `health is asked over a connection: of a service, of nobody, and of one that says nothing`() async throws
    {
        let ready = ReadyLine(["operations"]) { _ in }
        let listener = operationsListener(
            .init(host: "127.0.0.1", port: 0), problem: ProblemCode.self, ready: ready, metrics: PrometheusFactory(),
            logger: Lines().logger(), program: "test"
        ) { ["never.ready"] }
        let group = ServiceGroup(configuration: .init(services: [listener], logger: Lines().logger()))
        async let run: Void = {
            defer { ready.end() }
            try await group.run()
        }()
        let address = try #require(try await ready.addresses["operations"])
        // Readiness is another question: a service that is not ready is not to be ended.
        #expect(await healthIsAnswered(at: address, within: .seconds(30)))
        #expect(await Liveness.operations(ready).answers(.seconds(30)))
        await group.triggerGracefulShutdown()
        try await run
        #expect(await !healthIsAnswered(at: address, within: .seconds(30)))

        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(silent.localAddress?.port)
        #expect(await !healthIsAnswered(at: "127.0.0.1:\(port)", within: .milliseconds(200)))
        try await silent.close()
    }
}
