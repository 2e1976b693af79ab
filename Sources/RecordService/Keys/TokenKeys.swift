package import CheckedConfiguration
import Crypto
import Foundation
import MutualTLS
import PKCS11
import Signing
import Vaccination

/// Makes keys in a token, and what has to be sent elsewhere for a signature. A key that is there already stays.
package struct TokenKeys: Sendable {
    /// What a key in the token is for.
    package enum Role: String, CaseIterable, Sendable {
        /// Signs SMART Health Cards.
        case shc
        /// Signs VDS-NC.
        case vdsnc
        /// Signs EU Digital COVID Certificates.
        case dcc
        /// Wraps the keys of regions.
        case master

        /// The key of `vrs.yaml` that names it.
        var setting: String {
            switch self {
            case .shc: "issuer.key"
            case .vdsnc: "seal.key"
            case .dcc: "dcc.key"
            case .master: "records.masterKey"
            }
        }

        /// Whom the certificate of a signer names; `nil` if the key needs none.
        var commonName: String? {
            switch self {
            case .vdsnc: "VDS-NC signer"
            case .dcc: "DCC signer"
            case .shc, .master: nil
            }
        }
    }

    private let token: Token
    private let folder: String
    private let organisation: String
    private let country: String

    /// Keys in a token.
    /// - Parameters:
    ///   - module: the module's shared library.
    ///   - label: the token's label.
    ///   - pinFile: the file that holds the user's PIN, on one line, readable by its owner alone.
    ///   - folder: where public parts and requests go; made if it is missing.
    ///   - organisation: whom requests name.
    ///   - country: the issuing country, two capital letters.
    /// - Throws: ``TokenRefused``.
    package init(
        module: String, label: String, pinFile: String, folder: String, organisation: String, country: String
    ) throws {
        guard (1...64).contains(organisation.count), country.utf8.count == 2,
            country.utf8.allSatisfy({ (0x41...0x5A).contains($0) })
        else { throw TokenRefused.subject }
        guard let pin = TokenPIN.read(pinFile) else { throw TokenRefused.pin(pinFile) }
        guard let place = TokenPlace(module: module, label: label, pin: pin, sessions: 1) else {
            throw TokenRefused.label
        }
        do { token = try Token.entered(place) } catch { throw TokenRefused(cause: error) }
        self.folder = folder
        self.organisation = organisation
        self.country = country
    }

    /// Makes a key, and gives the lines that say what was made and where it goes.
    /// - Throws: ``TokenRefused``, or what writing a file throws.
    package func make(_ role: Role, _ name: String) async throws -> [String] {
        guard let object = TokenObject(label: name) else { throw TokenRefused.name(name) }
        var lines: [String] = []
        do {
            try await make(object, role == .master ? .wrapping : .signing)
            lines.append("\(object): made / 作りました")
        } catch .exists {
            lines.append("\(object): there already, and stays / すでにあります（そのまま使います）")
        } catch {
            throw TokenRefused(cause: error)
        }
        lines += try await files(of: role, object, name)
        return lines + ["  vrs.yaml \(role.setting): \(object)"]
    }

    private func make(_ object: TokenObject, _ purpose: Token.Purpose) async throws(TokenError) {
        try await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(TokenError) in try token.make(object, purpose) })
            }
        }.get()
    }

    private func files(of role: Role, _ object: TokenObject, _ name: String) async throws -> [String] {
        guard role != .master else { return [] }
        let key: TokenKey
        do { key = try await TokenKey(object, in: token) } catch { throw TokenRefused(cause: error) }
        var made = [try write("\(name).pub.pem", key.publicKey.pemRepresentation + "\n")]
        if let commonName = role.commonName {
            let mark = key.isDevelopment ? DevelopmentMark.name : organisation
            made.append(
                try write(
                    "\(name).csr",
                    try await key.request(commonName: commonName, country: country, organisation: mark)))
        }
        return made.compactMap { $0 }
    }

    /// Writes a public file; `nil` if it is there.
    private func write(_ name: String, _ text: String) throws -> String? {
        let path = "\(folder)/\(name)"
        guard !FileManager.default.fileExists(atPath: path) else { return nil }
        try KeyFile.writePublic(text, to: path)
        return path
    }
}

/// A file that holds the PIN of a token's user.
enum TokenPIN {
    /// The PIN, 1 to 255 bytes on the file's one line; `nil` if the file is not so, or not its owner's alone.
    static func read(_ path: String) -> [UInt8]? {
        guard let data = try? OwnerOnlyFile.read(path, maximumBytes: 257) else { return nil }
        let pin = Array(data.prefix { $0 != 0x0A && $0 != 0x0D })
        guard (1...255).contains(pin.count), [[], [0x0A], [0x0D, 0x0A]].contains(Array(data.dropFirst(pin.count)))
        else {
            return nil
        }
        return pin
    }
}

/// A token that does not do what a command wants of it.
package struct TokenRefused: ExplainedError {
    package let english: String
    package let japanese: String
    package let exitStatus: ExitStatus

    init(cause: TokenError) {
        exitStatus = cause.isTransient ? .unavailable : .usage
        switch cause {
        case .unavailable:
            english =
                "the token cannot be reached (\(cause)): mend its label, initialise it, or start what it is behind"
            japanese = "トークンに接続できません（\(cause)）。ラベル、初期化、装置やサーバーを確認してください。"
        case .pin:
            english = "the token refuses the PIN (\(cause)): mend it before the token locks itself"
            japanese = "トークンがPINを拒否しました（\(cause)）。ロックされる前に直してください。"
        case .module:
            english = "no PKCS#11 module: \(cause)"
            japanese = "PKCS#11モジュールではありません（\(cause)）。"
        case .refused, .noSuchKey, .ambiguous, .exists, .unsuitable:
            english = "the token refuses (\(cause)): it must do P-256 ECDSA and AES-GCM, and let its user make keys"
            japanese = "トークンが拒否しました（\(cause)）。P-256のECDSAとAES-GCMに対応し、利用者が鍵を作れる必要があります。"
        }
    }

    private init(english: String, japanese: String) {
        self.english = english
        self.japanese = japanese
        exitStatus = .usage
    }

    static let subject = TokenRefused(
        english: "--organisation has 1 to 64 characters, --country two capital letters",
        japanese: "--organisation は1〜64文字、--country は英大文字2字です。")

    static let label = TokenRefused(
        english: "a token's label has 1 to 32 bytes in UTF-8", japanese: "トークンのラベルはUTF-8で1〜32バイトです。")

    static func pin(_ path: String) -> TokenRefused {
        TokenRefused(
            english: "\(path) must hold one line, the user's PIN, and be its owner's alone: chmod 600 it",
            japanese: "\(path)には利用者PINを1行だけ書き、所有者だけが読めるようにしてください（chmod 600）。")
    }

    static func name(_ name: String) -> TokenRefused {
        TokenRefused(
            english: "“\(name)” is no name for a key: 1 to 64 letters, digits, -, _ or .",
            japanese: "「\(name)」は鍵の名前に使えません。1〜64文字の英数字、-、_、. で書いてください。")
    }
}
