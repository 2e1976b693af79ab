package import CheckedConfiguration
import PKCS11
import Records
import Signing

/// Reads the section `token`, and keys that are in a file or in the token.
struct TokenConfiguration: Sendable {
    /// The token; `nil` if the configuration names none.
    let token: Token?

    /// Enters the token that a configuration names.
    /// - Throws: ``ConfigurationError``; ``TokenUnavailable`` if the token cannot be reached now.
    init(_ root: ConfigurationSection) throws {
        guard let section = try root.optionalSection("token") else {
            token = nil
            return
        }
        let module = try section.file("module")
        let label = try section.string("label", 1...32)
        let pin = try Self.pin(section)
        let sessions = try section.integer("sessions", 1...64, fallback: 4)
        guard let place = TokenPlace(module: module, label: label, pin: pin, sessions: sessions) else {
            throw section.error(
                "label", english: "a token's label has at most 32 bytes in UTF-8",
                japanese: "トークンのラベルはUTF-8で32バイト以内です。")
        }
        do { token = try Token.entered(place) } catch { throw Self.explained(error, section, "label") }
    }

    private static func pin(_ section: ConfigurationSection) throws(ConfigurationError) -> [UInt8] {
        let path = try section.file("pin")
        guard let pin = TokenPIN.read(path) else {
            throw section.error(
                "pin", english: "\(path) must hold one line, the user's PIN, and be its owner's alone: chmod 600 it",
                japanese: "\(path)には利用者PINを1行だけ書き、所有者だけが読めるようにしてください（chmod 600）。")
        }
        return pin
    }

    /// What the configuration says with a token's refusal; what may pass is told apart.
    static func explained(_ error: TokenError, _ section: ConfigurationSection, _ key: String) -> any Error {
        switch error {
        case .unavailable: TokenUnavailable(place: section.keyPath(key), cause: "\(error)")
        case .pin:
            section.error(
                key, english: "the token refuses the PIN (\(error)): mend it in token.pin before it locks itself",
                japanese: "トークンがPINを拒否しました（\(error)）。ロックされる前に token.pin を直してください。")
        case .module:
            section.error(
                "module", english: "no PKCS#11 module: \(error)", japanese: "PKCS#11モジュールではありません（\(error)）。")
        case .noSuchKey:
            section.error(
                key, english: "the token has no such key (\(error)): make it with vrs keys token, or mend the name",
                japanese: "トークンにその鍵がありません（\(error)）。vrs keys token で作るか、名前を直してください。")
        case .ambiguous:
            section.error(
                key, english: "the token has several such keys (\(error)): name one by its id",
                japanese: "トークンに同じ名前の鍵が複数あります（\(error)）。id で指定してください。")
        case .refused, .exists, .unsuitable:
            section.error(
                key, english: "the token's key cannot be used (\(error)); it must be a P-256 key that may sign",
                japanese: "トークンの鍵を使えません（\(error)）。署名できるP-256鍵が必要です。")
        }
    }

    /// The name of a key that a value says, if it is one in a token.
    func object(_ section: ConfigurationSection, _ key: String) throws(ConfigurationError) -> TokenObject? {
        guard let text = try section.text(key, Self.expected), text.hasPrefix(TokenObject.scheme) else { return nil }
        return try object(text, section, key)
    }

    /// The name of a key in the token.
    func object(
        _ text: String, _ section: ConfigurationSection, _ key: String
    ) throws(ConfigurationError) -> TokenObject {
        guard let object = TokenObject(uri: text) else { throw section.wrong(key, text, Self.expected) }
        guard let token else {
            throw section.error(
                key, english: "a key in a token, and the configuration names none: write the section token",
                japanese: "トークンの鍵ですが、設定にトークンがありません。token を書いてください。")
        }
        guard object.token == nil || object.token == token.place.label else {
            throw section.error(
                key, english: "another token than token.label; one token is used",
                japanese: "token.label と違うトークンです。使えるトークンは1つです。")
        }
        return object
    }

    private static let expected = Expectation(
        english:
            "a file's path, or a key in the token by its PKCS#11 URI: pkcs11:object=NAME (also id, token and type)",
        japanese: "ファイルのパス、またはトークン内の鍵のPKCS#11 URI（pkcs11:object=名前。id、token、type も可）")
}

extension TokenConfiguration {
    /// The key of a section that signs certificates.
    func signingKey(_ section: ConfigurationSection, _ key: String, _ object: TokenObject) async throws -> TokenKey {
        guard let token else { throw section.missing(key, Self.expected) }
        do { return try await TokenKey(object, in: token) } catch { throw Self.explained(error, section, key) }
    }

    /// The keys that wrap those of regions: `masterKey`, and `earlierMasterKeys` for files that were wrapped before.
    func masterKeys(_ section: ConfigurationSection, development: Bool) throws -> [any MasterKey] {
        guard section.has("masterKey") else {
            if section.has("earlierMasterKeys") {
                throw section.missing("masterKey", Self.expected)
            }
            return []
        }
        var keys: [any MasterKey] = []
        if let object = try object(section, "masterKey") {
            keys.append(try master(object, section, "masterKey"))
        } else {
            keys.append(try master(file: try section.file("masterKey"), section, "masterKey", development))
        }
        for text in try section.texts("earlierMasterKeys", Self.expected) {
            if text.hasPrefix(TokenObject.scheme) {
                keys.append(try master(try object(text, section, "earlierMasterKeys"), section, "earlierMasterKeys"))
            } else {
                let path = try section.file(written: text, "earlierMasterKeys")
                keys.append(try master(file: path, section, "earlierMasterKeys", development))
            }
        }
        guard Set(keys.map(\.name)).count == keys.count else {
            throw section.error("earlierMasterKeys", english: "a key stands twice", japanese: "同じ鍵が二度書かれています。")
        }
        return keys
    }

    private func master(
        _ object: TokenObject, _ section: ConfigurationSection, _ key: String
    ) throws -> any MasterKey {
        guard let token else { throw section.missing(key, Self.expected) }
        return TokenMasterKey(token: token, object: object)
    }

    private func master(
        file path: String, _ section: ConfigurationSection, _ key: String, _ development: Bool
    ) throws(ConfigurationError) -> any MasterKey {
        let master: FileMasterKey
        do { master = try FileMasterKey(file: path) } catch {
            throw section.error(
                key, english: "\(error.detail): name the file that vrs keys made",
                japanese: "\(error.detail)。vrs keys が作ったファイルを指定してください。")
        }
        guard development || !master.isDevelopment else { throw section.developmentOnly(key, path) }
        return master
    }
}

/// The token that holds keys cannot be reached now.
package struct TokenUnavailable: ExplainedError {
    let place: String
    let cause: String

    package var exitStatus: ExitStatus { .unavailable }
    package var english: String {
        "\(place): the token cannot be reached (\(cause)): look whether its device or server runs, and whether it is initialised"
    }
    package var japanese: String { "\(place): トークンに接続できません（\(cause)）。装置やサーバーが動作し、初期化済みかを確認してください。" }
}
