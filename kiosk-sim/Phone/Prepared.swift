import CheckedConfiguration
import CommandFrame
import Exchange
import Foundation
import HolderGuard
import PhoneApp

/// Why a command cannot go on, in both languages; never with personal data.
struct PhoneTrouble: ExplainedError {
    let english: String
    let japanese: String
    let exitStatus: ExitStatus

    init(_ english: String, _ japanese: String, _ exitStatus: ExitStatus = .usage) {
        (self.english, self.japanese, self.exitStatus) = (english, japanese, exitStatus)
    }

    /// What the mobile back end said, or that it said nothing.
    init(_ failure: ServiceFailure) {
        switch failure {
        case .refused(let code):
            self.init("the mobile back end refused: \(code.rawValue)", "電子交付サーバーが拒否しました: \(code.rawValue)", .no)
        case .unreachable:
            self.init("the mobile back end cannot be reached", "電子交付サーバーに接続できません。", .fault)
        case .unusable:
            self.init("what the mobile back end said cannot be used", "電子交付サーバーの応答を使用できません。", .fault)
        }
    }
}

/// What is said on standard error; never with personal data.
enum Notice {
    static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// Said wherever a simulated card or passport is used.
    static func simulation() {
        say("*** SIMULATION: card and passport are simulated. 模擬のカードと旅券です。本物ではありません。 ***")
    }
}

/// What a command has that asks the mobile back end.
struct Prepared: Sendable {
    let configuration: PhoneConfiguration
    let wallet: WalletClient

    init(config: String) throws {
        configuration = try PhoneConfiguration(path: config)
        for warning in configuration.warnings { Notice.say("phone-sim: \(warning)") }
        wallet = WalletClient(url: configuration.wallet, authorities: configuration.authorities)
    }

    /// What presentations at a device share.
    func environment(_ device: PhoneDevice, formats: Set<PageFormat> = []) throws -> PhoneEnvironment {
        PhoneEnvironment(
            wallet: wallet, device: device, statementKeys: configuration.statementKeys,
            comparison: try HolderGuard(
                trustFolder: configuration.trust, isDevelopment: configuration.isDevelopment), formats: formats)
    }

    /// The enrolled device.
    func device() throws -> PhoneDevice {
        do { return try configuration.device.device() } catch {
            throw PhoneTrouble(
                "\(configuration.device.path) holds no enrolled device, or others can read its key: phone-sim enrol",
                "\(configuration.device.path)に登録済みの端末がないか、鍵を所有者以外が読めます。phone-sim enrol を実行してください。")
        }
    }

    /// Who attests made-up devices.
    func attester() throws -> Attester {
        guard let folder = configuration.attestation else {
            throw PhoneTrouble(
                "attestation is missing in the configuration: the folder of phone-sim attester make",
                "設定に attestation（phone-sim attester make のフォルダー）がありません。")
        }
        return try Attester(folder: folder)
    }
}
