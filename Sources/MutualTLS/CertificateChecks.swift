package import CheckedConfiguration
package import Crypto
package import Foundation
package import X509

/// What a certificate of ours is used for in TLS.
package enum TLSUse: Sendable {
    /// A listener shows it to its clients.
    case server
    /// A client shows it to a listener.
    case client

    /// As the end of a sentence.
    var english: String {
        switch self {
        case .server: "a server (extended key usage serverAuth, key usage digitalSignature)"
        case .client: "a client (extended key usage clientAuth, key usage digitalSignature)"
        }
    }

    /// The same in Japanese.
    var japanese: String {
        switch self {
        case .server: "サーバー証明書（拡張鍵用途 serverAuth、鍵用途 digitalSignature）"
        case .client: "クライアント証明書（拡張鍵用途 clientAuth、鍵用途 digitalSignature）"
        }
    }

    /// Whether the uses that a certificate names, if it names any, allow this one (RFC 5280 sections 4.2.1.3 and
    /// 4.2.1.12). One that cannot be read allows nothing.
    func isAllowed(by certificate: Certificate) -> Bool {
        do {
            if let usages = try certificate.extensions.extendedKeyUsage, !usages.contains(.any),
                !usages.contains(self == .server ? .serverAuth : .clientAuth)
            {
                return false
            }
            if let usage = try certificate.extensions.keyUsage, !usage.digitalSignature { return false }
        } catch { return false }
        return true
    }
}

/// When certificates are warned of.
package enum CertificateTime {
    /// From how many days before its end on a TLS certificate, or an authority's, is warned of.
    package static let warningDays = 30

    /// An instant's day in UTC, such as `2026-11-22`.
    package static func day(_ date: Date) -> String { date.formatted(.iso8601.year().month().day()) }

    /// Whole days from one instant to another.
    package static func days(from now: Date, to end: Date) -> Int { Int(end.timeIntervalSince(now) / 86_400) }
}

extension ConfigurationSection {
    /// Throws when a certificate is not valid now; warns when it ends within ``CertificateTime/warningDays``.
    package func checkTime(
        of certificate: Certificate, in path: String, _ key: String, now: Date
    ) throws(ConfigurationError) {
        let (from, until) = (
            CertificateTime.day(certificate.notValidBefore), CertificateTime.day(certificate.notValidAfter)
        )
        guard certificate.notValidBefore <= now else {
            throw error(
                key, english: "\(path) is valid only from \(from); check the clock, or wait until then",
                japanese: "\(path)の有効期間は\(from)からです。時計を確認するか、それまで待ってください。")
        }
        guard now <= certificate.notValidAfter else {
            throw error(
                key, english: "\(path) ended on \(until); renew it", japanese: "\(path)は\(until)に期限切れになりました。更新してください。")
        }
        let days = CertificateTime.days(from: now, to: certificate.notValidAfter)
        guard days < CertificateTime.warningDays else { return }
        warn(
            key, english: "\(path) ends in \(days) days, on \(until): renew it now",
            japanese: "\(path)はあと\(days)日、\(until)に期限切れになります。更新してください。")
    }
}

/// What is wrong with a server's certificate file, as far as this reads it; TLS judges the rest.
package enum ServerCertificateFlaw: Error, Hashable, Sendable {
    /// It is valid only from that day.
    case notYetValid(String)
    /// It ended on that day.
    case ended(String)
    /// It does not allow a server.
    case use

    /// Throws what is wrong; gives the days that are left and the last day where these are fewer than
    /// ``CertificateTime/warningDays``.
    package static func check(_ path: String, now: Date) throws(ServerCertificateFlaw) -> (days: Int, until: String)? {
        let chain = PEMFile.certificates(path)
        guard let leaf = chain.first else { return nil }
        guard TLSUse.server.isAllowed(by: leaf) else { throw .use }
        guard leaf.notValidBefore <= now else { throw .notYetValid(CertificateTime.day(leaf.notValidBefore)) }
        guard now <= leaf.notValidAfter else { throw .ended(CertificateTime.day(leaf.notValidAfter)) }
        // Others of the chain may be there for clients that go another way: one that has ended harms nobody.
        let end = chain.filter { $0.isValid(at: now) }.map(\.notValidAfter).min() ?? leaf.notValidAfter
        let days = CertificateTime.days(from: now, to: end)
        return days < CertificateTime.warningDays ? (days, CertificateTime.day(end)) : nil
    }
}

extension Certificate {
    /// Whether an instant is within its validity.
    func isValid(at now: Date) -> Bool { notValidBefore <= now && now <= notValidAfter }
}

extension [Certificate] {
    /// Whether one of them is of a key.
    package func haveKey(_ key: P256.KeyAgreement.PublicKey) -> Bool {
        contains { P256.Signing.PublicKey($0.publicKey)?.rawRepresentation == key.rawRepresentation }
    }
}
