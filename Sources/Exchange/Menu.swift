public import Foundation
public import Vaccination

/// Hours of service in Japan, minutes after midnight; a day's service ends before `closes`.
public struct ServiceHours: Hashable, Sendable, Codable {
    /// When service opens, minutes after midnight in Japan, 0 to 1439.
    public let opens: Int
    /// When service closes, minutes after midnight in Japan, 1 to 1440, later than `opens`.
    public let closes: Int

    /// Hours; `nil` out of bounds.
    public init?(opens: Int, closes: Int) {
        guard (0...1439).contains(opens), (1...1440).contains(closes), opens < closes else { return nil }
        self.opens = opens
        self.closes = closes
    }

    /// Hours from `HH:MM-HH:MM`, such as `06:30-23:00`; `24:00` may end them.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 11, bytes[5] == UInt8(ascii: "-") else { return nil }
        func minutes(_ b: ArraySlice<UInt8>) -> Int? {
            let d = b.map { Int($0) - 0x30 }
            guard b[b.startIndex + 2] == UInt8(ascii: ":"), [0, 1, 3, 4].allSatisfy({ (0...9).contains(d[$0]) }) else {
                return nil
            }
            let hour = d[0] * 10 + d[1]
            let minute = d[3] * 10 + d[4]
            return hour <= 24 && minute < 60 ? hour * 60 + minute : nil
        }
        guard let opens = minutes(bytes[0..<5]), let closes = minutes(bytes[6..<11]) else { return nil }
        self.init(opens: opens, closes: closes)
    }

    /// Whether service is open at an instant.
    public func contains(_ instant: Date) -> Bool {
        let seconds = (instant.timeIntervalSince1970 + 9 * 3600).truncatingRemainder(dividingBy: 86_400)
        return (opens * 60..<closes * 60).contains(Int(seconds < 0 ? seconds + 86_400 : seconds))
    }

    /// `HH:MM-HH:MM`.
    public var text: String {
        func clock(_ minutes: Int) -> String {
            let (hour, minute) = (minutes / 60, minutes % 60)
            return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
        }
        return "\(clock(opens))-\(clock(closes))"
    }
}

/// What a terminal offers at this moment, as the centre tells it.
public struct Menu: Hashable, Sendable, Codable {
    /// One municipality that takes part.
    public struct Entry: Hashable, Sendable, Codable {
        /// Which municipality.
        public let municipality: Municipality
        /// The kinds it offers.
        public let kinds: [CertificateKind]
        /// Whether an operator suspended it for now.
        public let isSuspended: Bool
        /// Whether it issues, but not at terminals: the person is sent elsewhere.
        public let isElsewhere: Bool
        /// Where a person is sent who gets no certificate: the desk's name, telephone and hours; `nil` if nothing is said.
        public let desk: Notice?
        /// A municipality's entry.
        public init(
            municipality: Municipality, kinds: [CertificateKind], isSuspended: Bool, isElsewhere: Bool = false,
            desk: Notice? = nil
        ) {
            self.municipality = municipality
            self.kinds = kinds
            self.isSuspended = isSuspended
            self.isElsewhere = isElsewhere
            self.desk = desk
        }
    }

    /// A sentence for the person, in both languages.
    public struct Notice: Hashable, Sendable, Codable {
        /// In Japanese.
        public let japanese: String
        /// In English.
        public let english: String
        /// A notice in both languages.
        public init(japanese: String, english: String) {
            self.japanese = japanese
            self.english = english
        }
    }

    /// The maximum of municipalities: Japan has about 1,750.
    public static let maximumEntries = 4000
    /// The maximum fee of one copy in yen.
    public static let maximumFeeYen = 100_000
    /// The maximum of notices.
    public static let maximumNotices = 10
    /// The maximum of characters in one language of a notice.
    public static let maximumNotice = 200

    /// Grows with every change; `GET /v1/menu?after=REVISION` waits for the next one. Not negative.
    public let revision: Int64
    /// Whether, and if not why, the terminal may start a session: `nil` open, else the refusal's code.
    public let closed: ProblemCode?
    /// The municipalities, in the order of their codes, each once; at most ``maximumEntries``.
    public let entries: [Entry]
    /// Kinds that an operator suspended everywhere, each once.
    public let suspendedKinds: [CertificateKind]
    /// The fee of one copy in yen, 0 to ``maximumFeeYen``.
    public let feeYen: Int
    /// Hours of service in Japan.
    public let hours: ServiceHours
    /// Notices, at most ``maximumNotices``.
    public let notices: [Notice]
    /// Whether the service runs in development mode: every page bears 「見本 SAMPLE」.
    public let isDevelopment: Bool
    /// Which edition of what terminals trust can be had (``TerminalRoute/trust``); `nil` where none is published. Not
    /// negative. Nobody has signed this number: it only says when asking is worth it.
    public let trust: Int64?

