import CDeflate
import CZlib

/// DEFLATE (RFC 1951), raw or with the header and check sum of zlib (RFC 1950).
package enum Deflate {
    /// What stands around the compressed bytes.
    package enum Wrapping: Sendable {
        /// Nothing (RFC 1951).
        case raw
        /// Header and check sum (RFC 1950).
        case zlib
    }

    /// The shortest form that zlib makes (level 9).
    package static func compress(_ bytes: [UInt8], wrapping: Wrapping = .raw) -> [UInt8]? {
        var stream = z_stream()
        let (window, memory) = sizes(for: bytes.count)
        guard
            deflateInit2_(
                &stream, 9, Z_DEFLATED, -window, memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        guard let count = UInt32(exactly: bytes.count) else { return nil }
        // RFC 1950: a window of 32 KiB (which announces more than is used here; readers look for 0x78), level "maximum".
        let header: [UInt8] = wrapping == .zlib ? [0x78, 0xDA] : []
        let bound = header.count + Int(deflateBound(&stream, UInt(count))) + 4
        var status = Z_STREAM_ERROR
        let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, filled in
            filled = buffer.initialize(fromContentsOf: header)
            bytes.withUnsafeBufferPointer { input in
                // zlib does not write through next_in; its C type only lacks the const.
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = count
                stream.next_out = buffer.baseAddress.map { $0 + header.count }
                stream.avail_out = UInt32(clamping: bound - header.count - 4)
                status = deflate(&stream, Z_FINISH)
                filled += Int(stream.total_out)
                guard wrapping == .zlib else { return }
                let sum = UInt32(truncatingIfNeeded: adler32(1, input.baseAddress, count))
                for shift: UInt32 in [24, 16, 8, 0] {
                    buffer[filled] = UInt8(truncatingIfNeeded: sum >> shift)
                    filled += 1
                }
            }
        }
        return status == Z_STREAM_END ? output : nil
    }

    /// The window and the tables that an input needs, as zlib counts them.
    ///
    /// zlib takes 260 KB for the largest and clears a part of it each time, which costs more than compressing the kilobyte
    /// or two of a certificate. In a smaller window that holds the whole input, each match is found as in the largest.
    private static func sizes(for count: Int) -> (window: Int32, memory: Int32) {
        var bits: Int32 = 10
        // The last 262 bytes of a window are out of reach (zlib's MIN_LOOKAHEAD).
        while bits < 15, (1 << bits) - 262 < count { bits += 1 }
        // Room for 2^(memory + 6) symbols: as many as bytes, so that all stand in one block.
        return (bits, bits - 6)
    }

    /// The bytes that a complete stream holds, at most `limit` of them.
    ///
    /// Never more memory is taken than the limit, so a bomb costs no more than that. Bytes behind the end of the stream
    /// are refused. By libdeflate, which takes and gives all bytes at once: half of zlib's time for a certificate's kilobyte.
    package static func inflate(
        _ bytes: [UInt8], limit: Int, wrapping: Wrapping = .raw
    ) throws(Malformed) -> [UInt8] {
        guard let decompressor = libdeflate_alloc_decompressor() else { throw Malformed(.deflate) }
        defer { libdeflate_free_decompressor(decompressor) }
        let decompress =
            switch wrapping {
            case .raw: libdeflate_deflate_decompress_ex
            case .zlib: libdeflate_zlib_decompress_ex
            }
        var capacity = min(limit, max(4096, 4 * bytes.count))
        while true {
            var (read, result) = (0, LIBDEFLATE_BAD_DATA)
            let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
                var written = 0
                result = bytes.withUnsafeBytes { input in
                    decompress(
                        decompressor, input.baseAddress, input.count, buffer.baseAddress, capacity, &read, &written)
                }
                // What stands in the buffer is defined only then.
                if result == LIBDEFLATE_SUCCESS { filled = written }
            }
            switch result {
            case LIBDEFLATE_SUCCESS:
                guard read == bytes.count else { throw Malformed(.deflate, at: read) }
                return output
            case LIBDEFLATE_INSUFFICIENT_SPACE:
                guard capacity < limit else { throw Malformed(.tooLarge) }
                capacity = min(limit, capacity * 4)
            default:
                throw Malformed(.deflate)
            }
        }
    }
}
