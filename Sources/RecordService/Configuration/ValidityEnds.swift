import Credentials
import Foundation
package import HTTPServer
import Signing

extension VRSConfiguration {
    /// What of all that the configuration names ends when. What a reload does not take goes on as it was, and so does its end.
    package var validityEnds: [ValidityEnd] {
        ReloadedParts(self).validityEnds
            + ValidityEnd.earliest(
                terminalIssuing.map { [$0.end] } ?? [], .authority, "terminals.issuing.certificate")
            + signers.validityEnds
    }
}

extension Signers {
    fileprivate var validityEnds: [ValidityEnd] {
        let lists = (vdsnc?.revocationLists ?? []).compactMap { RevocationDates(der: $0)?.next }
        return Self.ends(of: vdsnc?.signer, "seal")
            + ValidityEnd.earliest(
                lists.map { Date(timeIntervalSince1970: $0) }, .revocationList, "seal.revocationLists")
            + Self.ends(of: document?.signer, "dcc")
    }

    private static func ends(of signer: CertifiedSigner?, _ section: String) -> [ValidityEnd] {
        guard let signer else { return [] }
        let authorities = signer.authorities.compactMap { Certificate(der: $0)?.notAfter }
        return [ValidityEnd(.signer, "\(section).certificate", until: signer.notAfter)]
            + ValidityEnd.earliest(
                authorities.map { Date(timeIntervalSince1970: $0) }, .authority, "\(section).authorities")
    }
}
