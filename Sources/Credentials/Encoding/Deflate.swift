import CZlib

/// DEFLATE (RFC 1951), raw or with the header and check sum of zlib (RFC 1950).
package enum Deflate {
    /// What stands around the compressed bytes; the raw value is zlib's name for it, 15 being the largest window.
    package enum Wrapping: Int32, Sendable {
        /// Nothing (RFC 1951).
        case raw = -15
        /// Header and check sum (RFC 1950).
        case zlib = 15
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
    /// Inflating stops as soon as the limit is passed, so a bomb costs no more than the limit. Bytes behind the end of
    /// the stream are refused.
    package static func inflate(
        _ bytes: [UInt8], limit: Int, wrapping: Wrapping = .raw
    ) throws(Malformed) -> [UInt8] {
        var stream = z_stream()
        guard
            inflateInit2_(&stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK,
            let count = UInt32(exactly: bytes.count)
        else { throw Malformed(.deflate, at: 0) }
        defer { inflateEnd(&stream) }
        stream.avail_in = count
        // One byte more than the limit tells "exactly the limit" from "more than it".
        var capacity = min(limit + 1, max(4096, 4 * bytes.count))
        var done: [UInt8] = []
        while true {
            var status = Z_STREAM_ERROR
            let have = done.count
            let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, filled in
                _ = buffer.initialize(fromContentsOf: done)
                bytes.withUnsafeBufferPointer { input in
                    if let start = input.baseAddress {
                        // zlib does not write through next_in; its C type only lacks the const.
                        stream.next_in = UnsafeMutablePointer(mutating: start + (input.count - Int(stream.avail_in)))
                    }
                    stream.next_out = buffer.baseAddress.map { $0 + have }
                    stream.avail_out = UInt32(clamping: capacity - have)
                    // Z_FINISH lets zlib do without its own window where everything fits at once.
                    status = CZlib.inflate(&stream, capacity == limit + 1 || have == 0 ? Z_FINISH : Z_NO_FLUSH)
                }
                filled = capacity - Int(stream.avail_out)
            }
            let consumed = bytes.count - Int(stream.avail_in)
            switch status {
            case Z_STREAM_END:
                guard output.count <= limit else { throw Malformed(.tooLarge, at: consumed) }
                guard stream.avail_in == 0 else { throw Malformed(.deflate, at: consumed) }
                return output
            case Z_OK, Z_BUF_ERROR:
                // Output was full, or input ended before the stream did.
                guard stream.avail_out == 0 else { throw Malformed(.deflate, at: consumed) }
                guard output.count <= limit, capacity < limit + 1 else { throw Malformed(.tooLarge, at: consumed) }
                done = output
                capacity = min(limit + 1, capacity * 4)
            default:
                throw Malformed(.deflate, at: consumed)
            }
        }
    }
}
