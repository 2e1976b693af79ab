public import Foundation

/// Which keys certificates were signed with. ``RecordStore`` says what holds for every concern.
///
/// **Durability.** A key never leaves the list: what it signed is out there, and verifiers need its public part.
///
/// **Concurrency.** Several services may note their keys at once.
public protocol SigningKeyStore: Sendable {
    /// Notes keys before anything is signed with them; one that is known already stays as it was noted first.
    func noteSigningKeys(_ keys: Set<SigningKeyUse>, now: Date) async throws
    /// All keys that were ever noted.
    func signingKeys() async throws -> Set<SigningKeyUse>
}

/// A key, and what it signs.
public struct SigningKeyUse: Hashable, Sendable {
    /// What a key signs.
    public enum Role: String, Hashable, Sendable, CaseIterable {
        /// SMART Health Cards.
        case shc
        /// VDS-NC.
        case vdsnc
        /// EU Digital COVID Certificates.
        case dcc
    }

    /// What it signs.
    public let role: Role
    /// The thumbprint of its public part (RFC 7638).
    public let thumbprint: String

    /// A use from its parts; the thumbprint has 43 characters.
    public init(role: Role, thumbprint: String) {
        self.role = role
        self.thumbprint = thumbprint
    }
}
