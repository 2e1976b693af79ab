import CredentialIssuing
import Credentials
import Crypto
import Foundation
import CheckedConfiguration
import MutualTLS
import PKCS11
import Records
import Signing

/// Reads the sections `issuer`, `seal` and `dcc`: keys, certificates, and what stands in the codes that they sign.
///
/// Everything is checked against everything else here, at start: a signer that verifiers would refuse must not be found
/// out by people who travel.
struct SignerConfiguration {
    let development: Bool
    let now: Date
    /// Where keys may lie beside files.
    let token: TokenConfiguration
    /// From how long before its end a signer's certificate is warned about.
    static let warningTime: TimeInterval = 60 * 86_400

    init(development: Bool, now: Date, token: TokenConfiguration) {
        self.development = development
        self.now = now
        self.token = token
    }

    /// All signers of a configuration.
    /// - Parameter needsVDSNC: whether a region offers overseas certificates.
    func signers(_ root: ConfigurationSection, needsVDSNC: Bool) async throws -> Signers {
        let issuer = try root.section("issuer")
        let url = try issuer.value("url", Self.urlExpected) { text in
            SmartHealthCardIssuerURL.isValid(text) ? text : nil
        }
        let name = try issuer.string("name")
        let keys = try await ring(issuer)
        // Each section once, since it remembers which of its keys were asked for.
        let (seal, section) = (try root.optionalSection("seal"), try root.optionalSection("dcc"))
        var vdsnc: VDSNCSigning?
        if let seal { vdsnc = try await self.vdsnc(seal) }
        guard vdsnc != nil || !needsVDSNC else {
            throw root.missing(
                "seal",
                Expectation(
                    english:
                        "the signer of ICAO VDS-NC seals (key and certificate): a region offers overseas certificates",
                    japanese: "ICAO VDS-NCの署名者（鍵と証明書）。海外用を交付する自治体があるため必要です"))
        }
        var signers = Signers(issuerURL: url, issuerName: name, keys: keys, vdsnc: vdsnc)
        if let section { signers.document = try await document(section) }
        signers.token = token.token
        let known = signers.keyUses.known
        for (section, key, withdrawn) in [(issuer, "withdrawnKeys", try withdrawnKeys(issuer))]
            + (try seal.map { [($0, "withdrawnCertificates", try withdrawnCertificates($0, .vdsnc))] } ?? [])
            + (try section.map { [($0, "withdrawnCertificates", try withdrawnCertificates($0, .dcc))] } ?? [])
        {
            guard withdrawn.isDisjoint(with: known) else {
                throw section.error(
                    key,
                    english: "a key stands here that is in use or listed as an earlier one: take it out there, or here",
                    japanese: "使用中または以前の鍵が含まれています。どちらか一方から外してください。")
            }
            signers.withdrawn.formUnion(withdrawn)
        }
        return signers
    }

    private static let urlExpected = Expectation(
        english: "the issuer's https URL without a trailing slash, at most 200 characters",
        japanese: "発行者のhttpsのURL（末尾のスラッシュなし、200文字以内）")

    // MARK: Keys

    private func key(_ section: ConfigurationSection) async throws -> any CredentialSigner {
        let key: any CredentialSigner
        let isDevelopment: Bool
        if let object = try token.object(section, "key") {
            let found = try await token.signingKey(section, "key", object)
            (key, isDevelopment) = (found, found.isDevelopment)
            guard development || !isDevelopment else { throw section.developmentOnly("key", "\(object)") }
            if try await canLeave(found, section) {
                section.warn(
                    "key",
                    english: "the token would give this key away (CKA_EXTRACTABLE): make it anew with vrs keys token",
                    japanese: "この鍵はトークンから取り出せます（CKA_EXTRACTABLE）。vrs keys token で作り直してください。")
            }
        } else {
            let found = try SecretFile.signingKey(section, "key", development: development)
            (key, isDevelopment) = (found, found.isDevelopment)
        }
        guard isDevelopment == development else {
            throw section.error(
                "key", english: "development mode wants a development key: real keys must not sign test certificates",
                japanese: "開発モードでは開発用の鍵を使ってください（本番の鍵で試験用の証明書に署名してはなりません）。")
        }
        return key
    }

