import CredentialIssuing
import Credentials
package import Foundation
package import Records
import Signing
import Vaccination

/// What verifiers anywhere need, as static files for a web server that holds no records: the key set and the revocation
/// lists of SMART Health Cards 1.4.0, and a trust folder with all that vouches for this issuer's codes.
package struct PublishedFiles: Sendable {
    private let files: [(path: String, bytes: [UInt8])]

    /// The files for a service's signers and what a store has revoked.
    ///
    /// A revoked identifier stands in every key's list: identifiers are never used twice, so that it does not matter
    /// which key signed. The list's counter is its length, which only grows.
    package init(signers: Signers, store: any RegionStore & RevocationStore, isDevelopment: Bool, now: Date)
        async throws
    {
        var revoked: [String] = []
        var codes: [RevocableCode] = []
        for municipality in try await store.municipalities() {
            codes += try await store.revokedCodes(in: municipality.code, now: now)
            revoked += try await store.revoked(in: municipality.code).map(\.text)
        }
        revoked.sort()
        let keys = signers.keys
        let kids = ([keys.active.publicKey] + keys.earlier).map { JWK.thumbprint(of: $0) }
        let lists = revoked.isEmpty ? [] : kids
        var files = [
            (
                ".well-known/jwks.json",
                keys.jwks(crlVersions: Dictionary(uniqueKeysWithValues: lists.map { ($0, revoked.count) }))
            )
        ]
        for kid in lists {
            files.append(
                (".well-known/crl/\(kid).json", KeyRing.revocationList(kid: kid, ctr: revoked.count, rids: revoked)))
        }
        let trust = signers.trustFiles(
            isDevelopment: isDevelopment,
            revoked: Dictionary(uniqueKeysWithValues: lists.map { ($0, (ctr: revoked.count, rids: revoked)) }))
        files += trust.map { ("trust/\($0.path)", $0.bytes) }
        let batches = try RevocationBatches.files(codes, country: signers.document?.country ?? "JP")
        files += batches.map { ("trust/\(isDevelopment ? "test/" : "")dcc/revocation/\($0.name)", $0.bytes) }
        self.files = files
    }

    /// Writes every file below a folder, each at once by renaming, and gives the paths written.
    package func write(to folder: String) throws -> [String] {
        try files.map { path, bytes in
            let url = URL(fileURLWithPath: folder).appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url, options: .atomic)
            return url.path
        }
    }
}
