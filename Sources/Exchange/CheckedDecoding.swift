import CardChip
import Foundation
import Vaccination

// What another party sent becomes a value only through the checks of its type: a message that is out of its bounds is
// malformed, and nothing behind the decoder has to look again.

extension Decoder {
    /// The error of a message whose parts have the right form and are out of their bounds; says nothing of its contents.
    func outOfBounds(_ type: Any.Type) -> DecodingError {
        .dataCorrupted(.init(codingPath: codingPath, debugDescription: "a \(type) out of its bounds"))
    }
}

/// A text for people: of at most so many characters, and without characters that steer a terminal.
func isPlain(_ text: String, _ lengths: ClosedRange<Int>) -> Bool {
    // One character may be made of as many scalars as somebody likes: those are bounded too.
    text.unicodeScalars.dropFirst(8 * lengths.upperBound).isEmpty && lengths.contains(text.count)
        && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
}

extension ServiceHours {
    private enum Members: String, CodingKey { case opens, closes }

    /// Reads both times; hours out of bounds are a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        guard
            let hours = ServiceHours(
                opens: try values.decode(Int.self, forKey: .opens), closes: try values.decode(Int.self, forKey: .closes)
            )
        else { throw decoder.outOfBounds(Self.self) }
        self = hours
    }
}

extension Menu {
    private enum Members: String, CodingKey {
        case revision, closed, entries, suspendedKinds, feeYen, hours, notices, isDevelopment, trust
    }

    /// Reads a menu; one out of its bounds is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        guard
            let menu = Menu(
                revision: try values.decode(Int64.self, forKey: .revision),
                closed: try values.decodeIfPresent(ProblemCode.self, forKey: .closed),
                entries: try values.decode([Entry].self, forKey: .entries),
                suspendedKinds: try values.decode([CertificateKind].self, forKey: .suspendedKinds),
                feeYen: try values.decode(Int.self, forKey: .feeYen),
                hours: try values.decode(ServiceHours.self, forKey: .hours),
                notices: try values.decode([Notice].self, forKey: .notices),
                isDevelopment: try values.decode(Bool.self, forKey: .isDevelopment),
                trust: try values.decodeIfPresent(Int64.self, forKey: .trust))
        else { throw decoder.outOfBounds(Self.self) }
        self = menu
    }

    /// Whether a menu's parts are within the bounds that its members say.
    static func isRight(
        _ revision: Int64, _ entries: [Entry], _ suspendedKinds: [CertificateKind], _ feeYen: Int, _ notices: [Notice]
    ) -> Bool {
        func once(_ kinds: [CertificateKind]) -> Bool { Set(kinds).count == kinds.count }
        return revision >= 0 && entries.count <= maximumEntries && maximumNotices >= notices.count
            && (0...maximumFeeYen).contains(feeYen) && once(suspendedKinds)
            && zip(entries, entries.dropFirst()).allSatisfy { $0.municipality.code < $1.municipality.code }
            && entries.allSatisfy { entry in
                let place = entry.municipality
                return once(entry.kinds) && entry.desk.map(isRight) ?? true
                    && isPlain(place.prefecture, Municipality.Lengths.prefecture)
                    && isPlain(place.name, Municipality.Lengths.name)
                    && isPlain(place.prefectureEnglish, Municipality.Lengths.prefectureEnglish)
                    && isPlain(place.nameEnglish, Municipality.Lengths.nameEnglish)
            }
            && notices.allSatisfy(isRight)
    }

    static func isRight(_ notice: Notice) -> Bool {
        isPlain(notice.japanese, 1...maximumNotice) && isPlain(notice.english, 1...maximumNotice)
    }
}

extension ChallengeResponse {
    private enum Members: String, CodingKey { case challenge, validSeconds }

    /// Reads a challenge of 16 to 256 bytes, valid for 1 to 3,600 seconds; another one is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        let challenge = try values.decode(Data.self, forKey: .challenge)
        let validSeconds = try values.decode(Int.self, forKey: .validSeconds)
        guard (16...256).contains(challenge.count), (1...3600).contains(validSeconds) else {
            throw decoder.outOfBounds(Self.self)
        }
        self.init(challenge: Array(challenge), validSeconds: validSeconds)
    }
}

extension Menu.Entry {
    private enum Members: String, CodingKey { case municipality, kinds, isSuspended, isElsewhere, desk }

    /// Reads an entry; what only newer centres say may be missing. ``Menu`` looks at its bounds.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        self.init(
            municipality: try values.decode(Municipality.self, forKey: .municipality),
            kinds: try values.decode([CertificateKind].self, forKey: .kinds),
            isSuspended: try values.decode(Bool.self, forKey: .isSuspended),
            isElsewhere: try values.decodeIfPresent(Bool.self, forKey: .isElsewhere) ?? false,
            desk: try values.decodeIfPresent(Menu.Notice.self, forKey: .desk))
    }
}

extension AccessState {
    private enum Members: String, CodingKey {
        case revision, isSuspended, isHalted, municipalities, kinds, terminals, offers
    }

