/// What a test needs and did not get.
public struct TestFailure: Error, CustomStringConvertible {
    /// What it was.
    public let description: String

    /// A failure that says what was missing.
    public init(_ description: String) { self.description = description }
}
