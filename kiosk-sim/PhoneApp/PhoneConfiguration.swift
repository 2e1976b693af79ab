package import CheckedConfiguration
package import Crypto
package import Foundation
package import MutualTLS

/// Everything a phone is told by its file, each value checked.
package struct PhoneConfiguration: Sendable {
    /// The mobile back end's address, `https://host:port`.
    package let wallet: String
    /// Who may certify it.
    package let authorities: CertificateAuthorities
    /// By whom the day's keys have to be signed.
    package let statementKeys: [P256.Signing.PublicKey]
    /// The folder of public anchors for the guard.
    package let trust: String
    /// Whether samples and development certificates are expected; without it they are refused.
    package let isDevelopment: Bool
    /// Where the device's key and certificate lie.
    package let device: DeviceFolder
    /// The folder of who attests made-up devices; development alone.
    package let attestation: String?
    /// What somebody should know although it is not wrong: certificates that end soon.
    package let warnings: [ConfigurationError]

    /// Reads and checks a file. Relative paths in it start from its folder.
    package init(path: String, now: Date = Date()) throws(ConfigurationError) {
        try self.init(try ConfigurationFile(path: path), now: now)
    }

    /// Checks a configuration; the files it names are read.
    package init(_ file: ConfigurationFile, now: Date = Date()) throws(ConfigurationError) {
        let root = file.root
        wallet = try root.serviceURL("wallet")
        isDevelopment = try root.boolean("development", fallback: false)
        authorities = try CertificateAuthorities(root, "ca", development: isDevelopment, now: now)
        let path = try root.file("statementKeys")
        statementKeys = PEMFile.signatureKeys(path)
        guard (1...2).contains(statementKeys.count) else {
            throw root.error(
                "statementKeys", english: "\(path) must have one or two P-256 public keys in PEM form",
                japanese: "\(path)にPEM形式のP-256公開鍵が1つか2つ必要です。")
        }
        guard isDevelopment || !PEMFile.isDevelopment(path) else { throw root.developmentOnly("statementKeys", path) }
        trust = try root.folder("trust")
        device = DeviceFolder(path: try root.path("device"))
        attestation = root.has("attestation") ? try root.path("attestation") : nil
        guard isDevelopment || attestation == nil else {
            throw root.error(
                "attestation", english: "made-up devices need development: true",
                japanese: "模擬端末には development: true が必要です。")
        }
        try root.refuseUnknownKeys()
        warnings = root.warnings
    }
}
