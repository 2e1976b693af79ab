/// The forms in which trust is published, as an input's content tells them apart.
public enum PublishedForm: String, Sendable, Hashable, CaseIterable {
    /// A SMART Health Card issuer's key set (RFC 7517).
    case keySet = "shc.jwks"
    /// The VCI directory's list of issuers, without keys.
    case issuerDirectory = "shc.directory"
    /// The VCI directory's daily snapshot: issuers with their keys and revocation lists.
    case issuerSnapshot = "shc.snapshot"
    /// A file of a trust folder's `shc`.
    case issuerFile = "shc.issuer"
    /// A list of EU document signers, signed or not.
    case signerList = "dcc.list"
    /// A batch of revoked EU certificates.
    case revocationBatch = "dcc.revocation"
    /// A DID document of the WHO's trust network.
    case didDocument = "dcc.did"
    /// A master list of countries' authorities (ICAO Doc 9303-12 section 9).
    case masterList = "icao.master_list"
    /// The manifest of a published trust folder, for its links from VDS-NC signers to their issuers' lists.
    case manifest = "akashi.manifest"
    /// Certificates and revocation lists by themselves, PEM or DER.
    case certificates = "x509"
}
