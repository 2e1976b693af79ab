#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// In which code a file's characters are written.
public enum FileEncoding: String, Hashable, Sendable, CaseIterable {
    /// UTF-8, with or without a byte order mark.
    case utf8 = "utf-8"
    /// Microsoft's code page 932: Shift_JIS with the extensions of NEC and IBM.
    case cp932
}

/// Decodes the fields of a file's lines.
final class FieldDecoder {
    private let encoding: FileEncoding
    private let descriptor: iconv_t?

    /// `nil` if the system's C library does not know the encoding.
    init?(_ encoding: FileEncoding) {
        self.encoding = encoding
        guard encoding == .cp932 else {
            descriptor = nil
            return
        }
        let opened = iconv_open("UTF-8", "CP932")
        // POSIX: (iconv_t)-1 says that there is no such conversion.
        guard let opened, Int(bitPattern: opened) != -1 else { return nil }
        descriptor = opened
    }

    deinit { if let descriptor { iconv_close(descriptor) } }

    /// The text of some bytes; `nil` if they are not text in this encoding.
    func text(_ bytes: [UInt8]) -> String? {
        guard let descriptor, bytes.contains(where: { $0 >= 0x80 }) else {
            return String(utf8: bytes[...])
        }
        // A byte of half-width kana becomes three.
        var output = [UInt8](repeating: 0, count: 3 * bytes.count)
        var input = bytes
        var left = output.count
        let failed = input.withUnsafeMutableBytes { source in
            output.withUnsafeMutableBytes { target in
                var (from, to) = (source.baseAddress, target.baseAddress)
                var rest = source.count
                return withUnsafeMutablePointer(to: &from) { from in
                    from.withMemoryRebound(to: UnsafeMutablePointer<CChar>?.self, capacity: 1) { from in
                        withUnsafeMutablePointer(to: &to) { to in
                            to.withMemoryRebound(to: UnsafeMutablePointer<CChar>?.self, capacity: 1) { to in
                                // Characters that are there, but only nearly the same, count as failures too.
                                iconv(descriptor, from, &rest, to, &left) != 0 || rest != 0
                            }
                        }
                    }
                }
            }
        }
        guard !failed else {
            // Back to the state of the beginning.
            _ = iconv(descriptor, nil, nil, nil, nil)
            return nil
        }
        return String(utf8: output[..<(output.count - left)])
    }
}
