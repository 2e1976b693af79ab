import Attestation
import CardChip
import CheckedConfiguration
import Foundation
import MutualTLS

/// Which devices and apps may enrol, out of the section `attestation`.
struct AttestationConfiguration {
    let policy: AttestationPolicy
    /// Where Google's list of revoked keys lies; `nil` if no Android device is taken.
    let statusFile: String?

    init(_ section: ConfigurationSection, development: Bool) throws(ConfigurationError) {
        let android = try section.optionalSection("android")
        statusFile = try android?.path("status")
        let androidPolicy = try android.map { (section) throws(ConfigurationError) in try Self.android(section) }
        let applePolicy = try section.optionalSection("ios").map { (section) throws(ConfigurationError) in
            try Self.apple(section, development: development)
        }
        let made = try section.optionalSection("development").map { (section) throws(ConfigurationError) in
            try Self.development(section, development: development)
        }
        guard androidPolicy != nil || applePolicy != nil || made != nil else {
            throw section.error(
                nil,
                english: "at least one of android, ios and, with --development, development: else no app can enrol",
                japanese: "android、ios（--development では development も）の少なくとも一つが必要です。")
        }
        policy = AttestationPolicy(
            android: androidPolicy, apple: applePolicy, development: made, revocations: .none)
    }

    private static func android(_ section: ConfigurationSection) throws(ConfigurationError) -> AndroidPolicy {
        let levels = try section.texts(
            "levels", Expectation(english: "a list with tee, strongbox or both", japanese: "tee、strongbox のリスト"))
        let os =
            try section.has("minimumOSVersion")
            ? section.integer("minimumOSVersion", 70_000...999_999) : nil
        let patches =
            try section.has("minimumPatchLevel")
            ? section.integer("minimumPatchLevel", 201_501...209_912) : nil
        let (apps, roots) = (try apps(section), try roots(section))
        let isModelRequired = try section.boolean("modelRequired", fallback: false)
        let hours = try section.integer("statusMaximumAgeHours", 1...744, unit: "h", fallback: 48)
        do throws(AttestationPolicyError) {
            return try AndroidPolicy(
                apps: apps, levels: Set(levels.compactMap { KeyLevel(rawValue: $0) }), minimumOSVersion: os,
                minimumPatchLevel: patches, isModelRequired: isModelRequired, roots: roots,
                maximumStatusAge: Double(hours) * 3600)
        } catch { throw Self.error(error, section) }
    }

    private static func apple(
        _ section: ConfigurationSection, development: Bool
    ) throws(ConfigurationError) -> ApplePolicy {
        var apps: [AppleApp] = []
        for one in try section.sections("apps") {
            let (team, bundle) = (try one.string("team", 1...20), try one.string("bundle", 1...155))
            do throws(AttestationPolicyError) { apps.append(try AppleApp(team: team, bundle: bundle)) } catch {
                throw Self.error(error, one)
            }
        }
        let expected = Expectation(
            english: "a list with production, or with --development also development",
            japanese: "production のリスト（--development では development も）")
        let texts = section.has("environments") ? try section.texts("environments", expected) : ["production"]
        let environments = Set(texts.compactMap { AppleEnvironment(rawValue: $0) })
        // Keys of builds that a developer runs are worth what the developer's machine is.
        guard environments.count == texts.count, development || !environments.contains(.development) else {
            throw section.wrong("environments", texts.joined(separator: ", "), expected)
        }
        let roots = try roots(section)
        do throws(AttestationPolicyError) {
            return try ApplePolicy(apps: apps, environments: environments, roots: roots)
        } catch { throw Self.error(error, section) }
    }

    private static func development(
        _ section: ConfigurationSection, development: Bool
    ) throws(ConfigurationError) -> DevelopmentPolicy {
        guard development else {
            throw section.error(
                nil, english: "made-up devices are for development only; remove this, or start with --development",
                japanese: "模擬の端末は開発専用です。この設定を外すか、--developmentを付けて起動してください。")
        }
        let (apps, roots) = (try apps(section), try roots(section))
        do throws(AttestationPolicyError) {
            return try DevelopmentPolicy(apps: apps, roots: roots, isDevelopmentMode: development)
        } catch { throw Self.error(error, section) }
    }

    private static func apps(_ section: ConfigurationSection) throws(ConfigurationError) -> [AndroidApp] {
        var apps: [AndroidApp] = []
        let digests = Expectation(
            english: "a list of SHA-256 hashes of signing certificates, 64 hexadecimal digits each in quotes",
            japanese: "署名証明書のSHA-256（16進64桁、引用符で囲む）のリスト")
        for one in try section.sections("apps") {
            let package = try one.string("package", 1...255)
            let texts = try one.texts("signers", digests)
            let signers = texts.compactMap { Hexadecimal.bytes($0.lowercased()) }
            guard signers.count == texts.count else {
                throw one.wrong("signers", texts.joined(separator: ", "), digests)
            }
            let minimum = try one.integer("minimumVersion", 0...Int(Int32.max), fallback: 0)
            do throws(AttestationPolicyError) {
                apps.append(try AndroidApp(package: package, signers: Set(signers), minimumVersion: minimum))
            } catch { throw Self.error(error, one) }
        }
        return apps
    }

    private static func roots(_ section: ConfigurationSection) throws(ConfigurationError) -> [AttestationRoot] {
        var roots: [AttestationRoot] = []
        for path in try section.files("roots") {
            let certificates = PEMFile.certificates(path)
            guard !certificates.isEmpty else {
                throw section.error(
                    "roots", english: "\(path) holds no certificate in PEM form",
                    japanese: "\(path)にPEM形式の証明書がありません。")
            }
            for certificate in certificates {
                guard let der = try? certificate.der, let root = AttestationRoot(der: der) else {
                    throw section.error(
                        "roots", english: "\(path) holds a certificate that is no authority's with a sound key",
                        japanese: "\(path)に、認証局のものでない証明書か、鍵が弱い証明書があります。")
                }
                roots.append(root)
            }
        }
        return roots
    }

    private static func error(_ error: AttestationPolicyError, _ section: ConfigurationSection) -> ConfigurationError {
        section.error(
            nil, english: "\(error.field.rawValue): \(error.description)",
            japanese: "\(error.field.rawValue) が正しくありません（\(error.description)）。")
    }
}
