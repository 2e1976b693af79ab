import CWorker
import Glibc

/// The inside of a process that reads one file for a service and ends: `verifier scan-worker`.
///
/// Standard input gives a ``ScanRequest`` and the file; standard output gets a ``ScanMessage``. What the reading libraries do
/// with a hostile file stays in this process: it may use limited processor time and memory, and from before the first byte
/// is read it can open no file, connect to nobody and start no program.
public enum ScanWorker {
    /// The memory that a worker may address, in bytes: the largest picture and page, and what the libraries make of them.
    static let memory: UInt64 = 2 << 30

    /// Reads one file from standard input and answers on standard output.
    ///
    /// - Parameters:
    ///   - seconds: the processor time it may use, in seconds.
    ///   - maximumBytes: the longest file that is taken.
    ///   - protect: called with the place where the file will lie, before anything else is given up: whoever reads what is
    ///     personal locks it in memory there.
    /// - Returns: whether an answer was given.
    public static func run(
        seconds: Int, maximumBytes: Int = 0, protect: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) async -> Bool {
        // The main thread makes its run loop beside this one, out of descriptors that nobody can make behind the sandbox:
        // once it has run something, it is made.
        await MainActor.run {}
        guard akashi_worker_confine(UInt32(clamping: seconds), memory) == 0 else { return false }
        // What the libraries want to read for themselves (the configuration of fonts) they read now.
        _ = try? Scanning.codes(in: warmUp)
        var file: [UInt8] = []
        if maximumBytes > 0 {
            file = [UInt8](repeating: 0, count: min(maximumBytes, Scanning.maximumBytes))
            file.withUnsafeBytes(protect)
            file.removeAll(keepingCapacity: true)
        }
        guard akashi_worker_sandbox() == 0 else { return false }
        guard let head = read(ScanRequest.headBytes), let request = ScanRequest(head: head),
            maximumBytes == 0 || request.count <= file.capacity, read(request.count, to: &file)
        else { return false }
        let message: ScanMessage
        do { message = .codes(try request.codes(in: file)) } catch { message = .refused(error) }
        return write(message.bytes)
    }

    /// A page with a letter on it, in a font that it does not bring along.
    private static let warmUp = Array(
        """
        %PDF-1.4
        1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
        2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj
        3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
        4 0 obj<</Length 21>>stream
        BT /F 9 Tf (A) Tj ET
        endstream endobj
        5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
        trailer<</Root 1 0 R/Size 6>>
        %%EOF

        """.utf8)

    private static func read(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        return read(count, to: &bytes) ? bytes : nil
    }

    // Bare calls: what Foundation does besides reading and writing (asking what a descriptor is) is not permitted here.

    private static func read(_ count: Int, to bytes: inout [UInt8]) -> Bool {
        bytes.reserveCapacity(count)
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < count {
            let wanted = min(block.count, count - bytes.count)
            let got = block.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, wanted) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            bytes.append(contentsOf: block[..<got])
        }
        return true
    }

    private static func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
