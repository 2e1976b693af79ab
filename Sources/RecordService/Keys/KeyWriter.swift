import CardChip
import Crypto
import Foundation
import MutualTLS
import Records
import Signing
import Vaccination
import X509

/// Makes keys, certificates and lists below one folder. What is there stays as it is.
struct KeyWriter {
    /// Where everything goes.
    let folder: String
    let now: Date
    /// The organisation that certificates name.
    let organisation: String
    /// Whether keys are marked as development keys, and what ends within a day is made anew.
    let isDevelopment: Bool
    /// The paths made, in their order.
    private(set) var made: [String] = []

    init(folder: String, now: Date, organisation: String, isDevelopment: Bool) {
        self.folder = folder
        self.now = now
        self.organisation = organisation
        self.isDevelopment = isDevelopment
    }

    // MARK: Authorities and their certificates

    mutating func authority(at name: String, commonName: String) throws -> IssuingAuthority {
        if hasEnded(name) {
            for ending in [".pem", ".key.pem"] { try remove(name + ending) }
        } else if let found = IssuingAuthority(
            certificateFile: path(name + ".pem"), keyFile: path(name + ".key.pem"))
        {
            return found
        }
        let authority = try IssuingAuthority.create(commonName: commonName, organisation: organisation, now: now)
        try write(name + ".key.pem", isPrivate: true, authority.keyPEM)
        try write(name + ".pem", isPrivate: false, authority.certificatePEM)
        return authority
    }

    mutating func server(by authority: IssuingAuthority, at name: String, commonName: String, hosts: [String]) throws {
        guard !exists(path(name + ".pem")) || hasEnded(name) else { return }
        try write(try authority.server(commonName: commonName, hosts: hosts, now: now), name)
    }

    mutating func client(by authority: IssuingAuthority, at name: String, commonName: String) throws {
        guard !exists(path(name + ".pem")) || hasEnded(name) else { return }
        try write(try authority.client(commonName: commonName, now: now), name)
    }

    private mutating func write(_ issued: IssuingAuthority.Issued, _ name: String) throws {
        if hasEnded(name) { for file in [name + ".key.pem", name + ".pem"] { try remove(file) } }
        if let key = issued.key { try write(name + ".key.pem", isPrivate: true, key.pemRepresentation + "\n") }
        try write(name + ".pem", isPrivate: false, issued.pem)
    }

    // MARK: Other keys

    /// A key that signs, with its public part.
    @discardableResult
    mutating func signingKey(at name: String) throws -> FileKey {
        if !exists(path(name)) {
            try FileKey.create(at: path(name), development: isDevelopment)
            made.append(path(name))
        }
        return try FileKey(pemFile: path(name), allowDevelopment: isDevelopment)
    }

    /// The pair that seals answers.
    mutating func answerKey(at name: String, publicPart: String) throws {
        guard !exists(path(name)) else { return }
        let key = P256.KeyAgreement.PrivateKey()
        try write(name, isPrivate: true, marked(key.pemRepresentation))
        try write(publicPart, isPrivate: false, key.publicKey.pemRepresentation + "\n")
    }

    mutating func challengeKey(at name: String) throws {
        try write(
            name, isPrivate: true,
            marked(SymmetricKey(size: .bits256).withUnsafeBytes { Hexadecimal.text($0) }))
    }

    mutating func regionKeys(at name: String, _ regions: [MunicipalityCode]) throws {
        let missing = (regions.map(\.digits) + ["control"]).map { path("\(name)/\($0).json") }.filter { !exists($0) }
        try RegionKeyFolder(path: path(name), allowDevelopment: isDevelopment)
            .createMissing(for: regions, development: isDevelopment)
        made += missing
    }

    /// The list of centres and operators, by their certificates.
    /// - Parameter clients: role, name in the list, and where the certificate lies.
    mutating func clientList(at list: String, _ clients: [(role: ClientRole, name: String, path: String)]) throws {
        var text = "clients:\n"
        for client in clients {
            guard let der = try PEMFile.certificates(path(client.path + ".pem")).first?.der else { continue }
            let hash = Hexadecimal.text(SHA256.hash(data: der))
            text += "  - {name: \(client.name), role: \(client.role.rawValue), certificate: \"\(hash)\"}\n"
        }
        if isDevelopment, let old = try? String(contentsOfFile: path(list), encoding: .utf8), old != text {
            try remove(list)
        }
        try write(list, isPrivate: false, text)
    }

    // MARK: Files

    /// A key's text, with the mark's line before it in development.
    func marked(_ text: String) -> String { (isDevelopment ? DevelopmentMark.keyLine + "\n" : "") + text + "\n" }

    mutating func write(_ name: String, isPrivate: Bool, _ text: String) throws {
        let path = path(name)
        guard !exists(path) else { return }
        if isPrivate {
            try KeyFile.writePrivate(text, to: path)
        } else {
            try KeyFile.writePublic(text, to: path)
        }
        made.append(path)
    }

    /// Whether a development certificate ends within a day; `false` when there is none, and for real ones, which somebody
    /// has to renew.
    func hasEnded(_ name: String) -> Bool {
        guard isDevelopment, let certificate = PEMFile.certificates(path(name + ".pem")).first else { return false }
        return certificate.notValidAfter < now.addingTimeInterval(86_400)
    }

    func remove(_ name: String) throws {
        if exists(path(name)) { try FileManager.default.removeItem(atPath: path(name)) }
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
