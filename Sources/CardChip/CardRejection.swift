/// Why what a card gave is refused.
public enum CardRejection: Error, Hashable, Sendable {
    /// A file is not exactly what it has to be; `offset` is the byte of that file where it departs.
    case malformed(file: UInt16, offset: Int)
    /// No trusted card authority has the key id that EF 0004 names.
    case authorityUnknown
    /// The authority did not sign this EF 0004.
    case certificateSignature
    /// The key of EF 0004 did not sign this EF 0003.
    case recordSignature
    /// EF 0003 was signed over another individual number.
    case numberDigest
    /// EF 0003 was signed over other attributes.
    case attributesDigest
    /// The key of EF 0004 did not sign this EF 0007.
    case chipKeySignature
    /// The key of EF 0007 did not make this signature: the card was not there, or signed something else.
    case chipSignature

    /// A stable code.
    public var code: String {
        switch self {
        case .malformed: "card.malformed"
        case .authorityUnknown: "card.authority_unknown"
        case .certificateSignature: "card.certificate_signature"
        case .recordSignature: "card.record_signature"
        case .numberDigest: "card.number_digest"
        case .attributesDigest: "card.attributes_digest"
        case .chipKeySignature: "card.chip_key_signature"
        case .chipSignature: "card.chip_signature"
        }
    }
}

/// What ends a reading of a card.
public enum CardError: Error, Hashable, Sendable {
    /// The card could not be reached.
    case transport(CardTransportError)
    /// This is another kind of card.
    case otherCard
    /// The PIN was wrong; 1 or 2 tries are left.
    case wrongPIN(triesLeft: Int)
    /// The PIN is locked: its holder's municipality can reset it.
    case pinLocked
    /// The card answered a command (its instruction byte) with a status that has no place there.
    case unexpectedStatus(UInt16, command: UInt8)
    /// A file is malformed.
    case malformed(CardRejection)

    /// A stable code.
    public var code: String {
        switch self {
        case .transport(let error): error.code
        case .otherCard: "card.other_kind"
        case .wrongPIN: "card.pin_wrong"
        case .pinLocked: "card.pin_locked"
        case .unexpectedStatus: "card.unexpected_status"
        case .malformed(let rejection): rejection.code
        }
    }
}
