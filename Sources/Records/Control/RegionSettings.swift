import Foundation
public import Vaccination

/// How far a municipality's part of the record system is in use. The states follow each other over the years, and each of them
/// may be taken back.
public enum RegionState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Doses are registered, and certificates are issued by the channels that the settings keep.
    case open
    /// 登録終了: no dose is registered any more. What the resident register says, and corrections, still go in, since certificates
    /// are issued by the channels that the settings keep.
    case registrationClosed = "registration_closed"
    /// 窓口のみ: the same, and certificates are issued at the counter alone.
    case counterOnly = "counter_only"
    /// 閉鎖: everything stays as it is, and nobody gets in: nothing is looked up, issued, written or given out.
    case sealed
}

/// A text for people, in both languages.
public struct BilingualText: Hashable, Sendable {
    /// How many characters each language has.
    public static let lengths = 1...100

    /// In Japanese.
    public let japanese: String
    /// In English.
    public let english: String

    /// A text; `nil` if either language is empty, too long, or has control characters.
    public init?(japanese: String, english: String) {
        guard ImportOrigin.isRight(japanese), ImportOrigin.isRight(english) else { return nil }
        self.japanese = japanese
        self.english = english
    }
}

/// What a municipality answers for: set by two of its people, and kept with all that was set before (``DecisionStore``).
public struct RegionSettings: Hashable, Sendable {
    /// How far it is in use.
    public var state: RegionState
    /// The channels by which certificates are issued while ``state`` allows it.
    public var channels: Set<IssueChannel>
    /// The kinds that it issues; what the installation is not made for is not issued either.
    public var kinds: Set<CertificateKind>
    /// Where a person is sent who gets no certificate: the desk's name, telephone and hours. `nil` if nothing is said.
    public var desk: BilingualText?
    /// Who issues, in the page's words, such as 見本市長職務代理者 and "Acting Mayor of Mihon City"; `nil` for the mayor.
    public var issuer: BilingualText?
    /// How long what is kept.
    public var retention: RetentionRules
    /// Whether a phone may show a passport's zone alone, as its camera reads it, where the passport has no chip that can be read:
    /// such a zone proves nothing of the passport.
    public var acceptsZoneAlone: Bool

    /// Settings from their parts.
    public init(
        state: RegionState = .open, channels: Set<IssueChannel> = Set(IssueChannel.allCases),
        kinds: Set<CertificateKind> = Set(CertificateKind.allCases), desk: BilingualText? = nil,
        issuer: BilingualText? = nil, retention: RetentionRules = .initial, acceptsZoneAlone: Bool = false
    ) {
        self.retention = retention
        self.acceptsZoneAlone = acceptsZoneAlone
        self.state = state
        self.channels = channels
        self.kinds = kinds
        self.desk = desk
        self.issuer = issuer
    }

    /// Those of a region for which nothing was set yet: everything that the installation is made for.
    public static let initial = RegionSettings()

    /// The channels by which certificates are issued now.
    public var openChannels: Set<IssueChannel> {
        switch state {
        case .open, .registrationClosed: channels
        case .counterOnly: [.counter]
        case .sealed: []
        }
    }

    /// Whether people or doses of a file may be written: a correction of what is there, and what the resident register says,
    /// until the region is sealed; anything else while it is open.
    public func admits(_ change: RecordChange, from format: ImportFormat) -> Bool {
        switch state {
        case .open: true
        case .registrationClosed, .counterOnly: change == .correction || format == .residents
        case .sealed: false
        }
    }
}

// As JSON: `{"channels":["kiosk"],"desk":{"english":…,"japanese":…},"issuer":{…},"kinds":["domestic"],
// "retention":{"deceasedNumbers":5,"doses":"forever","provision":7},"state":"open","zoneAlone":true}`.
extension BilingualText: Codable {
    private enum Members: String, CodingKey { case japanese, english }

    /// Reads a text; one out of its bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        guard
            let text = BilingualText(
                japanese: try values.decode(String.self, forKey: .japanese),
                english: try values.decode(String.self, forKey: .english))
        else { throw decoder.outOfBounds("a text in both languages") }
        self = text
    }
}

extension RegionSettings: Codable {
    private enum Members: String, CodingKey { case state, channels, kinds, desk, issuer, retention, zoneAlone }

    /// Reads settings; a channel or kind that stands twice is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        let channels = try values.decode([IssueChannel].self, forKey: .channels)
        let kinds = try values.decode([CertificateKind].self, forKey: .kinds)
        self.init(
            state: try values.decode(RegionState.self, forKey: .state), channels: Set(channels), kinds: Set(kinds),
            desk: try values.decodeIfPresent(BilingualText.self, forKey: .desk),
            issuer: try values.decodeIfPresent(BilingualText.self, forKey: .issuer),
            // Versions before had no such rules.
            retention: try values.decodeIfPresent(RetentionRules.self, forKey: .retention) ?? .initial,
            acceptsZoneAlone: try values.decodeIfPresent(Bool.self, forKey: .zoneAlone) ?? false)
        guard self.channels.count == channels.count, self.kinds.count == kinds.count else {
            throw decoder.outOfBounds("a list of channels or kinds")
        }
    }

    /// Writes what ``init(from:)`` reads, each list in one order, so that equal settings are equal bytes.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Members.self)
        try values.encode(state, forKey: .state)
        try values.encode(IssueChannel.allCases.filter(channels.contains), forKey: .channels)
        try values.encode(CertificateKind.allCases.filter(kinds.contains), forKey: .kinds)
        try values.encodeIfPresent(desk, forKey: .desk)
        try values.encodeIfPresent(issuer, forKey: .issuer)
        try values.encode(retention, forKey: .retention)
        // Left out where it is not so, as versions before wrote it.
        if acceptsZoneAlone { try values.encode(true, forKey: .zoneAlone) }
    }
}

extension Decoder {
    fileprivate func outOfBounds(_ what: String) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath, debugDescription: "\(what) out of its bounds"))
    }
}
