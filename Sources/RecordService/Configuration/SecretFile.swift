import Vaccination
package import Crypto
import Foundation
package import CheckedConfiguration

/// Keys in files of their own, whose first line marks development keys.
package enum SecretFile {
    static let maximumBytes = 16_384

    /// The text of a key file; refuses files that others than the owner can read, and development keys without
    /// development mode.
    package static func text(_ section: ConfigurationSection, _ key: String, development: Bool)
        throws(ConfigurationError) -> String
    {
        let path = try section.file(key)
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue,
            let size = (attributes[.size] as? NSNumber)?.intValue, size <= maximumBytes,
            let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else { throw section.error(key, "\(path) is no key file", "\(path)は鍵ファイルではありません。") }
        guard mode & 0o077 == 0 else {
            throw section.error(
                key, "\(path) can be read by others than its owner: chmod 600 it",
                "\(path)を所有者以外が読めます。chmod 600 してください。")
        }
        guard development || !DevelopmentMark.isOn(keyFile: text) else {
            throw section.developmentOnly(key, path)
        }
        return text
    }

    /// The P-256 key that seals answers.
    package static func sealingKey(
        _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> P256.KeyAgreement.PrivateKey {
        let text = try text(section, key, development: development)
        let pem = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.joined(separator: "\n")
        guard let sealing = try? P256.KeyAgreement.PrivateKey(pemRepresentation: pem) else {
            throw section.error(
                key, "no P-256 private key in PEM form is in the file", "ファイルにPEM形式のP-256秘密鍵がありません。")
        }
        return sealing
    }

    /// The keys of challenges, see ``ChallengeMaker/init(file:)``.
    package static func challenges(
        _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> ChallengeMaker {
        let text = try text(section, key, development: development)
        guard let maker = ChallengeMaker(file: text) else {
            throw section.error(
                key, "each line must be a key of 64 hexadecimal digits; the first makes challenges, all open them",
                "各行は16進64桁の鍵でなければなりません（先頭の鍵で作成し、すべての鍵で開きます）。")
        }
        return maker
    }
}
