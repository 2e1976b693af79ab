import ArgumentParser
import CommandFrame
import Credentials
import Foundation
import TrustFolder
import TrustImport

/// `verifier trust`: looks after the trust folder.
struct Trust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Imports and shows whom to trust. 信頼リストを取り込み、表示します。",
        subcommands: [TrustImportCommand.self, TrustShow.self, TrustForget.self])
}

/// `verifier trust import`: exit 0 something was taken or taken out, 1 nothing was or not all is as its publisher signed it, 2
/// unreadable or wrong usage.
struct TrustImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes published trust into the trust folder. 公開された信頼情報を取り込みます。",
        discussion: """
            FILE is a SMART Health Card issuer's key set, the VCI directory's snapshot, a list of EU document signers, a \
            DID document of the WHO's network, an ICAO master list, certificates or revocation lists (PEM or DER), a batch \
            of revoked EU certificates, or the manifest of a published trust folder (for its links from VDS-NC signers to \
            their issuers' lists); its content tells which. Of a folder every regular file below it is taken at once, but for \
            hidden ones: at most 10,002, and 256 MiB. Nothing is fetched.

            With --key only what that key's signature covers is taken: a text with the signature in base64 on a line \
            before it, a master list whose signer it vouches for, certificates and lists that it signed itself, and every \
            file that a manifest among them (manifest.signed of a published trust folder) names by its digest.

            A manifest older than one of that publisher's that was taken before is refused as a replay; what a manifest \
            covers is as old as the manifest; and a revocation list that it announces and that is not here is noted, so \
            that what it covers is not valid. What earlier manifests of that publisher brought and this one does not list is \
            taken out, unless somebody else brought it too, or a file that it lists for the same folder is not here; \
            revocation lists stay, but for batches of revoked EU certificates that have ended, or of which those that it \
            lists now say all. With and without --key a certificate is \
            taken out that its authority's newest list revokes, if the list lies in the folder or is taken now.

            Who changes a publisher's key says once what it was: `--key NEW.pem --replaces OLD.pem`. Otherwise what came under the \
            old key is somebody else's, and no manifest under the new one takes it out.

            Exit status: 0 something was taken or taken out, 1 nothing was, or with --key something was refused for want of the right \
            signature, an old manifest was, a list that it announces or a file that it lists is missing, or what it lists in the \
            place of something was refused, 2 something cannot be read or written, or wrong usage.
            """)

    @Option(help: ArgumentHelp("The trust folder; made if absent.", valueName: "dir"))
    var trust = "keys/trust"

    @Flag(help: "Into the test part: what it vouches for is reported as a test certificate.")
    var test = false

    @Option(help: ArgumentHelp("Whose a key set is; with --key the signed text itself must say so.", valueName: "url"))
    var issuer: String?

    @Option(help: ArgumentHelp("The issuer's name for people.", valueName: "text"))
    var name: String?

    @Option(help: ArgumentHelp("Who signs the list: a PEM public key or certificate.", valueName: "pem"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "With --key: an earlier key of the same publisher. What came under it counts as come under --key.",
            valueName: "pem"))
    var replaces: [String] = []

    @OptionGroup var time: JudgingTime

    @Flag(help: "One JSON object.")
    var json = false

    @Argument(help: ArgumentHelp("What to import: files and folders.", valueName: "file"))
    var files: [String]

    func validate() throws {
        try time.check()
        guard replaces.isEmpty || key != nil else {
            throw ValidationError("--replaces needs --key. / --replaces は --key とともに指定してください。")
        }
    }

    func run() async throws {
        var options = TrustImporter.Options(now: time.now)
        (options.issuer, options.name, options.isTest) = (issuer, name, test)
        options.publisher = try key.map(publisher)
        options.replaced = try replaces.map(publisher)
        let inputs = try inputs { () throws(ImportInputs.Failure) in try ImportInputs.read(files) }
        var report = ImportReport()
        do {
            try TrustFolder.change(trust) { existing in
                let change: TrustChange
                (change, report) = TrustImporter.change(inputs, existing: existing, options: options)
                return change
            }
        } catch {
            complain(
                """
                \(trust): 読めないか書き込めません。元のまま変えていません。
                \(trust): cannot be read or written (\(error.code)); it is as it was.\(error.more)
                """)
            throw ExitCode.usage
        }
        print(json ? try report.json() : report.text, terminator: "")
        // Whoever pins a key asks whether all of it is its publisher's: a part that is not may not go by in a script.
        if (report.taken.isEmpty && report.removed.isEmpty) || (key != nil && report.failsPublisher) {
            throw ExitCode.no
        }
    }

    private func publisher(_ path: String) throws -> Publisher {
        let bytes = try inputs { () throws(ImportInputs.Failure) in try ImportInputs.bytes(path) }
        guard let publisher = Publisher(bytes) else {
            complain("\(path): 公開鍵または証明書ではありません / not a P-256 public key or certificate")
            throw ExitCode.usage
        }
        return publisher
    }

    private func inputs<Inputs>(_ read: () throws(ImportInputs.Failure) -> Inputs) throws -> Inputs {
        do { return try read() } catch {
            switch error {
            case .unreadable(let path): complain("\(path): 読めません / cannot be read")
            case .tooLarge(let path):
                complain(
                    """
                    \(path): ファイルの数か大きさが上限（10,002 個、256 MiB）を超えています。何も取り込みません。
                    \(path): more files than 10,002, or more than 256 MiB; nothing is taken.
                    """)
            }
            throw ExitCode.usage
        }
    }
}

