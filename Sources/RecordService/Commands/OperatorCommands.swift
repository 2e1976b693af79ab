import Exchange
package import CheckedConfiguration
package import Foundation
package import Records
package import Vaccination

/// What the operators' commands do and say, once their arguments are read.
package struct OperatorCommands: Sendable {
    let client: OperatorClient
    private let isJSON: Bool
    private let say: @Sendable (String) -> Void

    /// Runs `body` with the operator's connection, which is closed afterwards.
    ///
    /// - Parameters:
    ///   - json: whether reports are said as JSON.
    ///   - say: takes one line for people.
    ///   - warn: told what of the operator's own certificates ends soon.
    package static func run(
        _ configuration: ConfigurationFile, json: Bool, now: Date, say: @escaping @Sendable (String) -> Void,
        warn: (ConfigurationError) -> Void = { _ in }, _ body: (OperatorCommands) async throws -> Void
    ) async throws {
        let client = try OperatorClient(configuration, now: now, warn: warn)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(OperatorCommands(client: client, isJSON: json, say: say)))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        try result.get()
    }

    func show<T: Encodable>(_ value: T, _ lines: (T) -> [String]) throws {
        if isJSON {
            say(String(decoding: try OperatorJSON.encode(value), as: UTF8.self))
        } else {
            for line in lines(value) { say(line) }
        }
    }

    // MARK: Terminals

    /// Enrols a terminal; its certificate is written to `out` if one is given.
    package func enrol(_ request: EnrolmentRequest, out: String?) async throws {
        let report = try await client.enrol(request)
        try Self.write(report, to: out)
        try show(report) { ["enrolled \($0.id) \($0.certificateHash) / 登録しました"] }
    }

    /// Enrols every terminal of a folder (`ID/terminal.pem`) that is not enrolled yet.
    package func enrolFolder(_ folder: String) async throws {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder).sorted() else {
            throw FileCommands.UnusableFile(
                english: "\(folder) is no folder that can be read; name the one that holds ID/terminal.pem",
                japanese: "\(folder)は読めるフォルダーではありません。ID/terminal.pem のあるフォルダーを指定してください。")
        }
        let known = Set(try await client.terminals().map(\.id))
        var enrolled = 0
        for id in names where !known.contains(id) {
            let path = "\(folder)/\(id)/terminal.pem"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let certificate = try EnrolmentRequest.pem(inFile: path)
            _ = try await client.enrol(EnrolmentRequest(id: id, shop: "", csr: nil, certificate: certificate))
            enrolled += 1
        }
        say("enrolled \(enrolled) terminals / \(enrolled)台を登録しました")
    }

    /// Lists terminals.
    package func listTerminals() async throws {
        try show(try await client.terminals()) { reports in
            Self.columns(
                reports.map { report in
                    [
                        report.id, report.isSuspended ? "suspended" : report.status.rawValue,
                        report.notAfter.formatted(.iso8601), String(report.certificateHash.prefix(16)), report.shop,
                    ]
                })
        }
    }

    /// Gives a terminal a new certificate, written to `out` if that is given.
    package func renew(terminal id: String, _ request: EnrolmentRequest, out: String?) async throws {
        let report = try await client.renew(terminal: id, request)
        try Self.write(report, to: out)
        try show(report) { ["renewed \($0.id) \($0.certificateHash) / 更新しました"] }
    }

    /// Shuts a terminal out for good.
    package func revoke(terminal id: String) async throws {
        try await client.revoke(terminal: id)
        say("revoked \(id) / 失効させました")
    }

    private static func write(_ report: TerminalReport, to path: String?) throws {
        guard let path, let pem = report.certificate else { return }
        do {
            try Data(pem.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            // It is public, and whoever puts it into its place is not who reads it there.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        } catch {
            // It is the service's only answer with it: what it holds is said, so that nothing has to be done again.
            throw FileCommands.UnusableFile(
                english: "done, but \(path) cannot be written; this is what belongs there:\n\(pem)",
                japanese: "処理は済みましたが、\(path)に書き込めません。上の証明書を保存してください。")
        }
    }

    // MARK: What is out of service

    /// Takes something out of service.
    package func suspend(_ scope: Suspension) async throws {
        try await client.suspend(scope)
        say("suspended \(scope.text) / 停止しました")
    }

    /// Puts it back into service.
    package func resume(_ scope: Suspension) async throws {
        try await client.resume(scope)
        say("resumed \(scope.text) / 再開しました")
    }

    /// Shows what is out of service.
    package func showSuspensions() async throws {
        try show(try await client.suspensions()) { report in
            let halted = report.issuingHalted.map { "issuing halted: \($0) / 発行停止中" }
            let lines =
                ([halted].compactMap { $0 })
                + (report.missing ?? []).map { "not ready: \($0) / 交付できません" }
                + (report.degraded ?? []).map { "degraded: \($0) / 一部に問題があります" }
                + report.broken.map { "evidence broken: \($0) / 証跡の不整合" }
                + report.suspensions.map { "suspended \($0)" }
            return lines.isEmpty ? ["everything is in service / すべて稼働中"] : lines
        }
    }

    /// Clears a halt of issuing.
    package func resumeIssuing() async throws {
        try await client.resumeIssuing()
        say("issuing goes on / 発行を再開しました")
    }

    /// Puts a person or a card on the stop list.
    package func stop(_ subject: StopRequest) async throws {
        try await client.stop(subject)
        say("on the stop list / 追加しました")
    }

    /// Takes a person or a card off the stop list.
    package func unstop(_ subject: StopRequest) async throws {
        try await client.unstop(subject)
        say("off the stop list / 削除しました")
    }

    // MARK: Certificates and logs

    /// Lists certificates in one state behind the last one of the page before, and says how to go on if there may be more.
    package func listCertificates(
        in municipality: MunicipalityCode, state: CertificateState, after last: CertificateID? = nil, limit: Int
    ) async throws {
        let page = try await client.certificates(in: municipality, state: state, after: last, limit: limit)
        try show(page) { reports in
            let rows: [[String]] = reports.map { report in
                [
                    report.certificateID.text, report.isRevoked ? "revoked" : report.state.rawValue,
                    report.kind.rawValue, report.at.formatted(.iso8601), report.inquiry,
                    String(report.terminal.prefix(16)),
                ]
            }
            return Self.columns(rows) + Self.continuation(reports, limit) { $0.certificateID.text }
        }
    }

    /// The line that tells how to see the rest, if a page is full.
    private static func continuation<T>(_ page: [T], _ limit: Int, _ place: (T) -> String) -> [String] {
        guard page.count >= limit, let last = page.last else { return [] }
        return ["there may be more: --after \(place(last)) / 続きがあれば --after \(place(last))"]
    }

    /// Voids a certificate that was not printed.
    package func void(_ id: CertificateID, in municipality: MunicipalityCode) async throws {
        try await client.void(id, in: municipality)
        say("voided \(id.text) / 無効にしました")
    }

    /// Revokes a certificate, printed or not.
    package func revoke(_ id: CertificateID, in municipality: MunicipalityCode) async throws {
        try await client.revoke(id, in: municipality)
        say("revoked \(id.text); run vrs export to publish it / 失効しました（vrs export で公開してください）")
    }

    /// Shows lines of a region's log, or of the control log without a region.
    package func showLog(of municipality: MunicipalityCode?, after sequence: Int64, limit: Int = OperatorPage.lines)
        async throws
    {
        try show(try await client.log(of: municipality, after: sequence, limit: limit)) { entries in
            Self.lines(entries) + Self.continuation(entries, limit) { String($0.sequence) }
        }
    }

    private static func lines(_ entries: [LogReport]) -> [String] {
        columns(
            entries.map { entry in
                let terminal = entry.terminal.map { String($0.prefix(16)) }
                let actor = entry.actor.map { String($0.prefix(16)) }
                return [
                    String(entry.sequence), entry.at.formatted(.iso8601), entry.event.rawValue,
                    entry.certificateID?.text ?? "-", entry.inquiry ?? "-", terminal ?? "-", actor ?? "-",
                    entry.detail ?? "",
                ]
            })
    }

    /// Searches in a log, and says how to go on if there may be more.
    /// - Returns: whether a line was found, or the search goes on.
    package func searchLog(_ log: LogName, _ request: LogSearchRequest) async throws -> Bool {
        let page = try await client.searchLog(log, request)
        try show(page) { page in
            if page.tooMany {
                return [
                    "more than \(PersonSearch.maximumFound) people: none is shown, search by a number / \(PersonSearch.maximumFound)人を超えるため表示しません。番号で検索してください"
                ]
            }
            let next = page.next.map { "there may be more: --after \($0) / 続きがあれば --after \($0)" }
            let nothing = page.lines.isEmpty && next == nil ? ["no lines / 該当なし"] : []
            return Self.lines(page.lines) + nothing + [next].compactMap { $0 }
        }
        return !page.lines.isEmpty || page.next != nil
    }

    /// Logs that a log was restored.
    package func restored(_ log: LogName, reason: String, asItIs: Bool) async throws {
        try await client.restored(log, reason: reason, asItIs: asItIs)
        say("restored \(log), logged / 復旧を記録しました")
    }

    /// Logs that all that is broken was restored, the control log first: after a backup of all records was put back. Gives the
    /// logs that were refused, since what was put back there is not whole in itself.
    package func restoredEverything(reason: String, asItIs: Bool) async throws -> [LogName] {
        try await restored(.control, reason: reason, asItIs: asItIs)
        var refused: [LogName] = []
        // Again, since the service may have found more meanwhile.
        while true {
            let broken = try await client.suspensions().broken.compactMap { text in
                text.split(separator: ":").first.flatMap { LogName($0) }
            }.filter { !refused.contains($0) }
            if broken.isEmpty { return refused }
            for log in broken {
                do {
                    try await restored(log, reason: reason, asItIs: asItIs)
                } catch OperatorFailure.refused(.conflict) {
                    say("\(log) is not whole in itself: vrs log verify \(log) / 復旧を記録できません")
                    refused.append(log)
                }
            }
        }
    }

    /// Says the last signed root: one line, for a place that only adds.
    package func showRoot() async throws { say(try await client.root().root) }

    // MARK: Regions

    /// Shows a region's settings, and what was decided of it.
    package func showRegion(_ municipality: MunicipalityCode) async throws {
        try show(try await client.region(municipality)) { RegionWords.lines($0) }
    }

    /// Proposes settings that differ from those of now in what `change` changes.
    package func change(
        _ municipality: MunicipalityCode, reason: String, _ change: (inout RegionSettings) -> Void
    ) async throws {
        let present = try await client.region(municipality).settings
        var settings = present
        change(&settings)
        let request = DecisionRequest(settings, insteadOf: present, reason: reason)
        try show(try await client.propose(request, for: municipality)) {
            RegionWords.lines($0) + RegionWords.next($0, municipality)
        }
    }

    /// Proposes that a region is erased.
    package func proposeErasure(of municipality: MunicipalityCode, reason: String) async throws {
        try show(try await client.propose(DecisionRequest(erasureFor: reason), for: municipality)) {
            RegionWords.lines($0) + RegionWords.next($0, municipality)
        }
    }

    /// Proposes that what a region has kept long enough is erased.
    package func proposeRetention(in municipality: MunicipalityCode, reason: String) async throws {
        try show(try await client.propose(DecisionRequest(retentionFor: reason), for: municipality)) {
            RegionWords.lines($0) + RegionWords.next($0, municipality)
        }
    }

    /// Approves a decision.
    package func approve(decision number: Int64, of municipality: MunicipalityCode) async throws {
        try show(try await client.approve(decision: number, of: municipality)) {
            RegionWords.lines($0) + RegionWords.next($0, municipality)
        }
    }

    /// Withdraws a decision.
    package func withdraw(decision number: Int64, of municipality: MunicipalityCode) async throws {
        try show(try await client.withdraw(decision: number, of: municipality)) { RegionWords.lines($0) }
    }

    // MARK: Imports

    /// Lists a region's imports, newest first, and says what each waits for.
    package func listImports(in municipality: MunicipalityCode) async throws {
        try show(try await client.imports(in: municipality)) { reports in
            reports.isEmpty ? ["no imports / 取込はありません"] : reports.flatMap { ImportWords.lines($0) }
        }
    }

    /// Approves an import.
    package func approve(import number: Int64, in municipality: MunicipalityCode) async throws {
        try show(try await client.approve(import: number, in: municipality)) { ImportWords.lines($0) }
    }

    /// Discards an import.
    package func discard(import number: Int64, in municipality: MunicipalityCode) async throws {
        try show(try await client.discard(import: number, in: municipality)) { ImportWords.lines($0) }
    }

    /// Confirms that an import's file was erased.
    package func erased(import number: Int64, in municipality: MunicipalityCode) async throws {
        try show(try await client.erased(import: number, in: municipality)) { ImportWords.lines($0) }
    }

    /// Columns of text, as wide as each needs.
    private static func columns(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { index, text in
                index == row.count - 1 ? text : text + String(repeating: " ", count: widths[index] - text.count + 2)
            }.joined()
        }
    }
}
