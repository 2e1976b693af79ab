import CardChip
import Crypto
package import TravelDocument

/// The two keys of a session with a passport's chip, for encryption and for check values, 16 bytes each (ICAO Doc 9303-11 section 9.7.1).
package struct AccessKeys: Sendable, Confidential {
    package let encryption: [UInt8]
    package let authentication: [UInt8]

    /// The keys that open basic access: of number, birth date and expiry with their check digits (section 4.3.2).
    package init(_ zone: MachineReadableZone) {
        self.init(information: Array(zone.bytes[44..<54] + zone.bytes[57..<64] + zone.bytes[65..<72]))
    }

    /// The same out of the 24 characters, as the standard's worked example has them.
    package init(information: [UInt8]) { self.init(seed: Self.seed(information)) }

    /// The keys of a seed of 16 bytes.
    package init(seed: [UInt8]) { (encryption, authentication) = (Self.key(seed, 1), Self.key(seed, 2)) }

    package static func seed(_ information: [UInt8]) -> [UInt8] {
        Array(Insecure.SHA1.hash(data: information).prefix(16))
    }

    private static func key(_ seed: [UInt8], _ counter: UInt8) -> [UInt8] {
        Insecure.SHA1.hash(data: seed + [0, 0, 0, counter]).prefix(16).map { byte in
            // The last bit makes the number of ones odd.
            byte & 0xFE | (byte & 0xFE).nonzeroBitCount.isMultiple(of: 2).bit
        }
    }
}

extension Bool {
    fileprivate var bit: UInt8 { self ? 1 : 0 }
}

/// The handshake of basic access control (section 4.3.1): each side proves that it knows the keys, and gives half of the session's seed.
package enum BasicAccess {
    /// How long what each side sends is: 32 bytes encrypted, and their check value.
    package static let length = 40

    /// What a side sends: its nonce of 8 bytes, the other's, and its half of the seed of 16 bytes.
    package static func sealed(_ own: [UInt8], _ other: [UInt8], _ half: [UInt8], by keys: AccessKeys) -> [UInt8]? {
        guard own.count == 8, other.count == 8, half.count == 16,
            let text = TripleDES.cbc(own + other + half, key: keys.encryption, isEncrypting: true),
            let check = TripleDES.mac(text, key: keys.authentication)
        else { return nil }
        return text + check
    }

    /// What the other side sent: its nonce, this side's, and its half; `nil` if it does not know the keys.
    package static func opened(
        _ bytes: [UInt8], by keys: AccessKeys
    ) -> (other: [UInt8], own: [UInt8], half: [UInt8])? {
        guard bytes.count == length, let check = TripleDES.mac(Array(bytes.prefix(32)), key: keys.authentication),
            check == Array(bytes.suffix(8)),
            let text = TripleDES.cbc(Array(bytes.prefix(32)), key: keys.encryption, isEncrypting: false)
        else { return nil }
        return (Array(text[0..<8]), Array(text[8..<16]), Array(text[16..<32]))
    }

    /// The session of the two halves; the counter begins with the nonces' ends (section 9.8.6.3).
    package static func session(chip: [UInt8], terminal: [UInt8], halves: ([UInt8], [UInt8])) -> SecureMessaging {
        SecureMessaging(
            keys: AccessKeys(seed: zip(halves.0, halves.1).map { $0 ^ $1 }),
            counter: chip.suffix(4) + terminal.suffix(4))
    }
}
