import Crypto
import Foundation

/// What a publisher of trust says belongs together, in `manifest.json` of a trust folder: every file with its digest, what
/// of it are revocation lists, a counter that only grows, when it was made, and which issuer's published list holds the
/// identifiers that a VDS-NC signer's certificates bear too. Beside it stands the same text behind its signature,
/// `manifest.signed`: what an import under the publisher's key takes the files by.
///
/// ```json
/// {"trustManifest":1,"counter":17,"time":1640000000,"files":[{"path":"shc/issuer.json","sha256":"…"}],
///  "lists":[{"path":"dcc/revocation/a.json","key":"…","least":12,"expires":1767225600}],
///  "links":[{"signer":"SHA-256 of a certificate, hexadecimal","issuer":"https://…"}]}
/// ```
package struct TrustManifest: Sendable {
    /// Where it stands in a trust folder.
    package static let name = "manifest.json"
    /// Where the same text stands with a line before it, the signature in base64.
    package static let signedName = "manifest.signed"
    /// Where an import notes what a trust folder holds.
    package static let notesName = "imported.json"
    /// The maximum of entries of each of its lists.
    package static let maximumEntries = 10_000

    /// Which edition it is; a later one has a greater counter.
    package let counter: Double
    /// When it was made, in seconds since 1970; `nil` for one that does not say.
    package let time: Double?
    /// The SHA-256 of each file by its path, in hexadecimal digits.
    package let digests: [String: String]
    /// The revocation lists among the files.
    package let lists: [HeldList]
    /// The address of the issuer whose list counts for a VDS-NC signer, by the SHA-256 of the signer's certificate in
    /// hexadecimal digits.
    package let links: [String: String]

    /// A manifest of files.
    package init(counter: Int, time: Int? = nil, files: [TrustFile], links: [String: String]) {
        self.counter = Double(counter)
        self.time = time.map { Double($0) }
        digests = Dictionary(files.map { ($0.path, Self.digest($0.bytes)) }) { first, _ in first }
        lists = TrustStore(files: files).held
        self.links = links
    }

    /// Reads a manifest; `nil` if anything in it is not as it should be.
    package init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(bytes, depth: 8) else { return nil }
        self.init(json)
    }

    /// The same of a text that was read already.
    package init?(_ json: JSON) {
        guard json.number(json.member("trustManifest", of: json.root)) == 1,
            let counter = json.number(json.member("counter", of: json.root)),
            let files = json.elements(of: json.member("files", of: json.root)),
            let links = Self.links(json)
        else { return nil }
        let time = json.member("time", of: json.root)
        guard time == nil || json.number(time) != nil else { return nil }
        var digests: [String: String] = [:]
        for file in files {
            guard digests.count < Self.maximumEntries, let path = json.string(json.member("path", of: file)),
                let digest = json.string(json.member("sha256", of: file)), Self.isDigest(digest),
                digests.updateValue(digest, forKey: path) == nil
            else { return nil }
        }
        guard let lists = Self.lists(json) else { return nil }
        self.counter = counter
        self.time = json.number(time)
        self.digests = digests
        self.lists = lists
        self.links = links
    }

    /// The member `lists`; none if it is absent, `nil` if it cannot be read.
    static func lists(_ json: JSON) -> [HeldList]? {
        guard let place = json.member("lists", of: json.root) else { return [] }
        guard let members = json.elements(of: place) else { return nil }
        var lists: [HeldList] = []
        for member in members {
            guard lists.count < maximumEntries, let list = HeldList(member, in: json) else { return nil }
            lists.append(list)
        }
        return lists
    }

    /// The member `links`; none if it is absent, `nil` if it cannot be read.
    package static func links(_ json: JSON) -> [String: String]? {
        guard let place = json.member("links", of: json.root) else { return [:] }
        guard let members = json.elements(of: place) else { return nil }
        var links: [String: String] = [:]
        for member in members {
            guard links.count < maximumEntries, let signer = json.string(json.member("signer", of: member)),
                isDigest(signer), let issuer = json.string(json.member("issuer", of: member)),
                SmartHealthCardForm.isIssuer(issuer), links.updateValue(issuer, forKey: signer) == nil
            else { return nil }
        }
        return links
    }

    /// The text of links alone, as a trust folder keeps them in `vdsnc/*.json`.
    package static func linksFile(_ links: [String: String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { Self.write(links, to: &$0) }
        return writer.bytes
    }

    /// The text.
    package var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.name("trustManifest")
            $0.number(1)
            $0.name("counter")
            $0.number(counter)
            if let time {
                $0.name("time")
                $0.number(time)
            }
            $0.name("files")
            $0.array {
                for (path, digest) in digests.sorted(by: { $0.key < $1.key }) {
                    $0.object {
                        $0.member("path", path)
                        $0.member("sha256", digest)
                    }
                }
            }
            $0.name("lists")
            $0.array { for list in lists { Self.write(list, to: &$0) } }
            Self.write(links, to: &$0)
        }
        return writer.bytes
    }

    private static func write(_ links: [String: String], to writer: inout JSONWriter) {
        writer.name("links")
        writer.array {
            for (signer, issuer) in links.sorted(by: { $0.key < $1.key }) {
                $0.object {
                    $0.member("signer", signer)
                    $0.member("issuer", issuer)
                }
            }
        }
    }

    private static func write(_ list: HeldList, to writer: inout JSONWriter) {
        writer.object {
            $0.member("path", list.path)
            $0.member("key", list.key)
            $0.member("country", list.country)
            $0.name("least")
            $0.number(list.least)
            if let expires = list.expires {
                $0.name("expires")
                $0.number(expires)
            }
        }
    }

    /// A SHA-256 in hexadecimal digits.
    package static func digest(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.reduce(into: "") { text, byte in
            text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }

    /// Whether a text is a SHA-256 in hexadecimal digits.
    package static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
