import Attestation
import Crypto
import Exchange
import Foundation
import MutualTLS
import PhoneApp
import SimulatedAttestation
import Vaccination

/// Who vouches for made-up devices' keys: a root of development whose key lies in a file. What it attests is taken with
/// `--development` alone.
struct Attester: Sendable {
    /// The app that its statements name.
    static let package = "akashi.development.phone"
    /// The app's version code.
    static let version = 1
    /// SHA-256 of the certificate that signed the app, as its statements say.
    static let signer = Array(SHA256.hash(data: Array("AKASHI DEVELOPMENT phone-sim".utf8)))

    private static let name = DevelopmentMark.name + " Attestation Root"
    private let maker: SimulatedMaker

    private static func files(_ folder: String) -> (key: String, certificate: String) {
        (folder + "/attester.key.pem", folder + "/attester.pem")
    }

    /// Makes a root that counts for ten years, and gives the path of its certificate. Nothing is overwritten.
    static func make(in folder: String, now: Date = Date()) throws -> String {
        let (keyFile, certificateFile) = files(folder)
        let key = P256.Signing.PrivateKey()
        let terms = SimulatedIssuer.Terms(from: now - 86_400, until: now + 3650 * 86_400)
        let root = try SimulatedIssuer(root: name, key: key, terms)
        try KeyFile.writePrivate("\(DevelopmentMark.keyLine)\n\(key.pemRepresentation)\n", to: keyFile)
        let base64 = Data(root.certificate).base64EncodedString(
            options: [.lineLength64Characters, .endLineWithLineFeed])
        try KeyFile.writePublic(
            "-----BEGIN CERTIFICATE-----\n\(base64)\n-----END CERTIFICATE-----\n", to: certificateFile)
        return certificateFile
    }

    /// Whether there is a root in a folder.
    static func isMade(in folder: String) -> Bool { FileManager.default.fileExists(atPath: files(folder).certificate) }

    /// The root that lies in a folder.
    init(folder: String) throws {
        let (keyFile, certificateFile) = Self.files(folder)
        guard let key = try? PEMFile.privateKey(keyFile),
            let certificate = PEMFile.certificates(certificateFile).first
        else {
            throw PhoneTrouble(
                "\(folder) holds no attester, or others can read its key: make one with phone-sim attester make",
                "\(folder)に証明器がないか、その鍵を所有者以外が読めます。phone-sim attester make で作成してください。")
        }
        let root = try SimulatedIssuer(Self.name, key: key, certificate: certificate.der)
        maker = SimulatedMaker(root: root, authorities: [])
    }

    /// How a device with this key enrols.
    func enrolment(of key: P256.Signing.PrivateKey) -> PhoneEnrolment {
        PhoneEnrolment(platform: .development, key: key.publicKey) { [maker] challenge in
            var statement = SimulatedStatement(
                challenge: challenge.bytes, package: .init(name: Self.package, version: Self.version),
                signer: Self.signer)
            // Software wrote it, and says so.
            (statement.attestationLevel, statement.keyLevel) = (0, 0)
            let chain = try maker.chain(key.publicKey, statement)
            let proof = try key.signature(for: DeviceProof.enrolment(challenge))
            return .init(attestation: chain.flatMap { $0 }, proof: Array(proof.derRepresentation))
        }
    }
}