/// `verifier trust show`: exit 0 all is well, 1 something is to be looked after, 2 unreadable or wrong usage.
struct TrustShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows what the trust folder holds. 信頼リストの内容を表示します。",
        discussion: "Exit status: 0 all is well, 1 there are warnings, 2 the folder cannot be read, or wrong usage.")

    @Option(help: ArgumentHelp("The trust folder.", valueName: "dir"))
    var trust = "keys/trust"

    @OptionGroup var time: JudgingTime

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws { try time.check() }

    func run() async throws {
        let files: [TrustFile]
        do { files = try TrustFolder.read(trust) } catch {
            complain("\(trust): 信頼リストを読めません / the trust folder cannot be read (\(error.code))")
            throw ExitCode.usage
        }
        let inventory = TrustInventory(files: files, now: time.now)
        print(json ? try inventory.json() : inventory.text, terminator: "")
        if !inventory.warnings.isEmpty || !inventory.refused.isEmpty { throw ExitCode.no }
    }
}

/// `verifier trust forget`: exit 0 done, 2 unreadable or wrong usage.
struct TrustForget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Takes files out of the trust folder for good. ファイルを信頼リストから取り除きます。",
        discussion: """
            A revocation list that was there once and is gone makes what it covered invalid (revocation.unknown): it may \
            have been lost. This says that it is not wanted any more. PATH is as `trust show` gives it.
            """)

    @Option(help: ArgumentHelp("The trust folder.", valueName: "dir"))
    var trust = "keys/trust"

    @Argument(help: ArgumentHelp("The files below the trust folder.", valueName: "path"))
    var paths: [String]

    func validate() throws {
        guard paths.allSatisfy(TrustFolder.isFile) else {
            throw ValidationError(
                "PATH is one file of the trust folder, such as vdsnc/a.crl, and no folder. / PATH には vdsnc/a.crl のようにファイルを指定してください。"
            )
        }
    }

    func run() async throws {
        do { try TrustFolder.forget(trust, Set(paths)) } catch {
            complain(
                """
                \(trust): 読めないか書き込めません。元のまま変えていません。
                \(trust): cannot be read or written (\(error.code)); it is as it was.\(error.more)
                """)
            throw ExitCode.usage
        }
    }
}
