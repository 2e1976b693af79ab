import CardChip
import CheckedConfiguration
import Foundation
import HTTPServer
import MutualTLS

/// What of a configuration is taken while the service runs, as it is in use.
struct ReloadedParts: Sendable {
    /// The listener for the centre.
    private(set) var centre: ListenerConfiguration
    /// The listener for operators.
    private(set) var inner: ListenerConfiguration
    /// Whose certificates terminals carry.
    private(set) var terminals: CertificateAuthorities
    /// Whose cards are accepted.
    private(set) var cards: CardAuthorities
    private let isDevelopment: Bool

    /// As a service starts with it.
    init(_ configuration: VRSConfiguration) {
        (centre, inner) = (configuration.listeners.centre, configuration.listeners.inner)
        (terminals, cards) = (configuration.terminalAuthorities, configuration.cards)
        isDevelopment = configuration.isDevelopment
    }

    /// Takes from the file, read again, each part by itself, and gives what is wrong: a part that is stays as it was, and of
    /// the authorities none stays that was taken from its list, whatever else is wrong with the file.
    mutating func readAgain(_ root: ConfigurationSection, now: Date) -> [ConfigurationError] {
        var flaws: [ConfigurationError] = []
        func part(_ read: () throws(ConfigurationError) -> [ConfigurationError]) {
            do throws(ConfigurationError) { flaws += try read() } catch { flaws.append(error) }
        }
        let (before, development) = (self, isDevelopment)
        part { () throws(ConfigurationError) in
            centre.readAgain(try root.section("listen").section("centre"), development: development, now: now)
        }
        part { () throws(ConfigurationError) in
            inner.readAgain(try root.section("listen").section("inner"), development: development, now: now)
        }
        part { () throws(ConfigurationError) in
            let read = terminals.readAgain(
                try root.section("terminals"), "authorities", development: development, now: now)
            terminals = read.authorities
            return [read.flaw].compactMap { $0 }
        }
        part { () throws(ConfigurationError) in
            cards = try VRSConfiguration.cards(root.section("cards"), development: development)
            return []
        }
        do throws(ConfigurationError) {
            let listen = try root.section("listen")
            try VRSListeners.refuseShared(
                centre: (listen.section("centre"), centre), inner: (listen.section("inner"), inner),
                terminals: terminals)
        } catch {
            // Nobody comes in by the wrong door; who was taken out is out all the same.
            centre.withdrawAuthorities(to: before.centre.clientAuthorities)
            inner.withdrawAuthorities(to: before.inner.clientAuthorities)
            terminals = before.terminals.remaining(in: terminals)
            if !flaws.contains(error) { flaws.append(error) }
        }
        return flaws
    }

    /// When what is in use ends.
    var validityEnds: [ValidityEnd] {
        ValidityEnd.listener(centre) + ValidityEnd.listener(inner)
            + ValidityEnd.earliest(TerminalAuthority(terminals).ends, .authority, "terminals.authorities")
    }
}
