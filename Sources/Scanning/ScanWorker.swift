import CWorker
import Foundation

/// The inside of a process that reads one file for a service and ends: `verifier scan-worker`.
///
/// Standard input gives the file behind its length; standard output gets a ``ScanMessage``. What the reading libraries do
/// with a hostile file stays in this process: it may use limited processor time and memory, and from before the first byte
/// is read it can open no file, connect to nobody and start no program.
public enum ScanWorker {
    /// The memory that a worker may address, in bytes: the largest picture and page, and what the libraries make of them.
    static let memory: UInt64 = 2 << 30

    /// Reads one file from standard input and answers on standard output.
    ///
    /// - Parameter seconds: the processor time it may use, in seconds.
    /// - Returns: whether an answer was given.
    public static func run(seconds: Int) -> Bool {
        guard akashi_worker_confine(UInt32(clamping: seconds), memory) == 0 else { return false }
        // What the libraries want to read for themselves (the configuration of fonts) they read now.
        _ = try? Scanning.codes(in: warmUp)
        guard akashi_worker_sandbox() == 0 else { return false }
        guard let bytes = input() else { return false }
        // What is given to strangers' files is known beforehand: the most codes there may be.
        let message: ScanMessage
        do { message = .codes(try Scanning.codes(in: bytes, expecting: Scanning.maximumCodes)) } catch {
            message = .refused(error)
        }
        do { try FileHandle.standardOutput.write(contentsOf: Data(message.bytes)) } catch { return false }
        return true
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

    private static func input() -> [UInt8]? {
        guard let header = read(ScanMessage.lengthBytes) else { return nil }
        let count = header.reduce(0) { $0 << 8 | Int($1) }
        guard count <= Scanning.maximumBytes else { return nil }
        return read(count)
    }

    private static func read(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            guard let block = try? FileHandle.standardInput.read(upToCount: min(1 << 20, count - bytes.count)),
                !block.isEmpty
            else { return nil }
            bytes += block
        }
        return bytes
    }
}
