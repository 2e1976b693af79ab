import CheckedConfiguration
package import Crypto
import Foundation
import Signing

/// Where exports go that this service hands on, and what they say of keys besides those that sign certificates.
package struct PublishingConfiguration: Sendable {
    /// The folder that `vrs export` writes, and from which terminals get their trust through the centre; `nil` if they get
    /// it by hand.
    package let folder: String?
    /// Other keys that may sign the next edition.
    package let publishers: [P256.Signing.PublicKey]

    init(_ root: ConfigurationSection) throws(ConfigurationError) {
        guard let section = try root.optionalSection("publishing") else {
            folder = nil
            publishers = []
            return
        }
        folder = try section.path("folder")
        publishers = try section.publicKeys("nextRootKeys") {
            try? P256.Signing.PublicKey(pemRepresentation: $0)
        }
        try section.refuseUnknownKeys()
    }
}

extension VRSConfiguration {
    /// What terminals trust as it is published; `nil` if this configuration names no folder for it.
    package func publishedTerminalTrust() -> PublishedTerminalTrust? {
        publishing.folder.map { folder in
            PublishedTerminalTrust(
                folder: folder, signedBy: [rootKey.publicKey] + publishing.publishers,
                needed: TerminalTrustContent(self))
        }
    }
}

extension ConfigurationSection {
    /// Public keys out of PEM files, 3 at most; none if the key is absent.
    func publicKeys<Key>(_ key: String, _ read: (String) -> Key?) throws(ConfigurationError) -> [Key] {
        guard has(key) else { return [] }
        var keys: [Key] = []
        for path in try files(key) {
            guard keys.count < 3 else {
                throw error(key, english: "at most three files", japanese: "3個までです。")
            }
            guard let text = try? String(contentsOfFile: path, encoding: .utf8), let one = read(text) else {
                throw error(
                    key, english: "\(path) holds no P-256 public key in PEM form",
                    japanese: "\(path)にPEM形式のP-256公開鍵がありません。")
            }
            keys.append(one)
        }
        return keys
    }
}
