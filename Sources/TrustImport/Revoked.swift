import Credentials
import Foundation

// What authorities have revoked, before anything that they issued is taken.
extension TrustImporter {
    /// What the lists here revoke: those of the trust folder, in both of its parts, and those among the inputs, of every
    /// authority that is here, trusted or not. Nothing that is taken later can add to it.
    func revoked(_ inputs: [Input]) -> RevokedCertificates {
        var lists: [[UInt8]] = []
        var known = (options.publisher?.certificate.map { [$0] } ?? []) + retired
        for (path, bytes) in existing where TrustPath(path).folder == "vdsnc" {
            let contents = AuthorityFile(bytes)
            lists += contents.lists
            known += contents.certificates.compactMap { Certificate(der: $0) }
        }
        for content in inputs.flatMap(\.contents) {
            if case .lists(let all) = content { lists += all }
        }
        if lists.isEmpty { return RevokedCertificates(lists: [], authorities: [], now: now) }
        for content in inputs.flatMap(\.contents) {
            switch content {
            case .certificates(let all): known += all.prefix(Self.maximumEntries).compactMap { Certificate(der: $0) }
            case .master(let der):
                guard let signed = try? SignedData(der, type: MasterList.contentType) else { continue }
                known += (MasterList.certificates(signed.content) ?? []).prefix(Self.maximumEntries)
                    .compactMap { Certificate(der: $0) }
            default: continue
            }
        }
        return RevokedCertificates(lists: lists, authorities: Set(known.filter(\.isAuthority)).map { $0 }, now: now)
    }

    /// What the lists revoke that lie in the trust folder behind this import, in either of its parts.
    func revokedForGood() -> RevokedCertificates {
        var lists: [[UInt8]] = []
        var known = (options.publisher?.certificate.map { [$0] } ?? []) + retired
        for (path, bytes) in existing where TrustPath(path).folder == "vdsnc" {
            let contents = AuthorityFile(bytes)
            known += contents.certificates.compactMap { Certificate(der: $0) }
            if files[path] == nil, !removed.contains(path) { lists += contents.lists }
        }
        for (path, bytes) in files where TrustPath(path).folder == "vdsnc" {
            let contents = AuthorityFile(bytes)
            known += contents.certificates.compactMap { Certificate(der: $0) }
            lists += contents.lists
        }
        return RevokedCertificates(lists: lists, authorities: Set(known.filter(\.isAuthority)).map { $0 }, now: now)
    }
}
