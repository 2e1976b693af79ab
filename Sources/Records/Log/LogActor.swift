/// Who makes the changes of the present task, as their lines in the log name them.
///
/// Whoever takes an operator's request sets it for as long as it handles that request. An engine reads it when a write is
/// asked for, on the caller's task, and writes it into each line that the write adds.
public enum LogActor {
    /// SHA-256 of the operator's certificate in lower-case hexadecimal; `nil` for what the service does by itself or for
    /// an applicant, whose terminal and inquiry number the line has.
    @TaskLocal public static var current: String?
}
