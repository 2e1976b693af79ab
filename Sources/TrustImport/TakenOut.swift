import Credentials
import Foundation

// What leaves a trust folder by an import: what its publisher lists no longer, and what its authority has revoked. Lists
// do not leave with them, and what was noted of them stays noted: what they covered is unknown, should it be trusted again.
extension TrustImporter {
    /// Notes by whom the files came that are taken, and takes out what only this publisher brought and its manifests, the
    /// newest that are known, list no longer. Where a file that they list did not come along, it may be what vouches for it
    /// now: of that folder everything stays as it is.
    mutating func takeOutWithdrawn(by manifests: [SignedManifest]) {
        guard
            let noted = (existing[TrustManifest.notesName].map { Bringer.noted($0) } ?? [])?
                .moved(from: replaced, to: options.publisher?.id)
        else { return }
        var all = Dictionary(grouping: noted.filter { existing[$0.path] != nil }, by: \.path)
        for (path, bytes) in files where Bringer.isNoted(path) {
            all[path] = self.bringers(of: path, bytes, known: all[path] ?? [])
        }
        if let publisher = options.publisher?.id, !manifests.isEmpty {
            let open = findAbsent(manifests, noted)
            for (path, known) in all.sorted(by: { $0.key < $1.key }) where TrustPath(path).isTest == options.isTest {
                guard var own = known.first(where: { $0.publisher == publisher }) else { continue }
                let folder = TrustPath(path).folder
                if open.contains(folder) { continue }
                own.files = own.files.filter { listings[$0]?.folders.contains(folder) ?? false }
                let others = known.filter { $0.publisher != publisher }
                all[path] = own.files.isEmpty ? others : others + [own]
                if own.files.isEmpty, !TrustPath(path).isBatch { withdraw(path, leaving: others) }
            }
        }
        bringers = all.values.flatMap { $0 }.sorted { ($0.path, $0.publisher ?? "") < ($1.path, $1.publisher ?? "") }
    }

    /// Finds the files that manifests list and that neither were given nor came before; gives the folders that they are for.
    /// Lists are asked for by what they cover.
    private mutating func findAbsent(_ manifests: [SignedManifest], _ noted: [Bringer]) -> Set<String> {
        var here = given
        for one in noted where TrustPath(one.path).isTest == options.isTest && existing[one.path] != nil {
            here.formUnion(one.files)
        }
        for (path, bytes) in existing where TrustPath(path).isTest == options.isTest {
            here.insert(TrustManifest.digest(bytes))
        }
        var folders: Set<String> = []
        for signed in manifests {
            for (path, digest) in signed.manifest.digests.sorted(by: { $0.key < $1.key })
            where isListed(path) && !TrustPath(path).isList && !here.contains(digest) {
                folders.insert(TrustPath(path).folder)
                absent.append((signed.input, path))
            }
        }
        return folders
    }

    private func bringers(of path: String, _ bytes: [UInt8], known: [Bringer]) -> [Bringer] {
        guard let publisher = options.publisher?.id, let digests = brought[path] else {
            return known.adding([TrustFile(path: path, bytes: bytes)])
        }
        var others = known.filter { $0.publisher != publisher }
        // What lay here before, and nobody noted by whom.
        if known.isEmpty, let old = existing[path] {
            others.append(Bringer(path: path, publisher: nil, keys: Bringer.keys(old)))
        }
        let earlier = known.first { $0.publisher == publisher }?.files ?? []
        return others + [
            Bringer(
                path: path, publisher: publisher, files: digests.union(earlier).sorted(), keys: Bringer.keys(bytes))
        ]
    }

    /// - Parameter others: who else brought the file.
    private mutating func withdraw(_ path: String, leaving others: [Bringer]) {
        guard files[path] == nil, let bytes = existing[path] else { return }
        // A listed file brought it, and was refused for what else it holds.
        let cause: ImportCause = brought[path] == nil ? .withdrawn : .replacementRefused
        if TrustPath(path).isIssuer {
            return withdrawKeys(path, bytes, leaving: Set(others.flatMap(\.keys)), isWhole: others.isEmpty, cause)
        }
        guard others.isEmpty else { return }
        removed.insert(path)
        for certificate in AuthorityFile(bytes).certificates.compactMap({ Certificate(der: $0) }) {
            noteRemoved(certificate, path, cause)
        }
    }

    private mutating func withdrawKeys(
        _ path: String, _ bytes: [UInt8], leaving kept: Set<String>, isWhole: Bool, _ cause: ImportCause
    ) {
        guard let json = try? JSON(bytes), let issuer = json.string(json.member("issuer", of: json.root)) else {
            if isWhole { removed.insert(path) }
            return
        }
        let name = json.string(json.member("name", of: json.root))
        var rest: [ArraySlice<UInt8>] = []
        for member in json.children(of: json.member("keys", of: json.member("jwks", of: json.root))) {
            guard let key = try? JWK.read(member, in: json) else { continue }
            if kept.contains(key.kid) {
                rest.append(json.source(member))
            } else {
                report.removed.append(
                    .init(
                        kind: .smartHealthCardKey, id: key.kid,
                        owner: [name, issuer].compactMap { $0 }
                            .joined(separator: " "), path: path, cause: cause))
            }
        }
        if rest.isEmpty {
            removed.insert(path)
        } else {
            let lists = json.children(of: json.member("crls", of: json.root)).map { json.source($0) }
            rewritten[path] = Self.issuerFile(issuer, name, rest, lists)
        }
    }

    /// Takes out every certificate that lies in the folder and that its authority has revoked by a list which stays there,
    /// whoever brought it: by a list that was refused it would be out until somebody brings it again.
    mutating func takeOutRevoked() {
        let revoked = revokedForGood()
        for (path, bytes) in existing.sorted(by: { $0.key < $1.key })
        where files[path] == nil && !removed.contains(path) {
            let place = TrustPath(path)
            guard ["dcc", "vdsnc"].contains(place.folder), !place.isBatch else { continue }
            let contents = AuthorityFile(bytes)
            // What cannot be read as a whole cannot be written anew as it was.
            guard !contents.hasBrokenList else { continue }
            let gone = contents.certificates.compactMap { Certificate(der: $0) }.filter { revoked.contains($0) }
            if gone.isEmpty { continue }
            for certificate in gone { noteRemoved(certificate, path, .revokedSince) }
            let names = Set(gone.map(\.der))
            let rest = contents.certificates.filter { !names.contains($0) }
            if rest.isEmpty && contents.lists.isEmpty {
                removed.insert(path)
            } else {
                rewritten[path] = Self.pem("CERTIFICATE", rest) + Self.pem("X509 CRL", contents.lists)
            }
        }
    }

    private mutating func noteRemoved(_ certificate: Certificate, _ path: String, _ cause: ImportCause) {
        let isAuthority = TrustPath(path).folder == "vdsnc" && certificate.isAuthority
        if isAuthority { retiring.append(RetiredAuthority(path: path, der: certificate.der)) }
        report.removed.append(
            .init(
                kind: TrustPath(path).folder == "dcc" ? .documentSigner : isAuthority ? .authority : .vdsncSigner,
                id: Self.id(certificate), owner: Self.owner(certificate), path: path, cause: cause))
    }

    private static func pem(_ label: String, _ objects: [[UInt8]]) -> [UInt8] {
        let texts = objects.map { der in
            let body = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            return "-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----\n"
        }
        return Array(texts.joined().utf8)
    }
}
