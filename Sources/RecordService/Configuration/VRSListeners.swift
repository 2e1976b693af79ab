package import CheckedConfiguration
package import Foundation
package import HTTPServer
package import MutualTLS

/// The listeners of the record system, each for its own clients.
package struct VRSListeners: Sendable {
    /// For the certificate issuing centre.
    package let centre: ListenerConfiguration
    /// For operators.
    package let inner: ListenerConfiguration
    /// For the machine's own supervisor.
    package let operations: OperationsConfiguration

    /// Their names in the order of the ready line.
    package static let names = ["centre", "inner", "operations"]

    /// The listeners that the section `listen` names. No two kinds of clients may have the same authority, by its key, nor
    /// one that has issued the other's: a centre's certificate, or a terminal's, would open the operators' interface.
    /// - Parameter terminals: who vouches for terminals, whose listener is the centre's.
    package init(
        _ root: ConfigurationSection, terminals: CertificateAuthorities, development: Bool, now: Date
    ) throws(ConfigurationError) {
        let listen = try root.section("listen")
        let centreSection = try listen.section("centre")
        let innerSection = try listen.section("inner")
        // One centre's certificate carries every terminal's session: the limit for a peer is the centre's whole pool.
        centre = try ListenerConfiguration(
            centreSection, name: "centre", development: development, now: now,
            defaults: ListenerLimits(connectionsPerPeer: 512))
        inner = try ListenerConfiguration(innerSection, name: "inner", development: development, now: now)
        operations = try OperationsConfiguration(try listen.section("operations"))
        try listen.refuseSamePort([
            "centre": (centre.host, centre.port), "inner": (inner.host, inner.port),
            "operations": (operations.host, operations.port),
        ])
        try Self.refuseShared(
            centre: (centreSection, centre), inner: (innerSection, inner), terminals: terminals)
    }

    /// Throws when two kinds of clients have the same authority.
    /// - Parameters:
    ///   - centre: the listener, and the section that it is from.
    ///   - inner: the same.
    static func refuseShared(
        centre: (section: ConfigurationSection, listener: ListenerConfiguration),
        inner: (section: ConfigurationSection, listener: ListenerConfiguration), terminals: CertificateAuthorities
    ) throws(ConfigurationError) {
        guard !centre.listener.clientAuthorities.overlaps(with: inner.listener.clientAuthorities) else {
            throw inner.section.error(
                "clientAuthorities",
                english:
                    "the centre's listener trusts the same authority, one with the same key, or one that issued the other; each needs its own",
                japanese: "センター用の入口と同じ認証局、同じ鍵の認証局、または一方が他方を発行した認証局です。入口ごとに別の認証局を指定してください。")
        }
        for (section, listener) in [centre, inner]
        where listener.clientAuthorities.overlaps(with: terminals) {
            throw section.error(
                "clientAuthorities",
                english:
                    "terminals.authorities has the same authority, one with the same key, or one that issued the other; each needs its own",
                japanese: "端末の認証局（terminals.authorities）と同じ認証局、同じ鍵の認証局、または一方が他方を発行した認証局です。別の認証局を指定してください。")
        }
    }
}
