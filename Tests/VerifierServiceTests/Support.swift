import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// The verifier program, started as `verifier serve` on a free port.
final class Served: Sendable {
    let url: String
    private let program: Program
    var processIdentifier: Int32 { program.pid }

    /// Starts the program and waits for its ready line.
    init(_ arguments: [String]) throws {
        program = try Program(
            Programs.verifier, ["serve", "--address", "127.0.0.1:0"] + arguments)
        let words = try program.firstLine().split(separator: " ")
        #expect(words.count == 2 && words.first == "listening")
        url = String(words.last ?? "")
    }

    /// Everything that the service wrote to its log up to now.
    var log: String { program.errors }

    /// Ends the service as a supervisor does, and gives its exit status.
    @discardableResult func stop() throws -> Int32 { try program.stopBlocking() }

    func signal(_ number: Int32) { program.signal(number) }

    /// The processes that the service started and that still run.
    var workers: [Int32] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { id in
                guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8) else {
                    return false
                }
                return status.contains("\nPPid:\t\(processIdentifier)\n") && !status.contains("State:\tZ")
            }
        }
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: Data

        func header(_ name: String) -> String? { headers.first(name: name) }

        /// The body as JSON: an object.
        var json: [String: Any] {
            get throws { try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any]) }
        }

        var code: String? { try? json["code"] as? String }
        var overall: String? { try? json["overall"] as? String }
        var verdicts: [[String: Any]] { (try? json["verdicts"] as? [[String: Any]]) ?? [] }
        /// The codes of all reasons of all verdicts.
        var reasons: [[String]] {
            verdicts.map { (($0["reasons"] as? [[String: Any]]) ?? []).compactMap { $0["code"] as? String } }
        }
        /// The codes of all warnings of all verdicts.
        var warnings: [String] {
            verdicts.flatMap { (($0["warnings"] as? [[String: Any]]) ?? []).compactMap { $0["code"] as? String } }
        }
    }

    func send(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
        try await send(.GET, path, headers: headers)
    }

    func send(
        _ method: HTTPMethod, _ path: String, type: String? = nil, _ body: Data? = nil,
        headers: [(String, String)] = [], isChunked: Bool = false, client: HTTPClient = .shared
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if let type { request.headers.add(name: "content-type", value: type) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            let length: HTTPClientRequest.Body.Length = isChunked ? .unknown : .known(Int64(body.count))
            request.body = .bytes(body, length: length)
        }
        let response = try await client.execute(request, timeout: .seconds(120))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers, body: Data(bytes.readableBytesView))
    }

    func verify(_ type: String, _ body: Data) async throws -> Answer {
        try await send(.POST, "/v1/verify", type: type, body)
    }

    func verify(_ text: String) async throws -> Answer { try await verify("text/plain", Data(text.utf8)) }
}
