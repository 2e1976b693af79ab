import CardChip
import Crypto
package import Foundation
import MutualTLS
import Records
import Signing
package import Vaccination
import X509

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
        var made: [String] = []
        let services = try authority(at: "ca", commonName: "Akashi development services", &made)
        try server(by: services, at: "centre/server", commonName: "centre", &made)
        try server(by: services, at: "vrs/centre-entrance", commonName: "vrs centre entrance", &made)
        try server(by: services, at: "vrs/inner", commonName: "vrs inner entrance", &made)

        // One authority for each listener's clients: what opens one opens no other.
        let centres = try authority(at: "centre/client-ca", commonName: "Akashi development centres", &made)
        try client(by: centres, at: "centre/client", commonName: "centre", &made)
        let operators = try authority(at: "operator/ca", commonName: "Akashi development operators", &made)
        try client(by: operators, at: "operator/operator", commonName: "operator", &made)
        let shops = try authority(at: "terminals/ca", commonName: "Akashi development terminals", &made)
        for number in 0..<terminals {
            let id = "T" + String(repeating: "0", count: max(0, 4 - String(number + 1).count)) + String(number + 1)
            try client(by: shops, at: "terminals/\(id)/terminal", commonName: id, &made)
        }

        try listClients(&made)
        try await issuer(&made)
        try documentSigners(&made)
        try sealing(&made)
        try write(
            "vrs/challenge.key", isPrivate: true, &made,
            DevelopmentMark.keyLine + "\n" + SymmetricKey(size: .bits256).withUnsafeBytes { Hexadecimal.text($0) }
                + "\n")
        try RegionKeyFolder(path: path("vrs/regions"), allowDevelopment: true).createMissing(
            for: regions, development: true)
        return made
    }

    /// The list of the centre and the operator, made anew if one of them has another certificate.
    private func listClients(_ made: inout [String]) throws {
        var text = "clients:\n"
        for (role, name) in [(ClientRole.centre, "centre/client"), (.operator, "operator/operator")] {
            guard let der = try PEMFile.certificates(path(name + ".pem")).first?.der else { continue }
            let hash = Hexadecimal.text(SHA256.hash(data: der))
            text += "  - {name: development \(role.rawValue), role: \(role.rawValue), certificate: \"\(hash)\"}\n"
        }
        let list = "vrs/clients.yaml"
        if let old = try? String(contentsOfFile: path(list), encoding: .utf8), old != text { try remove(list) }
        try write(list, isPrivate: false, &made, text)
    }

    private func issuer(_ made: inout [String]) async throws {
        let signing = path("vrs/shc-signing.pem")
        if !exists(signing) {
            try FileKey.create(at: signing, development: true)
            made.append(signing)
        }
        let root = path("vrs/root-signing.pem")
        if !exists(root) {
            try FileKey.create(at: root, development: true)
            made.append(root)
        }
        let ring = try await KeyRing(active: try FileKey(pemFile: signing, allowDevelopment: true))
        let trust = ring.trustFile(issuer: Self.issuerURL, name: Self.issuerName)
        try write("trust/test/shc/issuer.json", isPrivate: false, &made, String(decoding: trust, as: UTF8.self))
        try FileManager.default.createDirectory(atPath: path("trust/card"), withIntermediateDirectories: true)
    }

    /// A country authority, its barcode signer for VDS-NC and a document signer for EU certificates, and the trust in them.
    private func documentSigners(_ made: inout [String]) throws {
        // All of it belongs together, so it is made at once or not at all.
        guard !exists(path("vrs/csca.pem")) || hasEnded("vrs/seal-signer") else { return }
        let start = now.addingTimeInterval(-86_400)
        // A signer whose certificate has ended gets another for the same key, under the same authority.
        let authority = try DevelopmentCountryAuthority(
            country: "JP", now: now,
            key: (try? PEMFile.privateKey(path("vrs/csca.key.pem"))) ?? P256.Signing.PrivateKey())
        let keys = try ["vrs/seal-signing.pem", "vrs/dcc-signing.pem"].map { name in
            if !exists(path(name)) {
                try FileKey.create(at: path(name), development: true)
                made.append(path(name))
            }
            return try FileKey(pemFile: path(name), allowDevelopment: true).publicKey
        }
        let until = now.addingTimeInterval(5 * 365 * 86_400)
        let vdsnc = try authority.issue(to: keys[0], from: start, until: until)
        let document = try authority.issueDocumentSigner(to: keys[1], from: start, until: until)
        let list = try authority.revocationList(from: start, until: until)
        try write(
            "vrs/csca.key.pem", isPrivate: true, &made,
            DevelopmentMark.keyLine + "\n" + authority.key.pemRepresentation + "\n")
        for (name, label, der) in [
            ("vrs/dcc-signer.pem", "CERTIFICATE", document), ("vrs/csca.crl.pem", "X509 CRL", list),
            ("trust/test/dcc/signer.pem", "CERTIFICATE", document),
            ("trust/test/vdsnc/csca.pem", "CERTIFICATE", authority.certificate),
            ("trust/test/vdsnc/csca.crl", "X509 CRL", list), ("vrs/seal-signer.pem", "CERTIFICATE", vdsnc),
            ("vrs/csca.pem", "CERTIFICATE", authority.certificate),
        ] {
            try remove(name)
            try write(name, isPrivate: false, &made, Self.pem(der, label: label))
        }
    }

    private static func pem(_ der: [UInt8], label: String) -> String {
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
    }

    private func sealing(_ made: inout [String]) throws {
        guard !exists(path("vrs/answer-sealing.key.pem")) else { return }
        let key = P256.KeyAgreement.PrivateKey()
        try write(
            "vrs/answer-sealing.key.pem", isPrivate: true, &made,
            DevelopmentMark.keyLine + "\n" + key.pemRepresentation + "\n")
        try write("answer-sealing.pub.pem", isPrivate: false, &made, key.publicKey.pemRepresentation + "\n")
    }

    private func authority(
        at name: String, commonName: String, _ made: inout [String]
    ) throws -> IssuingAuthority {
        if hasEnded(name) {
            for ending in [".pem", ".key.pem"] { try remove(name + ending) }
        } else if let found = IssuingAuthority(
            certificateFile: path(name + ".pem"), keyFile: path(name + ".key.pem"))
        {
            return found
        }
        let authority = try IssuingAuthority.create(commonName: commonName, now: now)
        try write(name + ".key.pem", isPrivate: true, &made, authority.keyPEM)
        try write(name + ".pem", isPrivate: false, &made, authority.certificatePEM)
        return authority
    }

    private func server(
        by authority: IssuingAuthority, at name: String, commonName: String, _ made: inout [String]
    ) throws {
        guard !exists(path(name + ".pem")) || hasEnded(name) else { return }
        try write(
            try authority.server(commonName: commonName, hosts: ["localhost", "127.0.0.1", "::1"], now: now), name,
            &made)
    }

    private func client(
        by authority: IssuingAuthority, at name: String, commonName: String, _ made: inout [String]
    ) throws {
        guard !exists(path(name + ".pem")) || hasEnded(name) else { return }
        try write(try authority.client(commonName: commonName, now: now), name, &made)
    }

    private func write(_ issued: IssuingAuthority.Issued, _ name: String, _ made: inout [String]) throws {
        if hasEnded(name) { for file in [name + ".key.pem", name + ".pem"] { try remove(file) } }
        if let key = issued.key { try write(name + ".key.pem", isPrivate: true, &made, key.pemRepresentation + "\n") }
        try write(name + ".pem", isPrivate: false, &made, issued.pem)
    }

    private func write(
        _ name: String, isPrivate: Bool, _ made: inout [String], _ text: @autoclosure () throws -> String
    ) throws {
        let path = path(name)
        guard !exists(path) else { return }
        if isPrivate {
            try KeyFile.writePrivate(try text(), to: path)
        } else {
            try KeyFile.writePublic(try text(), to: path)
        }
        made.append(path)
    }

    /// Whether a certificate ends within a day; `false` when there is none.
    private func hasEnded(_ name: String) -> Bool {
        guard let certificate = PEMFile.certificates(path(name + ".pem")).first else { return false }
        return certificate.notValidAfter < now.addingTimeInterval(86_400)
    }

    private func remove(_ name: String) throws {
        if exists(path(name)) { try FileManager.default.removeItem(atPath: path(name)) }
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }
    private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
