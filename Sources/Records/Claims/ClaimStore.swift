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
    ///   - applicationHash: SHA-256 of the application's bytes, 32 bytes.
    ///   - certificateID: the identifier that this application gets if the claim is fresh.
    ///   - issuedOn: the day of issue that it gets.
    ///   - expires: when the challenge ends by itself.
    func claim(
        challengeHash: [UInt8], applicationHash: [UInt8], certificateID: CertificateID, issuedOn: CalendarDate,
        expires: Date, now: Date
    ) async throws -> ClaimOutcome

    /// The claim of these very bytes no longer ago than ten minutes.
    func findClaim(applicationHash: [UInt8], now: Date) async throws -> EarlierClaim?
}

/// An application that was accepted before: what it was given.
public struct EarlierClaim: Hashable, Sendable {
    /// The certificate's identifier chosen then.
    public let certificateID: CertificateID
    /// The day of issue chosen then.
    public let issuedOn: CalendarDate
    /// When it was accepted.
    public let at: Date

    /// A claim from its parts.
    public init(certificateID: CertificateID, issuedOn: CalendarDate, at: Date) {
        self.certificateID = certificateID
        self.issuedOn = issuedOn
        self.at = at
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
}
