import Credentials
import Crypto
import Foundation

/// What a certificate vouches for.
enum CertificateRole {
    /// A country's authority (CSCA).
    case authority
    /// A barcode signer: VDS-NC.
    case vdsncSigner
    /// A signer of EU and WHO certificates.
    case documentSigner

    /// Told by the CA bit, the extended key usages, and the extension for document types; `nil` for other uses.
    init?(_ certificate: Certificate) {
        if certificate.isAuthority {
            self = .authority
        } else if certificate.saysAuthority {
            return nil
        } else if certificate.isBarcodeSigner {
            self = .vdsncSigner
        } else if certificate.extendedKeyUsage == nil || certificate.namesDCCType {
            self = .documentSigner
        } else {
            return nil
        }
    }

    fileprivate var folder: String { self == .documentSigner ? "dcc" : "vdsnc" }
    fileprivate var kind: ImportReport.Taken.Kind {
        switch self {
        case .authority: .authority
        case .vdsncSigner: .vdsncSigner
        case .documentSigner: .documentSigner
        }
    }

    fileprivate func isSuitable(_ certificate: Certificate) -> Bool {
        switch self {
        case .authority: certificate.canVouch
        case .vdsncSigner: certificate.canSignVDSNC
        case .documentSigner: certificate.canSignHCERT
        }
    }
}

// Certificates and their authorities' revocation lists.
extension TrustImporter {
    mutating func takeCertificates(_ all: [[UInt8]], _ input: String) {
        for der in all {
            guard let certificate = Certificate(der: der) else {
                refuse(.certificateMalformed, input)
                continue
            }
            if let publisher, !publisher.issued(certificate) {
                refuse(.signatureMissing, input, about: Self.id(certificate))
                continue
            }
            guard let role = CertificateRole(certificate) else {
                refuse(.wrongUse, input, about: Self.id(certificate))
                continue
            }
            take(certificate, as: role, input)
        }
    }

    static func id(_ certificate: Certificate) -> String { Digest.hex(SHA256.hash(data: certificate.der).prefix(8)) }

    /// Whose a certificate is: its country and its name.
    static func owner(_ certificate: Certificate) -> String {
        [certificate.country, certificate.commonName ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Takes a certificate of a role that was told before.
    mutating func take(_ certificate: Certificate, as role: CertificateRole, _ input: String) {
        let id = Self.id(certificate)
        if now > certificate.notAfter { return refuse(.certificateExpired, input, about: id) }
        guard role.isSuitable(certificate) else { return refuse(.keyUnsuitable, input, about: id) }
        guard mayGo(role.folder), role == .authority || certificate.maySign else {
            return refuse(.wrongUse, input, about: id)
        }
        if revoked.contains(certificate) { return refuse(.signerRevoked, input, about: id) }
        let file = path(role.folder, "\(Digest.hex(SHA256.hash(data: certificate.der))).cer")
        bring(file)
        guard files[file] == nil else { return refuse(.duplicate, input, about: id) }
        put(certificate.der, file)
        if now < certificate.notBefore { note(.certificateEarly, input, about: id) }
        if certificate.isDevelopment, !options.isTest { note(.development, input, about: id) }
        if role == .authority { authorities.append(certificate) }
        report.taken.append(
            .init(
                kind: role.kind, id: id,
                owner: Self.owner(certificate),
                expires: Date(timeIntervalSince1970: certificate.notAfter), path: file))
    }

    mutating func takeList(_ der: [UInt8], _ input: String) {
        guard der.count <= TrustStore.maximumFileBytes, let dates = RevocationDates(der: der) else {
            return refuse(.revocationMalformed, input)
        }
        guard mayGo("vdsnc") else { return refuse(.wrongUse, input) }
        let issuer: Certificate
        switch RevocationDates.standing(of: der, among: authorities + retired) {
        case .whole(let signer): issuer = signer
        // The whole list that is there must stay.
        case .partial(let signer): return refuse(.revocationPartial, input, about: Self.id(signer))
        case .none: return refuse(.revocationUnverified, input)
        }
        let id = Self.id(issuer)
        if dates.made > now { return refuse(.revocationEarly, input, about: id) }
        if let publisher, publisher.certificate != issuer {
            return refuse(.signatureMissing, input, about: id)
        }
        let file = path("vdsnc", "\(Digest.hex(SHA256.hash(data: issuer.der))).crl")
        if let known = (files[file] ?? existing[file]).flatMap({ RevocationDates(der: $0) }), known.made > dates.made {
            if let listing { settled.insert(listing.digest) }
            return refuse(.revocationOlder, input, about: id)
        }
        if let next = dates.next, now > next { note(.revocationExpired, input, about: id) }
        put(der, file)
        if let listing { settled.insert(listing.digest) }
        report.taken.append(
            .init(
                kind: .authorityRevocation, id: id,
                owner: Self.owner(issuer),
                expires: dates.next.map { Date(timeIntervalSince1970: $0) }, path: file, count: dates.count))
    }
}
