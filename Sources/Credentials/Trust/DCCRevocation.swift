import Foundation

/// What countries have revoked of their EU certificates: the batches that the gateway publishes (eHealth Network,
/// "EU DCC revocation"), which name a certificate by the first sixteen bytes of a SHA-256.
///
/// The hashes lie sorted in flat arrays of 20 bytes an entry, so that a million of them take 20 MB and a look-up some
/// twenty comparisons.
package struct DCCRevocation: Sendable {
    /// What of a certificate was hashed; the raw value is the batch's `hashType`.
    package enum HashType: String, Sendable, CaseIterable {
        /// Its signature; of ECDSA's the first half, `r`.
        case signature = "SIGNATURE"
        /// Its identifier (UCI).
        case identifier = "UCI"
        /// Its country and its identifier, one behind the other.
        case countryAndIdentifier = "COUNTRYCODEUCI"
    }

    /// One batch as published.
    package struct Batch: Sendable {
        package let country: String
        /// From when no certificate of the batch is valid any more, in seconds since 1970.
        package let expires: Double
        /// The signer's key identifier; empty if the country does not know it, and the batch is for all of its keys.
        package let keyID: [UInt8]
        package let hashType: HashType
        /// The hashes as numbers.
        package let hashes: [UInt128]
        /// How many certificates it revokes.
        package var count: Int { hashes.count }

        /// The maximum of entries of a batch.
        package static let maximumEntries = 1000

        /// Reads a batch; `nil` if anything in it is not as it should be: half a batch would say "not revoked" of the
        /// other half.
        package init?(_ bytes: [UInt8]) {
            guard let json = try? JSON(bytes, depth: 8), json.kind(json.root) == .object else { return nil }
            self.init(json, json.root)
        }

        /// The same of a text that was read already.
        package init?(_ json: JSON, _ place: JSON.Place) {
            guard let country = json.string(json.member("country", of: place)), Self.isCountry(country),
                let expires = json.string(json.member("expires", of: place)).flatMap(Self.time),
                let kid = json.string(json.member("kid", of: place)),
                let hashType = json.string(json.member("hashType", of: place)).flatMap(HashType.init),
                let entries = json.elements(of: json.member("entries", of: place))
            else { return nil }
            if kid == "UNKNOWN_KID" {
                keyID = []
            } else {
                guard let bytes = Data(base64Encoded: kid), bytes.count == 8 else { return nil }
                keyID = Array(bytes)
            }
            var hashes: [UInt128] = []
            for entry in entries {
                guard hashes.count < Self.maximumEntries,
                    let hash = json.string(json.member("hash", of: entry)).flatMap({ Data(base64Encoded: $0) }),
                    hash.count == 16
                else { return nil }
                hashes.append(DCCRevocation.number(hash))
            }
            self.country = country.uppercased()
            self.expires = expires
            self.hashType = hashType
            self.hashes = hashes
        }

        /// For whom a batch is that cannot be read as a whole, as far as it says so itself: its signer's key, or its
        /// country, and when it ends. What it does not say in the right form counts as everything and for ever.
        static func scope(_ bytes: [UInt8]) -> (keyID: [UInt8]?, country: String?, until: Double) {
            guard let json = try? JSON(bytes, depth: 8) else { return (nil, nil, .infinity) }
            let until = json.string(json.member("expires", of: json.root)).flatMap(Self.time) ?? .infinity
            guard let kid = json.string(json.member("kid", of: json.root)) else { return (nil, nil, until) }
            if kid == "UNKNOWN_KID", let country = json.string(json.member("country", of: json.root)),
                isCountry(country)
            {
                return (nil, country.uppercased(), until)
            }
            let bytes = Data(base64Encoded: kid)
            return (bytes?.count == 8 ? bytes.map(Array.init) : nil, nil, until)
        }

        /// Two or three letters: a batch for all keys of anything else would be for no certificate's country.
        private static func isCountry(_ text: String) -> Bool {
            (2...3).contains(text.utf8.count)
                && text.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        }

        private static func time(_ text: String) -> Double? {
            guard text.utf8.count <= 40 else { return nil }
            let whole = ISO8601DateFormatter()
            let fractional = ISO8601DateFormatter()
            fractional.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            return (whole.date(from: text) ?? fractional.date(from: text))?.timeIntervalSince1970
        }
    }

    /// What the batches say about one certificate.
    enum Answer { case notRevoked, revoked, inExpiredBatch }

    private struct Place: Hashable, Sendable {
        let keyID: [UInt8]
        let country: String?
        let type: HashType
    }

    private struct List: Sendable {
        var hashes: [UInt128] = []
        // In seconds since 1970; a 32-bit number reaches to 2106.
        var expires: [UInt32] = []

        mutating func sort() {
            let order = hashes.indices.sorted { (hashes[$0], expires[$0]) < (hashes[$1], expires[$1]) }
            hashes = order.map { hashes[$0] }
            expires = order.map { expires[$0] }
        }

        /// When the last batch with this hash expires.
        func expiry(of hash: UInt128) -> UInt32? {
            var (low, high) = (0, hashes.count)
            while low < high {
                let middle = (low + high) / 2
                if hashes[middle] <= hash { low = middle + 1 } else { high = middle }
            }
            return low > 0 && hashes[low - 1] == hash ? expires[low - 1] : nil
        }
    }

    private var lists: [Place: List] = [:]

    package init() {}

    /// Whether nothing is revoked at all.
    var isEmpty: Bool { lists.isEmpty }

    /// What the batches in one part of a trust folder revoke; what cannot be read of it revokes nothing.
    package init(_ files: some Sequence<TrustFile>, isTest: Bool) {
        for file in files {
            let place = TrustPath(file.path)
            guard place.isBatch, place.isTest == isTest, let batch = Batch(file.bytes) else { continue }
            add(batch)
        }
        sort()
    }

    /// Adds a batch. ``sort()`` must follow before the first look-up.
    mutating func add(_ batch: Batch) {
        lists[Self.place(of: batch), default: List()].hashes += batch.hashes
        lists[Self.place(of: batch), default: List()].expires += Array(
            repeating: Self.end(of: batch), count: batch.hashes.count)
    }

    private static func place(of batch: Batch) -> Place {
        Place(keyID: batch.keyID, country: batch.keyID.isEmpty ? batch.country : nil, type: batch.hashType)
    }

    private static func end(of batch: Batch) -> UInt32 { UInt32(min(max(0, batch.expires), Double(UInt32.max))) }

    /// Whether the batches that were added say all that another one says, and for as long.
    package func covers(_ batch: Batch) -> Bool {
        let list = lists[Self.place(of: batch)]
        return batch.hashes.allSatisfy { hash in list?.expiry(of: hash).map { $0 >= Self.end(of: batch) } ?? false }
    }

    mutating func sort() {
        for place in lists.keys { lists[place]?.sort() }
    }

    /// Looks a certificate up.
    ///
    /// - Parameters:
    ///   - keyID: its signer's key identifier.
    ///   - hash: gives its hash of one type as a number; `nil` if it has not what is hashed.
    func answer(
        keyID: [UInt8], country: String?, at now: Double, hash: (HashType) -> UInt128?
    ) -> Answer {
        var answer = Answer.notRevoked
        for type in HashType.allCases {
            let places =
                [Place(keyID: keyID, country: nil, type: type)]
                + (country.map { [Place(keyID: [], country: $0.uppercased(), type: type)] } ?? [])
            for list in places.compactMap({ lists[$0] }) {
                guard let hash = hash(type), let expires = list.expiry(of: hash) else { continue }
                if now < Double(expires) { return .revoked }
                answer = .inExpiredBatch
            }
        }
        return answer
    }

    /// The first sixteen bytes as a number.
    static func number(_ bytes: some Sequence<UInt8>) -> UInt128 {
        bytes.prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }
}