    private func canLeave(_ key: TokenKey, _ section: ConfigurationSection) async throws -> Bool {
        do { return try await key.canLeave() } catch { throw TokenConfiguration.explained(error, section, "key") }
    }

    private func publicKeys(
        _ section: ConfigurationSection, _ name: String
    ) throws(ConfigurationError) -> [P256.Signing.PublicKey] {
        guard section.has(name) else { return [] }
        var keys: [P256.Signing.PublicKey] = []
        for path in try section.files(name) {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                let key = try? P256.Signing.PublicKey(pemRepresentation: text)
            else {
                throw section.error(
                    name, english: "\(path) holds no P-256 public key in PEM form",
                    japanese: "\(path)にPEM形式のP-256公開鍵がありません。")
            }
            keys.append(key)
        }
        return keys
    }

    private func withdrawnKeys(_ section: ConfigurationSection) throws(ConfigurationError) -> Set<SigningKeyUse> {
        Set(try publicKeys(section, "withdrawnKeys").map { SigningKeyUse(role: .shc, thumbprint: $0) })
    }

    private func withdrawnCertificates(
        _ section: ConfigurationSection, _ role: SigningKeyUse.Role
    ) throws(ConfigurationError) -> Set<SigningKeyUse> {
        let certificates = try contents(section, "withdrawnCertificates", "CERTIFICATE") { der in
            Certificate(der: der)?.p256Key == nil ? ("not a certificate of a P-256 key", "P-256鍵の証明書ではありません。") : nil
        }
        return Set(
            certificates.compactMap { Certificate(der: $0)?.p256Key }.map { SigningKeyUse(role: role, thumbprint: $0) })
    }

    private func ring(_ section: ConfigurationSection) async throws -> KeyRing {
        let active = try await key(section)
        let earlier = try publicKeys(section, "earlierKeys")
        do {
            return try await KeyRing(active: active, earlier: earlier)
        } catch let error as TokenError {
            throw TokenConfiguration.explained(error, section, "key")
        } catch {
            throw section.error("earlierKeys", english: "a key stands twice", japanese: "同じ鍵が二度書かれています。")
        }
    }

    // MARK: Signers with certificates

    private func vdsnc(_ section: ConfigurationSection) async throws -> VDSNCSigning {
        let signer = try await signer(section, .vdsnc)
        let state = try section.value(
            "state", Expectation(english: "the issuing state, three capital letters", japanese: "発行国（英大文字3字）"),
            fallback: "JPN"
        ) { text in text.utf8.count == 3 && text.utf8.allSatisfy(Self.isCapital) ? text : nil }
        let administrator = try section.value(
            "administrator",
            Expectation(
                english: "who administers the programme, 1 to 20 printable ASCII characters without spaces",
                japanese: "実施主体（空白を含まない英数記号20字以内）"),
            fallback: "MHLW_Gov_of_JAPAN"
        ) { text in
            (1...20).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
        }
        let authorities = signer.authorities.compactMap { Certificate(der: $0) }
        let lists = try revocationLists(section, authorities)
        if let certificate = Certificate(der: signer.certificate),
            lists.contains(where: { RevocationDates.list($0, of: authorities, names: certificate) })
        {
            throw section.error(
                "certificate", english: "the authority's revocation list names this signer: get another certificate",
                japanese: "認証局の失効リストにこの署名者が載っています。別の証明書を取得してください。")
        }
        // Verifiers take nothing of such a signer without its authority's list, and the own check of what is issued neither.
        if Certificate(der: signer.certificate)?.announcesRevocationList ?? false, !authorities.isEmpty,
            lists.isEmpty
        {
            throw section.error(
                "revocationLists",
                english: "the signer's certificate announces its authority's revocation list: give the whole list here",
                japanese: "署名者の証明書が失効リストを示しています。認証局の失効リスト（全体）を指定してください。")
        }
        let earlier = try earlierCertificates(section)
        return VDSNCSigning(
            signer: signer, state: state, administrator: administrator, revocationLists: lists, earlier: earlier)
    }

