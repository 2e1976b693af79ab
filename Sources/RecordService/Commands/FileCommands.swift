package import Foundation
package import Records
package import CheckedConfiguration
import Crypto
import MutualTLS
import Signing
package import Vaccination

/// What the commands on this machine's files do, once their arguments are read; each gives the lines that it says.
package enum FileCommands {
    /// Why a command could not begin: a file that an argument names is not what it should be.
    package struct UnusableFile: ExplainedError {
        package let english: String
        package let japanese: String
        package var exitStatus: ExitStatus { .usage }
    }

    /// Runs what writes to the records: no operator's certificate speaks for it, so that its lines in the log name the user
    /// of this machine.
    static func locally<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await LogActor.$current.withValue(LogActor.local, operation: body)
    }

    /// Writes the people of a CSV file to the regions.
    /// - Parameter correcting: whether the file's doses are all that count of its people from now on.
    package static func load(
        _ file: String, correcting: Bool = false, _ configuration: VRSConfiguration, now: Date
    ) async throws -> [String] {
        let store = try configuration.openStore(mayBegin: true)
        // One byte more than the reader takes, so that it says itself that a file is too large.
        guard let handle = FileHandle(forReadingAtPath: file), let data = try handle.read(upToCount: (256 << 20) + 1)
        else {
            throw UnusableFile(
                english: "\(file) cannot be read: check its path and who may read it",
                japanese: "\(file)を読めません。パスとアクセス権を確認してください。")
        }
        return try await locally {
            try await PeopleCSV.load(
                Array(data), into: store, as: correcting ? .correction : .addition, now: now)
        }.flatMap(lines)
    }

    /// Reads a file for one region's import, and says what it would change; nothing goes in.
    /// - Parameters:
    ///   - codes: the file of the municipality's codes; `nil` if there is none.
    ///   - passwordFile: the file of a zip's password; `nil` for a plain file, which has to be allowed.
    ///   - progress: told how much of the file was read, 0 to 1.
    /// - Returns: what to say, and whether it can be approved or changes nothing.
    package static func stage(
        _ file: String, of region: MunicipalityCode, _ origin: ImportOrigin, encoding: FileEncoding,
        codes: String? = nil, passwordFile: String? = nil, correcting: Bool = false, _ configuration: VRSConfiguration,
        now: Date,
        progress: (Double) -> Void
    ) async throws -> (lines: [String], isTaken: Bool) {
        let change: RecordChange = correcting ? .correction : .addition
        guard change == .addition || origin.format == .people else {
            throw UnusableFile(
                english: "only a file of people (--format people) corrects: it names all doses that count",
                japanese: "訂正できるのは人の一覧（--format people）だけです。")
        }
        let tables = try codes.map(Self.tables) ?? CodeTables()
        let source = try source(file, passwordFile, configuration)
        let opened: (any ImportFile)? =
            switch origin.format {
            case .people: PeopleFile(source, encoding: encoding, tables: tables, region: region, for: change)
            case .residents: ResidentFile(source, encoding: encoding, tables: tables, now: now)
            case .ledger: LedgerFile(source, encoding: encoding, tables: tables)
            }
        guard let opened else { throw unreadable(file) }
        let store = try configuration.openStore(mayBegin: false)
        let report = try await locally {
            try await store.stage(
                origin, as: change, in: region,
                maximumRefused: configuration.limits.refusedRowsPercent, now: now
            ) {
                progress(opened.progress)
                return try opened.next()
            }
        }
        return (ImportWords.staged(ImportAccount(report), region), report.state != .refused)
    }

    /// Gives a region's doses back to its municipality's ledger, in an encrypted zip.
    /// - Returns: what to say; nothing of anybody.
    package static func export(
        _ region: MunicipalityCode, to file: String, codes: String?, passwordFile: String, for purpose: String,
        _ configuration: VRSConfiguration, now: Date
    ) async throws -> [String] {
        let store = try configuration.openStore(mayBegin: false)
        let products = try codes.map(Self.tables)?.codesOfProducts
        let password = try password(passwordFile)
        var counts = LedgerExport.Counts()
        do {
            try await EncryptedZipWriter.write(file, name: "\(region)-ledger.csv", password: password) { give in
                counts = try await LedgerExport.write(region, of: store, products: products, to: give)
                // Before anybody can open it.
                try await locally {
                    try await store.noteExport(
                        people: counts.people, doses: counts.doses, for: purpose, in: region, now: now)
                }
            }
        } catch let fault as EncryptedFileFault {
            throw UnusableFile(
                english: "\(file): \(fault.words.english)", japanese: "\(file)：\(fault.words.japanese)")
        }
        var lines = [
            "\(counts.doses) doses of \(counts.people) people, in \(file) / \(counts.people)人の接種\(counts.doses)件"
        ]
        if counts.withoutAddressee > 0 {
            lines.append(
                "\(counts.withoutAddressee) people are not in it: no addressee number is known of them / 宛名番号がないため含まれない人: \(counts.withoutAddressee)"
            )
        }
        if counts.unclear > 0 {
            lines.append(
                "\(counts.unclear) people are not in it: their doses contradict each other (vrs records unclear) / 食い違いのため含まれない人: \(counts.unclear)"
            )
        }
        return lines
    }

    static func unreadable(_ file: String) -> UnusableFile {
        UnusableFile(
            english: "\(file) cannot be read: check its path and who may read it",
            japanese: "\(file)を読めません。パスとアクセス権を確認してください。")
    }

    /// The bytes of a file that is to be imported: of an encrypted zip, or plain where the configuration allows that.
    private static func source(
        _ file: String, _ passwordFile: String?, _ configuration: VRSConfiguration
    ) throws -> ImportSource {
        guard ImportSource.isZip(file) else {
            guard configuration.takesPlainImports else {
                throw UnusableFile(
                    english:
                        "\(file) is not encrypted: have it put into an AES zip, or allow plain files (records.plainImports)",
                    japanese: "\(file)は暗号化されていません。AESのzipファイルにするか、設定 records.plainImports で許可してください。")
            }
            guard let source = ImportSource.plain(file) else { throw unreadable(file) }
            return source
        }
        guard let passwordFile else {
            throw UnusableFile(
                english: "\(file) is encrypted: name the file of its password (--password-file)",
                japanese: "\(file)は暗号化されています。--password-file でパスワードのファイルを指定してください。")
        }
        let password = try password(passwordFile)
        do throws(EncryptedFileFault) { return try ImportSource.encrypted(file, password: password) } catch {
            throw UnusableFile(
                english: "\(file): \(error.words.english)", japanese: "\(file)：\(error.words.japanese)")
        }
    }

    /// A password of 1 to 256 bytes: a file's first line.
    static func password(_ file: String) throws -> String {
        let data: Data
        do throws(OwnerOnlyFile.ReadError) { data = try OwnerOnlyFile.read(file, maximumBytes: 300) } catch {
            throw error == .permissions
                ? UnusableFile(
                    english: "\(file) can be read or changed by others: chmod 600",
                    japanese: "\(file)が他の利用者から読み書きできます。chmod 600 にしてください。") : unreadable(file)
        }
        let line = data.prefix { $0 != 0x0A && $0 != 0x0D }
        guard (1...256).contains(line.count), let text = String(bytes: line, encoding: .utf8), !line.contains(0) else {
            throw UnusableFile(
                english: "\(file): the first line has to be the password, 1 to 256 bytes of UTF-8",
                japanese: "\(file)の1行目にパスワード（UTF-8で1～256バイト）を書いてください。")
        }
        return text
    }

    private static func tables(_ file: String) throws -> CodeTables {
        guard let handle = FileHandle(forReadingAtPath: file),
            let data = try handle.read(upToCount: CodeTables.maximumSize + 1)
        else { throw unreadable(file) }
        do throws(CodeTables.Fault) { return try CodeTables(json: Array(data)) } catch {
            throw UnusableFile(english: "\(file): \(error)", japanese: "\(file)のコード表に誤りがあります（\(error)）。")
        }
    }

    /// Writes the rows of an import that were refused to a CSV file that nobody but its owner may read.
    /// - Returns: what to say; nothing of anybody.
    package static func refused(
        of number: Int64, in region: MunicipalityCode, to file: String, _ configuration: VRSConfiguration,
        now: Date
    ) async throws -> [String] {
        let store = try configuration.openStore(mayBegin: false)
        let found = try await store.report(ofImport: number, in: region)
        // Before anybody can read it.
        try await locally {
            try await store.noteListed(
                .refusedRows(ofImport: number), count: Int(found.counts.refused), in: region, now: now)
        }
        try make(file, "")
        guard let handle = FileHandle(forWritingAtPath: file) else { throw unmakeable(file) }
        defer { try? handle.close() }
        try handle.seekToEnd()
        var (refused, text, count) = (RefusedFile(found.origin.format), "", 0)
        try await store.refusedRows(of: number, in: region) { row in
            text += refused.lines(of: row)
            count += 1
            guard text.utf8.count > 1 << 20 else { return }
            try handle.write(contentsOf: Data(text.utf8))
            text = ""
        }
        try handle.write(contentsOf: Data((text + refused.end).utf8))
        return ["\(count) rows to repair, in \(file) / 修正が必要な行: \(count)件"]
    }

    /// Makes a file that nobody but its owner may read.
    private static func make(_ file: String, _ text: String) throws {
        let isWritten =
            !FileManager.default.fileExists(atPath: file)
            && FileManager.default.createFile(
                atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten else { throw unmakeable(file) }
    }

    private static func unmakeable(_ file: String) -> UnusableFile {
        UnusableFile(
            english: "\(file) cannot be made: it must not be there yet, and its folder must be one to write to",
            japanese: "\(file)を作れません。まだ無いファイルを、書き込めるフォルダーに指定してください。")
    }

    private static func lines(_ region: PeopleCSV.LoadedRegion) -> [String] {
        let (code, written) = (region.municipality, region.written)
        var lines = ["\(code): \(region.people) people, \(written.added) of them new / 登録しました"]
        if written.unclear > 0 {
            lines.append(
                """
                \(code): the doses of \(written.unclear) people contradict each other, and nothing is issued for them until they \
                are corrected: list them with vrs records unclear / 接種記録に食い違いがある\(written.unclear)人には訂正まで発行\
                しません。vrs records unclear で一覧にできます
                """)
        }
        if written.passedOver > 0 {
            lines.append(
                """
                \(code): \(written.passedOver) people have doses in this file that a correction ended before; these stay ended / \
                以前の訂正で取り消された接種を含む\(written.passedOver)人（取り消しのままです）
                """)
        }
        if !written.affected.isEmpty {
            lines.append(
                """
                \(code): certificates that name doses, or a passport, which do not count any more, each to be revoked \
                (vrs certificates revoke) or left: / 取り消された接種または旅券が載っている証明書（失効させるか判断してください）:
                """)
            lines += written.affected.map { "  \($0)" }
        }
        return lines
    }

    /// Looks for a person of a region; the search is in the region's log before anything is said.
    /// - Returns: what to say, which names people; and whether anybody is shown.
    package static func find(
        _ search: PersonSearch, for purpose: String, in region: MunicipalityCode, _ configuration: VRSConfiguration,
        now: Date
    ) async throws -> (lines: [String], isFound: Bool) {
        let store = try configuration.openStore(mayBegin: false)
        switch try await locally({ try await store.find(search, for: purpose, in: region, now: now) }) {
        case .tooMany:
            return (
                [
                    "more than \(PersonSearch.maximumFound) people: none is shown, search by a number / \(PersonSearch.maximumFound)人を超えるため表示しません。番号で検索してください"
                ], false
            )
        case .people(let people):
            guard !people.isEmpty else { return (["nobody / 該当なし"], false) }
            var lines: [String] = []
            for person in people {
                lines += PersonWords.lines(person, try await store.vouchers(ofPerson: person.id, in: region))
            }
            return (lines, true)
        }
    }

    /// Lists people of a region whose doses contradict each other, to a CSV file that nobody but its owner may read: a line for each dose
    /// that was recorded.
    /// - Returns: what to say; nothing of anybody.
    package static func listUnclear(
        of region: MunicipalityCode, to file: String, _ configuration: VRSConfiguration, now: Date
    ) async throws -> [String] {
        let store = try configuration.openStore(mayBegin: false)
        let list = try await UnclearCSV.list(region, of: store)
        // Before anybody can read it.
        try await locally { try await store.noteListed(.unclear, count: list.people, in: region, now: now) }
        try make(file, list.text)
        return ["\(list.people) people whose doses contradict each other, in \(file) / 接種記録に食い違いのある\(list.people)人"]
    }

    /// Writes made-up people, and what simulated cards are made from to a file; `-` is standard output.
    package static func fabricate(
        _ people: Int, cards file: String, _ configuration: VRSConfiguration, now: Date
    ) async throws -> [String] {
        let store = try configuration.openStore(mayBegin: true)
        var lines = Data()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try await locally {
            try await Fabrication.write(people, into: store, kinds: configuration.kinds, now: now) { line in
                lines.append(try encoder.encode(line))
                lines.append(0x0A)
            }
        }
        if file == "-" {
            try FileHandle.standardOutput.write(contentsOf: lines)
            return []
        }
        try lines.write(to: URL(fileURLWithPath: file), options: .atomic)
        return ["\(people) made-up people, cards in \(file) / 架空の\(people)人を登録しました"]
    }

    /// What an export did.
    package struct Exported: Sendable {
        /// The paths written.
        package let paths: [String]
        /// What an operator has to know.
        package let warnings: [String]
        /// Whether a region's newer revocations are missing.
        package let isPartial: Bool
    }

    /// Writes what verifiers need to a folder; nothing is taken back that the folder says already.
    package static func export(
        to folder: String, _ configuration: VRSConfiguration, mayBeUnannounced: Bool = false, now: Date
    ) async throws -> Exported {
        let turn = try ExportTurn(folder)
        let earlier: PublishedFolder
        do {
            earlier = try PublishedFolder(folder, isDevelopment: configuration.isDevelopment)
        } catch let error as PublishedFolder.Unreadable {
            throw UnusableFile(english: error.english, japanese: error.japanese)
        }
        let store = try configuration.openStore(mayBegin: false)
        // What is published now would leave out the keys of what was issued.
        try await configuration.signers.refuseMissing(in: store)
        let files = try await PublishedFiles(
            signers: configuration.signers, store: store, earlier: earlier, root: root(configuration),
            isDevelopment: configuration.isDevelopment, now: now)
        return try await turn.write {
            Exported(
                paths: try await files.write(
                    to: folder, signedBy: configuration.rootKey,
                    terminals: TerminalTrustContent(configuration), mayBeUnannounced: mayBeUnannounced),
                warnings: files.warnings,
                isPartial: files.isPartial)
        }
    }

    /// Writes what terminals trust alone, for which no records are opened.
    package static func exportTerminals(
        to folder: String, _ configuration: VRSConfiguration, mayBeUnannounced: Bool, now: Date
    ) async throws -> Exported {
        let time = Int64(now.timeIntervalSince1970)
        let turn = try ExportTurn(folder)
        let paths = try await turn.write {
            let bytes = try await TerminalTrustContent(configuration).next(
                in: folder, atLeast: time, at: time, signedBy: configuration.rootKey,
                mayBeUnannounced: mayBeUnannounced)
            return try bytes.map { [try PublishedFiles.write($0, to: folder, PublishedTerminalTrust.name)] } ?? []
        }
        return Exported(paths: paths, warnings: [], isPartial: false)
    }

    /// The root that the service signed last.
    static func root(_ configuration: VRSConfiguration) -> SignedRoot? {
        let text = try? String(contentsOfFile: configuration.rootFile, encoding: .utf8)
        return text.flatMap { SignedRoot($0, by: configuration.rootKey.publicKey) }
    }

    /// Looks at the records' keys and folders too, of a configuration that was read.
    package static func check(_ configuration: VRSConfiguration, name: String) throws -> [String] {
        try configuration.checkRecordKeys()
        // What is right in itself, and not ready to serve yet.
        var due: [String] = []
        do throws(PublishedTerminalTrust.NotPublished) {
            if try configuration.publishedTerminalTrust()?.begin().isExportDue == true {
                due.append(TerminalTrustContent.exportIsDue)
            }
        } catch { due.append("\(error)") }
        due += try keyWarnings(configuration)
        let answers = PEMFile.fingerprint(of: configuration.sealingKey.publicKey)
        return (configuration.warnings.map { "\($0)" } + due).map { "warning / 注意: \($0)" } + [
            "answer key / 応答鍵: SHA-256 \(answers)",
            "\(name): good, \(configuration.presentRegions.count) regions / 問題ありません",
        ]
    }
}

extension EnrolmentRequest {
    /// A file's PEM text.
    package static func pem(inFile path: String) throws(FileCommands.UnusableFile) -> String {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: TerminalEnrolment.maximumBytes + 1),
            data.count <= TerminalEnrolment.maximumBytes, let text = String(data: data, encoding: .utf8)
        else {
            throw FileCommands.UnusableFile(
                english: "\(path) is no PEM file; name the request or certificate that the terminal made",
                japanese: "\(path)はPEMのファイルではありません。端末が作った要求か証明書を指定してください。")
        }
        return text
    }
}
