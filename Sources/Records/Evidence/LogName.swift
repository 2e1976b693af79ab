public import Vaccination

/// One of the logs that evidence is kept of, each with the rows that its changes report.
public enum LogName: Hashable, Sendable, CustomStringConvertible {
    /// What operators set for all regions.
    case control
    /// One region.
    case region(MunicipalityCode)

    /// `control`, or the municipality's code.
    public var description: String {
        switch self {
        case .control: "control"
        case .region(let code): code.digits
        }
    }

    /// A log from its name; `nil` for any other text.
    public init?(_ text: some StringProtocol) {
        if text == "control" {
            self = .control
        } else if let code = MunicipalityCode(text) {
            self = .region(code)
        } else {
            return nil
        }
    }
}

/// The end of a log: how many lines it has, and the hash that stands for all of them.
public struct LogHead: Hashable, Sendable {
    /// The number of the last line; lines are numbered from 1 without gaps.
    public let count: Int64
    /// SHA-256 of the chain up to the last line, 32 bytes.
    public let hash: [UInt8]

    /// A head from its parts.
    public init(count: Int64, hash: [UInt8]) {
        self.count = count
        self.hash = hash
    }
}

/// The heads of all logs at one moment, as the control file knows them.
public struct LogHeads: Hashable, Sendable {
    /// Which life of the records this is: grows by one with every logged restore, so that who keeps earlier heads knows
    /// that these need not continue them.
    public let incarnation: Int64
    /// How many roots were begun over these records, the one that these heads are for included: grows also where no line is
    /// written, so that a control file that is put back is behind the root whatever happened since.
    public let root: Int64
    /// By log; a region that was never opened has none.
    public let heads: [LogName: LogHead]

    /// Heads from their parts.
    public init(incarnation: Int64, root: Int64 = 0, heads: [LogName: LogHead]) {
        self.incarnation = incarnation
        self.root = root
        self.heads = heads
    }
}
