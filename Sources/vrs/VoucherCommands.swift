public import ArgumentParser
import CommandFrame
import Foundation
import RecordService
public import Records
import Vaccination

/// Whom a command is about; a number or name never stands among arguments, which others can see.
struct PersonArguments: ParsableArguments {
    @OptionGroup var options: OperatorOptions

    @Argument(help: "The municipality code. / 自治体コード")
    var municipality: String

    @Option(
        name: .long,
        help: "How standard input names the person: number, addressee, integrated, voucher or name. / 本人の指定方法")
    var by = PersonSearch.Kind.addressee

    /// The region, and whom the first line of standard input names.
    func parts() throws -> (region: MunicipalityCode, person: PersonReference) {
        let code = try MunicipalityCode(written: municipality)
        let text = try StandardInput.line(by.prompt) { PersonSearch(by, written: $0) == nil ? nil : $0 }
        return (code, PersonReference(by: by, text: text))
    }
}

/// What commands ask on standard input.
enum StandardInput {
    /// The next line as what it has to be; told what that is if a person sits there.
    static func line<Value>(_ prompt: String, _ read: (String) -> Value?) throws -> Value {
        if isatty(STDIN_FILENO) == 1 { FileHandle.standardError.write(Data("\(prompt): ".utf8)) }
        guard let line = readLine(strippingNewline: true), let value = read(line) else {
            let words = prompt.components(separatedBy: " / ")
            throw WrongUse(
                "a line of standard input has to be: \(words.first ?? prompt)",
                "標準入力に1行で入力してください（\(words.last ?? prompt)）。")
        }
        return value
    }

    /// A voucher's line of a region.
    static func voucher(of region: MunicipalityCode) throws -> VoucherLine {
        try line("the voucher's line, eighteen digits, of this municipality / 接種券のOCRライン18桁（この市区町村のもの）") {
            VoucherLine($0).flatMap { $0.municipality == region ? $0 : nil }
        }
    }
}

/// The day of issue of a voucher.
struct IssueDay: ParsableArguments {
    @Option(name: .long, help: "The day of issue, YYYY-MM-DD; today without it. / 発行日")
    var on: String?

    /// The day, in Japan.
    func day() throws -> CalendarDate {
        guard let on else {
            if let today = CalendarDate.inJapan(secondsSince1970: Date().timeIntervalSince1970) { return today }
            throw WrongUse("the clock is wrong", "時計が正しくありません。")
        }
        guard let day = CalendarDate(iso: on) else {
            throw WrongUse("--on is a day, YYYY-MM-DD", "--on は日付（YYYY-MM-DD）です。")
        }
        return day
    }
}

/// `vrs vouchers`
struct Vouchers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "A person's vouchers: list, issue, issue again, make void. / 接種券の一覧、発行、再発行、無効化",
        discussion: """
            Whom it is about, and the voucher's line of eighteen digits, are lines of standard input, so that they stand in no list \
            of processes and no history. Each step is a line of the region's log, which names the person by pseudonym.
            """,
        subcommands: [List.self, Issue.self, Reissue.self, Void.self])

    /// `vrs vouchers list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List a person's vouchers. / 一覧")

        @OptionGroup var person: PersonArguments

        @Option(name: .long, help: "What for, 1 to 100 characters. / 利用目的")
        var purpose: String

        func run() async throws {
            guard ImportOrigin.isRight(purpose) else {
                throw WrongUse("--purpose has 1 to 100 characters", "--purpose は1〜100文字です。")
            }
            let (region, reference) = try person.parts()
            let question = VoucherQuestion(person: reference, purpose: purpose)
            try await person.options.run { try await $0.listVouchers(question, in: region) }
        }
    }

    /// `vrs vouchers issue`
    struct Issue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Issue a voucher. / 発行する")

        @OptionGroup var person: PersonArguments
        @OptionGroup var day: IssueDay

        func run() async throws {
            let day = try day.day()
            let (region, reference) = try person.parts()
            let wanted = VoucherIssue(
                person: reference, line: try StandardInput.voucher(of: region), issuedOn: day)
            try await person.options.run { try await $0.issue(wanted, in: region) }
        }
    }

    /// `vrs vouchers reissue`
    struct Reissue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Issue a voucher in the place of the unused ones for the same dose, which are void then; to somebody who moved in \
                also without any. / 再発行する（同じ回の未使用の接種券は無効になる。転入者にも発行できる）
                """)

        @OptionGroup var person: PersonArguments
        @OptionGroup var day: IssueDay

        @Option(name: .long, help: "lost, damaged, moved_in, moved_out, error or other. / 理由")
        var reason: VoucherReason

        func run() async throws {
            let day = try day.day()
            let (region, reference) = try person.parts()
            let wanted = VoucherIssue(
                person: reference, line: try StandardInput.voucher(of: region), issuedOn: day, reason: reason)
            try await person.options.run { try await $0.issue(wanted, in: region) }
        }
    }

    /// `vrs vouchers void`
    struct Void: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a voucher void that no dose has spent. / 未使用の接種券を無効にする")

        @OptionGroup var options: OperatorOptions

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        @Option(name: .long, help: "lost, damaged, moved_in, moved_out, error or other. / 理由")
        var reason: VoucherReason

        func run() async throws {
            let region = try MunicipalityCode(written: municipality)
            let wanted = VoucherVoid(line: try StandardInput.voucher(of: region), reason: reason)
            try await options.run { try await $0.void(wanted, in: region) }
        }
    }
}

/// `vrs passports`
struct Passports: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Correct the passport that is recorded of a person. / 旅券情報の訂正",
        subcommands: [Amend.self])

    /// `vrs passports amend`
    struct Amend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Record another passport of a person, or that none is known. / 旅券情報を更新する",
            discussion: """
                Whom it is about is the first line of standard input. The second one is the passport: number, name, nationality and \
                last day with commas between, the name in quotation marks and with other names in brackets, such as \
                XX0000001,"MIHON (REIJI), HANAKO",JPN,2035-03-31; with --reason withdrawn there is none. What was recorded before \
                stays in the history. Certificates that show something that was taken back are listed.
                """)

        @OptionGroup var person: PersonArguments

        @Option(name: .long, help: "renewed, corrected, name_change or withdrawn. / 理由")
        var reason: PassportReason

        func run() async throws {
            let (region, reference) = try person.parts()
            let passport =
                reason == .withdrawn
                ? nil
                : try StandardInput.line(
                    "number,\"NAME, GIVEN\",JPN,YYYY-MM-DD / 旅券番号,\"氏名\",国籍,有効期限", Passport.init(written:))
            let wanted = PassportAmendment(person: reference, passport: passport, reason: reason)
            try await person.options.run { try await $0.amend(wanted, in: region) }
        }
    }
}

extension VoucherReason: ExpressibleByArgument {}
extension PassportReason: ExpressibleByArgument {}
