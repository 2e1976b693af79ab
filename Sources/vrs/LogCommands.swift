import ArgumentParser
import CommandFrame
import Foundation
import RecordService
import Records
import Vaccination

/// `vrs log`
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "A region's log or the control log. / 記録",
        subcommands: [
            Show.self, Search.self, Report.self, Close.self, Verify.self, Root.self, Restored.self,
        ])

    /// A log's name.
    static func name(_ text: String) throws -> LogName {
        guard let log = LogName(text) else {
            throw WrongUse(
                "\(text) is no municipality code, and not control: write six digits, the last a check digit, or control",
                "\(text)は団体コードでも control でもありません。6桁の団体コードか control を書いてください。")
        }
        return log
    }

    /// `vrs log verify`
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Compare every line, closed segment and row on this machine with its evidence; exit 1 if something is \
                broken. / すべての記録を証跡と照合する
                """)

        @OptionGroup var options: ServiceOptions

        @Argument(help: "Municipality codes, or control; everything without one. / 自治体コード、または control")
        var logs: [String] = []

        func run() async throws {
            let names = try logs.map(LogCommand.name)
            let (lines, isSound) = try await FileCommands.verify(names, try await options.load())
            for line in lines { print(line) }
            if !isSound { throw ExitCode.no }
        }
    }

    /// `vrs log root`
    struct Root: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the last signed root, for a place that only adds. / 最新の署名済みルートを表示する")

        @OptionGroup var options: OperatorOptions

        func run() async throws {
            try await options.run { try await $0.showRoot() }
        }
    }

    /// `vrs log restored`
    struct Restored: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Log that a broken log was looked at and restored; issuing goes on. / 復旧を記録し、発行を再開する")

        @OptionGroup var options: OperatorOptions

        @Argument(
            help: "A municipality code, or control; all for everything that is broken. / 自治体コード、control、または all")
        var log: String

        @Option(name: .long, help: "Why, for the log; nothing of a person. / 理由（個人情報を書かない）")
        var reason: String

        @Flag(name: .long, help: "There is no good backup: seal what is there as it is. / 現状のまま受け入れる")
        var asItIs = false

        func run() async throws {
            let name = log == "all" ? nil : try LogCommand.name(log)
            let lengths = LogEntry.reasonLengths
            guard lengths.contains(reason.count) else {
                throw WrongUse(
                    "--reason has \(lengths.lowerBound) to \(lengths.upperBound) characters",
                    "--reason は\(lengths.lowerBound)〜\(lengths.upperBound)文字です。")
            }
            try await options.run { commands in
                guard let name else {
                    guard try await commands.restoredEverything(reason: reason, asItIs: asItIs).isEmpty else {
                        throw ExitCode.no
                    }
                    return
                }
                try await commands.restored(name, reason: reason, asItIs: asItIs)
            }
        }
    }

    /// `vrs log show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show lines of a log. / 表示する")

        @OptionGroup var options: OperatorOptions

        @Argument(help: "A municipality code, or control. / 自治体コード、または control")
        var log: String = "control"

        @Option(name: .long, help: "Only lines behind this number. / この番号より後")
        var after: Int64 = 0

        @Option(name: .long, help: "At most this many, 1 to \(OperatorPage.sizes.upperBound). / 最大件数")
        var limit: Int = OperatorPage.lines

        func run() async throws {
            try OperatorPage.check(limit)
            let region = log == OperatorRoute.control ? nil : try MunicipalityCode(written: log)
            try await options.run { try await $0.showLog(of: region, after: after, limit: limit) }
        }
    }

    /// `vrs log search`
    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Search in a log, closed segments and lines at hand alike; exit 1 if there are none. / 記録を検索する",
            discussion: """
                Lines that fit all that is given. Whom they are about (--by) is one line of standard input, as vrs records find \
                takes it, so that it stands in no list of processes and no history; or a pseudonym out of another line. That somebody \
                searched, by which of these and what for, stands in the same log. Instants are written 2026-10-01 (its beginning in \
                Japan) or 2026-10-01T09:00:00+09:00.
                """)

        @OptionGroup var options: OperatorOptions

        @Argument(help: "A municipality code, or control. / 自治体コード、または control")
        var log: String

        @Option(
            name: .long,
            help: "Whom: number, addressee, integrated, name or pseudonym, on standard input. / 本人（標準入力へ）")
        var by: String?

        @Option(name: .long, help: "The certificate's identifier. / 証明書番号")
        var certificate: String?

        @Option(name: .long, help: "The inquiry number. / 問い合わせ番号")
        var inquiry: String?

        @Option(name: .long, help: "What a terminal's certificate hash begins with. / 端末証明書のハッシュ（先頭）")
        var terminal: String?

        @Option(name: .long, help: "What the actor begins with. / 操作者（先頭）")
        var actor: String?

        @Option(name: .long, parsing: .upToNextOption, help: "Events, such as intent or refused. / 事象")
        var events: [String] = []

        @Option(name: .long, help: "Lines of this instant and later. / この日時以降")
        var from: String?

        @Option(name: .long, help: "Lines before this instant. / この日時より前")
        var to: String?

        @Flag(name: .long, help: "Only lines by which an individual number was used. / 個人番号を使ったものだけ")
        var numbers = false

        @Option(name: .long, help: "What for, 1 to 100 characters. / 利用目的")
        var purpose: String

        @Option(name: .long, help: "Only lines behind this number. / この番号より後")
        var after: Int64 = 0

        @Option(name: .long, help: "At most this many, 1 to \(OperatorPage.sizes.upperBound). / 最大件数")
        var limit: Int = OperatorPage.lines

        func run() async throws {
            try OperatorPage.check(limit)
            let name = try LogCommand.name(log)
            guard ImportOrigin.isRight(purpose) else {
                throw WrongUse("--purpose has 1 to 100 characters", "--purpose は1〜100文字です。")
            }
            var request = LogSearchRequest(purpose: purpose)
            request.certificateID = try certificate.map { try CertificateID(written: $0) }
            request.inquiry = inquiry
            request.terminal = try terminal.map { try Self.beginning($0, "--terminal") }
            request.actor = try actor.map { try Self.beginning($0, "--actor") }
            request.events = try events.map { text in
                guard let event = LogEvent(rawValue: text) else {
                    throw WrongUse(
                        "\(text) is no event: \(LogEvent.allCases.map(\.rawValue).joined(separator: ", "))",
                        "\(text)という事象はありません。")
                }
                return event
            }
            request.from = try from.map { try LogCommand.instant($0) }
            request.to = try to.map { try LogCommand.instant($0) }
            request.numbersOnly = numbers
            (request.after, request.limit) = (after, limit)
            request.person = try person(in: name)
            try await options.run { [request] commands in
                guard try await commands.searchLog(name, request) else { throw ExitCode.no }
            }
        }

        private static func beginning(_ text: String, _ option: String) throws -> String {
            let lengths = LogQuery.prefixLengths
            guard lengths.contains(text.count) else {
                throw WrongUse(
                    "\(option) has \(lengths.lowerBound) to \(lengths.upperBound) characters",
                    "\(option) は\(lengths.lowerBound)〜\(lengths.upperBound)文字です。")
            }
            return text
        }

        private func person(in log: LogName) throws -> LogSearchRequest.Person? {
            guard let by else { return nil }
            guard log != .control else {
                throw WrongUse("the control log names no people", "control の記録に本人の情報はありません。")
            }
            let kind = PersonSearch.Kind(rawValue: by)
            guard kind != nil || by == LogSearchRequest.pseudonym else {
                throw WrongUse(
                    "--by is number, addressee, integrated, name or pseudonym",
                    "--by は number、addressee、integrated、name、pseudonym のどれかです。")
            }
            if isatty(STDIN_FILENO) == 1 {
                FileHandle.standardError.write(Data("\(kind?.prompt ?? "pseudonym / 仮名"): ".utf8))
            }
            guard let line = readLine(strippingNewline: true),
                kind.map({ PersonSearch($0, written: line) != nil })
                    ?? (line.utf8.count == LogQuery.pseudonymLength && line.allSatisfy(\.isHexDigit))
            else {
                throw WrongUse(
                    "standard input has to be what --by \(by) says, as vrs records find takes it",
                    "標準入力に --by \(by) の値を書いてください（vrs records find と同じ形）。")
            }
            return LogSearchRequest.Person(by: by, value: line)
        }
    }

    /// An instant as it was typed.
    static func instant(_ text: String) throws -> Date {
        if let day = CalendarDate(iso: text) {
            return Date(timeIntervalSince1970: Double(day.daysSince1970) * 86_400 - 9 * 3600)
        }
        guard let instant = try? Date(text, strategy: .iso8601) else {
            throw WrongUse(
                "\(text) is no instant: write 2026-10-01 or 2026-10-01T09:00:00+09:00",
                "\(text)は日時ではありません。2026-10-01 または 2026-10-01T09:00:00+09:00 の形で書いてください。")
        }
        return instant
    }

    /// `vrs log report`
    struct Report: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what is unusual in the logs on this machine. / 記録の中の通常と異なる点を報告する",
            discussion: """
                In each region and in all together: look-ups outside of office hours or far above an operator's own median, searches that \
                found nobody, people looked up by several, terminals that refuse more than others, and how many revocations, restores, \
                contradictions, exports and rotations there were. That it was made stands in the control log.
                """)

        @OptionGroup var options: ServiceOptions

        @Argument(help: "Municipality codes; all without one. / 自治体コード")
        var regions: [String] = []

        @Option(
            name: .long, help: "Lines of this instant and later; the beginning of the last month without it. / この日時以降")
        var from: String?

        @Option(name: .long, help: "Lines before this instant; the beginning of this month without it. / この日時より前")
        var to: String?

        @Flag(name: .long, help: "Print JSON. / JSONで出力する")
        var json = false

        func run() async throws {
            let codes = try regions.map { try MunicipalityCode(written: $0) }
            let now = Date()
            let month = LogReporting.lastMonth(before: now)
            let from = try from.map { try LogCommand.instant($0) } ?? month.lowerBound
            let to = try to.map { try LogCommand.instant($0) } ?? max(month.upperBound, from)
            guard from <= to else {
                throw WrongUse("--from is behind --to", "--from が --to より後です。")
            }
            let isWhole = try await FileCommands.reportLogs(
                codes, from: from, to: to, json: json, try await options.load(), now: now
            ) { print($0) }
            if !isWhole { throw ExitCode.no }
        }
    }

    /// `vrs log close`
    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Close what of regions' logs is no longer at hand, as the service does once a day; exit 1 if something cannot be. / \
                手元に置く期間が過ぎた記録を区間ファイルに保存する
                """)

        @OptionGroup var options: ServiceOptions

        @Argument(help: "Municipality codes; all without one. / 自治体コード")
        var regions: [String] = []

        func run() async throws {
            let codes = try regions.map { try MunicipalityCode(written: $0) }
            let isDone = try await FileCommands.closeLogs(codes, try await options.load(), now: Date()) { print($0) }
            if !isDone { throw ExitCode.no }
        }
    }
}
