import Credentials
package import Foundation

/// Google's list of attestation keys that count no more, in its published form (`status.json`): entries by serial number in
/// lower-case hexadecimal without leading zeros. Both `REVOKED` and `SUSPENDED` refuse, and so does any status that is not known.
///
/// Entries of digits alone count as decimal numbers, too: the list has had both forms. That one of them is by chance another
/// certificate's number in the other form is as likely as that two certificates have the same random number.
package struct AndroidStatusList: Sendable {
    private let serials: Set<String>
    /// When it was fetched. The list itself does not say how old it is.
    package let fetched: Date
    /// How many entries it has.
    package let count: Int

    /// The largest list that is read, in bytes, and the most entries.
    package static let maximumBytes = 16 << 20
    package static let maximumEntries = 200_000

    /// Reads a list; `nil` if it is not wholly as published, so that nobody takes a part of it for the whole.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - fetched: when it was fetched.
    package init?(_ bytes: [UInt8], fetched: Date) {
        guard bytes.count <= Self.maximumBytes, let json = try? JSON(bytes, depth: 4),
            let entries = json.member("entries", of: json.root), json.kind(entries) == .object
        else { return nil }
        let members = json.members(of: entries)
        guard members.count <= Self.maximumEntries else { return nil }
        var serials: Set<String> = []
        serials.reserveCapacity(members.count)
        for (name, value) in members {
            guard let serial = json.string(name).flatMap(Self.normal),
                json.string(json.member("status", of: value)) != nil
            else { return nil }
            serials.insert(serial)
            if let other = Self.decimal(serial) { serials.insert(other) }
        }
        self.serials = serials
        self.fetched = fetched
        count = members.count
    }

    /// Whether a certificate is on the list.
    func names(_ certificate: Certificate) -> Bool { serials.contains(certificate.serialText) }

    /// Whether the list may be used: fetched within these seconds, and not in the future but for a clock's five minutes.
    func isUsable(at now: Date, maximumAge: Double) -> Bool {
        let age = now.timeIntervalSince(fetched)
        return age <= maximumAge && age >= -300
    }

    // A serial number as the list writes it; numbers have at most 20 bytes (RFC 5280 section 4.1.2.2), read are twice as many.
    private static func normal(_ text: String) -> String? {
        guard (1...80).contains(text.utf8.count), text.utf8.allSatisfy({ isHexadecimal($0) }) else { return nil }
        let digits = text.lowercased().drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    // A decimal number in hexadecimal; `nil` if there are other digits.
    private static func decimal(_ text: String) -> String? {
        var digits: [UInt8] = [0]  // hexadecimal, the lowest first
        for byte in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            var carry = Int(byte - UInt8(ascii: "0"))
            for index in digits.indices {
                carry += Int(digits[index]) * 10
                digits[index] = UInt8(carry & 0x0F)
                carry >>= 4
            }
            while carry > 0 {
                digits.append(UInt8(carry & 0x0F))
                carry >>= 4
            }
        }
        return digits.reversed().map { String($0, radix: 16) }.joined()
    }
}
