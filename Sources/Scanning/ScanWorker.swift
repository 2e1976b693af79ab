import CWorker
import Foundation

/// The inside of a process that reads one file for a service and ends: `verifier scan-worker`.
///
/// Standard input gives the file behind its length; standard output gets a ``ScanMessage``. What the reading libraries do
/// with a hostile file stays in this process: it may use limited processor time and memory, and cannot write to files.
public enum ScanWorker {
    /// The memory that a worker may address, in bytes: the largest picture and page, and what the libraries make of them.
    static let memory: UInt64 = 2 << 30

    /// Reads one file from standard input and answers on standard output.
    ///
    /// - Parameter seconds: the processor time it may use, in seconds.
    /// - Returns: whether an answer was given.
    public static func run(seconds: Int) -> Bool {
        guard akashi_worker_confine(UInt32(clamping: seconds), memory) == 0 else { return false }
        guard let bytes = input() else { return false }
        // What is given to strangers' files is known beforehand: the most codes there may be.
        let message: ScanMessage
        do { message = .codes(try Scanning.codes(in: bytes, expecting: Scanning.maximumCodes)) } catch {
            message = .refused(error)
        }
        do { try FileHandle.standardOutput.write(contentsOf: Data(message.bytes)) } catch { return false }
        return true
    }

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
