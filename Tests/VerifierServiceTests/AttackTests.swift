import CredentialIssuing
import Credentials
import Foundation
import IssuerSupport
import TestSupport
import Testing

/// What a stranger sends does not stop the others.
@Suite(.serialized, .requires(.program("verifier")))
struct AttackTests {
    private let folder: TemporaryFolder
    private let issuers: Issuers
    private let served: Served

    init() throws {
        folder = try TemporaryFolder()
        issuers = try Issuers()
        try issuers.writeTrust(to: folder)
        served = try VerifyTests.serve(folder)
    }

    /// Asks from another address than the attacker's, and says what came and how long it took.
    private func ask(_ request: String) throws -> (answer: String, time: Duration) {
        let start = ContinuousClock.now
        let answer = try RawConnection.ask(served.url, request, from: 9)
        return (answer, .now - start)
    }

    private static let health = "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    private static func post(_ type: String, _ body: String, length: Int? = nil, isLast: Bool = true) -> String {
        "POST /v1/verify HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(length ?? body.utf8.count)\r\n"
            + (isLast ? "Connection: close\r\n" : "") + "\r\n" + body
    }

    /// A picture that is none; it is looked at all the same.
    private static let picture = post("image/png", "no picture")

    @Test func `connections that announce much and send a byte hold no memory that others need`() async throws {
        let waiting = try (0..<40).map { _ in
            let connection = try RawConnection(served.url)
            try connection.send(Self.post("image/png", "\u{7F}", length: 20 << 20, isLast: false))
            return connection
        }
        for _ in 0..<5 {
            #expect(try ask(Self.picture).answer.contains("scan.unknown_format"))
            #expect(try ask(Self.post("text/plain", "x")).answer.hasPrefix("HTTP/1.1 200 "))
            // Not even to the attacker's own address.
            #expect(try await served.verify("text/plain", Data("x".utf8)).status == 200)
            #expect(try await served.verify("image/png", Data("no picture".utf8)).code == "scan.unknown_format")
        }
        withExtendedLifetime(waiting) {}
    }

    @Test func `an address that fills its share of the pictures' memory takes nobody else's, and no text's`()
        async throws
    {
        let part = String(repeating: "a", count: 15 << 20)
        let waiting = try (0..<8).map { _ in try RawConnection(served.url) }
        for connection in waiting { try connection.send(Self.post("image/png", part, length: 20 << 20, isLast: false)) }
        try await eventually("its share is full") {
            try await served.verify("image/png", Data(repeating: 0x61, count: 19 << 20)).status == 503
        }
        #expect(try await served.verify("text/plain", Data("x".utf8)).status == 200)
        #expect(try ask(Self.picture).answer.contains("scan.unknown_format"))
        withExtendedLifetime(waiting) {}
        // What was held is given back when its connection goes.
    }

    @Test func `idle connections from one address, more than there are places, shut nobody out`() async throws {
        let count = ProcessInfo.processInfo.environment["AKASHI_SESSIONS"] == nil ? 700 : 4200
        try FileDescriptors.raise(to: count + 200)
        var idle: [RawConnection] = []
        for index in 0..<count {
            let connection = try RawConnection(served.url)
            // Some send nothing, some half a header section.
            if index % 2 == 0 { try? connection.send("GET /health HTTP/1.1\r\nHost") }
            idle.append(connection)
            if index % 100 == 0 { #expect(try ask(Self.health).answer.hasPrefix("HTTP/1.1 200 ")) }
        }
        for _ in 0..<10 {
            let (answer, time) = try ask(Self.health)
            #expect(answer.hasPrefix("HTTP/1.1 200 ") && time < .seconds(2))
            // From the same address as well: the longest idle one makes room.
            #expect(try RawConnection.ask(served.url, Self.health).hasPrefix("HTTP/1.1 200 "))
        }
        withExtendedLifetime(idle) {}
    }

    @Test func `codes of signers that nobody knows hold up neither health nor others' checks`() async throws {
        // As many authorities as countries have, and signers that name the one that is trusted, whose key did not sign.
        for index in 0..<300 {
            let other = try Issuers("issuer-\(index)", mark: "MIHON \(index)")
            try folder.write("trust/vdsnc/\(index).der", Data(other.authorityCertificate))
        }
        let served = try VerifyTests.serve(folder)
        let forged = try await Issuers().vdsnc(Person()).text
        let body = Data(Array(repeating: forged, count: 64).joined(separator: "\n").prefix(250 << 10).utf8)
        let honest = try await issuers.card(Person()).qrText
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<4 {
                        let answer = try await served.verify("text/plain", body)
                        let isAnswered = answer.code == "input.too_costly" || answer.overall == "invalid"
                        #expect(isAnswered || answer.status == 503)
                    }
                }
            }
            group.addTask {
                for _ in 0..<20 {
                    let start = ContinuousClock.now
                    let answer = try RawConnection.ask(served.url, Self.health, from: 9)
                    #expect(answer.hasPrefix("HTTP/1.1 200 ") && .now - start < .seconds(2))
                    let check = try RawConnection.ask(served.url, Self.post("text/plain", honest), from: 9)
                    #expect(check.contains(#""overall":"valid""#))
                }
            }
            try await group.waitForAll()
        }
    }
}

/// This process's open files.
private enum FileDescriptors {
    /// Asks for as many as there may be.
    static func raise(to count: Int) throws {
        struct TooFew: Error { let maximum: UInt }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < count else { return }
        guard limit.rlim_max >= count else { throw TooFew(maximum: limit.rlim_max) }
        limit.rlim_cur = min(limit.rlim_max, rlim_t(count))
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw TooFew(maximum: limit.rlim_max)
        }
    }
}
