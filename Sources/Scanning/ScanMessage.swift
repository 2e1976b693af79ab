/// What a worker answers: the codes, or why there are none.
///
/// One byte for the kind; for codes then each with its page (1 byte), length (4 bytes) and content, up to the end; for a
/// refusal its code. Numbers are big-endian.
package enum ScanMessage: Hashable, Sendable {
    case codes([ScannedCode])
    case refused(ScanError)

    /// The bytes of a length.
    static let lengthBytes = 4
    /// The maximum length of an answer: a code of version 40 holds at most 7,089 characters.
    static let maximumBytes = 1 + Scanning.maximumPages * Scanning.maximumCodes * (5 + 8192)

    private static let codesKind: UInt8 = 0x43
    private static let refusedKind: UInt8 = 0x52

    /// A number in four bytes.
    static func length(_ count: Int) -> [UInt8] {
        let number = UInt32(clamping: count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    package var bytes: [UInt8] {
        switch self {
        case .codes(let codes):
            codes.reduce(into: [Self.codesKind]) { bytes, code in
                bytes.append(UInt8(clamping: code.page))
                bytes += Self.length(code.bytes.count) + code.bytes
            }
        case .refused(let error): [Self.refusedKind] + Array(error.code.utf8)
        }
    }

    /// An answer as a worker gave it; `nil` if it is not whole. A worker that read a hostile file is not believed more
    /// than the file.
    package init?(_ bytes: [UInt8]) {
        guard let kind = bytes.first, bytes.count <= Self.maximumBytes else { return nil }
        var rest = bytes.dropFirst()
        switch kind {
        case Self.refusedKind:
            guard let code = String(validating: rest, as: UTF8.self),
                let error = ScanError.all.first(where: { $0.code == code })
            else { return nil }
            self = .refused(error)
        case Self.codesKind:
            var codes: [ScannedCode] = []
            while let page = rest.popFirst() {
                guard Int(page) < Scanning.maximumPages, rest.count >= Self.lengthBytes,
                    codes.count < Scanning.maximumPages * Scanning.maximumCodes
                else { return nil }
                let count = rest.prefix(Self.lengthBytes).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(Self.lengthBytes)
                guard count <= rest.count else { return nil }
                codes.append(ScannedCode(bytes: Array(rest.prefix(count)), page: Int(page)))
                rest = rest.dropFirst(count)
            }
            self = .codes(codes)
        default: return nil
        }
    }
}
