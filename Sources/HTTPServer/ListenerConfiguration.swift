package import CheckedConfiguration
package import Foundation
package import MutualTLS

/// Everything a TLS listener is made from.
package struct ListenerConfiguration: Sendable {
    /// The listener's name in the ready line, logs and metrics, such as `terminal`.
    package let name: String
    /// The address to listen on.
    package let host: String
    /// The port; 0 picks a free one.
    package let port: Int
    /// Who the service is.
    package private(set) var identity: TLSIdentity
    /// Who vouches for its clients.
    package private(set) var clientAuthorities: CertificateAuthorities
    /// What clients may use.
    package let limits: ListenerLimits

    /// A listener out of parts that are right, for services that a test starts.
    package init(
        name: String, host: String, port: Int, identity: TLSIdentity, clientAuthorities: CertificateAuthorities,
        limits: ListenerLimits
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.identity = identity
        self.clientAuthorities = clientAuthorities
        self.limits = limits
    }
}

extension ListenerConfiguration {
    /// The certificate and authorities, to be replaced while the listener runs.
    /// - Parameter now: by what the ends of authorities are judged.
    package func tls(now: @escaping @Sendable () -> Date = { Date() }) throws -> ListenerTLS {
        try ListenerTLS(identity: identity, authorities: clientAuthorities, now: now)
    }

    /// A listener from its mapping: `address`, `port`, `certificate`, `key`, `clientAuthorities`, `limits`.
    package init(
        _ section: ConfigurationSection, name: String, development: Bool, now: Date,
        defaults: ListenerLimits = ListenerLimits()
    ) throws(ConfigurationError) {
        self.init(
            name: name, host: try section.string("address"), port: try section.port("port"),
            identity: try TLSIdentity(section, for: .server, development: development, now: now),
            clientAuthorities: try CertificateAuthorities(
                section, "clientAuthorities", development: development, now: now),
            limits: try ListenerLimits(section.optionalSection("limits"), defaults: defaults))
    }
}

extension ListenerConfiguration {
    /// Reads what can change while it listens, each part by itself, and gives what is wrong: a certificate that is stays as it
    /// was, and of the authorities none stays that does not stand in the list any more, or whose list or section is away.
    package mutating func readAgain(
        _ section: Result<ConfigurationSection, ConfigurationError>, development: Bool, now: Date
    ) -> [ConfigurationError] {
        var flaws: [ConfigurationError] = []
        if case .success(let section) = section {
            do throws(ConfigurationError) {
                identity = try TLSIdentity(section, for: .server, development: development, now: now)
            } catch { flaws.append(error) }
        }
        let read = clientAuthorities.readAgain(section, "clientAuthorities", development: development, now: now)
        clientAuthorities = read.authorities
        return flaws + [read.flaw].compactMap { $0 }
    }

    /// Takes clients of those alone that were taken before.
    package mutating func withdrawAuthorities(to before: CertificateAuthorities) {
        clientAuthorities = before.remaining(in: clientAuthorities)
    }
}

/// Where the operations listener listens: loopback only.
package struct OperationsConfiguration: Sendable {
    /// `127.0.0.1` or `::1`.
    package let host: String
    /// The port; 0 picks a free one.
    package let port: Int

    /// A place that is on the loopback, for services that a test starts.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// From a mapping with `address` and `port`.
    package init(_ section: ConfigurationSection) throws(ConfigurationError) {
        let expected = Expectation(
            english: "127.0.0.1 or ::1; the operations listener has no TLS and stays on this machine",
            japanese: "127.0.0.1 または ::1（この入口にはTLSがなく、この機械の中だけで使います）")
        host = try section.value("address", expected, fallback: "127.0.0.1") {
            ["127.0.0.1", "::1"].contains($0) ? $0 : nil
        }
        port = try section.port("port")
    }
}

extension ConfigurationSection {
    /// Throws when two listeners, each a mapping of this section, would listen on one port of one address.
    package func refuseSamePort(_ listeners: KeyValuePairs<String, (host: String, port: Int)>)
        throws(ConfigurationError)
    {
        let everywhere: Set = ["0.0.0.0", "::"]
        var earlier: [(name: String, host: String, port: Int)] = []
        for (name, place) in listeners where place.port != 0 {
            let same = earlier.first { other in
                other.port == place.port
                    && (other.host == place.host || !everywhere.isDisjoint(with: [other.host, place.host]))
            }
            if let same {
                throw try section(name).error(
                    "port",
                    english:
                        "port \(place.port) is the one of \(keyPath(same.name)) as well; give each listener its own",
                    japanese: "ポート\(place.port)は\(keyPath(same.name))と同じです。入口ごとに別のポートを指定してください。")
            }
            earlier.append((name, place.host, place.port))
        }
    }
}
