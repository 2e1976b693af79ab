package import CardChip
package import CheckedConfiguration

extension CardAuthorities {
    /// Reads the card authorities again while these are in use. If something is wrong, the flaw comes beside, and of these
    /// those stay that still stand in the folder and are of a sort that is accepted: none comes in, and none stays because
    /// of a flaw that is not its own.
    ///
    /// A folder that cannot be opened says nothing of anybody; one that is not named has none.
    ///
    /// - Parameters:
    ///   - section: the one that names the folder.
    ///   - key: the key of the folder.
    ///   - subfolder: where in it the authorities lie.
    ///   - simulated: the key by which simulated ones are accepted, if there is one; `acceptReal` is that of real ones.
    ///   - read: reads the section as at the start.
    package func readAgain(
        _ section: Result<ConfigurationSection, ConfigurationError>, folder key: String, subfolder: String = "",
        simulated: String? = nil,
        _ read: (ConfigurationSection) throws(ConfigurationError) -> CardAuthorities
    ) -> (authorities: CardAuthorities, flaw: ConfigurationError?) {
        var left = only(real: false, simulated: false)
        let flaw: ConfigurationError
        switch section {
        case .failure(let error): flaw = error
        case .success(let section):
            do throws(ConfigurationError) { return (try read(section), nil) } catch { flaw = error }
            if let folder = try? section.path(key) {
                // What does not say whether a sort is accepted leaves that as it was.
                func isAccepted(_ key: String) -> Bool { (try? section.boolean(key, fallback: false)) ?? true }
                left = remaining(inFolder: folder + subfolder).only(
                    real: isAccepted("acceptReal"), simulated: simulated.map(isAccepted) ?? true)
            }
        }
        let names = left.keyIDs.map { Hexadecimal.text($0) }.joined(separator: ", ")
        return (
            left,
            left.keyIDs.isEmpty
                ? flaw.adding(
                    english: "; no card authority is accepted any more", japanese: "受け入れるカード認証局はもうありません。")
                : flaw.adding(english: "; still accepted: \(names)", japanese: "引き続き受け入れるもの: \(names)")
        )
    }
}
