import Credentials
import Foundation
package import HTTPServer
import Signing

extension VRSConfiguration {
    /// What of all that the configuration names ends when.
    package var validityEnds: [ValidityEnd] {
        reloadedValidityEnds
            + ValidityEnd.earliest(
                terminalIssuing.map { [$0.end] } ?? [], .authority, "terminals.issuing.certificate")
            + signers.validityEnds
    }

    /// The same of what is taken while the service runs: what is not goes on as it was, and so does its end.
    var reloadedValidityEnds: [ValidityEnd] {
        ValidityEnd.listener(listeners.centre) + ValidityEnd.listener(listeners.inner)
            + ValidityEnd.earliest(terminalAuthority.ends, .authority, "terminals.authorities")
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
