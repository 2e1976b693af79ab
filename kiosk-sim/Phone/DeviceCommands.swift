import ArgumentParser
import CommandFrame
import Exchange
import Foundation
import PhoneApp

/// `phone-sim enrol`: the app's device key and its certificate.
struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Enrols a made-up device, and keeps its key, its certificate and its revocation code.",
        discussion:
            "The code stands in revocation.txt of the device's folder. A key that is there already enrols again.")

    @Option(help: "The phone's configuration.")
    var config = "phone.yaml"
    @Flag(help: "Do nothing where the device is enrolled already.")
    var keep = false

    func run() async throws {
        let prepared = try Prepared(config: config)
        let folder = prepared.configuration.device
        if keep, folder.isEnrolled { return }
        let enrolment = try prepared.attester().enrolment(of: try folder.key())
        let enrolled: EnrolledDeviceAnswer
        do { enrolled = try await enrolment.enrol(at: prepared.wallet) } catch let failure as ServiceFailure {
            throw PhoneTrouble(failure)
        }
        try folder.keep(enrolled)
        await prepared.wallet.shutdown()
        print("enrolled: \(folder.path)")
    }
}

/// `phone-sim revoke`: the end of a device.
struct RevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes a device by the code that was given when it enrolled.")

    @Option(help: "The phone's configuration.")
    var config = "phone.yaml"
    @Option(help: "The code.")
    var code: String

    func run() async throws {
        let prepared = try Prepared(config: config)
        do { try await prepared.wallet.revoke(DeviceRevocation(code: code)) } catch { throw PhoneTrouble(error) }
        await prepared.wallet.shutdown()
        print("revoked")
    }
}

/// `phone-sim current`: whether a certificate is still current.
struct CurrentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "current", abstract: "Asks whether a certificate is still current, by its token.",
        discussion: "Says current, corrected, revoked, newerDoses or unknown. Exit status 0 current, 1 anything else.")

    @Option(help: "The phone's configuration.")
    var config = "phone.yaml"
    @Option(help: "The token's file, ID.token of phone-sim run.")
    var token: String

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: token),
            (1...CurrentQuery.maximumToken).contains(data.count)
        else {
            throw PhoneTrouble("\(token) holds no token", "\(token)にトークンがありません。")
        }
        let prepared = try Prepared(config: config)
        // A device is not needed: whoever has the certificate may ask.
        let environment = try prepared.environment(PhoneDevice(certificate: []) { _ in [] })
        let stated: StatedKeys
        do { stated = try await environment.statedKeys() } catch { throw PhoneTrouble.ended(error) }
        let answer: CurrentAnswer
        do { answer = try await prepared.wallet.current(token: Array(data), by: stated) } catch {
            throw PhoneTrouble(error)
        }
        await prepared.wallet.shutdown()
        print("\(answer)")
        guard answer == .current else { throw ExitCode.no }
    }
}

/// `phone-sim check-config`: whether a phone can work with its files.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Checks a phone's configuration, and what it names, and ends.")

    @Option(help: "The phone's configuration.")
    var config = "phone.yaml"

    func run() throws {
        for warning in try PhoneConfiguration(path: config).warnings { print("warning / 注意: \(warning)") }
        print("\(config): good / 問題ありません")
    }
}

/// `phone-sim attester make DIR`: who vouches for made-up devices.
struct AttesterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attester", abstract: "Makes who attests made-up devices.", subcommands: [Make.self])

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a root of development, and says what vrs has to be told of it.",
            discussion: """
                DIR gets attester.key.pem (mode 0600) and attester.pem, the root for vrs. Standard output has three lines: \
                package NAME, signer HEX, root PATH.
                """)
        @Argument(help: "The folder.")
        var folder: String
        @Flag(help: "Make nothing where there is one already.")
        var keep = false

        func run() throws {
            let certificate =
                keep && Attester.isMade(in: folder) ? folder + "/attester.pem" : try Attester.make(in: folder)
            print("package \(Attester.package)")
            print("signer \(Attester.signer.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())")
            print("root \(certificate)")
        }
    }
}
