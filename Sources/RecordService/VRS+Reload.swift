import CardChip
import CheckedConfiguration
import Exchange
import HTTPServer
package import Logging
import MutualTLS

extension VRS {
    /// Reads the configuration's file again as an operator asks for it and takes what can be taken while the service runs:
    /// the listeners' certificates and authorities, the authorities of terminals and of cards, and the list of centres and
    /// operators, each by itself. What is wrong is told and stays as it was; an authority or a client that does not stand in
    /// its list any more is out all the same, so that no other mistake keeps somebody in who must not be. No connection is dropped but those of
    /// clients whom nobody vouches for any more.
    package func reload(logger: Logger) async {
        let (path, moment) = (configuration.outline.file, now())
        var flaws: [any Error] = []
        // It counts for as long as the list is wrong, which is read every second; the others until the next time.
        var listFlaw: ConfigurationError?
        func attempt(_ body: () throws -> Void) {
            do { try body() } catch let error {
                let isTold = (flaws + [listFlaw].compactMap { $0 }).contains { told in
                    guard let told = told as? ConfigurationError, let error = error as? ConfigurationError else {
                        return false
                    }
                    return told.says(error)
                }
                if !isTold { flaws.append(error) }
            }
        }
        do throws(ConfigurationError) { _ = try configuration.clients.reload() } catch { listFlaw = error }
        reloads.listRead(isRight: listFlaw == nil)
        if let phones = configuration.phones {
            // The folder is the one of the start; what lies in it may be newer, whatever is wrong with the configuration.
            attempt { issuing.phones?.passports.replace(try phones.passportChecker()) }
        }
        var changed: [String] = []
        attempt {
            let file = try ConfigurationFile(path: path)
            let (parts, wrong) = inUse.withLock { inUse in
                let wrong = inUse.readAgain(file.root, now: moment)
                return (inUse, wrong)
            }
            flaws += wrong
            attempt {
                try tls.centre.replace(identity: parts.centre.identity, authorities: parts.centre.clientAuthorities)
            }
            attempt {
                try tls.inner.replace(identity: parts.inner.identity, authorities: parts.inner.clientAuthorities)
            }
            if let wallet = parts.wallet {
                attempt { try tls.wallet?.replace(identity: wallet.identity, authorities: wallet.clientAuthorities) }
            }
            issuing.replace(ApplicationChecker(cards: CardChecker(authorities: parts.cards)))
            control.replace(TerminalAuthority(parts.terminals))
            metrics.record(parts.validityEnds)
            let outline = configuration.outline
            // The list is read again whenever its file changes.
            changed =
                outline.keysChanged(in: file.outline) + outline.keysOfChangedFiles.filter { $0 != "clients" }
        }
        // What the next start would be refused for is told now.
        let whole: Result<VRSConfiguration, any Error>
        do {
            whole = .success(
                try await VRSConfiguration(path: path, development: configuration.isDevelopment, now: moment))
        } catch { whole = .failure(error) }
        attempt { for warning in try whole.get().warnings { logger.warning("\(warning)") } }
        reloads.ended(
            flaws: flaws, listFlaw: listFlaw, changed: changed, isTaken: Self.isReloaded, logger: logger)
    }

    /// Whether a key's new value is taken without a new start.
    package static func isReloaded(_ key: String) -> Bool {
        key.wholeMatch(of: /listen\.(centre|inner|wallet)\.(certificate|key|clientAuthorities)(\[\d+\])?/) != nil
            || key.hasPrefix("terminals.authorities") || key.hasPrefix("cards.")
    }
}
