import Credentials
import Synchronization

/// Finds who vouches for document signers' certificates and remembers those found: a country signs with a few of them at a time.
///
/// What is remembered does not depend on time: validity and revocation are judged at each check.
final class DocumentSigners: Sendable {
    /// Who issued a signer's certificate, and whether its key is sound.
    struct Signer: Sendable {
        let issuers: [AuthorityTrust.Authority]
        let hasSoundKey: Bool
    }

    // Only certificates that somebody vouches for are kept, so that strangers cannot fill it.
    private static let maximumKnown = 2048
    private let index: AuthorityIndex
    private let known = Mutex<[Encoding: Signer]>([:])

    /// A certificate's encoding, told from others by its end, which is of its authority's signature: nobody can choose many with
    /// one end.
    private struct Encoding: Hashable {
        let der: [UInt8]
        func hash(into hasher: inout Hasher) { for byte in der.suffix(8) { hasher.combine(byte) } }
    }

    init(_ index: AuthorityIndex) { self.index = index }

    func signer(_ certificate: Certificate) -> Signer {
        let encoding = Encoding(der: certificate.der)
        if let signer = known.withLock({ $0[encoding] }) { return signer }
        let signer = Signer(issuers: index.issuers(of: certificate), hasSoundKey: certificate.hasSoundKey)
        if !signer.issuers.isEmpty {
            known.withLock {
                if $0.count >= Self.maximumKnown { $0.removeAll() }
                $0[encoding] = signer
            }
        }
        return signer
    }
}
