package import Foundation
package import Vaccination

/// One thing that a set holds.
package enum BackupPart: Hashable, Sendable, CustomStringConvertible {
    /// The control file.
    case control
    /// A region's database.
    case region(MunicipalityCode)
    /// A region's files beside its database: closed segments of its log.
    case files(MunicipalityCode)
    /// A file of the journal, by its instance.
    case journal(String)
    /// The last signed root.
    case root

    /// `control`, a municipality's code, `files-CODE`, `journal-NAME` or `root`: also the name of its folders.
    package var description: String {
        switch self {
        case .control: "control"
        case .region(let code): code.digits
        case .files(let code): "files-\(code.digits)"
        case .journal(let name): "journal-\(name)"
        case .root: "root"
        }
    }

    /// A part from its name; `nil` for any other text.
    package init?(_ text: String) {
        if text == "control" {
            self = .control
        } else if text == "root" {
            self = .root
        } else if let code = MunicipalityCode(text) {
            self = .region(code)
        } else if text.hasPrefix("files-"), let code = MunicipalityCode(text.dropFirst(6)) {
            self = .files(code)
        } else if text.hasPrefix("journal-"), Self.isInstance(text.dropFirst(8)) {
            self = .journal(String(text.dropFirst(8)))
        } else {
            return nil
        }
    }

    /// Whether a text names an instance, as the configuration writes them.
    static func isInstance(_ text: some StringProtocol) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D || byte == 0x5F
            }
    }

    /// The name of its file of keys without its ending; `nil` for what has none.
    var keyName: String? {
        switch self {
        case .control: "control"
        case .region(let code): code.digits
        case .files, .journal, .root: nil
        }
    }

    /// Whether it is a region's database.
    var isRegion: Bool {
        if case .region = self { true } else { false }
    }

    /// The log that it holds; `nil` for what is no database.
    package var log: LogName? {
        switch self {
        case .control: .control
        case .region(let code): .region(code)
        case .files, .journal, .root: nil
        }
    }
}

/// What one backup consists of: the newest state of everything that was asked for, whichever earlier backup wrote which of its
/// blocks.
package struct BackupSet: Equatable, Sendable {
    /// One part.
    package struct Part: Equatable, Sendable {
        /// Which.
        package let part: BackupPart
        /// Its length in bytes; none of a region that nobody was written to yet, whose keys alone are kept.
        package let bytes: Int64
        /// The file name of its index, 32 hexadecimal digits.
        let index: String
        /// SHA-256 of that file.
        let digest: Data
        /// The file name of the keys that it is under, 16 hexadecimal digits.
        let keys: String?
        /// What tells the file of keys of then from another state of it.
        let keyMark: Data?
        /// What the file system said of the files: as long as it says the same, nothing of them has changed.
        let files: [Int64]
    }

    /// Grows by one with each.
    package let number: Int
    /// When it was begun.
    package let at: Date
    /// The formats of what it holds, as `vrs --version` names them.
    package let formats: String
    /// Which backup key it is sealed to: 16 hexadecimal digits of its public half's hash.
    package let recipient: String
    /// What is in it.
    package let parts: [Part]
    /// Parts that were asked for and could not be read.
    package let missing: [BackupPart]

    /// Its name, and that of its file without the ending: number and instant.
    package var name: String { Self.name(number, at) }

    static func name(_ number: Int, _ at: Date) -> String {
        let digits = at.formatted(.iso8601).filter { !"-:".contains($0) }
        return String(repeating: "0", count: max(0, 6 - "\(number)".count)) + "\(number)-\(digits)"
    }

    /// The number in a set's name; `nil` if it is none.
    static func number(_ name: String) -> Int? {
        guard let match = name.wholeMatch(of: /(\d{6,9})-\d{8}T\d{6}Z/) else { return nil }
        return Int(match.1)
    }

    subscript(part: BackupPart) -> Part? { parts.first { $0.part == part } }
}

/// The JSON of a set, inside its envelope.
private struct SetForm: Codable {
    struct PartForm: Codable {
        var part: String
        var bytes: Int64
        var index: String
        var digest: Data
        var keys: String?
        var keyMark: Data?
        var files: [Int64]
    }
    var format: Int
    var number: Int
    var at: Int64
    var formats: String
    var recipient: String
    var parts: [PartForm]
    var missing: [String]
}

extension BackupSet {
    /// The most parts of a set.
    static let maximumParts = 10_000
    /// The most bytes of a part: 64 TiB.
    static let maximumBytes: Int64 = 1 << 46

    private struct FormatOnly: Decodable { var format: Int }

    /// A set from its JSON.
    package init(json: Data) throws(BackupError) {
        if let format = try? JSONDecoder().decode(FormatOnly.self, from: json).format, format > 1 {
            throw .newer("a set of format \(format)")
        }
        let refusal = BackupError.damaged("a set that cannot be read")
        guard let form = try? JSONDecoder().decode(SetForm.self, from: json), form.format == 1,
            (1...999_999_999).contains(form.number), (0...253_402_300_799_000).contains(form.at),
            form.formats.utf8.count <= 200, BackupHex.isRight(form.recipient, bytes: 8),
            form.parts.count <= Self.maximumParts, form.missing.count <= Self.maximumParts
        else { throw refusal }
        var seen: Set<BackupPart> = []
        var parts: [Part] = []
        for part in form.parts {
            guard let name = BackupPart(part.part), seen.insert(name).inserted,
                (0...Self.maximumBytes).contains(part.bytes), BackupHex.isRight(part.index, bytes: 16),
                part.digest.count == 32, part.keys.map({ BackupHex.isRight($0, bytes: 8) }) ?? true,
                part.keyMark.map({ $0.count == 16 }) ?? true, part.files.count <= 16
            else { throw refusal }
            parts.append(
                Part(
                    part: name, bytes: part.bytes, index: part.index, digest: part.digest, keys: part.keys,
                    keyMark: part.keyMark, files: part.files))
        }
        number = form.number
        at = Date(timeIntervalSince1970: Double(form.at) / 1000)
        formats = form.formats
        recipient = form.recipient
        self.parts = parts
        missing = form.missing.compactMap { BackupPart($0) }
        guard missing.count == form.missing.count else { throw refusal }
    }

    /// Its JSON.
    package var json: Data {
        get throws {
            let form = SetForm(
                format: 1, number: number, at: Int64((at.timeIntervalSince1970 * 1000).rounded()), formats: formats,
                recipient: recipient,
                parts: parts.map {
                    SetForm.PartForm(
                        part: "\($0.part)", bytes: $0.bytes, index: $0.index, digest: $0.digest, keys: $0.keys,
                        keyMark: $0.keyMark, files: $0.files)
                }, missing: missing.map { "\($0)" })
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(form)
        }
    }
}
