import CardChip
package import CredentialIssuing
import Credentials
package import Crypto
package import Foundation
package import Records

/// The heads of all logs at one moment, signed: a compact JWS (RFC 7515, ES256) over JSON with the incarnation, the
/// instant and the number of lines and hash of each log. It names nobody.
///
/// Kept where nothing can be taken back, it is what a backup of the whole host put back later contradicts.
package struct SignedRoot: Hashable, Sendable {
    /// The media type in the header.
    package static let type = "akashi-root"
    /// The largest text that is read, in bytes: 1,741 municipalities take a sixth of it.
    package static let maximumBytes = 2 << 20

    private struct Header: Codable {
        let alg: String
        let kid: String
        let typ: String
    }

    private struct Head: Decodable {
        let count: Int64
        let hash: String
    }

    private struct Payload: Decodable {
        let heads: [String: Head]
        let incarnation: Int64
        /// Roots of versions before this one had none.
        let root: Int64?
        let time: Date
    }

    /// What is signed.
    package let heads: LogHeads
    /// When.
    package let time: Date
    /// The JWS.
    package let text: String

    /// Signs heads.
    package init(_ heads: LogHeads, at time: Date, by key: any CredentialSigner) async throws {
        self.heads = heads
        self.time = time
        let header = Header(alg: "ES256", kid: JWK.thumbprint(of: key.publicKey), typ: Self.type)
        let input = [try OperatorJSON.encode(header), Self.payload(heads, time)].map { Base64URL.encode($0) }
            .joined(separator: ".")
        text = "\(input).\(Base64URL.encode(try await key.signature(over: Array(input.utf8))))"
    }

    /// The JSON of ``Payload``. A country's logs are signed over when the service ends, while somebody waits: an encoder of any
    /// type takes twenty times as long. Nothing in it needs an escape.
    private static func payload(_ heads: LogHeads, _ time: Date) -> [UInt8] {
        var json: [UInt8] = []
        json.reserveCapacity(256 + 112 * heads.heads.count)
        func write(_ text: String) { json.append(contentsOf: text.utf8) }
        write(#"{"heads":{"#)
        for (index, head) in heads.heads.map({ ("\($0)", $1) }).sorted(by: { $0.0 < $1.0 }).enumerated() {
            write(index == 0 ? "\"" : ",\"")
            write(head.0)
            write(#"":{"count":"#)
            write("\(head.1.count)")
            write(#","hash":""#)
            write(Hexadecimal.text(head.1.hash))
            write(#""}"#)
        }
        let (life, root) = (heads.incarnation, heads.root)
        write(#"},"incarnation":\#(life),"root":\#(root),"time":"\#(time.formatted(.iso8601))"}"#)
        return json
    }

    /// A root that another run signed; `nil` if it is not this key's, or not of this form.
    package init?(_ text: String, by key: P256.Signing.PublicKey) {
        guard text.utf8.count <= Self.maximumBytes else { return nil }
        let decoded = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { part in
            let bytes = Array(part)
            return try? Base64URL.decode(bytes, in: 0..<bytes.count)
        }
        guard decoded.count == 3 else { return nil }
        guard let headerBytes = decoded[0], let payloadBytes = decoded[1], let signature = decoded[2],
            let header = try? OperatorJSON.decode(Header.self, from: headerBytes),
            header.alg == "ES256", header.typ == Self.type, header.kid == JWK.thumbprint(of: key),
            let end = text.utf8.lastIndex(of: UInt8(ascii: ".")),
            ES256.isValid(signature, over: Array(text.utf8[..<end]), by: key),
            let payload = try? OperatorJSON.decode(Payload.self, from: payloadBytes)
        else { return nil }
        var heads: [LogName: LogHead] = [:]
        for (name, head) in payload.heads {
            guard let log = LogName(name), head.count >= 0, let hash = Hexadecimal.bytes(head.hash), hash.count == 32
            else { return nil }
            heads[log] = LogHead(count: head.count, hash: hash)
        }
        self.heads = LogHeads(incarnation: payload.incarnation, root: payload.root ?? 0, heads: heads)
        time = payload.time
        self.text = text
    }
}