    private func document(_ section: ConfigurationSection) async throws -> DocumentSigning {
        let signer = try await signer(section, .dcc)
        let country = try section.value(
            "country", Expectation(english: "the issuing country, two capital letters", japanese: "発行国（英大文字2字）")
        ) { text in text.utf8.count == 2 && text.utf8.allSatisfy(Self.isCapital) ? text : nil }
        let days = try section.integer("validDays", 1...3650, unit: "d", fallback: 365)
        return DocumentSigning(
            signer: signer, country: country, issuer: try section.string("issuer", 1...80),
            validity: Double(days) * 86_400, earlier: try earlierCertificates(section))
    }

    private func signer(
        _ section: ConfigurationSection, _ use: CertifiedSigner.Use
    ) async throws -> CertifiedSigner {
        let key = try await key(section)
        let path = try section.file("certificate")
        let signer: CertifiedSigner
        do {
            signer = try CertifiedSigner(
                key: key, certificateFile: try bytes(section, "certificate", path),
                authorityFiles: try files(section, "authorities"), use: use, now: now)
        } catch let failure as CertifiedSigner.Failure {
            throw Self.explain(failure, section, path, use)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw section.error("certificate", english: "\(path) cannot be used", japanese: "\(path)は使えません。")
        }
        guard signer.isDevelopment == development else {
            if signer.isDevelopment { throw section.developmentOnly("certificate", path) }
            throw section.error(
                "certificate", english: "development mode wants a development certificate (vrs keys development)",
                japanese: "開発モードでは開発用の証明書を使ってください（vrs keys development）。")
        }
        if signer.notAfter.timeIntervalSince(now) < Self.warningTime {
            let days = CertificateTime.days(from: now, to: signer.notAfter)
            section.warn(
                "certificate",
                english: "\(path) ends in \(days) days, on \(Self.day(signer.notAfter)): get the next certificate now",
                japanese: "\(path)はあと\(days)日、\(Self.day(signer.notAfter))に期限切れになります。次の証明書を取得してください。")
        }
        return signer
    }

    private static func explain(
        _ failure: CertifiedSigner.Failure, _ section: ConfigurationSection, _ path: String, _ use: CertifiedSigner.Use
    ) -> ConfigurationError {
        func error(_ key: String, english: String, japanese: String) -> ConfigurationError {
            section.error(key, english: "\(english) (\(failure.code))", japanese: "\(japanese)（\(failure.code)）")
        }
        return switch failure {
        case .certificateMalformed:
            error(
                "certificate", english: "\(path) must hold exactly one X.509 certificate, PEM or DER",
                japanese: "\(path)にはX.509証明書がちょうど1つ必要です")
        case .keyMismatch:
            error(
                "certificate",
                english: "\(path) is not the certificate of this section's key: give the pair that belongs together",
                japanese: "\(path)はこの鍵の証明書ではありません。対になる鍵と証明書を指定してください")
        case .notYetValid(let from):
            error(
                "certificate", english: "\(path) is valid only from \(day(from))",
                japanese: "\(path)は\(day(from))から有効です")
        case .expired(let until):
            error(
                "certificate", english: "\(path) ended on \(day(until)): install the next certificate",
                japanese: "\(path)は\(day(until))に期限切れになりました。新しい証明書に替えてください")
        case .keyUsage:
            error(
                "certificate",
                english: "\(path) does not allow its key to sign documents (key usage, basic constraints)",
                japanese: "\(path)の鍵用途では文書に署名できません")
        case .extendedKeyUsage:
            error(
                "certificate",
                english: use == .vdsnc
                    ? "\(path) must have the critical extended key usage 2.23.136.1.1.14.2 (barcode signer)"
                    : "\(path) must allow vaccination certificates (extended key usage 1.3.6.1.4.1.1847.2021.1.2)",
                japanese: "\(path)の拡張鍵用途が違います")
        case .documentType:
            error(
                "certificate", english: "\(path) must name the document type NV (extension 2.23.136.1.1.6.2)",
                japanese: "\(path)の文書種別（2.23.136.1.1.6.2）にNVがありません")
        case .authorityMalformed:
            error(
                "authorities", english: "each file must hold certificates of authorities (CSCA), PEM or DER",
                japanese: "各ファイルには認証局（CSCA）の証明書が必要です")
        case .notIssuedByAuthority:
            error(
                "authorities", english: "none of these authorities issued \(path): give the CSCA certificate that did",
                japanese: "\(path)を発行した認証局の証明書がありません")
        case .authorityExpired(let until):
            error(
                "authorities", english: "the authority that issued \(path) is not valid now (until \(day(until)))",
                japanese: "\(path)を発行した認証局の証明書は有効期間外です（\(day(until))まで）")
        }
    }

