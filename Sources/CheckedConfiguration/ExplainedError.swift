/// An error whose cause and remedy a person reads: in English and in Japanese, with the status that a program ends with.
package protocol ExplainedError: Error, CustomStringConvertible {
    /// The cause, and what to do, in one or two English sentences.
    var english: String { get }
    /// The same in Japanese.
    var japanese: String { get }
    /// What a program ends with that cannot go on for it.
    var exitStatus: ExitStatus { get }
}

extension ExplainedError {
    /// Both sentences on one line, as a log has them.
    package var description: String { "\(english) / \(japanese)" }
}

/// What the programs end with. Those from 64 on are as in `sysexits.h`; a customer's session at a terminal has its own
/// beside them, 10 to 19.
package enum ExitStatus: Int32, CaseIterable, Sendable {
    /// Done; with the verifier: valid.
    case done = 0
    /// Done, and the answer is no: not valid, broken, refused, or only a part.
    case no = 1
    /// The command is written wrongly, or what it names to read cannot be read.
    case usage = 2
    /// A service, the record store or an address cannot be used now.
    case unavailable = 69
    /// A mistake of ours.
    case fault = 70
    /// The configuration, or a file that it names, is wrong.
    case configuration = 78
}
