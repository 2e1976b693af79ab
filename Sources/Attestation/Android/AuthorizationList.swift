import Credentials

/// The app or apps that share a key's user id, as Android's key store notes them (`AttestationApplicationId`).
struct AndroidApplication: Hashable, Sendable {
    struct Package: Hashable, Sendable {
        let name: [UInt8]
        let version: Int
    }

    let packages: [Package]
    /// SHA-256 of the certificates that signed them.
    let signers: [[UInt8]]

    /// The most packages or signers that are read.
    static let maximumCount = 64

    init?(_ bytes: [UInt8]) {
        var outer = DER(bytes)
        guard var fields = outer.enter(0x30), outer.isAtEnd, var packages = fields.enter(0x31),
            var signers = fields.enter(0x31), fields.isAtEnd
        else { return nil }
        var names: [Package] = []
        while !packages.isAtEnd {
            guard names.count < Self.maximumCount, var fields = packages.enter(0x30), let name = fields.content(0x04),
                let version = fields.integer(), fields.isAtEnd
            else { return nil }
            names.append(Package(name: name, version: version))
        }
        var digests: [[UInt8]] = []
        while !signers.isAtEnd {
            guard digests.count < Self.maximumCount, let digest = signers.content(0x04) else { return nil }
            digests.append(digest)
        }
        self.packages = names
        self.signers = digests
    }
}

/// What started the device (`RootOfTrust`).
struct RootOfTrust: Hashable, Sendable {
    let isLocked: Bool
    /// 0 verified, 1 self-signed, 2 unverified, 3 failed.
    let bootState: Int

    init?(_ reader: inout DER) {
        guard var fields = reader.enter(0x30), fields.content(0x04) != nil,
            let locked = fields.content(0x01), locked == [0x00] || locked == [0xFF],
            let state = fields.integer(tag: 0x0A)
        else { return nil }
        // From version 3 on the boot hash, too.
        guard fields.isAtEnd || (fields.content(0x04) != nil && fields.isAtEnd) else { return nil }
        isLocked = locked == [0xFF]
        bootState = state
    }
}

/// What the key store or its hardware says of a key (`AuthorizationList`), as far as it is judged here. Tags that are not
/// listed are passed over, whatever they hold: serial numbers and IMEIs (713, 714, 715, 723) among them.
struct AuthorizationList: Hashable, Sendable {
    /// 2 is SIGN.
    private(set) var purposes: [Int]?
    /// 3 is EC.
    private(set) var algorithm: Int?
    private(set) var keySize: Int?
    /// 4 is SHA-256.
    private(set) var digests: [Int]?
    /// 1 is P-256.
    private(set) var curve: Int?
    private(set) var isForAllApplications = false
    /// 0 is generated.
    private(set) var origin: Int?
    private(set) var rootOfTrust: RootOfTrust?
    private(set) var osVersion: Int?
    private(set) var patchLevel: Int?
    private(set) var application: AndroidApplication?
    private(set) var manufacturer: String?
    private(set) var model: String?
    private(set) var vendorPatchLevel: Int?
    private(set) var bootPatchLevel: Int?

    /// The most entries that are read.
    static let maximumCount = 128

    init?(_ reader: DER) {
        var reader = reader
        var seen: Set<Int> = []
        while !reader.isAtEnd {
            guard seen.count < Self.maximumCount, let entry = reader.nextContext(), seen.insert(entry.number).inserted
            else { return nil }
            var value = entry.content
            guard take(entry.number, &value) else { return nil }
        }
    }

    // False if what is looked at has another form, or something stands behind it.
    private mutating func take(_ tag: Int, _ value: inout DER) -> Bool {
        let isRead: Bool
        switch tag {
        case 1: isRead = set(\.purposes, value.integers())
        case 2: isRead = set(\.algorithm, value.integer())
        case 3: isRead = set(\.keySize, value.integer())
        case 5: isRead = set(\.digests, value.integers())
        case 10: isRead = set(\.curve, value.integer())
        case 600:
            isForAllApplications = true
            isRead = value.content(0x05) == []
        case 702: isRead = set(\.origin, value.integer())
        case 704: isRead = set(\.rootOfTrust, RootOfTrust(&value))
        case 705: isRead = set(\.osVersion, value.integer())
        case 706:
            let level = value.integer()
            isRead = level != nil
            patchLevel = level.flatMap { DeviceRevocations.month(ofPatchLevel: $0) }
        case 709: isRead = set(\.application, value.content(0x04).flatMap { AndroidApplication($0) })
        case 716: isRead = set(\.manufacturer, value.text())
        case 717: isRead = set(\.model, value.text())
        case 718: isRead = set(\.vendorPatchLevel, value.integer())
        case 719: isRead = set(\.bootPatchLevel, value.integer())
        default: return true
        }
        return isRead && value.isAtEnd
    }

    private mutating func set<Value>(_ path: WritableKeyPath<Self, Value?>, _ value: Value?) -> Bool {
        guard let value else { return false }
        self[keyPath: path] = value
        return true
    }
}

extension DER {
    /// The value of an integer or of one of its kind, from 0 and within 63 bits.
    mutating func integer(tag: UInt8 = 0x02) -> Int? {
        guard let content = content(tag), let first = content.first, first < 0x80 else { return nil }
        let digits = content.drop { $0 == 0 }
        guard digits.count <= 8 else { return nil }
        return Int(exactly: digits.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// The values of a set of at most 32 integers.
    mutating func integers() -> [Int]? {
        guard var items = enter(0x31) else { return nil }
        var result: [Int] = []
        while !items.isAtEnd {
            guard result.count < 32, let value = items.integer() else { return nil }
            result.append(value)
        }
        return result
    }

    /// An octet string of 1 to 64 bytes as text.
    mutating func text() -> String? {
        guard let content = content(0x04), (1...64).contains(content.count) else { return nil }
        return String(validating: content, as: UTF8.self)
    }
}
