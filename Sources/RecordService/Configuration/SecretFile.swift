package import CheckedConfiguration
package import Crypto
import Foundation
package import MutualTLS
package import Signing

/// Keys in files of their own, whose first line marks development keys.
package enum SecretFile {
    /// A key file; refuses files that others than the owner can read, and development keys without development mode.
    package static func read(
        _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> KeyFile {
        let path = try section.file(key)
        do {
            let file = try KeyFile(reading: path)
            guard development || !file.isDevelopment else { throw section.developmentOnly(key, path) }
            return file
        } catch let error as ConfigurationError {
            throw error
        } catch KeyFile.ReadError.permissions {
            throw section.readableByOthers(key, path)
        } catch {
            throw section.error(
                key, english: "\(path) is no key file; name the one that vrs keys made",
                japanese: "\(path)は鍵ファイルではありません。vrs keys が作ったものを指定してください。")
        }
    }

    /// A P-256 key that signs what is no certificate.
    package static func signingKey(
        _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> FileKey {
        let path = try section.file(key)
        do {
            return try FileKey(pemFile: path, allowDevelopment: development)
        } catch {
            if error == .developmentKey(path: path) { throw section.developmentOnly(key, path) }
            if error == .permissions(path: path) { throw section.readableByOthers(key, path) }
            throw section.error(
                key,
                english:
                    "\(path) is not usable as a signing key (\(error.code)): name the file of a P-256 private key in PEM form",
                japanese: "\(path)は署名鍵として使えません（\(error.code)）。PEM形式のP-256秘密鍵を指定してください。")
        }
    }

    /// The P-256 key that seals answers.
    package static func sealingKey(
        _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> P256.KeyAgreement.PrivateKey {
        let file = try read(section, key, development: development)
        guard let sealing = try? P256.KeyAgreement.PrivateKey(pemRepresentation: file.pem) else {
            throw section.error(
                key, english: "no P-256 private key in PEM form is in the file", japanese: "ファイルにPEM形式のP-256秘密鍵がありません。")
        }
        return sealing
    }

    /// The keys of challenges, see ``ChallengeMaker/init(file:)``.
    package static func challenges(
        _ section: ConfigurationSection, _ key: String, development: Bool
    ) throws(ConfigurationError) -> ChallengeMaker {
        let file = try read(section, key, development: development)
        guard let maker = ChallengeMaker(file: file.text) else {
            throw section.error(
                key,
                english: "each line must be a key of 64 hexadecimal digits; the first makes challenges, all open them",
                japanese: "各行は16進64桁の鍵でなければなりません（先頭の鍵で作成し、すべての鍵で開きます）。")
        }
        return maker
    }
}
