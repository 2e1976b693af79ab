public import Foundation

/// A Python environment with other people's implementations, as a test target's `Python/requirements.txt` asks for it. It
/// is made when it is not there.
public struct Python: Sendable {
    /// With the independent implementations of the formats, and an imaging library.
    public static let interoperability = Python()
    /// With what asks a service all that its description allows and forbids.
    public static let verifierService = Python("VerifierServiceTests")
    /// With what drives a browser.
    public static let verifierPage = Python("VerifierPageTests")

    /// With what knows OpenAPI and JSON Schema.
    public static let interfaceDescription = Python("TestSupport")

    private let made: Result<String, any Error>

    /// The environment of a test target; without one, that of the interoperability tests.
    public init(_ target: String? = nil) {
        made = Result {
            let printed = try Program.runBlocking(
                Programs.root + "/.make/python", target.map { [$0] } ?? [], within: .seconds(600)
            ).succeeded()
            return String(decoding: printed, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// The interpreter; throws why the environment cannot be made.
    public var interpreter: String { get throws { try made.get() } }

    /// Runs a script below the folder `Tests` and gives what it printed; throws if it does not end well, or not in time.
    @discardableResult
    public func run(_ script: String, _ arguments: [String], within limit: Duration = .seconds(900)) throws -> Data {
        try Program.runBlocking(
            interpreter, ["-B", "\(Programs.root)/Tests/\(script)"] + arguments, within: limit
        ).succeeded()
    }
}
