package import Crypto
import Foundation
import Vaccination

/// What the host that makes backups knows of them: which installation it is, and keys to find out what has changed and to read
/// what each set consists of. They come from the control key by HKDF (RFC 5869), and open no block of any database.
package struct BackupHost: Sendable {
    /// Sixteen bytes that name the installation, and say nothing of its keys.
    let installation: Data
    /// Opens sets, indexes and the tables of segments.
    let key: SymmetricKey
    private let compare: SymmetricKey

    init(controlKey: SymmetricKey) {
        func derived(_ role: String, _ count: Int = 32) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: controlKey, info: Data("akashi/backup/v1/\(role)".utf8), outputByteCount: count)
        }
        installation = derived("installation", 16).withUnsafeBytes { Data($0) }
        key = derived("host")
        compare = derived("compare")
    }

    /// The host's part of backups, by the control key of a folder of keys.
    package init(_ keys: RegionKeyFolder) throws { self.init(controlKey: try keys.controlKey()) }

    /// What tells blocks of one part from each other: HMAC-SHA-256 under a key of the part's own, so that equal blocks of two
    /// regions look different, and nobody without the key can look for known contents.
    func comparison(_ part: BackupPart) -> HMAC<SHA256> {
        HMAC<SHA256>(
            key: HKDF<SHA256>.deriveKey(
                inputKeyMaterial: compare, info: Data("akashi/backup/v1/part/\(part)".utf8), outputByteCount: 32))
    }

    /// What tells one file of keys from its next state.
    func mark(_ content: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: content, using: compare).prefix(16))
    }
}

/// Who signs what backups consist of: the key of the signed roots, which verifiers and terminals know already.
package struct BackupSigner: Sendable {
    /// Its public part.
    package let publicKey: P256.Signing.PublicKey
    private let signing: @Sendable ([UInt8]) throws -> [UInt8]

    /// - Parameter sign: gives the signature over a message, r and s of 32 bytes each (ES256).
    package init(publicKey: P256.Signing.PublicKey, sign: @escaping @Sendable ([UInt8]) throws -> [UInt8]) {
        (self.publicKey, signing) = (publicKey, sign)
    }

    func sign(_ bytes: Data) throws -> Data { Data(try signing(Array(bytes))) }
}

/// Who reads backups: the host itself, which sees what they consist of, or who has the private half of the backup key, which
/// opens everything.
package struct BackupReader: Sendable {
    let host: BackupHost?
    let privateKey: P256.KeyAgreement.PrivateKey?
    package let signers: [P256.Signing.PublicKey]

    /// - Parameter signers: whose signatures are believed.
    package init(
        host: BackupHost? = nil, privateKey: P256.KeyAgreement.PrivateKey? = nil, signers: [P256.Signing.PublicKey]
    ) {
        (self.host, self.privateKey, self.signers) = (host, privateKey, signers)
    }

    /// The same without what the host knows: another host may take its place.
    package var apartFromHost: BackupReader { BackupReader(privateKey: privateKey, signers: signers) }
}

/// The sealing of content keys to the backup key: HPKE in Base mode (RFC 9180), DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
/// AES-256-GCM.
enum BackupSealing {
    private static var suite: HPKE.Ciphersuite { .P256_SHA256_AES_GCM_256 }
    /// Which key it is, for telling it from others: the beginning of SHA-256 of its X9.63 form.
    static func name(_ recipient: P256.KeyAgreement.PublicKey) -> String {
        BackupHex.text(SHA256.hash(data: recipient.x963Representation).prefix(8))
    }

    /// Bytes of an encapsulated key.
    static let encapsulatedBytes = 65
    /// Bytes of a sealed key of 32 bytes.
    static let sealedBytes = 48

    static func seal(_ key: SymmetricKey, to recipient: P256.KeyAgreement.PublicKey, info: Data) throws -> Data {
        var sender = try HPKE.Sender(recipientKey: recipient, ciphersuite: suite, info: info)
        let sealed = try sender.seal(key.withUnsafeBytes { Data($0) })
        return sender.encapsulatedKey + sealed
    }

    /// `nil` if it was sealed to another key or for another place, or changed.
    static func open(_ bytes: Data, by key: P256.KeyAgreement.PrivateKey, info: Data) -> SymmetricKey? {
        guard bytes.count == encapsulatedBytes + sealedBytes,
            var recipient = try? HPKE.Recipient(
                privateKey: key, ciphersuite: suite, info: info,
                encapsulatedKey: Data(bytes.prefix(encapsulatedBytes))),
            let plain = try? recipient.open(Data(bytes.dropFirst(encapsulatedBytes))), plain.count == 32
        else { return nil }
        return SymmetricKey(data: plain)
    }
}

extension RegionKeyFolder {
    /// A file of keys as it lies there, wrapped or not; `nil` if there is none.
    func bytes(of part: BackupPart) throws -> Data? {
        guard let name = part.keyName else { return nil }
        do { return try OwnerOnlyFile.read(file(name), maximumBytes: 4096) } catch {
            switch error {
            case .absent: return nil
            case .permissions: throw StoreError.keyMissing("\(file(name)) can be read by others: chmod 600 it")
            case .unreadable: throw StoreError.keyMissing("\(file(name)) is not a key file")
            }
        }
    }

    /// Which keys a file holds, without showing them, and to which backup key they are sealed: what the file of a backup is
    /// named by.
    func backupName(of part: BackupPart, to recipient: String) throws -> String? {
        let check: Data
        switch part {
        case .control: check = RegionKeys.check(try controlKey(), "control")
        case .region(let code): check = try generations(for: code).check
        case .files, .journal, .root: return nil
        }
        return BackupHex.text(SHA256.hash(data: check + Data(recipient.utf8)).prefix(8))
    }
}
