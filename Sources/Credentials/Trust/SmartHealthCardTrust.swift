import Crypto
import Vaccination

/// The issuers of SMART Health Cards that are trusted, by the `kid` of their keys.
struct SmartHealthCardTrust: Sendable {
    /// A trusted key in the hands of one issuer. A class, since each check hands some on: one reference and not five.
    final class Key: Sendable {
        let key: P256.Signing.PublicKey
        let issuer: String
        let issuerName: String?
        let isTest: Bool
        let revocation: SmartHealthCardRevocationList?
        /// The version that the key set gives for the revocation list, if it gives one.
        let announcedRevision: Int?
        /// Whether a revocation list for the key stands in the file and cannot be read.
        let isListBroken: Bool

        init(
            key: P256.Signing.PublicKey, issuer: String, issuerName: String?, isTest: Bool,
            revocation: SmartHealthCardRevocationList?, announcedRevision: Int?, isListBroken: Bool
        ) {
            self.key = key
            self.issuer = issuer
            self.issuerName = issuerName
            self.isTest = isTest
            self.revocation = revocation
            self.announcedRevision = announcedRevision
            self.isListBroken = isListBroken
        }
    }

    private(set) var keys: [String: [Key]] = [:]
    private(set) var issuers: Set<String> = []

    private(set) var age = TrustAge()
    /// Files outside the test part with a development mark in them.
    private(set) var marked: Set<String> = []

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
        // Where they cannot be read, the keys are kept: it is better to say that revocation is unknown than that the
        // issuer is.
        let lists = Self.lists(json)
        let name = json.string(json.member("name", of: json.root))
        // Marked for development, it is for tests wherever it lies.
        let isMarked = DevelopmentMark.isOn(commonName: name)
        if isMarked, !isTest { marked.insert(file.path) }
        var refused: [TrustRefusal] = []
        for member in members {
            do {
                let (kid, key, revision, isDevelopment) = try JWK.read(member, in: json)
                if isDevelopment, !isTest { marked.insert(file.path) }
                keys[kid, default: []].append(
                    Key(
                        key: key, issuer: issuer, issuerName: name, isTest: isTest || isMarked || isDevelopment,
                        revocation: lists?[kid], announcedRevision: revision, isListBroken: lists == nil))
                if let list = lists?[kid] {
                    held.append(HeldList(path: file.path, key: kid, least: Double(list.revision)))
                }
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
        guard let lists else {
            return refused + [TrustRefusal(path: file.path, code: TrustRefusal.revocationMalformed, keyID: nil)]
        }
        if !lists.isEmpty { age.noteRevocation(file.fetched, isTest: isTest) }
        return refused
    }

    // What the lists must at least be, by whether the test part held them, and by their key's identifier.
    private var least: [Bool: [String: Double]] = [:]
    // By whether only test keys are concerned.
    private var isEverythingUnknown: Set<Bool> = []
    /// The lists in use.
    private(set) var held: [HeldList] = []

    /// Notes a list that was held or announced; false if it is here, and not older.
    mutating func require(_ list: HeldList, isTest: Bool) -> Bool {
        guard let kid = list.key else { return false }
        least[isTest, default: [:]][kid] = max(list.least, least[isTest]?[kid] ?? list.least)
        guard let keys = keys[kid] else { return false }
        return (keys.compactMap { $0.revocation?.revision }.max()).map { Double($0) < list.least } ?? true
    }

    /// Notes that nobody knows which lists are missing.
    mutating func noteUnknown(isTest: Bool) { isEverythingUnknown.insert(isTest) }

    /// What is known of the revocation of one issuer's cards under some entries of its keys.
    func state(_ entries: [Key], kid: String) -> RevocationState {
        let lists = entries.compactMap(\.revocation)
        let newest = lists.map(\.revision).max()
        var state = RevocationState(lists: lists)
        // What a real issuer's list must be counts for test keys as well, and not the other way.
        let parts = entries.contains { $0.isTest } ? [false, true] : [false]
        if parts.contains(where: isEverythingUnknown.contains) || entries.contains(where: \.isListBroken) {
            state.isUnknown = true
        }
        let wanted =
            entries.compactMap(\.announcedRevision).map(Double.init) + parts.compactMap { least[$0]?[kid] }
        if let wanted = wanted.max() {
            if newest == nil { state.warning = .revocationListMissing }
            if let newest, Double(newest) < wanted { state.warning = .revocationListOld }
            if state.warning != nil { state.isUnknown = true }
        }
        return state
    }

    /// What is known of the revocation of all cards of an issuer, under whichever of its keys.
    func state(ofIssuer issuer: String, isTest: Bool) -> RevocationState {
        var whole = RevocationState(lists: [])
        var isKnown = false
        for (kid, entries) in keys {
            let own = entries.filter { $0.issuer == issuer && (isTest || !$0.isTest) }
            guard !own.isEmpty else { continue }
            isKnown = true
            let state = state(own, kid: kid)
            whole.lists += state.lists
            if state.isUnknown { whole.isUnknown = true }
        }
        if !isKnown { whole.isUnknown = true }
        return whole
    }

    /// The lists of a file by their keys; `nil` if any of them cannot be read.
    private static func lists(_ json: JSON) -> [String: SmartHealthCardRevocationList]? {
        guard let place = json.member("crls", of: json.root) else { return [:] }
        guard let members = json.elements(of: place) else { return nil }
        var lists: [String: SmartHealthCardRevocationList] = [:]
        for member in members {
            guard let kid = json.string(json.member("kid", of: member)),
                let list = SmartHealthCardRevocationList(member, in: json),
                lists.updateValue(list, forKey: kid) == nil
            else { return nil }
        }
        return lists
    }
}

/// What is known of what an issuer has revoked.
struct RevocationState: Sendable {
    var lists: [SmartHealthCardRevocationList]
    /// Whether a list is missing, older than it must be, or broken: what no list names may be revoked all the same.
    var isUnknown = false
    /// Which of these it is, if it is one of the first two.
    var warning: Cause?

    /// The reasons why a certificate is not valid, by its identifier and when it became valid in seconds since 1970.
    func causes(_ identifier: String?, notBefore: Double) -> [Cause] {
        // What bears no identifier can stand in no list.
        guard let identifier else { return [] }
        if lists.contains(where: { $0.revokes(identifier, notBefore: notBefore) }) { return [.revoked] }
        return isUnknown ? [.revocationUnknown] : []
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
