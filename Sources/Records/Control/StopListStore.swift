public import Foundation
public import Vaccination

/// People and cards for whom nothing is issued, in any region. ``RecordStore`` says what holds for every concern,
/// ``ControlStore`` how a change counts.
///
/// **Durability.** Only a keyed hash is stored: the list can be asked about somebody, and not read out.
///
/// **Concurrency.** Who was put on the list before ``isStopped(number:chipKeyHash:)`` began is found by it, in whichever
/// process it was done.
public protocol StopListStore: Sendable {
    /// Puts a person or a card on the stop list.
    func stop(_ subject: StopSubject, now: Date) async throws
    /// Takes a person or a card off the stop list.
    func unstop(_ subject: StopSubject, now: Date) async throws
    /// Whether the person or the card is on the stop list.
    func isStopped(number: IndividualNumber, chipKeyHash: [UInt8]) async throws -> Bool
}

/// What may stand on the stop list.
public enum StopSubject: Hashable, Sendable {
    /// A person.
    case number(IndividualNumber)
    /// A card, by SHA-256 of its chip key file, 32 bytes.
    case chipKey(hash: [UInt8])
}

extension StopSubject: CustomStringConvertible, CustomReflectable {
    /// What the log calls it, never the value.
    public var description: String {
        switch self {
        case .number: "number"
        case .chipKey: "chip_key"
        }
    }
    /// Shows no parts, to dumps and debuggers either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
