@testable import Attestation
@testable import Credentials
import Crypto
import Foundation

/// What reads attestations of apps. Nobody has a key that was attested: nothing of what the fuzzer makes may pass.
extension Decoder {
    static let attestations = [
        androidAttestation, appleAttestation, appleAssertion, attestationStatus, deviceCertificate,
    ]

    private static let androidAttestation = Decoder(name: "android-attestation") { bytes in
        // A statement alone, so that its reader is reached without a signature.
        if let statement = KeyDescription(bytes), let rules = AttestationSeeds.rules {
            let refusals = rules.refusals(statement, challenge: statement.challenge)
            require(
                !refusals.isEmpty
                    || (statement.hardware.rootOfTrust?.isLocked == true && statement.level != .software
                        && statement.software.application?.packages.count == 1),
                "a statement passes that lacks what every one must have")
        }
        for platform in [AttestationPlatform.android, .development] {
            refused(try Attestation(platform: platform, bytes: bytes), proof: [])
        }
    }

    private static let appleAttestation = Decoder(name: "apple-attestation") { bytes in
        if let data = AuthenticatorData(attestation: bytes) {
            require(data.attested?.publicKey.count == 65, "a key that is no point")
        }
        refused(try Attestation(platform: .ios, bytes: bytes), proof: nil)
    }

    private static let appleAssertion = Decoder(name: "apple-assertion") { bytes in
        for platform in AttestationPlatform.allCases {
            let key = DeviceProofKey(
                platform: platform, publicKey: AttestationSeeds.nobody, app: "A1B2C3D4E5.jp.example.akashi")
            require((try? key.check(bytes, of: bytes)) == nil, "a proof without its key")
        }
    }

    private static let attestationStatus = Decoder(name: "attestation-status") { bytes in
        guard let list = AndroidStatusList(bytes, fetched: SmartHealthCards.now) else { return }
        require(list.count <= AndroidStatusList.maximumEntries, "a list has more entries than it may")
        var part = bytes
        while let last = part.last, [0x20, 0x09, 0x0A, 0x0D].contains(last) { part.removeLast() }
        require(
            AndroidStatusList(part.dropLast(), fetched: SmartHealthCards.now) == nil,
            "a part of a list passes for the whole")
    }

    private static let deviceCertificate = Decoder(name: "device-certificate") { bytes in
        // What a certificate says, alone, so that its reader is reached without a signature.
        let said = text(bytes)
        if let content = DeviceCertificate.Content(said) {
            require(content.text.utf8.elementsEqual(bytes), "what a certificate says has two forms")
            require(content.text.utf8.count <= DeviceCertificate.Content.maximumText, "a text out of its bounds")
        }
        guard let authorities = AttestationSeeds.devices else { return require(false, "the seeds give no authority") }
        let certificate = DeviceCertificate(der: bytes, issuedBy: authorities, at: AttestationSeeds.time)
        require(certificate == nil || bytes == AttestationSeeds.device, "a certificate that nobody issued")
    }

    private static func refused(_ attestation: Attestation, proof: [UInt8]?) {
        guard let checker = AttestationSeeds.checker else { return require(false, "the seeds give no policy") }
        let challenge = EnrolmentChallenge(token: [0], platform: attestation.platform)
        let key = try? checker.check(
            attestation, challenge: challenge, proof: proof, at: AttestationSeeds.time)
        require(key == nil, "an attestation for another challenge passes")
    }
}

/// The roots of the seeds and a policy that trusts them.
private enum AttestationSeeds {
    /// A key that is thrown away.
    static let nobody = P256.Signing.PrivateKey().publicKey
    /// When the seeds' certificates count: they are made for 2025-12-01 and the day around it.
    static let time = Date(timeIntervalSince1970: 1_764_547_200)

    static let rules = checker?.policy.android.map { AndroidRules($0) }

    /// The one device certificate that was issued, and by whom.
    static let device = file("device-certificate/certificate")
    static let devices = file("device-certificate/authority").flatMap { DeviceAuthorities(der: [$0]) }

    private static func file(_ path: String) -> [UInt8]? {
        let folder = ProcessInfo.processInfo.environment["AKASHI_FUZZ_SEEDS"] ?? "Tests/Fuzz/Seeds"
        return FileManager.default.contents(atPath: "\(folder)/\(path)").map { Array($0) }
    }

    static let checker: AttestationChecker? = {
        func root(_ path: String) -> AttestationRoot? { file(path).flatMap { AttestationRoot(der: $0) } }
        guard let android = root("android-attestation/root.der"), let apple = root("apple-attestation/root.der"),
            let app = try? AndroidApp(
                package: "jp.example.akashi", signers: [[UInt8](repeating: 1, count: 32)], minimumVersion: 1),
            let appleApp = try? AppleApp(team: "A1B2C3D4E5", bundle: "jp.example.akashi")
        else { return nil }
        let policy = AttestationPolicy(
            android: try? AndroidPolicy(
                apps: [app], levels: [.tee, .strongBox], minimumOSVersion: 120_000, minimumPatchLevel: 202_401,
                isModelRequired: true, roots: [android], maximumStatusAge: 3600),
            apple: try? ApplePolicy(apps: [appleApp], environments: [.production], roots: [apple]), development: nil,
            revocations: .none)
        let list = AndroidStatusList(Array(#"{"entries":{}}"#.utf8), fetched: time)
        return AttestationChecker(policy: policy, status: list)
    }()
}
