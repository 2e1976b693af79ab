package import CheckedConfiguration
package import Foundation
package import HTTPServer
package import Logging

/// The configuration of a program that relays, as far as reading it again while it runs needs it.
package protocol RelayConfiguration: Sendable {
    /// What the file says that it is from; `nil` of a configuration in memory.
    var outline: ConfigurationOutline? { get }
    /// Whether development material is accepted.
    var isDevelopment: Bool { get }
    /// What an operator should know although it is not wrong.
    var warnings: [ConfigurationError] { get }

    /// Reads and checks a configuration file.
    init(path: String, development: Bool, now: Date) throws(ConfigurationError)

    /// Takes from its file, read again, what can be taken while the service runs, each part by itself, and gives what is
    /// wrong.
    mutating func readAgain(_ root: ConfigurationSection, now: Date) -> [ConfigurationError]
}

extension Reloads {
    /// Reads a relay's file again, as an operator asks for it. What is wrong is told and stays as it was.
    ///
    /// - Parameters:
    ///   - first: what the program began with.
    ///   - inUse: what is in use of it now.
    ///   - isTaken: whether a key's new value is taken without a new start.
    ///   - take: puts what was read to use.
    package func readAgain<Configuration: RelayConfiguration>(
        _ first: Configuration, _ inUse: InUse<Configuration>, now: Date, isTaken: (String) -> Bool, logger: Logger,
        take: (Configuration) throws -> Void
    ) {
        guard let outline = first.outline else { return }
        var flaws: [any Error] = []
        var changed: [String] = []
        do {
            let file = try ConfigurationFile(path: outline.file)
            let (fresh, wrong) = inUse.withLock { inUse in
                let wrong = inUse.readAgain(file.root, now: now)
                return (inUse, wrong)
            }
            flaws += wrong
            do { try take(fresh) } catch { flaws.append(error) }
            changed = outline.keysChanged(in: file.outline) + outline.keysOfChangedFiles
        } catch { flaws.append(error) }
        // What the next start would be refused for is told now.
        do throws(ConfigurationError) {
            let whole = try Configuration(path: outline.file, development: first.isDevelopment, now: now)
            for warning in whole.warnings { logger.warning("\(warning)") }
        } catch  where !flaws.contains(where: { ($0 as? ConfigurationError)?.says(error) == true }) {
            flaws.append(error)
        } catch {}
        ended(flaws: flaws, changed: changed, isTaken: isTaken, logger: logger)
    }
}
