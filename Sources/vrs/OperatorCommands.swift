import ArgumentParser
import CommandFrame
import Foundation
import RecordService
import Records
import Vaccination

extension MunicipalityCode {
    /// A code as it was typed.
    init(written text: String) throws {
        guard let code = MunicipalityCode(text) else {
            throw WrongUse(
                "\(text) is no municipality code: six digits, the last a check digit",
                "\(text)は団体コードではありません。6桁（最後は検査数字）で書いてください。")
        }
        self = code
    }
}

extension CertificateID {
    /// An identifier as it was typed.
    init(written text: String) throws {
        guard let id = CertificateID(text) else {
            throw WrongUse(
                "\(text) is no certificate identifier: copy it from vrs certificates list or from the page",
                "\(text)は証明書番号ではありません。vrs certificates list か証明書から写してください。")
        }
        self = id
    }
}

extension OperatorPage {
    /// Throws if so many entries may not be asked for.
    static func check(_ limit: Int) throws {
        guard sizes.contains(limit) else {
            throw WrongUse(
                "--limit is \(sizes.lowerBound) to \(sizes.upperBound)",
                "--limit は\(sizes.lowerBound)〜\(sizes.upperBound)です。")
        }
    }
}

/// What a suspension is about.
struct ScopeArguments: ParsableArguments {
    @OptionGroup var options: OperatorOptions

    @Argument(
        help: """
            terminal, municipality, kind, channel or everything; of phones device, model, patches or app. \
            / 端末・自治体・種別・経路・全体、スマートフォンは device・model・patches・app
            """)
    var what: String

    @Argument(
        help: """
            Which: T0001, a municipality code, domestic or overseas, kiosk or app; of phones SHA-256 of the device's key, \
            MAKER/MODEL, YYYYMM or PACKAGE/VERSION. / 対象
            """)
    var which: String?

    /// The suspension that the arguments name.
    func suspension() throws -> Suspension {
        guard let suspension = Suspension(which.map { "\(what):\($0)" } ?? what) else {
            throw WrongUse(
                """
                write terminal ID, municipality CODE, kind domestic|overseas, channel kiosk|app|counter, device HASH, \
                model MAKER/MODEL, patches YYYYMM, app PACKAGE/VERSION, or everything
                """,
                """
                terminal 端末名、municipality 団体コード、kind domestic|overseas、channel kiosk|app|counter、device ハッシュ、\
                model メーカー/機種、patches 年月（YYYYMM）、app パッケージ/版、everything のどれかを書いてください。
                """)
        }
        return suspension
    }
}

/// `vrs suspend`
struct Suspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take something out of service, at once; issuing status shows what is. / 停止する")

    @OptionGroup var scope: ScopeArguments

    func run() async throws {
        let suspension = try scope.suspension()
        try await scope.options.run { try await $0.suspend(suspension) }
    }
}

/// `vrs resume`
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Put it back into service, at once. / 再開する")

    @OptionGroup var scope: ScopeArguments

    func run() async throws {
        let suspension = try scope.suspension()
        try await scope.options.run { try await $0.resume(suspension) }
    }
}

/// `vrs issuing`
struct IssuingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issuing", abstract: "Whether issuing goes on. / 発行の状態", subcommands: [Status.self, Go.self])

    /// `vrs issuing status`
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what is out of service. / 停止中のものを表示する")

        @OptionGroup var options: OperatorOptions

        func run() async throws {
            try await options.run { try await $0.showSuspensions() }
        }
    }

    /// `vrs issuing resume`
    struct Go: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "resume",
            abstract: "Clear a halt after a mismatch in the service's own output. / 不一致による発行停止を解除する")

        @OptionGroup var options: OperatorOptions

        func run() async throws {
            try await options.run { try await $0.resumeIssuing() }
        }
    }
}