    /// Reads a state; what only newer systems say may be missing, one with more offers than a menu has entries is a
    /// `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        self.init(
            revision: try values.decode(Int64.self, forKey: .revision),
            isSuspended: try values.decode(Bool.self, forKey: .isSuspended),
            isHalted: try values.decode(Bool.self, forKey: .isHalted),
            municipalities: try values.decode([MunicipalityCode].self, forKey: .municipalities),
            kinds: try values.decode([CertificateKind].self, forKey: .kinds),
            terminals: try values.decode([Terminal].self, forKey: .terminals),
            offers: try values.decodeIfPresent([Offer].self, forKey: .offers) ?? [])
        guard offers.count <= Menu.maximumEntries, Set(offers.map(\.municipality)).count == offers.count else {
            throw decoder.outOfBounds(Self.self)
        }
    }
}

extension AccessState.Offer {
    private enum Members: String, CodingKey { case municipality, channels, kinds, desk }

    /// Reads an offer; a channel or kind that stands twice, or a desk that is no plain text, is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        self.init(
            municipality: try values.decode(MunicipalityCode.self, forKey: .municipality),
            channels: try values.decode([IssueChannel].self, forKey: .channels),
            kinds: try values.decode([CertificateKind].self, forKey: .kinds),
            desk: try values.decodeIfPresent(Menu.Notice.self, forKey: .desk))
        guard Set(channels).count == channels.count, Set(kinds).count == kinds.count,
            desk.map(Menu.isRight) ?? true
        else { throw decoder.outOfBounds(Self.self) }
    }
}

extension AccessState.Terminal {
    private enum Members: String, CodingKey { case id, certificateHash, isRevoked, isSuspended }

    /// Reads a terminal; one whose name or hash has another form is a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        let id = try values.decode(String.self, forKey: .id)
        let hash = try values.decode(String.self, forKey: .certificateHash)
        // The name stands in logs and metrics: a line of its own, and no more than a name has.
        guard isPlain(id, 1...32), Hexadecimal.bytes(hash)?.count == 32 else { throw decoder.outOfBounds(Self.self) }
        self.init(
            id: id, certificateHash: hash, isRevoked: try values.decode(Bool.self, forKey: .isRevoked),
            isSuspended: try values.decode(Bool.self, forKey: .isSuspended))
    }
}

extension Problem {
    private enum Members: String, CodingKey { case type, title, status, code, inquiry }

    /// Reads problem details; ones that no party of this protocol writes are a `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        let inquiry = try values.decodeIfPresent(String.self, forKey: .inquiry)
        let number = inquiry.flatMap { InquiryNumber($0) }
        let status = try values.decode(Int.self, forKey: .status)
        let problem = Problem(try values.decode(ProblemCode.self, forKey: .code), status: status, inquiry: number)
        guard (400...599).contains(status), (inquiry == nil) == (number == nil),
            try values.decode(String.self, forKey: .type) == problem.type,
            isPlain(try values.decode(String.self, forKey: .title), 0...200)
        else { throw decoder.outOfBounds(Self.self) }
        self = problem
    }
}

extension Manifest {
    private enum Members: String, CodingKey {
        case certificateID, name, romajiName, documentNumber, birthDate, municipality, kind, issuedOn, doses, isSample
        case pdfHash, pngHash, codeHashes, trust
    }

    /// Reads a manifest; one whose hashes have another form, or that has more names or codes than a page, is a
    /// `DecodingError`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Members.self)
        certificateID = try values.decode(CertificateID.self, forKey: .certificateID)
        name = try values.decode(String.self, forKey: .name)
        romajiName = try values.decodeIfPresent(String.self, forKey: .romajiName)
        documentNumber = try values.decodeIfPresent(String.self, forKey: .documentNumber)
        birthDate = try values.decode(BirthDate.self, forKey: .birthDate)
        municipality = try values.decode(MunicipalityCode.self, forKey: .municipality)
        kind = try values.decode(CertificateKind.self, forKey: .kind)
        issuedOn = try values.decode(CalendarDate.self, forKey: .issuedOn)
        doses = try values.decode(Int.self, forKey: .doses)
        isSample = try values.decode(Bool.self, forKey: .isSample)
        pdfHash = try values.decode(String.self, forKey: .pdfHash)
        pngHash = try values.decode(String.self, forKey: .pngHash)
        codeHashes = try values.decode([String].self, forKey: .codeHashes)
        trust = try values.decodeIfPresent(Int64.self, forKey: .trust)
        let areHashes = ([pdfHash, pngHash] + codeHashes).allSatisfy {
            $0.utf8.count == 64 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
        guard areHashes, trust ?? 0 >= 0, (0...99).contains(doses), codeHashes.count <= 16, isPlain(name, 1...160),
            isPlain(romajiName ?? "-", 1...160), isPlain(documentNumber ?? "-", 1...16)
        else { throw decoder.outOfBounds(Self.self) }
    }
}
