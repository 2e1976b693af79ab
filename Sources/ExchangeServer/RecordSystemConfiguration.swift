package import CheckedConfiguration
package import Foundation
package import MutualTLS

/// How a relay reaches `vrs`.
package struct RecordSystemConfiguration: Sendable {
    /// `https://host:port` of its listener for this relay.
    package let url: String
    /// Who the relay is there.
    package private(set) var identity: TLSIdentity
    /// Who vouches for `vrs`.
    package private(set) var authorities: CertificateAuthorities
    /// The maximum of connections at once.
    package let connections: Int
    /// How long an application or outcome may take there.
    package let applicationTimeout: Duration
    /// How long a challenge may take there.
    package let challengeTimeout: Duration
    /// How long the last policy counts when `vrs` cannot be reached, for what is under way.
    package let lostAfter: Duration
    /// How long `vrs` may answer nothing before clients are told that it cannot be asked.
    package let silentAfter: Duration
    /// How long the relay waits before it asks for a lost policy again: at first, and at most.
    package let pollPauses: (minimum: Duration, maximum: Duration)

    package init(
        url: String, identity: TLSIdentity, authorities: CertificateAuthorities, connections: Int = 256,
        applicationTimeout: Duration = .seconds(20), challengeTimeout: Duration = .seconds(5),
        lostAfter: Duration = .seconds(10), silentAfter: Duration = .milliseconds(900),
        pollPauses: (minimum: Duration, maximum: Duration) = (.milliseconds(200), .seconds(2))
    ) {
        self.url = url
        self.identity = identity
        self.authorities = authorities
        self.connections = connections
        self.applicationTimeout = applicationTimeout
        self.challengeTimeout = challengeTimeout
        self.lostAfter = lostAfter
        self.silentAfter = silentAfter
        self.pollPauses = pollPauses
    }

    /// From a mapping with `url`, `certificate`, `key`, `authorities` and limits in time.
    package init(_ section: ConfigurationSection, development: Bool, now: Date) throws(ConfigurationError) {
        self.init(
            url: try section.serviceURL("url"),
            identity: try TLSIdentity(section, for: .client, development: development, now: now),
            authorities: try CertificateAuthorities(section, "authorities", development: development, now: now),
            connections: try section.integer("connections", 1...1024, fallback: 256),
            applicationTimeout: try section.seconds("applicationSeconds", 1...120, fallback: 20),
            challengeTimeout: try section.seconds("challengeSeconds", 1...60, fallback: 5),
            lostAfter: try section.seconds("lostAfterSeconds", 1...600, fallback: 10),
            silentAfter: .milliseconds(
                try section.integer("silentAfterMilliseconds", 300...60_000, unit: "ms", fallback: 900)))
    }
}

extension RecordSystemConfiguration {
    /// Reads again what can change while a service runs, each part by itself, and gives what is wrong.
    package mutating func readAgain(
        _ section: Result<ConfigurationSection, ConfigurationError>, development: Bool, now: Date
    ) -> [ConfigurationError] {
        var flaws: [ConfigurationError] = []
        if case .success(let section) = section {
            do throws(ConfigurationError) {
                identity = try TLSIdentity(section, for: .client, development: development, now: now)
            } catch { flaws.append(error) }
        }
        let read = authorities.readAgain(section, "authorities", development: development, now: now)
        authorities = read.authorities
        return flaws + [read.flaw].compactMap { $0 }
    }
}
