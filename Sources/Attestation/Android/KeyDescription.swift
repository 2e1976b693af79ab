import Credentials

/// What Android's secure hardware says of a key (`KeyDescription`, the extension 1.3.6.1.4.1.11129.2.1.17 of its
/// certificate), of all versions: 1 to 4 of Keymaster, 100 and higher of KeyMint. A newer version adds entries to its lists and
/// changes none, so that higher ones than are known are read, too.
struct KeyDescription: Hashable, Sendable {
    static let identifier = "1.3.6.1.4.1.11129.2.1.17"
    /// Of an authority that was provisioned over the network; it says how often, which is not looked at.
    static let provisioningIdentifier = "1.3.6.1.4.1.11129.2.1.30"

    let version: Int
    /// Of the attestation, and of the key: 0 software, 1 trusted environment, 2 StrongBox.
    let attestationLevel: Int
    let keyLevel: Int
    let challenge: [UInt8]
    let software: AuthorizationList
    let hardware: AuthorizationList

    init?(_ bytes: [UInt8]) {
        var outer = DER(bytes)
        guard var fields = outer.enter(0x30), outer.isAtEnd, let version = fields.integer(),
            (1...4).contains(version) || (100...9999).contains(version),
            let attestationLevel = fields.integer(tag: 0x0A), fields.integer() != nil,
            let keyLevel = fields.integer(tag: 0x0A), let challenge = fields.content(0x04), challenge.count <= 128,
            fields.content(0x04) != nil, let software = fields.enter(0x30).flatMap({ AuthorizationList($0) }),
            let hardware = fields.enter(0x30).flatMap({ AuthorizationList($0) }), fields.isAtEnd
        else { return nil }
        self.version = version
        self.attestationLevel = attestationLevel
        self.keyLevel = keyLevel
        self.challenge = challenge
        self.software = software
        self.hardware = hardware
    }

    /// Where the key lives: the lower of both levels; `nil` if a level is not known.
    var level: KeyLevel? {
        guard max(attestationLevel, keyLevel) <= 2 else { return nil }
        return [.software, .tee, .strongBox][min(attestationLevel, keyLevel)]
    }

    /// Reads the description of a chain's key.
    ///
    /// It counts only in the key's own certificate and if no other one has it: what stands nearer to the root would be the one that
    /// hardware wrote, and what comes below it was signed by a key that an app controls.
    static func read(_ chain: CertificateChain) throws(AttestationRefusal) -> KeyDescription {
        let places = chain.certificates.indices.filter {
            chain.certificates[$0].extensions[KeyDescription.identifier] != nil
        }
        guard let nearestRoot = places.last else { throw .statementMissing }
        guard places.count == 1, nearestRoot == 0 else { throw .statementRepeated }
        guard let bytes = chain.certificates[0].value(ofExtension: KeyDescription.identifier),
            let description = KeyDescription(bytes)
        else { throw .statementMalformed }
        return description
    }
}
