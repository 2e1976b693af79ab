#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Who makes the changes of the present task, as their lines in the log name them.
///
/// Whoever takes an operator's request sets it for as long as it handles that request, and so does a command on the
/// service's own machine, which no certificate speaks for. An engine reads it when a write is
/// asked for, on the caller's task, and writes it into each line that the write adds.
public enum LogActor {
    /// SHA-256 of the operator's certificate in lower-case hexadecimal, or ``local`` for a command on the service's machine;
    /// `nil` for what the service does by itself or for an applicant, whose terminal and inquiry number the line has.
    @TaskLocal public static var current: String?

    /// Who runs this process: `local:` and the number of the user, by the operating system's word.
    public static var local: String { "local:\(getuid())" }
}
