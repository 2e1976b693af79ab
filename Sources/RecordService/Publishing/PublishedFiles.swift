package import CredentialIssuing
import Credentials
package import Foundation
package import Records
import Signing
import Vaccination

/// What verifiers anywhere need, as static files for a web server that holds no records: the key set and the revocation
/// lists of SMART Health Cards 1.4.0, and a trust folder with all that vouches for this issuer's codes.
///
/// Never less than before: what a region that left, a region that cannot be read, or an earlier export has published
/// stays published, and counters only grow.
package struct PublishedFiles: Sendable {
    /// What the folder's web server offers.
    private let files: [(path: String, bytes: [UInt8])]
    private let batches: String
    /// What of them is the trust folder.
    private let trust: [TrustFile]
    /// The issuer in whose list the identifiers stand that a VDS-NC signer signed, by the digest of its certificate: the
    /// format knows no revocation of its own.
    private let links: [String: String]
    /// When they were made, in seconds since 1970.
    private let made: Int
    /// What an operator has to know: free of personal data, in English and Japanese.
    package let warnings: [String]
    /// Whether a region's revocations could not be read, or its evidence is broken, so that some may be missing.
    package let isPartial: Bool

    /// The files for a service's signers and what a store has revoked.
    ///
    /// A revoked identifier stands in every key's list: identifiers are never used twice, so that it does not matter
    /// which key signed.
    /// - Parameters:
    ///   - earlier: the folder that will be written to, as it is now.
    ///   - root: the last signed root over the logs, for whoever keeps them.
    /// - Throws: ``MissingKeys`` if the folder offers a key that is not among the signers' any more.
    package init(
        signers: Signers, store: any RegionStore & RevocationStore & PublicationStore & EvidenceStore,
        earlier: PublishedFolder, root: SignedRoot? = nil, isDevelopment: Bool, now: Date
    ) async throws {
        let ring = signers.keys
        let kids = ([ring.active.publicKey] + ring.earlier).map { JWK.thumbprint(of: $0) }
        let gone = earlier.keyIDs.subtracting(kids).subtracting(
            signers.withdrawn.filter { $0.role == .shc }.map(\.thumbprint))
        guard gone.isEmpty else {
            throw MissingKeys(keys: Set(gone.map { SigningKeyUse(role: .shc, thumbprint: $0) }))
        }
        var found = earlier.publication
        var warnings: [String] = []
        for municipality in try await store.municipalities() {
            do {
                found.codes.formUnion(try await store.revokedCodes(in: municipality.code, now: now))
                found.identifiers.formUnion(try await store.revoked(in: municipality.code).map(\.text))
                let log = LogName.region(municipality.code)
                // What a hand took out of both register and log is missing: that has to be said.
                for broken in try await store.verify(log, pins: [], everything: true).breaks.prefix(1) {
                    warnings.append("\(broken); revocations may be missing / 失効の一部が失われた可能性があります")
                }
            } catch let error as StoreError where error == .journalShort() {
                // A restore could take back what would be published now.
                throw error
            } catch let error as StoreError {
                // The others' revocations do not wait for it.
                warnings.append(
                    "\(municipality.code): \(error); its earlier revocations stay, newer ones are missing / 新しい失効を読めません"
                )
            }
        }
        isPartial = !warnings.isEmpty
        let published = try await store.publish(found, now: now)
        self.warnings = warnings
        let revoked = published.identifiers.sorted()
        let counter = Int(published.counter)
        let lists = revoked.isEmpty ? [] : kids
        var files = [
            (
                ".well-known/jwks.json",
                ring.jwks(
                    crlVersions: Dictionary(uniqueKeysWithValues: lists.map { ($0, counter) }),
                    isDevelopment: isDevelopment)
            )
        ]
        for kid in lists {
            files.append(
                (".well-known/crl/\(kid).json", KeyRing.revocationList(kid: kid, ctr: counter, rids: revoked)))
        }
        let vouching = signers.trustFiles(
            isDevelopment: isDevelopment,
            revoked: Dictionary(uniqueKeysWithValues: lists.map { ($0, (ctr: counter, rids: revoked)) }))
        let batches = try RevocationBatches.files(Array(published.codes), country: signers.document?.country ?? "JP")
        let folder = "\(isDevelopment ? "test/" : "")dcc/revocation"
        trust = vouching + batches.map { TrustFile(path: "\(folder)/\($0.name)", bytes: $0.bytes) }
        if let root { files.append((".well-known/akashi-root.jws", Array(root.text.utf8))) }
        self.files = files + trust.map { ("trust/\($0.path)", $0.bytes) }
        self.batches = "trust/" + folder
        links = Dictionary(
            signers.vdsncCertificates.map { (TrustManifest.digest($0), signers.issuerURL) }
        ) { first, _ in first }
        made = Int(now.timeIntervalSince1970)
    }

    /// Writes every file below a folder, each at once by renaming, and gives the paths written. Batches of an earlier
    /// export that are not among them go: what they revoked has ended, or stands in another one by now. So do withdrawn
    /// signers and authorities.
    ///
    /// - Parameter key: signs the manifest, and so all of the trust folder: whoever pins its public part takes no other.
    /// - Parameters:
    ///   - terminals: what terminals trust.
    ///   - mayBeUnannounced: see ``TerminalTrustContent/next(in:atLeast:at:signedBy:mayBeUnannounced:)``.
    /// - Throws: what concerns terminals alone is thrown at the end: revocations do not wait for it.
    package func write(
        to folder: String, signedBy key: any CredentialSigner, terminals: TerminalTrustContent,
        mayBeUnannounced: Bool = false
    ) async throws -> [String] {
        // The manifest comes last, so that whoever copies meanwhile sees what is not whole yet. Its counter only grows.
        let place = "trust/\(TrustManifest.name)"
        let old = FileManager.default.contents(atPath: "\(folder)/\(place)").flatMap { TrustManifest(Array($0)) }
        let counter = max(made, old.flatMap { Int(exactly: $0.counter) }.map { $0 + 1 } ?? 0)
        let manifest = TrustManifest(counter: counter, time: made, files: trust, links: links).bytes
        let signature = Data(try await key.signature(over: manifest)).base64EncodedString()
        let manifests: [(path: String, bytes: [UInt8])] = [
            ("trust/\(TrustManifest.signedName)", Array("\(signature)\n".utf8) + manifest), (place, manifest),
        ]
        let written = try (files + manifests).map { try Self.write($1, to: folder, $0) }
        let kept = Set(files.map { "\(folder)/\($0.path)" })
        for path in try PublishedFolder.files("\(folder)/\(batches)") where !kept.contains(path) {
            try FileManager.default.removeItem(atPath: path)
        }
        // Whoever copies the folder as it is would trust a signer, or its authority, that was withdrawn.
        let trusted = ((batches as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
        for format in ["dcc", "vdsnc"] {
            let signers = "\(folder)/\(trusted)/\(format)"
            for name in (try? FileManager.default.contentsOfDirectory(atPath: signers)) ?? []
            where ["signer", "csca"].contains(where: name.hasPrefix) && name.hasSuffix(".cer")
                && !kept.contains("\(signers)/\(name)")
            {
                try FileManager.default.removeItem(atPath: "\(signers)/\(name)")
            }
        }
        let trust = try await terminals.next(
            in: folder, atLeast: Int64(counter), at: Int64(made), signedBy: key, mayBeUnannounced: mayBeUnannounced)
        return try written + (trust.map { [try Self.write($0, to: folder, PublishedTerminalTrust.name)] } ?? [])
    }

    static func write(_ bytes: [UInt8], to folder: String, _ path: String) throws -> String {
        let url = URL(fileURLWithPath: folder).appendingPathComponent(path)
        // For a web server to read, whatever the process's mask says.
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
        try Data(bytes).write(to: url, options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: url.path)
        return url.path
    }
}