/// `vrs certificates`
struct Certificates: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at certificates, void or revoke one. / 証明書の一覧、無効化、失効",
        subcommands: [List.self, Void.self, Revoke.self])

    /// `vrs certificates list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List certificates in one state, oldest first; those without a report by default. / 一覧")

        @OptionGroup var options: OperatorOptions

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        @Option(name: .long, help: "intended, signed, printed, voided or unknown. / 状態")
        var state: String = CertificateState.unknown.rawValue

        @Option(name: .long, help: "At most this many, 1 to \(OperatorPage.sizes.upperBound). / 最大件数")
        var limit: Int = OperatorPage.certificates

        @Option(name: .long, help: "Only those behind this certificate: the last one of the page before. / この証明書の続き")
        var after: String?

        func run() async throws {
            let code = try MunicipalityCode(written: municipality)
            guard let state = CertificateState(rawValue: state) else {
                throw WrongUse(
                    "\(state) is no state: write intended, signed, printed, voided or unknown",
                    "\(state)という状態はありません。intended、signed、printed、voided、unknown のどれかを書いてください。")
            }
            try OperatorPage.check(limit)
            let last = try after.map { text in
                return try CertificateID(written: text)
            }
            try await options.run { try await $0.listCertificates(in: code, state: state, after: last, limit: limit) }
        }
    }

    /// One certificate.
    struct Subject: ParsableArguments {
        @OptionGroup var options: OperatorOptions

        @Argument(help: "The municipality code. / 自治体コード")
        var municipality: String

        @Argument(help: "The certificate's identifier. / 証明書番号")
        var id: String

        /// The region and the identifier.
        func parts() throws -> (region: MunicipalityCode, id: CertificateID) {
            let code = try MunicipalityCode(written: municipality)
            return (code, try CertificateID(written: id))
        }
    }

    /// `vrs certificates void`
    struct Void: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Void a certificate that was not printed, and revoke its codes. / 未印刷の証明書を無効にする")

        @OptionGroup var certificate: Subject

        func run() async throws {
            let (region, id) = try certificate.parts()
            try await certificate.options.run { try await $0.void(id, in: region) }
        }
    }

    /// `vrs certificates revoke`
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a certificate, printed or not; verifiers refuse it after the next export. / 証明書を失効させる")

        @OptionGroup var certificate: Subject

        func run() async throws {
            let (region, id) = try certificate.parts()
            try await certificate.options.run { try await $0.revoke(id, in: region) }
        }
    }
}

/// `vrs stop-list`
struct StopList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop-list", abstract: "People and cards for whom nothing is issued. / 発行停止リスト",
        subcommands: [Add.self, Remove.self])

    /// Where the person or card comes from; an individual number never stands among arguments, which others can see.
    struct Subject: ParsableArguments {
        @OptionGroup var options: OperatorOptions

        @Option(name: .long, help: "A card, by SHA-256 of its file 0007 in hexadecimal. / カードの鍵ハッシュ")
        var chipKeyHash: String?

        /// Whom the arguments and the standard input name.
        func request() throws -> StopRequest {
            if let chipKeyHash { return StopRequest(number: nil, chipKeyHash: chipKeyHash) }
            FileHandle.standardError.write(Data("individual number on standard input / 個人番号を標準入力へ:\n".utf8))
            guard let line = readLine(strippingNewline: true), let number = IndividualNumber(line) else {
                throw WrongUse(
                    "that is no individual number: twelve digits, the last a check digit",
                    "個人番号ではありません。12桁の数字（最後は検査数字）を入力してください。")
            }
            return StopRequest(number: number.digits, chipKeyHash: nil)
        }
    }

    /// `vrs stop-list add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Put on the list. / 追加する")

        @OptionGroup var subject: Subject

        func run() async throws {
            let request = try subject.request()
            try await subject.options.run { try await $0.stop(request) }
        }
    }

    /// `vrs stop-list remove`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take off the list. / 削除する")

        @OptionGroup var subject: Subject

        func run() async throws {
            let request = try subject.request()
            try await subject.options.run { try await $0.unstop(request) }
        }
    }
}