    /// A menu from its parts; `nil` if one is out of the bounds that stand at it.
    public init?(
        revision: Int64, closed: ProblemCode?, entries: [Entry], suspendedKinds: [CertificateKind], feeYen: Int,
        hours: ServiceHours, notices: [Notice], isDevelopment: Bool, trust: Int64? = nil
    ) {
        guard Self.isRight(revision, entries, suspendedKinds, feeYen, notices), trust ?? 0 >= 0 else { return nil }
        self.revision = revision
        self.closed = closed
        self.entries = entries
        self.suspendedKinds = suspendedKinds
        self.feeYen = feeYen
        self.hours = hours
        self.notices = notices
        self.isDevelopment = isDevelopment
        self.trust = trust
    }
}

/// The answer to a request for a challenge (`POST /v1/challenge`).
public struct ChallengeResponse: Sendable, Codable {
    /// The challenge, an AEAD token only `vrs` opens.
    public let challenge: Data
    /// How long it is valid, in seconds.
    public let validSeconds: Int

    /// A response with a challenge.
    public init(challenge: [UInt8], validSeconds: Int) {
        self.challenge = Data(challenge)
        self.validSeconds = validSeconds
    }
}

/// What the centre must know from `vrs` to keep its access policy: who is enrolled and what is suspended.
public struct AccessState: Hashable, Sendable, Codable {
    /// A terminal that may use the centre.
    public struct Terminal: Hashable, Sendable, Codable {
        /// The operator's name for it, such as `T0001`.
        public let id: String
        /// SHA-256 of its certificate, lower-case hexadecimal.
        public let certificateHash: String
        /// Whether it was revoked.
        public let isRevoked: Bool
        /// Whether an operator suspended it.
        public let isSuspended: Bool
        /// A terminal's entry.
        public init(id: String, certificateHash: String, isRevoked: Bool, isSuspended: Bool) {
            self.id = id
            self.certificateHash = certificateHash
            self.isRevoked = isRevoked
            self.isSuspended = isSuspended
        }
    }

    /// What a municipality has settled on, where that is not everything it takes part with.
    public struct Offer: Hashable, Sendable, Codable {
        /// Which municipality.
        public let municipality: MunicipalityCode
        /// The channels by which certificates are issued now, each once; none if the municipality is closed.
        public let channels: [IssueChannel]
        /// The kinds that it issues, each once, if it takes part with them.
        public let kinds: [CertificateKind]
        /// Where a person is sent who gets no certificate; `nil` if nothing is said.
        public let desk: Menu.Notice?
        /// What a municipality has settled on.
        public init(
            municipality: MunicipalityCode, channels: [IssueChannel], kinds: [CertificateKind], desk: Menu.Notice?
        ) {
            self.municipality = municipality
            self.channels = channels
            self.kinds = kinds
            self.desk = desk
        }
    }

    /// The maximum of bytes that a state has as JSON.
    public static let maximumBytes = 32 << 20

    /// Grows with every change; `GET /centre/v1/gate?after=REVISION` waits for the next one.
    public let revision: Int64
    /// Whether everything is suspended.
    public let isSuspended: Bool
    /// Whether issuing stopped after a mismatch.
    public let isHalted: Bool
    /// Suspended municipalities.
    public let municipalities: [MunicipalityCode]
    /// Suspended kinds.
    public let kinds: [CertificateKind]
    /// Every enrolled terminal, also revoked ones.
    public let terminals: [Terminal]
    /// The municipalities that have settled on less than everything, or on a desk; each once.
    public let offers: [Offer]

    /// A state from its parts.
    public init(
        revision: Int64, isSuspended: Bool, isHalted: Bool, municipalities: [MunicipalityCode],
        kinds: [CertificateKind], terminals: [Terminal], offers: [Offer] = []
    ) {
        self.offers = offers
        self.revision = revision
        self.isSuspended = isSuspended
        self.isHalted = isHalted
        self.municipalities = municipalities
        self.kinds = kinds
        self.terminals = terminals
    }

    /// The same with further municipalities suspended.
    package func suspending(_ municipalities: Set<MunicipalityCode>) -> AccessState {
        guard !municipalities.isEmpty else { return self }
        return AccessState(
            revision: revision, isSuspended: isSuspended, isHalted: isHalted,
            municipalities: municipalities.union(self.municipalities).sorted(), kinds: kinds, terminals: terminals,
            offers: offers)
    }
}
