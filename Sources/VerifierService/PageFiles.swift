import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The web page's files and the description of the interface, read once at the start.
struct PageFiles: Sendable {
    private struct File {
        let type: String
        let tag: EntityTag
        let content: ByteBuffer
    }

    private let files: [String: File]

    /// Why the page is not there.
    struct Missing: Error { let path: String }

    /// Reads the files that lie directly in the folder of the page, and the description.
    init(page: URL, description: URL) throws(Missing) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: page.path) else {
            throw Missing(path: page.path)
        }
        var files = ["/openapi.json": try Self.file(description, type: "application/json")]
        for name in names where !name.hasPrefix(".") {
            guard let type = MediaType.page(name) else { continue }
            let path = name == "index.html" ? "/" : "/\(name)"
            files[path] = try Self.file(page.appendingPathComponent(name), type: type)
        }
        guard files["/"] != nil else { throw Missing(path: page.path + "/index.html") }
        self.files = files
    }

    private static func file(_ url: URL, type: String) throws(Missing) -> File {
        guard let data = try? Data(contentsOf: url) else { throw Missing(path: url.path) }
        let digest = SHA256.hash(data: data).prefix(16).map { byte in String(0x100 + Int(byte), radix: 16).dropFirst() }
        return File(type: type, tag: EntityTag(opaque: digest.joined()), content: ByteBuffer(bytes: data))
    }

    func contains(_ path: String) -> Bool { files[path] != nil }

    /// The file at a path, or that the client holds it already; `nil` if there is none.
    func response(_ path: String, _ headers: HTTPFields) -> Response? {
        guard let file = files[path] else { return nil }
        let fields: HTTPFields = [.eTag: file.tag.value, .cacheControl: "no-cache", .contentType: file.type]
        if file.tag.isHeld(by: headers) { return Response(status: .notModified, headers: fields) }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: file.content))
    }
}
