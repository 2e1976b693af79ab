import Credentials
import Crypto
import Foundation

// Issuers of SMART Health Cards: key sets, the VCI directory, and a trust folder's own files.
extension TrustImporter {
    mutating func takeKeySet(_ json: JSON, _ input: String) {
        let own = json.member("issuer", of: json.root)
        // What a publisher signed does not say whose it is by what stands beside it on the command line.
        if options.publisher != nil, own == nil { return refuse(.issuerUnsigned, input) }
        guard let issuer = own.map({ json.string($0) }) ?? options.issuer else {
            return refuse(own == nil ? .issuerMissing : .issuerMalformed, input)
        }
        if own != nil, let asked = options.issuer, asked != issuer {
            return refuse(.issuerMalformed, input, about: issuer)
        }
        takeIssuer(
            issuer, name: options.name ?? json.string(json.member("name", of: json.root)),
            keys: json.member("keys", of: json.root), lists: nil, json, input)
    }

    mutating func takeIssuerFile(_ json: JSON, _ input: String) {
        guard let issuer = json.string(json.member("issuer", of: json.root)) else {
            return refuse(.issuerMalformed, input)
        }
        takeIssuer(
            issuer, name: json.string(json.member("name", of: json.root)),
            keys: json.member("keys", of: json.member("jwks", of: json.root)),
            lists: json.member("crls", of: json.root), json, input)
    }

    mutating func takeNames(_ json: JSON, _ input: String) {
        guard mayGo("shc") else { return refuse(.wrongUse, input) }
        learnNames(json.member("participating_issuers", of: json.root), json)
        note(.namesOnly, input)
    }

    private mutating func learnNames(_ place: JSON.Place?, _ json: JSON) {
        for entry in json.children(of: place).prefix(Self.maximumEntries) {
            guard let issuer = json.string(json.member("iss", of: entry)), issuer.utf8.count <= 512,
                let name = json.string(json.member("name", of: entry))
            else { continue }
            names[issuer] = name
        }
    }

    mutating func takeSnapshot(_ json: JSON, _ input: String) {
        learnNames(json.member("participating_issuers", of: json.member("directory", of: json.root)), json)
        for entry in entries(json.member("issuerInfo", of: json.root), json, input) ?? [] {
            let about = json.member("issuer", of: entry)
            guard let issuer = json.string(json.member("iss", of: about)) else {
                refuse(.issuerMalformed, input)
                continue
            }
            takeIssuer(
                issuer, name: json.string(json.member("name", of: about)), keys: json.member("keys", of: entry),
                lists: json.member("crls", of: entry), json, input)
        }
    }

    private mutating func takeIssuer(
        _ issuer: String, name: String?, keys: JSON.Place?, lists: JSON.Place?, _ json: JSON, _ input: String
    ) {
        guard mayGo("shc") else { return refuse(.wrongUse, input, about: issuer) }
        guard let members = json.elements(of: keys) else { return refuse(.noKeys, input, about: issuer) }
        let file = path("shc", "\(Digest.hex(SHA256.hash(data: Array(issuer.utf8)).prefix(16))).json")
        bring(file)
        guard files[file] == nil else { return refuse(.duplicate, input, about: issuer) }
        var accepted: [String: JSON.Place] = [:]
        for member in members.prefix(1000) {
            do {
                let key = try JWK.read(member, in: json)
                if accepted.updateValue(member, forKey: key.kid) != nil { refuse(.duplicate, input, about: key.kid) }
            } catch {
                refuse(
                    .keyRefused, input, detail: error == .otherKind ? "key.other_kind" : error.rawValue,
                    about: json.string(json.member("kid", of: member)).map { "\(issuer) \($0)" } ?? issuer)
            }
        }
        guard !accepted.isEmpty else { return refuse(.noKeys, input, about: issuer) }
        guard let (lists, counts) = mergedLists(lists, json, file, input, issuer) else { return }
        let title = (name ?? names[issuer]).map { String($0.prefix(200)) }
        let bytes = Self.issuerFile(
            issuer, title, accepted.sorted { $0.key < $1.key }.map { json.source($0.value) }, lists)
        // The reader of trust folders has the last word.
        let store = TrustStore(files: [TrustFile(path: file, bytes: bytes)])
        if let refusal = store.refused.first {
            let cause: ImportCause =
                switch refusal.code {
                case TrustRefusal.issuerMalformed: .issuerMalformed
                case TrustRefusal.revocationMalformed: .revocationMalformed
                default: .malformed
                }
            return refuse(cause, input, detail: refusal.code, about: issuer)
        }
        put(bytes, file)
        if store.marked.contains(file) { note(.development, input, about: issuer) }
        let owner = title.map { "\($0) \(issuer)" } ?? issuer
        report.taken += accepted.keys.sorted().map {
            .init(kind: .smartHealthCardKey, id: $0, owner: owner, expires: nil, path: file)
        }
        report.taken += counts.sorted { $0.key < $1.key }.map {
            .init(kind: .smartHealthCardRevocation, id: $0.key, owner: owner, expires: nil, path: file, count: $0.value)
        }
    }

    /// The revocation lists given, and those of an earlier import that are newer or for which there is none: a key set
    /// alone must not make revoked cards valid.
    private mutating func mergedLists(
        _ place: JSON.Place?, _ json: JSON, _ file: String, _ input: String, _ issuer: String
    ) -> (lists: [ArraySlice<UInt8>], counts: [String: Int])? {
        /// A list by its key's identifier: which edition it is, how many it revokes, and how it is written.
        typealias Lists = [String: (counter: Double, count: Int, text: ArraySlice<UInt8>)]
        func read(_ place: JSON.Place?, _ json: JSON) -> Lists? {
            guard let place, json.kind(place) != .null else { return [:] }
            guard let members = json.elements(of: place) else { return nil }
            var result: Lists = [:]
            for member in members {
                guard let kid = json.string(json.member("kid", of: member)),
                    let counter = json.number(json.member("ctr", of: member)), result[kid] == nil
                else { return nil }
                let count = Array(json.children(of: json.member("rids", of: member))).count
                result[kid] = (counter, count, json.source(member))
            }
            return result
        }
        guard var lists = read(place, json) else {
            refuse(.revocationMalformed, input, about: issuer)
            return nil
        }
        if let bytes = existing[file], let old = try? JSON(bytes),
            let known = read(old.member("crls", of: old.root), old)
        {
            for (kid, list) in known {
                if let new = lists[kid], new.counter >= list.counter { continue }
                if lists[kid] != nil { note(.revocationOlder, input, about: kid) }
                lists[kid] = list
            }
        }
        return (lists.sorted { $0.key < $1.key }.map(\.value.text), lists.mapValues(\.count))
    }

    static func issuerFile(
        _ issuer: String, _ name: String?, _ keys: [ArraySlice<UInt8>], _ lists: [ArraySlice<UInt8>]
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("issuer", issuer)
            $0.member("name", name)
            $0.name("jwks")
            $0.object {
                $0.name("keys")
                $0.array { for key in keys { $0.raw(key) } }
            }
            guard !lists.isEmpty else { return }
            $0.name("crls")
            $0.array { for list in lists { $0.raw(list) } }
        }
        return writer.bytes
    }
}
