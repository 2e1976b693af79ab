/// A value that tells nothing of itself: printing, interpolating or dumping it shows its type's name only.
///
/// What a chip holds is personal data; a log line or a test's failure message must not carry it by accident.
public protocol Confidential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Confidential {
    /// The type's name and nothing of the value.
    public var description: String { "\(Self.self)(…)" }
    /// The same as ``description``.
    public var debugDescription: String { description }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
