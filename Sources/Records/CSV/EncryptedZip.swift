import CZip
import CZlib

/// The one file in a zip, encrypted with AES as WinZip does (AE-1, AE-2: AES in counter mode, HMAC-SHA-1 over the ciphertext).
///
/// It is read as it is compressed and decompressed here: libzip's own decompression ends with the data's last block, which may leave
/// the code behind it unread, and compares a checksum that AE-2 does not have. For the same reason only what is deflated is taken.
final class EncryptedZip: ByteSource {
    /// The maximum of what is in it, 4 GiB.
    static let maximumSize = 4 << 30

    let size: Int
    private let archive: OpaquePointer
    private let file: OpaquePointer
    private let inflater: Inflater
    private var place = 0

    init(_ path: String, password: String) throws(EncryptedFileFault) {
        var error: Int32 = 0
        guard let archive = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &error) else { throw Self.fault(error) }
        let file: OpaquePointer
        do {
            var stat = zip_stat_t()
            zip_stat_init(&stat)
            guard zip_get_num_entries(archive, 0) == 1 else { throw EncryptedFileFault.notOne }
            guard zip_stat_index(archive, 0, 0, &stat) == 0 else { throw EncryptedFileFault.damaged }
            guard [ZIP_EM_AES_128, ZIP_EM_AES_192, ZIP_EM_AES_256].contains(Int32(stat.encryption_method)) else {
                throw EncryptedFileFault.notAES
            }
            guard Int32(stat.comp_method) == ZIP_CM_DEFLATE else { throw EncryptedFileFault.compression }
            guard let size = Int(exactly: stat.size), size <= Self.maximumSize else {
                throw EncryptedFileFault.tooLarge
            }
            guard let opened = zip_fopen_index_encrypted(archive, 0, zip_flags_t(ZIP_FL_COMPRESSED), password) else {
                throw Self.fault(zip_error_code_zip(zip_get_error(archive)))
            }
            file = opened
            self.size = size
            inflater = try Inflater()
        } catch {
            zip_discard(archive)
            throw error as? EncryptedFileFault ?? .damaged
        }
        (self.archive, self.file) = (archive, file)
    }

    deinit {
        zip_fclose(file)
        zip_discard(archive)
    }

    private static func fault(_ error: Int32) -> EncryptedFileFault {
        switch error {
        case ZIP_ER_WRONGPASSWD, ZIP_ER_NOPASSWD: .password
        case ZIP_ER_CRC: .authentication
        case ZIP_ER_OPEN, ZIP_ER_NOENT: .unreadable
        case ZIP_ER_ENCRNOTSUPP: .notAES
        default: .damaged
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(EncryptedFileFault) -> Int {
        let count = try inflater.read(into: buffer, from: compressed)
        place += count
        // What is longer than it says is cut off before it fills anything.
        guard place <= size, count > 0 || place == size else { throw .damaged }
        return count
    }

    /// The next bytes as they are compressed; 0 at the end, when the code behind them was compared.
    private func compressed(_ buffer: UnsafeMutableRawBufferPointer) throws(EncryptedFileFault) -> Int {
        let count = zip_fread(file, buffer.baseAddress, zip_uint64_t(buffer.count))
        guard count >= 0 else { throw Self.fault(zip_error_code_zip(zip_file_get_error(file))) }
        return Int(count)
    }
}

/// Decompresses DEFLATE (RFC 1951) as its bytes come.
private final class Inflater {
    // zlib keeps the address of its stream.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var hasEnded = false

    init() throws(EncryptedFileFault) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: 1 << 15, alignment: 1)
        // Negative: no header of zlib's.
        guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .damaged
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    func read(
        into output: UnsafeMutableRawBufferPointer,
        from source: (UnsafeMutableRawBufferPointer) throws(EncryptedFileFault) -> Int
    ) throws(EncryptedFileFault) -> Int {
        guard !hasEnded, let address = output.baseAddress else { return 0 }
        stream.pointee.next_out = address.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(clamping: output.count)
        let room = Int(stream.pointee.avail_out)
        while stream.pointee.avail_out == room {
            if stream.pointee.avail_in == 0 {
                let count = try source(input)
                // The data ends before its last block does.
                guard count > 0 else { throw .damaged }
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(clamping: count)
            }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK: continue
            case Z_STREAM_END:
                hasEnded = true
                // Nothing may stand behind it, and whoever looks at the code has to be asked for what there is not.
                guard stream.pointee.avail_in == 0 else { throw .damaged }
                guard try source(input) == 0 else { throw .damaged }
                return room - Int(stream.pointee.avail_out)
            default: throw .damaged
            }
        }
        return room - Int(stream.pointee.avail_out)
    }
}
