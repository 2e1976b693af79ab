import Foundation
import TestSupport

/// The Python environments with other people's tools.
enum Python {
    /// The interpreter with the imaging library; `nil` where there is no environment and none can be made.
    static let interopInterpreter = Programs.python()
    /// The interpreter with schemathesis.
    static let ownInterpreter = Programs.python("VerifierServiceTests")

    /// Runs one of the scripts beside these tests, and gives what it printed.
    @discardableResult static func run(_ interpreter: String?, _ script: String, _ arguments: [String]) throws -> String
    {
        struct NoPython: Error {}
        guard let interpreter else { throw NoPython() }
        let script = Programs.root + "/Tests/VerifierServiceTests/Python/\(script)"
        return String(decoding: try Started(interpreter, ["-B", script] + arguments).all(), as: UTF8.self)
    }
}
