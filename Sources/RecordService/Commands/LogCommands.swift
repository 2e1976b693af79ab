import CheckedConfiguration
package import Foundation
package import Records
package import Vaccination

extension FileCommands {
    // MARK: Looking

    /// Looks at every line and row of logs and at their closed segments, of all if none is named, and says what is broken. What is wrong with one
    /// keeps nobody from looking at the next.
    /// - Returns: what to say, and whether everything is sound.
    package static func verify(
        _ logs: [LogName], _ configuration: VRSConfiguration
    ) async throws -> (lines: [String], isSound: Bool) {
        var lines: [String] = []
        func say(_ line: String) { lines.append(line) }
        let store = try configuration.openStore(mayBegin: false)
        let root = root(configuration)
        var pins: [LogName: LogHead] = [:]
        if let root, try await store.heads().incarnation == root.heads.incarnation { pins = root.heads.heads }
        var isSound = true
        for log in logs.isEmpty ? [.control] + configuration.presentRegions.map({ .region($0.code) }) : logs {
            do {
                let pins = pins[log].map { [$0] } ?? []
                var report = try await store.verify(log, pins: pins, everything: true)
                var segments = 0
                if case .region(let region) = log {
                    do {
                        let files = try await store.verifySegments(of: region, pins: pins)
                        segments = try await store.segments(of: region).count
                        report.lines += files.lines
                        report.breaks += files.breaks
                        report.irregularities += files.irregularities
                    } catch {
                        // What was found before it is told too.
                        for found in report.breaks { say("BROKEN \(found) / 不整合") }
                        throw error
                    }
                }
                for found in report.breaks { say("BROKEN \(found) / 不整合") }
                for text in report.irregularities { say("irregular \(log): \(text) / 記録の不足") }
                if let first = report.breaks.first {
                    say("\(first.consequence.english) / \(first.consequence.japanese)")
                } else {
                    let closed = segments == 0 ? "" : " (\(segments) closed segments / 区間\(segments))"
                    say("\(log): \(report.lines) lines\(closed) and \(report.rows) rows are sound / 問題ありません")
                }
                isSound = isSound && report.breaks.isEmpty && report.irregularities.isEmpty
            } catch let error as StoreError {
                let (english, japanese) = error.advice
                say("BROKEN \(log): \(error) / 不整合")
                say("\(english) / \(japanese)")
                isSound = false
            }
        }
        return (lines, isSound)
    }

    // MARK: Closing

    /// Closes what of regions' logs is no longer at hand, as the service does once a day; of all regions if none is named.
    /// - Returns: whether every region could be.
    package static func closeLogs(
        _ regions: [MunicipalityCode], _ configuration: VRSConfiguration, now: Date, say: (String) -> Void
    ) async throws -> Bool {
        let store = try configuration.openStore(mayBegin: false)
        var (isDone, isIdle) = (true, true)
        for region in regions.isEmpty ? configuration.presentRegions.map(\.code) : regions {
            do {
                let closing = try await locally {
                    try await store.closeLog(of: region, keeping: configuration.log.keeping, now: now)
                }
                for segment in closing.closed {
                    say("\(region): lines \(segment.first)–\(segment.last) closed, \(segment.file) / 保存しました")
                }
                for segment in closing.removed {
                    say("\(region): \(segment.file) removed, kept long enough / 保存期間が過ぎたため削除しました")
                }
                for name in closing.damaged {
                    say("\(region): \(name) is missing or has another size / ファイルがないか、大きさが異なります")
                }
                isDone = isDone && closing.damaged.isEmpty
                isIdle = isIdle && closing == LogClosing()
            } catch let error as StoreError {
                let (english, japanese) = error.advice
                say("\(region): \(error)")
                say("\(english) / \(japanese)")
                isDone = false
            }
        }
        if isDone, isIdle { say("nothing was due / 対象はありません") }
        return isDone
    }

    // MARK: Reporting

