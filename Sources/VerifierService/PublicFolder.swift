import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOPosix

/// Serves the files of a folder to everybody: keys, signers' certificates and revocation lists.
///
/// Files are read, nothing else: no listing, no path that leaves the folder, also not by a symbolic link, no hidden file
/// but `.well-known` (RFC 8615).
struct PublicFolder: HTTPResponder {
    typealias Context = BasicRequestContext

    private let path: String
    private let maximumAge: Int
    /// The largest file that is served, in bytes.
    static let maximumFileBytes = 64 << 20

    /// A folder that exists; `nil` otherwise.
    init?(path: String, maximumAge: Int) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return nil
        }
        self.path = path
        self.maximumAge = maximumAge
    }

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        var response = try await answering(Problem.self, logger: context.logger) {
            guard request.method == .get || request.method == .head else {
                return try .methodNotAllowed(allowed: "GET, HEAD")
            }
            guard let parts = Self.parts(request.uri.path) else { throw Problem.notFound }
            let found = try await NIOThreadPool.singleton.runIfActive { File(parts, below: path) }
            guard let found, let name = parts.last else { throw Problem.notFound }
            return self.response(found, type: MediaType.published(name), request.headers)
        }
        SecurityHeaders.add(to: &response.headers)
        // Public keys are for everybody's pages and programs.
        response.headers[.accessControlAllowOrigin] = "*"
        if let name = SecurityHeaders.resourcePolicy { response.headers[name] = "cross-origin" }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func response(_ file: File, type: String, _ headers: HTTPFields) -> Response {
        let fields: HTTPFields = [
            .eTag: file.tag.value, .cacheControl: "public, max-age=\(maximumAge)", .contentType: type,
        ]
        if file.tag.isHeld(by: headers) { return Response(status: .notModified, headers: fields) }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.content)))
    }

    /// The names in a request's path, decoded; `nil` if one is not a plain name.
    static func parts(_ path: String) -> [String]? {
        guard path.hasPrefix("/") else { return nil }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            $0.removingPercentEncoding ?? ""
        }
        let areNames = parts.allSatisfy { name in
            !name.isEmpty && (!name.hasPrefix(".") || name == ".well-known")
                && !name.contains { $0 == "/" || $0 == "\\" || $0 == "\0" }
        }
        return areNames && parts.count <= 16 ? parts : nil
    }
}

/// A regular file's content and what tells it apart from the one before.
private struct File {
    let content: Data
    let tag: EntityTag

    init?(_ parts: [String], below folder: String) {
        guard let root = Self.resolved(folder), let place = Self.resolved(([root] + parts).joined(separator: "/")),
            place.hasPrefix(root.hasSuffix("/") ? root : root + "/")
        else { return nil }
        // What the path led to was checked; a link put in its place meanwhile is not followed.
        let descriptor = open(place, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= PublicFolder.maximumFileBytes,
            let content = try? handle.readToEnd() ?? Data(), content.count == Int(status.st_size)
        else { return nil }
        self.content = content
        let marks = [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        tag = EntityTag(opaque: marks.map { String($0, radix: 36) }.joined(separator: "-"))
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
