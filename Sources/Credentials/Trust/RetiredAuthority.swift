import Foundation

/// An authority that an import has taken out of a trust folder, and whose revocation lists lie there still: it vouches for
/// nobody any more, and what it revoked stays revoked.
package struct RetiredAuthority: Hashable, Sendable, Encodable {
    /// The file below the trust folder in which it lay.
    package let path: String
    /// Its certificate in base64.
    let certificate: String

    /// One from its certificate, DER.
    package init(path: String, der: [UInt8]) {
        self.path = path
        certificate = Data(der).base64EncodedString()
    }

    /// Its certificate, DER.
    package var der: [UInt8] { Data(base64Encoded: certificate).map(Array.init) ?? [] }

    /// Those that the text of a note names; `nil` if it cannot be read.
    package static func noted(_ bytes: [UInt8]) -> [RetiredAuthority]? {
        guard let json = try? JSON(bytes), json.kind(json.root) == .object else { return nil }
        guard let place = json.member("retired", of: json.root) else { return [] }
        guard let members = json.elements(of: place) else { return nil }
        var result: [RetiredAuthority] = []
        for member in members {
            guard result.count < TrustManifest.maximumEntries, let path = json.string(json.member("path", of: member)),
                TrustPath(path).folder == "vdsnc",
                let text = json.string(json.member("certificate", of: member)), let der = Data(base64Encoded: text),
                Certificate(der: Array(der)) != nil
            else { return nil }
            result.append(RetiredAuthority(path: path, der: Array(der)))
        }
        return result
    }

    /// Those that the notes among a trust folder's files name.
    package static func noted(in files: [TrustFile]) -> [RetiredAuthority] {
        files.first { $0.path == TrustManifest.notesName }.flatMap { noted($0.bytes) } ?? []
    }
}
