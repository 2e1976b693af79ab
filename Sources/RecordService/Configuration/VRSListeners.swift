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
    /// For the mobile back end; `nil` if phones are not served.
    package let wallet: ListenerConfiguration?
    /// For the machine's own supervisor.
    package let operations: OperationsConfiguration

    /// Their names in the order of the ready line, with or without the one for the mobile back end.
    package static func names(servesPhones: Bool) -> [String] {
        ["centre", "inner"] + (servesPhones ? ["wallet"] : []) + ["operations"]
    }

    /// The same of these.
    package var names: [String] { Self.names(servesPhones: wallet != nil) }

    /// The listeners that the section `listen` names. No two kinds of clients may have the same authority, by its key, nor
    /// one that has issued the other's: a centre's certificate, or a terminal's, would open the operators' interface.
    /// - Parameters:
    ///   - terminals: who vouches for terminals, whose listener is the centre's.
    ///   - devices: who vouches for phones' devices; `nil` if phones are not served.
    package init(
        _ root: ConfigurationSection, terminals: CertificateAuthorities, devices: CertificateAuthorities?,
        development: Bool, now: Date
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
        let walletSection = try listen.optionalSection("wallet")
        wallet = try walletSection.map { (section) throws(ConfigurationError) in
            try ListenerConfiguration(
                section, name: "wallet", development: development, now: now,
                defaults: ListenerLimits(connectionsPerPeer: 512))
        }
        guard (wallet == nil) == (devices == nil) else {
            throw listen.error(
                "wallet", english: "listen.wallet and phones belong together: give both, or neither",
                japanese: "listen.wallet と phones は対です。両方を書くか、両方とも省いてください。")
        }
        let places = [centre, inner].map { (host: $0.host, port: $0.port) }
        try listen.refuseSamePort([
            "centre": places[0], "inner": places[1], "operations": (operations.host, operations.port),
            "wallet": (wallet?.host ?? "", wallet?.port ?? 0),
        ])
        try Self.refuseShared(
            [(centreSection, centre), (innerSection, inner)] + Self.zip(walletSection, wallet), terminals: terminals,
            devices: devices)
    }

    private static func zip(
        _ section: ConfigurationSection?, _ listener: ListenerConfiguration?
    ) -> [(section: ConfigurationSection, listener: ListenerConfiguration)] {
        if let section, let listener { [(section, listener)] } else { [] }
    }

    /// Throws when two kinds of clients have the same authority, or two listeners the same key.
    /// - Parameters:
    ///   - listeners: each with the section that it is from.
    ///   - terminals: who vouches for terminals.
    ///   - devices: who vouches for phones' devices.
    static func refuseShared(
        _ listeners: [(section: ConfigurationSection, listener: ListenerConfiguration)],
        terminals: CertificateAuthorities, devices: CertificateAuthorities?
    ) throws(ConfigurationError) {
        for (index, one) in listeners.enumerated() {
            for other in listeners[..<index] {
                guard !other.listener.clientAuthorities.overlaps(with: one.listener.clientAuthorities) else {
                    throw one.section.error(
                        "clientAuthorities",
                        english:
                            "listen.\(other.listener.name) trusts the same authority, one with the same key, or one that issued the other; each needs its own",
                        japanese: "listen.\(other.listener.name) と同じ認証局、同じ鍵の認証局、または一方が他方を発行した認証局です。入口ごとに別の認証局を指定してください。"
                    )
                }
                // Whoever is let in at one would be talked to as the other.
                guard !one.listener.identity.hasKey(of: other.listener.identity) else {
                    throw one.section.error(
                        "key", english: "listen.\(other.listener.name) has the same key; each needs its own",
                        japanese: "listen.\(other.listener.name) と同じ鍵です。入口ごとに別の鍵を指定してください。")
                }
            }
            for (name, authorities) in [
                ("terminals.authorities", terminals as CertificateAuthorities?),
                ("phones.devices.authorities", devices),
            ] {
                guard let authorities, one.listener.clientAuthorities.overlaps(with: authorities) else { continue }
                throw one.section.error(
                    "clientAuthorities",
                    english:
                        "\(name) has the same authority, one with the same key, or one that issued the other; each needs its own",
                    japanese: "\(name) と同じ認証局、同じ鍵の認証局、または一方が他方を発行した認証局です。別の認証局を指定してください。")
            }
        }
        guard let devices, devices.overlaps(with: terminals), let section = listeners.first?.section else { return }
        throw section.error(
            nil,
            english:
                "phones.devices.authorities and terminals.authorities have the same authority, one with the same key, or one that issued the other; each needs its own",
            japanese:
                "phones.devices.authorities と terminals.authorities に同じ認証局、同じ鍵の認証局、または一方が他方を発行した認証局があります。別の認証局を指定してください。"
        )
    }
}
