public import Vaccination

/// A place where what is stored is not what was written: a hand in the database, or a backup put back.
public struct EvidenceBreak: Hashable, Sendable, CustomStringConvertible {
    /// What does not fit.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The head, which seals the log's end and the sum over the rows, is missing or does not open.
        case head
        /// A line of the log was changed, removed or put in.
        case chain
        /// The log is shorter than it was known to be, or another one: an older state was put back.
        case rollback
        /// A row was changed by a hand.
        case row
        /// Rows were removed, put in or set back to what they were.
        case sum
        /// A certificate's state is not the one that its log leads to.
        case state
        /// The file is no database of this region that can be used: overwritten, cut, gone, replaced while it was open,
        /// another region's, or a newer version's.
        case file
        /// The file of a closed segment is missing, changed, cut or another's.
        case segment
    }

    /// Whose log it is.
    public let log: LogName
    /// What does not fit.
    public let kind: Kind
    /// Where: a line's number, a table and a row's number or identifier. Free of personal data.
    public let place: String

    /// What an error of a region's store says of its file; `nil` for one that passes by itself, or says nothing of the file.
    public init?(_ error: StoreError, in region: MunicipalityCode) {
        if let found = error.found {
            self = found
            return
        }
        guard [.corrupt(), .newer(), .wrongKey()].contains(error) else { return nil }
        self.init(log: .region(region), kind: .file, place: error.description)
    }

    /// A break from its parts.
    public init(log: LogName, kind: Kind, place: String) {
        self.log = log
        self.kind = kind
        self.place = place
    }

    /// For logs: `990019: row: certificate 0000…`.
    public var description: String { "\(log): \(kind.rawValue): \(place)" }

    /// What the reason of a halt begins with that a break has caused, and that only a logged restore clears.
    public static let haltPrefix = "evidence: "

    /// The reason of the halt that it causes, within the bounds of one.
    public var haltReason: String { String("\(Self.haltPrefix)\(self)".prefix(LogEntry.reasonLengths.upperBound)) }

    /// Whether a halt's reason is a break's.
    public static func isHaltReason(_ reason: String) -> Bool { reason.hasPrefix(haltPrefix) }

    /// What follows from it, and what to do, in both languages.
    public var consequence: (english: String, japanese: String) {
        switch log {
        case _ where kind == .segment:
            (
                "Issuing goes on. Put the file back into the folder of segments from a copy, and look again: vrs log verify.",
                "発行は続きます。写しから区間のファイルを戻し、vrs log verify で確かめてください。"
            )
        case .control:
            (
                "Nothing is issued in any region until a restore is logged: vrs log restored control.",
                "復旧を記録する（vrs log restored control）まで、全自治体で発行を停止します。"
            )
        case .region(let code):
            (
                "Nothing is issued in this region until a restore is logged: vrs log restored \(code). Others go on.",
                "復旧を記録する（vrs log restored \(code)）まで、この自治体だけ発行を停止します。"
            )
        }
    }
}

/// What a look at a log and its rows found.
public struct EvidenceReport: Hashable, Sendable {
    /// How many breaks are told one by one at most; what else is broken shows when these are mended.
    public static let maximumBreaks = 100

    /// The log's end, if its head opens.
    public var head: LogHead?
    /// How many lines were looked at.
    public var lines: Int64 = 0
    /// How many rows were looked at.
    public var rows: Int64 = 0
    /// Where it is broken; nothing is if this is empty.
    public var breaks: [EvidenceBreak] = []
    /// Certificates whose log is not one intent, one signature and what may follow, though nothing was changed by a
    /// hand: versions before this one wrote such logs after a stop in between.
    public var irregularities: [String] = []

    /// A report of nothing.
    public init() {}

    mutating func add(_ log: LogName, _ kind: EvidenceBreak.Kind, _ place: String) {
        guard breaks.count < Self.maximumBreaks else { return }
        breaks.append(EvidenceBreak(log: log, kind: kind, place: place))
    }

    mutating func add(irregularity: String) {
        guard irregularities.count < Self.maximumBreaks else { return }
        irregularities.append(irregularity)
    }
}
