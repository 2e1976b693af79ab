package import Credentials

/// Whose passports are trusted: the countries' signing authorities (CSCA) of a trust folder's `passport`, with the lists of what
/// they revoked.
///
/// ```
/// TRUST/passport/*       certificates of authorities, DER or PEM; master lists (ICAO Doc 9303-12 section 9); revocation lists,
///                        told by their content
/// TRUST/test/passport/*  the same; passports that these vouch for are reported as made up for tests
/// ```
///
/// Whoever puts a file there trusts it: a master list's authorities as single ones, if its signature is right and its signer is one
/// for master lists whom an authority in it or beside it vouches for. A file that is not as it should be is left out as a whole,
/// and ``refused`` says which and why; where it may have been a revocation list, nothing is accepted any more that it might have
/// been about.
package struct TravelDocumentTrust: Sendable {
    /// The folder of the authorities, below a trust folder, and below its test part.
    package static let folder = "passport"
    /// What is refused of a certificate that is no authority's.
    package static let notAuthority = "certificate.not_authority"

    /// What was not used.
    package private(set) var refused: [TrustRefusal] = []
    /// The authorities and their lists.
    package private(set) var authorities = AuthorityTrust()
    let index: AuthorityIndex

    /// Reads the files of a trust folder; those of other folders and hidden ones are passed over.
    ///
    /// - Parameters:
    ///   - files: with their paths below the trust folder.
    ///   - held: lists that must be here, and not older: what ``AuthorityTrust/held`` of ``authorities`` said before.
    package init(files: [TrustFile], held: [HeldList] = []) {
        var trust = AuthorityTrust()
        var refused: [TrustRefusal] = []
        func refuse(_ file: TrustFile, _ code: String) {
            refused.append(TrustRefusal(path: file.path, code: code, keyID: nil))
        }
        var lists: [(file: TrustFile, lists: [[UInt8]])] = []
        var masters: [TrustFile] = []
        for file in files.sorted(by: { $0.path < $1.path }) {
            let place = TrustPath(file.path)
            guard place.folder == Self.folder, !place.name.hasPrefix(".") else { continue }
            guard file.bytes.count <= TrustStore.maximumFileBytes, !place.name.isEmpty else {
                refuse(file, place.name.isEmpty ? TrustRefusal.notAFile : "trust.too_large")
                trust.noteUnknown(isTest: place.isTest)
                continue
            }
            if SignedData.isOne(file.bytes) {
                masters.append(file)
                continue
            }
            let contents = AuthorityFile(file.bytes)
            let shouldBeList = place.name.lowercased().contains(".crl")
            if contents.isUnknown || contents.isLinks || contents.hasBrokenList
                || shouldBeList && contents.lists.isEmpty
            {
                let code =
                    shouldBeList || contents.hasBrokenList ? TrustRefusal.listMalformed : TrustRefusal.unknownFile
                refuse(file, code)
                trust.noteUnknown(isTest: place.isTest)
                continue
            }
            if let code = Self.add(contents.certificates, file, place, &trust) { refuse(file, code) }
            if contents.certificates.isEmpty, contents.lists.isEmpty { refuse(file, "certificate.malformed") }
            if !contents.lists.isEmpty { lists.append((file, contents.lists)) }
        }
        for file in masters {
            guard let all = Self.authorities(of: file.bytes, beside: trust) else {
                refuse(file, "trust.master_list")
                continue
            }
            // A list has a few entries that cannot be read, or are no authorities: the rest of it counts.
            for certificate in all { trust.add(certificate, isTest: TrustPath(file.path).isTest) }
            trust.age.noteTrust(file.fetched, isTest: TrustPath(file.path).isTest)
        }
        for (file, all) in lists {
            refused += trust.addLists(all, file, isTest: TrustPath(file.path).isTest)
        }
        for list in held {
            if let key = list.key, trust.require(list.least, of: key) {
                refused.append(TrustRefusal(path: list.path, code: TrustRefusal.listMissing, keyID: nil))
            }
        }
        (self.refused, authorities) = (refused, trust)
        index = AuthorityIndex(trust)
    }

    /// Adds a file's certificates, all or none; says why none.
    private static func add(
        _ all: [[UInt8]], _ file: TrustFile, _ place: TrustPath, _ trust: inout AuthorityTrust
    ) -> String? {
        var certificates: [Certificate] = []
        for der in all {
            guard let certificate = Certificate(der: der) else { return "certificate.malformed" }
            guard certificate.isAuthority else { return notAuthority }
            certificates.append(certificate)
        }
        for certificate in certificates { trust.add(certificate, isTest: place.isTest) }
        if !certificates.isEmpty { trust.age.noteTrust(file.fetched, isTest: place.isTest) }
        return nil
    }

    private static func authorities(of der: [UInt8], beside trust: AuthorityTrust) -> [Certificate]? {
        guard let signed = try? SignedData(der, type: MasterList.contentType),
            signed.signer.extendedKeyUsage?.contains(MasterList.signerUsage) ?? false,
            let all = MasterList.certificates(signed.content)
        else { return nil }
        let authorities = all.compactMap { Certificate(der: $0) }.filter(\.isAuthority)
        let known = authorities + trust.authorities.map(\.certificate)
        return known.contains { signed.signer.isIssued(by: $0) } ? authorities : nil
    }

    /// Whether it vouches for no passport.
    package var isEmpty: Bool { authorities.isEmpty }
}
