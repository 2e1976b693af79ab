package import CardChip
package import CheckedConfiguration
import ExchangeServer
package import Foundation
package import HTTPServer
package import MutualTLS

/// What of a configuration is taken while the service runs, as it is in use.
package struct ReloadedParts: Sendable {
    /// The listener for the centre.
    package private(set) var centre: ListenerConfiguration
    /// The listener for operators.
    package private(set) var inner: ListenerConfiguration
    /// The listener for the mobile back end.
    package private(set) var wallet: ListenerConfiguration?
    private let devices: CertificateAuthorities?
    /// Whose certificates terminals carry.
    package private(set) var terminals: CertificateAuthorities
    /// Whose cards are accepted.
    package private(set) var cards: CardAuthorities
    private let isDevelopment: Bool

    /// As a service starts with it.
    package init(_ configuration: VRSConfiguration) {
        (centre, inner) = (configuration.listeners.centre, configuration.listeners.inner)
        (wallet, devices) = (configuration.listeners.wallet, configuration.phones?.authorities)
        (terminals, cards) = (configuration.terminalAuthorities, configuration.cards)
        isDevelopment = configuration.isDevelopment
    }

    /// Takes from the file, read again, each part by itself, and gives what is wrong: a part that is stays as it was, and of
    /// the authorities none stays that does not stand in its list or folder any more, whatever else is wrong with the file.
    package mutating func readAgain(_ root: ConfigurationSection, now: Date) -> [ConfigurationError] {
        let (before, development) = (self, isDevelopment)
        var flaws = centre.readAgain(
            Result { () throws(ConfigurationError) in try root.section("listen").section("centre") },
            development: development, now: now)
        let read = inner.readAgain(
            Result { () throws(ConfigurationError) in try root.section("listen").section("inner") },
            development: development, now: now)
        // What is wrong with the section of both is said once.
        flaws += read.filter { error in !flaws.contains { $0.says(error) } }
        let walletRead = wallet?.readAgain(
            Result { () throws(ConfigurationError) in try root.section("listen").section("wallet") },
            development: development, now: now)
        flaws += (walletRead ?? []).filter { error in !flaws.contains { $0.says(error) } }
        let section = Result { () throws(ConfigurationError) in try root.section("terminals") }
        let terminalsRead = terminals.readAgain(section, "authorities", development: development, now: now)
        terminals = terminalsRead.authorities
        flaws += [terminalsRead.flaw].compactMap { $0 }
        let cardsRead = cards.readAgain(
            Result { () throws(ConfigurationError) in try root.section("cards") }, folder: "authorities",
            simulated: "acceptSimulated"
        ) { section throws(ConfigurationError) in try VRSConfiguration.cards(section, development: development) }
        cards = cardsRead.authorities
        flaws += [cardsRead.flaw].compactMap { $0 }
        do throws(ConfigurationError) {
            let listen = try root.section("listen")
            var listeners = [
                (section: try listen.section("centre"), listener: centre),
                (section: try listen.section("inner"), listener: inner),
            ]
            if let wallet { listeners.append((section: try listen.section("wallet"), listener: wallet)) }
            try VRSListeners.refuseShared(listeners, terminals: terminals, devices: devices)
        } catch {
            // Nobody comes in by the wrong door; who was taken out is out all the same.
            centre.withdrawAuthorities(to: before.centre.clientAuthorities)
            inner.withdrawAuthorities(to: before.inner.clientAuthorities)
            if let earlier = before.wallet { wallet?.withdrawAuthorities(to: earlier.clientAuthorities) }
            terminals = before.terminals.remaining(in: terminals)
            let left = [
                ("listen.centre.clientAuthorities", centre.clientAuthorities.certificates.count),
                ("listen.inner.clientAuthorities", inner.clientAuthorities.certificates.count),
                ("listen.wallet.clientAuthorities", wallet?.clientAuthorities.certificates.count ?? 0),
                ("terminals.authorities", terminals.certificates.count),
            ].map { "\($0) \($1)" }.joined(separator: ", ")
            if !flaws.contains(where: { $0.says(error) }) {
                flaws.append(
                    error.adding(
                        english: "; in use of what was there before and still is listed: \(left)",
                        japanese: "以前からあり、まだ一覧にある認証局だけを使います（\(left)）。"))
            }
        }
        return flaws
    }

    /// When what is in use ends.
    var validityEnds: [ValidityEnd] {
        ValidityEnd.listener(centre) + ValidityEnd.listener(inner) + (wallet.map(ValidityEnd.listener) ?? [])
            + ValidityEnd.earliest(TerminalAuthority(terminals).ends, .authority, "terminals.authorities")
    }
}
