import CardChip
import CheckedConfiguration
import Exchange
import HTTPServer
import Logging
import MutualTLS

extension VRS {
    /// Takes what can be taken of a configuration while the service runs: the listeners' certificates and authorities, the
    /// authorities of terminals and of cards, and the list of centres and operators. No connection is dropped but those of
    /// clients whom nobody vouches for any more.
    package func reload(_ fresh: VRSConfiguration) throws {
        let listeners = fresh.listeners
        // Whatever TLS does not take shows before anything is replaced.
        _ = (try listeners.centre.tls(), try listeners.inner.tls())
        _ = try configuration.clients.reload()
        try tls.centre.replace(identity: listeners.centre.identity, authorities: listeners.centre.clientAuthorities)
        try tls.inner.replace(identity: listeners.inner.identity, authorities: listeners.inner.clientAuthorities)
        issuing.replace(ApplicationChecker(cards: CardChecker(authorities: fresh.cards)))
        control.replace(fresh.terminalAuthority)
        metrics.record(fresh.reloadedValidityEnds)
    }

    /// Reads the configuration again as an operator asks for it; one that is wrong changes nothing.
    func reload(reading read: () async throws -> VRSConfiguration, logger: Logger) async {
        do {
            let fresh = try await read()
            try reload(fresh)
            for warning in fresh.warnings { logger.warning("\(warning)") }
            Reloading.succeeded(
                changed: configuration.outline.keysChanged(in: fresh.outline), isTaken: Self.isReloaded, logger: logger)
        } catch {
            Reloading.failed(error, logger: logger)
        }
    }

    /// Whether a key's new value is taken without a new start.
    package static func isReloaded(_ key: String) -> Bool {
        key.wholeMatch(of: /listen\.(centre|inner)\.(certificate|key|clientAuthorities)(\[\d+\])?/) != nil
            || key.hasPrefix("terminals.authorities") || key.hasPrefix("cards.")
    }
}
