package import CheckedConfiguration
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

    /// - Parameter copies: where else its certificate lies: with a copy there and the authority gone, another one of the same
    ///   name would be made, which nobody trusts.
    mutating func authority(
        at name: String, commonName: String, copies: [String] = []
    ) throws -> IssuingAuthority {
        try refuseHalf(name)
        if !exists(path(name + ".pem")), let copy = copies.first(where: { exists(path($0)) }) {
            throw KeyFolderError.authorityAway(path(name + ".pem"), copy: path(copy))
        }
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
        try refuseHalf(name)
        guard !exists(path(name + ".pem")) || hasEnded(name) else { return }
        try write(try authority.server(commonName: commonName, hosts: hosts, now: now), name)
    }

    mutating func client(by authority: IssuingAuthority, at name: String, commonName: String) throws {
        try refuseHalf(name)
        guard !exists(path(name + ".pem")) || hasEnded(name) else { return }
        try write(try authority.client(commonName: commonName, now: now), name)
    }

    /// Throws if of two files that belong together one is there without the other: what was made to fill the gap would not
    /// fit.
    func refuseHalf(_ first: String, _ second: String) throws {
        let files = [path(first), path(second)]
        guard exists(files[0]) == exists(files[1]) else {
            throw KeyFolderError.half(
                there: files[exists(files[0]) ? 0 : 1], missing: files[exists(files[0]) ? 1 : 0])
        }
    }

    private func refuseHalf(_ name: String) throws { try refuseHalf(name + ".pem", name + ".key.pem") }

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
    /// - Parameter publicPart: where its public part lies; `nil` if nobody is given it in a file.
    mutating func answerKey(at name: String, publicPart: String?) throws {
        if let publicPart { try refuseHalf(name, publicPart) }
        guard !exists(path(name)) else { return }
        let key = P256.KeyAgreement.PrivateKey()
        try write(name, isPrivate: true, marked(key.pemRepresentation))
        if let publicPart { try write(publicPart, isPrivate: false, key.publicKey.pemRepresentation + "\n") }
    }

    mutating func challengeKey(at name: String) throws {
        try write(
            name, isPrivate: true,
            marked(SymmetricKey(size: .bits256).withUnsafeBytes { Hexadecimal.text($0) }))
    }

    /// The key that wraps the files of regions' keys; `nil` where there are such files already and no such key: what is plain
    /// stays so until somebody wraps it, since the service would not know the key.
    mutating func masterKey(at name: String, besides regions: String) throws -> FileMasterKey? {
        if !exists(path(name)) {
            let folder = RegionKeyFolder(path: path(regions), allowDevelopment: isDevelopment)
            let file = path("\(regions)/control.json")
            if exists(file) {
                guard try !folder.isWrapped else { throw KeyFolderError.half(there: file, missing: path(name)) }
                return nil
            }
        }
        try write(name, isPrivate: true, marked(FileMasterKey.makeText().trimmingCharacters(in: .newlines)))
        return try FileMasterKey(file: path(name))
    }

    mutating func regionKeys(
        at name: String, _ regions: [MunicipalityCode], wrappedBy master: FileMasterKey? = nil
    ) throws {
        let missing = (regions.map(\.digits) + ["control"]).map { path("\(name)/\($0).json") }.filter { !exists($0) }
        try RegionKeyFolder(
            path: path(name), allowDevelopment: isDevelopment, masters: master.map { [$0] } ?? []
        )
        .createMissing(for: regions, development: isDevelopment)
        made += missing
    }

    /// The list of centres, mobile back ends and operators, by their certificates.
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

/// Why keys were not made.
package enum KeyFolderError: ExplainedError, Hashable, Sendable {
    /// Of a pair of files one is there and the other is not.
    case half(there: String, missing: String)
    /// An authority was taken away, as it should be, and is needed.
    case authorityAway(String, copy: String)

    package var exitStatus: ExitStatus { .usage }

    package var english: String {
        switch self {
        case .half(let there, let missing):
            "\(there) is there and \(missing) is not: bring it back, or move both away to have a new pair made."
        case .authorityAway(let path, let copy):
            "\(path) is not there, though \(copy) is: bring the authority back for as long as certificates are made."
        }
    }

    package var japanese: String {
        switch self {
        case .half(_, let missing): "\(missing)がありません。戻すか、両方を移してから作り直してください。"
        case .authorityAway(let path, _): "認証局（\(path)）がありません。証明書を作る間だけ戻してください。"
        }
    }
}
