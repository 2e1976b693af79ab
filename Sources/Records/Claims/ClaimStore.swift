public import Foundation
public import Vaccination

/// Single use of challenges, shared by all regions and instances. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A claim is durable before its caller hears `fresh`. A caller that lost the answer and asks again with
/// the same challenge and application hears `repeated`, with what was claimed first. A claim and the intent that
/// follows it are two transactions (they may lie in different databases); a claim without an intent is what the same
/// application resumes from.
///
/// **Concurrency.** The challenge's hash is unique to the engine itself (a unique index, not a look before the insert):
/// of any number of callers in any number of processes exactly one hears `fresh`.
public protocol ClaimStore: Sendable {
    /// Uses a challenge for an application: exactly one of any number of racing callers gets `fresh`.
    ///
    /// Kept until the later of `expires` plus 60 seconds and `now` plus ten minutes. Old claims are removed a few at a
    /// time by the same call.
    /// - Parameters:
    ///   - challengeHash: SHA-256 of the challenge, 32 bytes.
    ///   - transcriptHash: SHA-256 of the application's transcript, 32 bytes. Not of its bytes: an ECDSA signature can be
    ///     made into another right one without the key.
    ///   - certificateID: the identifier that this application gets if the claim is fresh.
    ///   - issuedOn: the day of issue that it gets.
    ///   - expires: when the challenge ends by itself.
    func claim(
        challengeHash: [UInt8], transcriptHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome

    /// The claim of the application with this transcript, no longer ago than ten minutes.
    func findClaim(transcriptHash: [UInt8], now: Date) async throws -> EarlierClaim?

    /// Counts one repetition of the claim of the application with this transcript, unless `limit` were counted before.
    ///
    /// Of any number of racing callers at most `limit` hear `true`. A caller that lost the answer and asks again counts
    /// once more: a repetition may be lost in that way, never gained.
    /// - Returns: whether it was counted; `false` too if there is no such claim.
    func countRepetition(transcriptHash: [UInt8], limit: Int) async throws -> Bool

    /// Keeps a refusal with the claim of the application with this transcript, for as long as the claim itself is kept;
    /// the first one stands.
    /// - Parameter code: the refusal's stable code, 1 to 64 bytes.
    func keepRefusal(_ code: String, transcriptHash: [UInt8]) async throws
}

/// An application that was accepted before: what it was given.
public struct EarlierClaim: Hashable, Sendable {
    /// The certificate's identifier chosen then.
    public let certificateID: CertificateID
    /// The day of issue chosen then.
    public let issuedOn: CalendarDate
    /// When it was accepted.
    public let at: Date
    /// The code of the refusal that was kept with it; `nil` if it was not refused for good.
    public let refusal: String?

    /// A claim from its parts.
    public init(certificateID: CertificateID, issuedOn: CalendarDate, at: Date, refusal: String? = nil) {
        self.certificateID = certificateID
        self.issuedOn = issuedOn
        self.at = at
        self.refusal = refusal
    }
}

/// How the attempt to use a challenge ended.
public enum ClaimOutcome: Hashable, Sendable {
    /// The challenge was unused and is now used by this application.
    case fresh
    /// The same application used it, no longer ago than ten minutes: resume with what it was given.
    case repeated(EarlierClaim)
    /// Another application used it, or the same one longer ago.
    case used
}

/// The store's fixed spans of time, in seconds.
public enum StoreTimes {
    /// How long the same application is recognised: ten minutes.
    public static let repetition: Double = 600
    /// How long a claim outlives its challenge: 60 s.
    public static let claimMargin: Double = 60
    /// How long a device is kept behind its certificate's end: thirty days.
    public static let deviceMargin: Double = 30 * 86_400
    /// How long a device's highest count is kept behind the last time that it rose: longer than any device certificate is valid.
    public static let counterKept: Double = 400 * 86_400
}
