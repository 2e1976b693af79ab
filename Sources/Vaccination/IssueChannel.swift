/// The way by which a person asks for a certificate (申請の窓口).
public enum IssueChannel: String, Hashable, Sendable, Codable, CaseIterable {
    /// コンビニ交付: a shop's terminal.
    case kiosk
    /// 電子交付: the person's phone.
    case app
    /// 窓口交付: the municipality's counter.
    case counter
}
