package import CheckedConfiguration
package import Foundation
package import HTTPServer
import MutualTLS

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

    /// The listeners that the section `listen` names. No two of them may trust the same authority: a centre's certificate
    /// would open the operators' interface.
    package init(_ root: ConfigurationSection, development: Bool, now: Date) throws(ConfigurationError) {
        let listen = try root.section("listen")
        let innerSection = try listen.section("inner")
        // One centre's certificate carries every terminal's session: the limit for a peer is the centre's whole pool.
        centre = try ListenerConfiguration(
            try listen.section("centre"), name: "centre", development: development, now: now,
            defaults: ListenerLimits(connectionsPerPeer: 512))
        inner = try ListenerConfiguration(innerSection, name: "inner", development: development, now: now)
        operations = try OperationsConfiguration(try listen.section("operations"))
        let shared = Set(centre.clientAuthorities.certificates).intersection(inner.clientAuthorities.certificates)
        guard shared.isEmpty else {
            throw innerSection.error(
                "clientAuthorities",
                english: "the centre's listener trusts the same authority; each listener needs its own",
                japanese: "センター用の入口と同じ認証局です。入口ごとに別の認証局を指定してください。")
        }
    }
}