    // MARK: Files

    private func files(_ section: ConfigurationSection, _ key: String) throws(ConfigurationError) -> [[UInt8]] {
        guard section.has(key) else { return [] }
        var contents: [[UInt8]] = []
        for path in try section.files(key) { contents.append(try bytes(section, key, path)) }
        return contents
    }

    /// The DER objects in the files of a list: one at least in each, and each as it has to be. What is wrong is refused and
    /// never left out, since an export would lack it in silence.
    /// - Parameter fault: what is wrong with an object, in English and Japanese; `nil` if nothing is.
    private func contents(
        _ section: ConfigurationSection, _ key: String, _ label: String,
        fault: ([UInt8]) -> (english: String, japanese: String)?
    ) throws(ConfigurationError) -> [[UInt8]] {
        guard section.has(key) else { return [] }
        var contents: [[UInt8]] = []
        for path in try section.files(key) {
            let objects = PEM.objects(label, in: try bytes(section, key, path)) ?? []
            guard !objects.isEmpty else {
                throw section.error(
                    key, english: "\(path) holds none, or is damaged", japanese: "\(path)には含まれていないか、壊れています。")
            }
            for der in objects {
                guard let fault = fault(der) else { continue }
                throw section.error(
                    key, english: "\(path): \(fault.english)", japanese: "\(path): \(fault.japanese)")
            }
            contents += objects
        }
        return contents
    }

    private func earlierCertificates(_ section: ConfigurationSection) throws(ConfigurationError) -> [[UInt8]] {
        try contents(section, "earlierCertificates", "CERTIFICATE") { der in
            Certificate(der: der) == nil ? ("not an X.509 certificate", "X.509証明書ではありません。") : nil
        }
    }

    /// The authorities' lists: those that a verifier with these authorities takes, and no others.
    private func revocationLists(
        _ section: ConfigurationSection, _ authorities: [Certificate]
    ) throws(ConfigurationError) -> [[UInt8]] {
        let now = now.timeIntervalSince1970
        return try contents(section, "revocationLists", "X509 CRL") { der in
            guard let dates = RevocationDates(der: der) else {
                return ("not a certificate revocation list", "失効リストではありません。")
            }
            switch RevocationDates.standing(of: der, among: authorities) {
            case .whole: break
            case .partial:
                return (
                    "not the whole list (one of changes, or with a critical extension): give the whole one",
                    "失効リストの全体ではありません。全体を指定してください。"
                )
            case .none:
                return ("none of these authorities (authorities) signed it", "この認証局（authorities）の署名ではありません。")
            }
            if let next = dates.next, next < now {
                let day = Self.day(Date(timeIntervalSince1970: next))
                return ("it ended on \(day): get the authority's next one", "\(day)に期限切れになりました。次の失効リストを取得してください。")
            }
            return dates.made > now ? ("its time has not come", "有効期間がまだ始まっていません。") : nil
        }
    }

    private func bytes(
        _ section: ConfigurationSection, _ key: String, _ path: String
    ) throws(ConfigurationError) -> [UInt8] {
        let maximum = 1 << 20
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: maximum + 1),
            data.count <= maximum
        else { throw section.error(key, english: "\(path) cannot be read", japanese: "\(path)を読めません。") }
        return Array(data)
    }

    private static func isCapital(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) }
    private static func day(_ date: Date) -> String { CertificateTime.day(date) }
}

/// What `SmartHealthCardIssuer` asks of an issuer's URL, for a message at start.
private enum SmartHealthCardIssuerURL {
    static func isValid(_ text: String) -> Bool {
        text.utf8.count <= 200 && text.hasPrefix("https://") && !text.hasSuffix("/")
            && URL(string: text)?.host?.isEmpty == false
    }
}
