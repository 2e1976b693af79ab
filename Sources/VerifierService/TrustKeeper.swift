import Credentials
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TrustFolder
import UnixSignals

/// The trust folder in use: read at the start, and again whenever it changes on the disk or SIGHUP asks for it.
///
/// A folder that cannot be read again, or in which a file that was used is broken now, changes nothing: what was read
/// before stays in use, and `failure` says so. Otherwise a half-written file could turn a valid certificate into one of an
/// unknown issuer, or a revoked one into a valid one.
final class TrustKeeper: Service {
    /// What is in use.
    struct Current: Sendable {
        var verifier: Verifier
        var summary: TrustSummary
        /// A stable code: why the folder could not be read again.
        var failure: String?
        /// When the folder was last looked at.
        var checkedAt: Date
        fileprivate var marks: Set<Mark>
    }

    /// What changes of a file when it is written.
    fileprivate struct Mark: Hashable {
        let path: String
        let inode, size: UInt64
        let changed: Date
    }

    private let path: String
    private let logger: Logger
    private let state: Mutex<Current>

    /// - Throws: `TrustFolder.Failure` where the folder cannot be read at the start.
    init(path: String, logger: Logger) throws(TrustFolder.Failure) {
        self.path = path
        self.logger = logger
        let marks = Self.marks(path)
        let (verifier, summary) = try Self.read(path)
        state = Mutex(Current(verifier: verifier, summary: summary, checkedAt: Date(), marks: marks))
        Self.log(summary, to: logger)
    }

    var current: Current { state.withLock { $0 } }

    /// Looks at the folder every second, and reads it on SIGHUP, until the service stops.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: .seconds(1))
                        self.look(force: false)
                    }
                }
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { self.look(force: true) }
                }
            }
        }
    }

    func look(force: Bool) {
        let marks = Self.marks(path)
        let (isOld, before) = state.withLock { state in
            state.checkedAt = Date()
            return (force || marks != state.marks, state.summary)
        }
        guard isOld else { return }
        do {
            let (verifier, summary) = try Self.read(path)
            guard summary.keepsUp(with: before) else { return fail("trust.file_broken", marks) }
            state.withLock { state in
                state = Current(verifier: verifier, summary: summary, checkedAt: state.checkedAt, marks: marks)
            }
            Self.log(summary, to: logger)
        } catch { fail(error.code, marks) }
    }

    private func fail(_ code: String, _ marks: Set<Mark>) {
        state.withLock { state in
            state.failure = code
            state.marks = marks
        }
        logger.error("the trust folder cannot be used; the one read before stays in use", metadata: ["code": "\(code)"])
    }

    private static func read(_ path: String) throws(TrustFolder.Failure) -> (Verifier, TrustSummary) {
        let files = try TrustFolder.read(path)
        let store = TrustStore(files: files)
        return (Verifier(trust: store), TrustSummary(files: files.map(\.path), store: store, loadedAt: Date()))
    }

    private static func log(_ summary: TrustSummary, to logger: Logger) {
        logger.info(
            "trust folder read", metadata: ["files": "\(summary.used.count)", "refused": "\(summary.refused.count)"])
        for refusal in summary.refused {
            logger.warning(
                "file of the trust folder not used", metadata: ["path": "\(refusal.path)", "code": "\(refusal.code)"])
        }
    }

    private static func marks(_ path: String) -> Set<Mark> {
        let manager = FileManager.default
        var marks: Set<Mark> = []
        for folder in TrustFolder.folders {
            for name in (try? manager.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? [] {
                guard marks.count <= TrustFolder.mostFiles else { return marks }
                let file = "\(path)/\(folder)/\(name)"
                // Behind a symbolic link it is the content that counts.
                let place = (file as NSString).resolvingSymlinksInPath
                let attributes = try? manager.attributesOfItem(atPath: place)
                marks.insert(
                    Mark(
                        path: "\(folder)/\(name)",
                        inode: (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0,
                        size: (attributes?[.size] as? NSNumber)?.uint64Value ?? 0,
                        changed: attributes?[.modificationDate] as? Date ?? .distantPast))
            }
        }
        return marks
    }
}

/// What of a trust folder is used, and what not.
struct TrustSummary: Sendable {
    /// The paths of the files that are used.
    let used: Set<String>
    let refused: [TrustRefusal]
    let isEmpty: Bool
    let loadedAt: Date

    init(files: [String], store: TrustStore, loadedAt: Date) {
        // A refusal that names a key is about that key alone.
        used = Set(files).subtracting(store.refused.filter { $0.keyID == nil }.map(\.path))
        refused = store.refused
        isEmpty = store.isEmpty
        self.loadedAt = loadedAt
    }

    /// Whether nothing that was used before is there but broken now. What was removed was removed.
    func keepsUp(with before: TrustSummary) -> Bool {
        !refused.contains { $0.keyID == nil && before.used.contains($0.path) } && (!isEmpty || before.isEmpty)
    }
}
