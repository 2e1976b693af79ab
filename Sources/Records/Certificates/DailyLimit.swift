/// How many certificates one person gets in one region on one day.
///
/// What was aborted counts apart: somebody whose page jams in the printer is not locked out by it, and who aborts again
/// and again is bounded all the same.
public struct DailyLimit: Hashable, Sendable {
    /// The maximum of certificates that were handed out or may yet be: every state but ``CertificateState/voided``.
    public let issued: Int
    /// The maximum of certificates of which nothing was handed out: ``CertificateState/voided``.
    public let aborted: Int

    /// A limit from its parts.
    public init(issued: Int, aborted: Int) {
        self.issued = issued
        self.aborted = aborted
    }

    /// The same number for both.
    public init(_ maximum: Int) { self.init(issued: maximum, aborted: maximum) }
}
