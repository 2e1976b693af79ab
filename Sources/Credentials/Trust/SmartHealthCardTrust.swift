import Crypto

/// The issuers of SMART Health Cards that are trusted, by the `kid` of their keys.
struct SmartHealthCardTrust: Sendable {
    /// A trusted key in the hands of one issuer.
    struct Key: Sendable {
        let key: P256.Signing.PublicKey
        let issuer: String
        let issuerName: String?
        let isTest: Bool
        let revocation: SmartHealthCardRevocationList?
        /// The version that the key set gives for the revocation list, if it gives one.
        let announcedRevision: Int?
    }

    private(set) var keys: [String: [Key]] = [:]
    private(set) var issuers: Set<String> = []

    private(set) var age = TrustAge()

    var isEmpty: Bool { keys.isEmpty }

    private struct Fault: Error { let code: String }

    /// Adds one issuer's file: `{"issuer","name"?,"jwks":{"keys"},"crls"?}`. Returns what was refused.
    mutating func add(_ file: TrustFile, isTest: Bool) -> [TrustRefusal] {
        do {
            return try read(file, isTest: isTest)
        } catch {
            return [TrustRefusal(path: file.path, code: error.code, keyID: nil)]
        }
    }

    private mutating func read(_ file: TrustFile, isTest: Bool) throws(Fault) -> [TrustRefusal] {
        let json: JSON
        do { json = try JSON(file.bytes) } catch { throw Fault(code: error.kind.rawValue) }
        guard let issuer = json.string(json.member("issuer", of: json.root)), SmartHealthCardForm.isIssuer(issuer)
        else {
            throw Fault(code: TrustRefusal.issuerMalformed)
        }
        guard let members = json.elements(of: json.member("keys", of: json.member("jwks", of: json.root))) else {
            throw Fault(code: "trust.keys_missing")
        }
        let lists = try Self.lists(json)
        var refused: [TrustRefusal] = []
        for member in members {
            do {
                let (kid, key, revision) = try JWK.read(member, in: json)
                keys[kid, default: []].append(
                    Key(
                        key: key, issuer: issuer, issuerName: json.string(json.member("name", of: json.root)),
                        isTest: isTest, revocation: lists[kid], announcedRevision: revision))
            } catch .otherKind {
                continue  // other keys in the set must not break it
            } catch {
                refused.append(
                    TrustRefusal(
                        path: file.path, code: error.rawValue, keyID: json.string(json.member("kid", of: member))))
            }
        }
        issuers.insert(issuer)
        age.noteTrust(file.fetched, isTest: isTest)
        if !lists.isEmpty { age.noteRevocation(file.fetched, isTest: isTest) }
        return refused
    }

    private static func lists(_ json: JSON) throws(Fault) -> [String: SmartHealthCardRevocationList] {
        guard let place = json.member("crls", of: json.root) else { return [:] }
        guard let members = json.elements(of: place) else { throw Fault(code: TrustRefusal.revocationMalformed) }
        var lists: [String: SmartHealthCardRevocationList] = [:]
        for member in members {
            guard let kid = json.string(json.member("kid", of: member)),
                let list = SmartHealthCardRevocationList(member, in: json),
                lists.updateValue(list, forKey: kid) == nil
            else { throw Fault(code: TrustRefusal.revocationMalformed) }
        }
        return lists
    }
}

/// One key's revocation list (SMART Health Cards 1.4.0, "Revocation").
struct SmartHealthCardRevocationList: Sendable {
    let revision: Int
    // For each `rid` the time before which cards are revoked; infinity if all are.
    private let before: [String: Double]

    /// Reads a list; `nil` if it is malformed or of a method that is not known.
    init?(_ place: JSON.Place, in json: JSON) {
        guard json.isString(json.member("method", of: place), "rid"),
            let counter = json.number(json.member("ctr", of: place)), let revision = Int(exactly: counter),
            let entries = json.elements(of: json.member("rids", of: place))
        else { return nil }
        var before: [String: Double] = [:]
        for entry in entries {
            guard let text = json.string(entry) else { return nil }
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard SmartHealthCardForm.isRevocationID(parts[0]) else { return nil }
            var time = Double.infinity
            if parts.count == 2 {
                guard (1...15).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                    let seconds = Double(parts[1])
                else { return nil }
                time = seconds
            }
            before[String(parts[0])] = max(time, before[String(parts[0])] ?? 0)
        }
        self.revision = revision
        self.before = before
    }

    /// Whether the list revokes a card with this `rid` and `nbf` (seconds since 1970).
    func revokes(_ identifier: String, notBefore: Double) -> Bool {
        before[identifier].map { notBefore < $0 } ?? false
    }
}
