import Attestation
import CheckedConfiguration
package import Crypto
import Foundation
package import MutualTLS
package import Signing
import SwiftASN1
import TrustFolder
import Vaccination
import TravelDocument
import X509

/// What the section `phones` says: everything that is needed to issue to phones, read, checked and opened.
package struct PhoneConfiguration: Sendable {
    /// Signs the daily statements of keys; its public part is pinned in the apps.
    package let statementKey: FileKey
    /// Seals answers to phones.
    package let answerKey: P256.KeyAgreement.PrivateKey
    /// Where the daily upload keys lie.
    package let uploadKeys: String
    let masters: PhoneMasters
    /// Who issued the certificates of devices; the first of them issues.
    let devices: DeviceAuthorities
    let issuer: IssuingAuthority
    /// Their certificates, for the comparison with those of listeners.
    package let authorities: CertificateAuthorities
    let validDays: Int
    let attestation: AttestationConfiguration
    /// The trust folder whose part `passport` says whose passports are accepted; `nil` if none are.
    package let passportTrust: String?
    let passportGraceDays: Int
    let attempts: PhoneDesk.Attempts
    let currentDays: Int

    init?(
        _ root: ConfigurationSection, apartFrom folders: [String], development: Bool, now: Date
    ) throws(ConfigurationError) {
        guard let section = try root.optionalSection("phones") else { return nil }
        statementKey = try SecretFile.signingKey(section, "statementKey", development: development)
        answerKey = try SecretFile.sealingKey(section, "answerKey", development: development)
        uploadKeys = try Self.uploadKeys(section, apartFrom: folders)
        masters = try Self.masters(section, development: development)
        let devices = try section.section("devices")
        authorities = try CertificateAuthorities(devices, "authorities", development: development, now: now)
        (self.devices, issuer) = try Self.issuing(devices, authorities, development: development, now: now)
        validDays = try devices.integer("validDays", 1...366, unit: "d", fallback: 90)
        attestation = try AttestationConfiguration(try section.section("attestation"), development: development)
        passportTrust = section.has("passportTrust") ? try section.folder("passportTrust") : nil
        passportGraceDays = try section.integer("passportListGraceDays", 0...90, unit: "d", fallback: 0)
        attempts = PhoneDesk.Attempts(
            perDevice: try section.integer("attemptsPerDeviceAndDay", 1...1_000_000, fallback: 100),
            perCard: try section.integer("attemptsPerCardAndDay", 1...1_000_000, fallback: 50))
        currentDays = try section.integer("currentDays", 1...3660, unit: "d", fallback: 365)
        if let passportTrust { _ = try Self.passports(passportTrust, section) }
    }

    private static func uploadKeys(
        _ section: ConfigurationSection, apartFrom folders: [String]
    ) throws(ConfigurationError) -> String {
        func standard(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path + "/" }
        let folder = try section.path("uploadKeys")
        guard !folders.contains(where: { standard(folder).hasPrefix(standard($0)) }) else {
            throw section.error(
                "uploadKeys",
                english:
                    "a folder outside of records, journal, keys and log, best in memory: what it holds is erased each day, and must be in no backup",
                japanese: "記録・ジャーナル・鍵・ログの外（できればメモリー上）のフォルダーにしてください。毎日消去され、バックアップに入ってはなりません。")
        }
        return folder
    }

    private static func masters(
        _ section: ConfigurationSection, development: Bool
    ) throws(ConfigurationError) -> PhoneMasters {
        let file = try SecretFile.read(section, "masterKey", development: development)
        guard let masters = PhoneMasters(file: file.text) else {
            throw section.error(
                "masterKey",
                english: "each line must be a key of 64 hexadecimal digits; the first makes tokens, all open them",
                japanese: "各行は16進64桁の鍵でなければなりません（先頭の鍵で作成し、すべての鍵で開きます）。")
        }
        return masters
    }

    private static func issuing(
        _ section: ConfigurationSection, _ authorities: CertificateAuthorities, development: Bool, now: Date
    ) throws(ConfigurationError) -> (DeviceAuthorities, IssuingAuthority) {
        let (certificate, key) = (try section.file("certificate"), try section.file("key"))
        _ = try section.privateKey(key, "key")
        guard let issuer = IssuingAuthority(certificateFile: certificate, keyFile: key) else {
            throw section.error(
                "key", english: "\(key) is not the key of \(certificate); name the pair that belongs together",
                japanese: "\(key)は\(certificate)の鍵ではありません。対になる鍵と証明書を指定してください。")
        }
        try section.checkTime(of: issuer.certificate, in: certificate, "certificate", now: now)
        guard development || !DevelopmentMark.isOn(issuer.certificate) else {
            throw section.developmentOnly("certificate", certificate)
        }
        guard let devices = DeviceAuthorities(der: authorities.certificates.compactMap { try? $0.der }) else {
            throw section.error(
                "authorities", english: "one of them is no authority's certificate with a P-256 key",
                japanese: "認証局のものでない証明書か、P-256鍵でない証明書があります。")
        }
        guard let der = try? issuer.certificate.der, devices.include(der) else {
            throw section.error(
                "certificate",
                english: "\(certificate) is none of phones.devices.authorities, by its name and key; put it there",
                japanese: "\(certificate)の名称と鍵は phones.devices.authorities のどの認証局のものでもありません。そこに加えてください。")
        }
        return (devices, issuer)
    }

    /// Whose passports are accepted, out of a trust folder.
    private static func passports(
        _ folder: String, _ section: ConfigurationSection
    ) throws(ConfigurationError) -> TravelDocumentTrust {
        do {
            return TravelDocumentTrust(files: try TrustFolder.read(folder, folders: TrustFolder.passportFolders))
        } catch {
            throw section.error(
                "passportTrust", english: "\(folder) cannot be read: \(error)", japanese: "\(folder)を読めません（\(error)）。")
        }
    }

    /// What passports are checked with, the folder read now.
    func passportChecker() throws -> TravelDocumentChecker {
        let rules =
            TravelDocumentChecker.Rules(listGrace: Double(passportGraceDays) * 86_400) ?? .strict
        guard let passportTrust else {
            return TravelDocumentChecker(trust: TravelDocumentTrust(files: []), rules: rules)
        }
        let files = try TrustFolder.read(passportTrust, folders: TrustFolder.passportFolders)
        return TravelDocumentChecker(trust: TravelDocumentTrust(files: files), rules: rules)
    }

    /// What issuing needs of it.
    /// - Parameter applicationsUnderWay: how many applications of all channels may be under way at once.
    func desk(now: Date, applicationsUnderWay: Int) throws -> PhoneDesk {
        PhoneDesk(
            challenges: HourlyTokens(masters: masters, purpose: .challenge, validSeconds: Challenge.validSeconds),
            uploadKeys: try UploadKeys(
                folder: uploadKeys, statementKey: statementKey, answerKey: answerKey.publicKey, now: now),
            answerKey: answerKey, devices: devices, passports: CurrentPassportChecker(try passportChecker()),
            currentTokens: CurrentTokens(masters: masters, validDays: currentDays), attempts: attempts,
            places: ConcurrencyLimiter(maximum: max(1, applicationsUnderWay / 2)),
            enrolmentPlaces: ConcurrencyLimiter(maximum: max(1, applicationsUnderWay / 4)),
            queryPlaces: ConcurrencyLimiter(maximum: applicationsUnderWay * 4))
    }
}
