import Crypto
package import Foundation
import MutualTLS
import Signing
package import Vaccination

/// Makes everything that a development installation needs, on one machine and under one folder. Nothing of it is accepted
/// without development mode.
package struct DevelopmentKeys: Sendable {
    /// The issuer's URL in development certificates; a name that cannot exist (RFC 6761).
    package static let issuerURL = "https://issuer.akashi.invalid"
    /// The issuer's name in the trust folder.
    package static let issuerName = "Akashi development issuer"

    /// The municipality codes of the sample records: regions that do not exist.
    package static let sampleRegions = ["990019", "990027", "980013"]

    private let folder: String
    private let now: Date

    /// Keys below a folder.
    package init(folder: String, now: Date) {
        self.folder = folder
        self.now = now
    }

    /// Makes what is missing and what has ended, and gives the paths made. Everything else stays as it is, so that what
    /// was issued under these keys still verifies.
    ///
    /// - Parameters:
    ///   - terminals: how many terminals get a certificate, named `T0001` and up.
    ///   - regions: the regions that get keys.
    package func make(terminals: Int, regions: [MunicipalityCode]) async throws -> [String] {
        var writer = KeyWriter(folder: folder, now: now, organisation: DevelopmentMark.name, isDevelopment: true)
        let services = try writer.authority(at: "ca", commonName: "Akashi development services")
        for (name, commonName) in [
            ("centre/server", "centre"), ("vrs/centre-entrance", "vrs centre entrance"),
            ("vrs/inner", "vrs inner entrance"), ("vrs/wallet-entrance", "vrs wallet entrance"),
            ("wallet/server", "wallet"),
        ] {
            try writer.server(
                by: services, at: name, commonName: commonName, hosts: ["localhost", "127.0.0.1", "::1"])
        }

        // One authority for each listener's clients: what opens one opens no other.
        let centres = try writer.authority(at: "centre/client-ca", commonName: "Akashi development centres")
        try writer.client(by: centres, at: "centre/client", commonName: "centre")
        let wallets = try writer.authority(at: "wallet/client-ca", commonName: "Akashi development mobile back ends")
        try writer.client(by: wallets, at: "wallet/client", commonName: "wallet")
        try phones(&writer)
        let operators = try writer.authority(at: "operator/ca", commonName: "Akashi development operators")
        try writer.client(by: operators, at: "operator/operator", commonName: "operator")
        // What two have to decide.
        try writer.client(by: operators, at: "operator/operator2", commonName: "operator 2")
        let shops = try writer.authority(at: "terminals/ca", commonName: "Akashi development terminals")
        for number in 0..<terminals {
            let id = "T" + String(repeating: "0", count: max(0, 4 - String(number + 1).count)) + String(number + 1)
            try writer.client(by: shops, at: "terminals/\(id)/terminal", commonName: id)
        }

        try writer.clientList(
            at: "vrs/clients.yaml",
            [
                (.centre, "development centre", "centre/client"),
                (.wallet, "development mobile back end", "wallet/client"),
                (.operator, "development operator", "operator/operator"),
                (.operator, "second development operator", "operator/operator2"),
            ])
        try await issuer(&writer)
        try documentSigners(&writer)
        try writer.answerKey(at: "vrs/answer-sealing.key.pem", publicPart: "answer-sealing.pub.pem")
        try writer.challengeKey(at: "vrs/challenge.key")
        try writer.regionKeys(at: "vrs/regions", regions)
        return writer.made
    }

    /// What phones are served with.
    private func phones(_ writer: inout KeyWriter) throws {
        _ = try writer.authority(at: "vrs/devices-ca", commonName: "Akashi development devices")
        let statement = try writer.signingKey(at: "vrs/phone-statement.pem")
        try writer.write(
            "phone/statement.pub.pem", isPrivate: false, statement.publicKey.pemRepresentation + "\n")
        try writer.answerKey(at: "vrs/phone-answer.key.pem", publicPart: "phone/answer.pub.pem")
        try writer.challengeKey(at: "vrs/phone-master.key")
    }

    private func issuer(_ writer: inout KeyWriter) async throws {
        let ring = try await KeyRing(active: try writer.signingKey(at: "vrs/shc-signing.pem"))
        try writer.signingKey(at: "vrs/root-signing.pem")
        let trust = ring.trustFile(issuer: Self.issuerURL, name: Self.issuerName)
        try writer.write("trust/test/shc/issuer.json", isPrivate: false, String(decoding: trust, as: UTF8.self))
        try FileManager.default.createDirectory(
            atPath: writer.path("trust/card"), withIntermediateDirectories: true)
    }

    /// A country authority, its barcode signer for VDS-NC and a document signer for EU certificates, and the trust in them.
    private func documentSigners(_ writer: inout KeyWriter) throws {
        // All of it belongs together, so it is made at once or not at all.
        guard !writer.exists(writer.path("vrs/csca.pem")) || writer.hasEnded("vrs/seal-signer") else { return }
        let start = now.addingTimeInterval(-86_400)
        // A signer whose certificate has ended gets another for the same key, under the same authority.
        let authority = try DevelopmentCountryAuthority(
            country: "JP", now: now,
            key: (try? PEMFile.privateKey(writer.path("vrs/csca.key.pem"))) ?? P256.Signing.PrivateKey())
        let keys = try ["vrs/seal-signing.pem", "vrs/dcc-signing.pem"].map { name in
            try writer.signingKey(at: name).publicKey
        }
        let until = now.addingTimeInterval(5 * 365 * 86_400)
        let vdsnc = try authority.issue(to: keys[0], from: start, until: until)
        let document = try authority.issueDocumentSigner(to: keys[1], from: start, until: until)
        let list = try authority.revocationList(from: start, until: until)
        try writer.write("vrs/csca.key.pem", isPrivate: true, writer.marked(authority.key.pemRepresentation))
        for (name, label, der) in [
            ("vrs/dcc-signer.pem", "CERTIFICATE", document), ("vrs/csca.crl.pem", "X509 CRL", list),
            ("trust/test/dcc/signer.pem", "CERTIFICATE", document),
            ("trust/test/vdsnc/csca.pem", "CERTIFICATE", authority.certificate),
            ("trust/test/vdsnc/csca.crl", "X509 CRL", list), ("vrs/seal-signer.pem", "CERTIFICATE", vdsnc),
            ("vrs/csca.pem", "CERTIFICATE", authority.certificate),
        ] {
            try writer.remove(name)
            try writer.write(name, isPrivate: false, Self.pem(der, label: label))
        }
    }

    private static func pem(_ der: [UInt8], label: String) -> String {
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
    }
}
