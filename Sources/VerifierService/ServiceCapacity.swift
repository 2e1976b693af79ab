import Foundation
import Scanning

/// What a running service may spend at once. Texts, and pictures and documents, have memory and workers of their own, so
/// that none of them shuts the other out; health takes none of it.
struct ServiceCapacity: Sendable {
    private let scanner: IsolatedScanner
    private let scans: WorkPool
    private let checks: WorkPool
    private let texts: BodyMemory
    private let pictures: BodyMemory

    init(scanner: IsolatedScanner, cores: Int = ProcessInfo.processInfo.activeProcessorCount) {
        self.scanner = scanner
        scans = WorkPool("scan", workers: cores, queue: 2 * cores, queueOfAddress: max(1, cores))
        // One core is left for connections if there are several.
        checks = WorkPool("check", workers: max(1, cores - 1), queue: 512, queueOfAddress: 64)
        texts = BodyMemory(maximum: 64 << 20, maximumOfAddress: 16 << 20)
        pictures = BodyMemory(maximum: 512 << 20, maximumOfAddress: 128 << 20)
    }

    /// The memory for a body of this kind.
    func memory(for input: VerifyInput) -> BodyMemory { input.isScanned ? pictures : texts }

    /// What checking some codes gives, once it is their address's turn.
    ///
    /// - Throws: ``Problem/busy`` at once if too many wait already.
    func check<Result: Sendable>(
        for address: String, _ work: @escaping @Sendable () -> Result
    ) async throws(Problem) -> Result {
        do { return try await checks.run(for: address, work) } catch { throw .busy }
    }

    /// The codes of a file, once it is its address's turn.
    ///
    /// - Throws: ``Problem/busy`` at once if too many wait already, and why the file cannot be read.
    func codes(in file: [UInt8], for address: String) async throws(Problem) -> [ScannedCode] {
        let result: Result<[ScannedCode], ScanError>
        do {
            result = try await scans.run(for: address) { [scanner] in
                Result { () throws(ScanError) in try scanner.codes(in: file) }
            }
        } catch { throw .busy }
        do { return try result.get() } catch { throw Problem(error) }
    }
}
