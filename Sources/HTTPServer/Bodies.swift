import Foundation
package import HTTPTypes
package import Hummingbird
package import NIOCore

extension Response {
    /// Bytes of a media type, never to be stored on the way.
    package init(_ bytes: ByteBuffer, mediaType: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: mediaType, .cacheControl: "no-store"],
            body: .init(byteBuffer: bytes))
    }

    /// A value as JSON.
    package init(json value: some Encodable, status: HTTPResponse.Status = .ok) throws {
        self.init(ByteBuffer(bytes: try JSONEncoder().encode(value)), mediaType: "application/json", status: status)
    }
}

extension Request {
    /// The whole body; throws a ``RequestFault`` when it has another media type or more bytes than `limit`.
    package func body(_ mediaType: String, upTo limit: Int) async throws -> ByteBuffer {
        guard let given = headers[.contentType],
            given.split(separator: ";").first.map(String.init)?.lowercased() == mediaType
        else { throw RequestFault.malformed }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw RequestFault.bodyTooLarge
        }
        return try await body.collect(upTo: limit)
    }

    /// The body as a JSON value; throws when it is none of that type, or has more bytes than `limit`.
    package func json<T: Decodable>(_ type: T.Type, upTo limit: Int = 16_384) async throws -> T {
        let bytes = try await body("application/json", upTo: limit)
        do { return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView)) } catch {
            throw RequestFault.malformed
        }
    }
}