    /// What is unusual in regions' logs of a span of time, in each and in all together.
    /// - Parameter say: takes a line: JSON, or words.
    package static func reportLogs(
        _ regions: [MunicipalityCode], from: Date, to: Date, json: Bool, _ configuration: VRSConfiguration, now: Date,
        say: (String) -> Void
    ) async throws -> Bool {
        let store = try configuration.openStore(mayBegin: false)
        let codes = regions.isEmpty ? configuration.presentRegions.map(\.code) : regions
        try await locally { try await store.noteLogReport(regions: codes.count, from: from, to: to, now: now) }
        var report = LogSurveyReport(from: from, to: to, rules: LogSurvey.Rules())
        var (total, isWhole) = (LogSurvey(), true)
        for log in [.control] + codes.map({ LogName.region($0) }) {
            do {
                let (one, all) = try await store.foldLog(log, from: from, to: to, into: (LogSurvey(), total)) {
                    value, entry in
                    value.0.add(entry)
                    value.1.add(entry)
                }
                total = all
                if one.lines > 0 { report.logs.append(LogSurveyReport.Part(log: "\(log)", one)) }
            } catch let error as StoreError {
                report.unread.append("\(log): \(error)")
                isWhole = false
            }
        }
        report.total = LogSurveyReport.Part(log: "total", total)
        if json {
            say(String(decoding: try OperatorJSON.encode(report), as: UTF8.self))
        } else {
            for line in report.lines { say(line) }
        }
        return isWhole
    }
}

/// Of which time a report is, unless somebody says so.
package enum LogReporting {
    /// The month in Japan before the one of an instant.
    package static func lastMonth(before now: Date) -> Range<Date> {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(secondsFromGMT: 9 * 3600) ?? .gmt
        guard let end = calendar.dateInterval(of: .month, for: now)?.start,
            let begin = calendar.date(byAdding: .month, value: -1, to: end)
        else { return now..<now }
        return begin..<end
    }
}

/// What a report over logs says.
struct LogSurveyReport: Encodable {
    /// One log, or all.
    struct Part: Encodable {
        let log: String
        let lines: Int
        let events: [String: Int]
        let numbersByOperators: Int
        let numbersByTerminals: Int
        let isPartial: Bool
        let findings: [LogSurvey.Finding]

        init(log: String, _ survey: LogSurvey) {
            self.log = log
            lines = survey.lines
            events = Dictionary(
                uniqueKeysWithValues: LogSurvey.counted.compactMap { event in
                    survey.events[event].map { (event.rawValue, $0) }
                })
            numbersByOperators = survey.numbersByOperators
            numbersByTerminals = survey.numbersByTerminals
            isPartial = survey.isPartial
            findings = survey.findings
        }
    }

    let from: Date
    let to: Date
    let rules: LogSurvey.Rules
    var total: Part?
    var logs: [Part] = []
    /// Logs that could not be read to their end.
    var unread: [String] = []

    init(from: Date, to: Date, rules: LogSurvey.Rules) { (self.from, self.to, self.rules) = (from, to, rules) }

    /// For people.
    var lines: [String] {
        let span = [from, to].map { $0.formatted(.iso8601) }
        var lines = ["from \(span[0]) to \(span[1]) / 期間"]
        lines += unread.map { "NOT READ \($0) / 読めなかった記録" }
        for part in [total].compactMap({ $0 }) + logs { lines += Self.lines(part) }
        return lines
    }

    private static func lines(_ part: Part) -> [String] {
        let (operators, terminals) = (part.numbersByOperators, part.numbersByTerminals)
        var lines = ["\(part.log): \(part.lines) lines / \(part.lines)行"]
        lines += part.events.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        lines.append(
            "  look-ups by individual number / 個人番号による照会: \(operators) by operators / 職員, \(terminals) at terminals / 端末"
        )
        if part.isPartial { lines.append("  more people or operators than are told apart / 一部のみ集計") }
        return lines + part.findings.map { "  ! \(words($0))" }
    }

    private static func words(_ found: LogSurvey.Finding) -> String {
        let (name, count) = (found.subject, found.count)
        let beside = found.beside.map { String(Int($0)) } ?? ""
        return switch found.rule {
        case .numberHours:
            "number.hours: \(name): \(count) look-ups by number outside of office hours / 執務時間外の個人番号照会\(count)件"
        case .numberDay:
            "number.day: \(name): \(count) look-ups by number on \(found.day ?? ""), usually \(beside) / \(found.day ?? "")の個人番号照会\(count)件（中央値\(beside)件）"
        case .searchEmpty:
            "search.empty: \(name): \(count) of \(beside) searches found nobody or too many / 該当なし・多数の検索\(count)件（全\(beside)件）"
        case .personSeveral:
            "person.several: \(name): looked up by \(count) operators, \(beside) times / \(count)人の職員が計\(beside)回照会"
        case .terminalHours:
            "terminal.hours: \(name): \(count) applications outside of a terminal's hours / 利用時間外の申請\(count)件"
        case .terminalRefusals:
            "terminal.refusals: \(name): \(count) of \(beside) applications refused / 申請\(beside)件中\(count)件を拒否"
        }
    }
}
