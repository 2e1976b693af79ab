import Credentials
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TrustFolder
import TrustImport

/// The trust folder in use: read at the start, and again whenever it changes on the disk or SIGHUP asks for it.
///
/// A folder that cannot be read again, or in which a file that was used is broken now, or a revocation list gone or older,
/// changes nothing: what was read before stays in use, `failure` says so, and so does each verdict (`trust.stale`).
/// Otherwise a half-written file could turn a valid certificate into one of an unknown issuer, or a revoked one into a
/// valid one. Who took a list away on purpose says so by SIGHUP. So it is with a folder that vouches for nobody any more, but
/// where an import or `verifier trust forget` took out what was in it.
final class ReloadingTrust: Sendable {
    /// What is in use.
    struct Current: Sendable {
        var verifier: Verifier
        var summary: TrustSummary
        /// What it holds and what to look after, not older than an hour.
        var inventory: TrustInventory
        /// A stable code: why the folder could not be read again.
        var failure: String?
        /// When the folder was last looked at.
        var checkedAt: Date
        fileprivate var files: [TrustFile]
        /// The revocation lists in use: from now on they must be there.
        fileprivate let held: [HeldList]
        fileprivate var inventoryMade: ContinuousClock.Instant
        fileprivate var marks: Set<Mark>

        fileprivate init(_ files: [TrustFile], held: [HeldList] = [], marks: Set<Mark>, time: Date?) {
            let store = TrustStore(files: files, held: held)
            let now = (time ?? Date()).timeIntervalSince1970
            self.held = store.held.filter { $0.expires.map { now < $0 } ?? true }
            verifier = Verifier(trust: store)
            summary = TrustSummary(files: files, store: store, loadedAt: Date())
            inventory = TrustInventory(files: files, now: time ?? Date())
            inventoryMade = .now
            checkedAt = Date()
            self.files = files
            self.marks = marks
        }

        /// The lists that must be there still: none that has ended, and no batch of which others say all now, as an import
        /// leaves it.
        fileprivate func held(besides new: [TrustFile], at now: Date) -> [HeldList] {
            let held = self.held.filter { $0.expires.map { now.timeIntervalSince1970 < $0 } ?? true }
            let there = Dictionary(new.map { ($0.path, $0.bytes) }) { first, _ in first }
            let changed = files.filter { TrustPath($0.path).isBatch && there[$0.path] != $0.bytes }
            if changed.isEmpty { return held }
            let parts = [false, true].map { DCCRevocation(new, isTest: $0) }
            let covered = changed.filter { file in
                DCCRevocation.Batch(file.bytes).map {
                    parts[TrustPath(file.path).isTest ? 1 : 0].covers($0)
                } ?? false
            }
            let paths = Set(covered.map(\.path))
            return held.filter { !paths.contains($0.path) }
        }
    }

    /// What changes of a file when it is written.
    fileprivate struct Mark: Hashable {
        let path: String
        let inode, size: UInt64
        let changed: Date
    }

    private let path: String
    private let time: Date?
    private let logger: Logger
    private let state: Mutex<Current>

    /// - Parameter time: the time by which ages are told; the clock's if it is `nil`.
    /// - Throws: `TrustFolder.Failure` if the folder cannot be read at the start.
    init(path: String, time: Date?, logger: Logger) throws(TrustFolder.Failure) {
        self.path = path
        self.time = time
        self.logger = logger
        let marks = Self.marks(path)
        let current = Current(try TrustFolder.read(path), marks: marks, time: time)
        state = Mutex(current)
        Self.log(current.summary, to: logger)
    }

    var current: Current { state.withLock { $0 } }

    func look(force: Bool) {
        let marks = Self.marks(path)
        let before = state.withLock { state in
            state.checkedAt = Date()
            return state
        }
        guard force || marks != before.marks else {
            // Certificates near their end as time goes on.
            if .now - before.inventoryMade > .seconds(3600) {
                let inventory = TrustInventory(files: before.files, now: time ?? Date())
                state.withLock { state in
                    state.inventory = inventory
                    state.inventoryMade = .now
                }
            }
            return
        }
        do {
            let files = try TrustFolder.read(path)
            let held = force ? [] : before.held(besides: files, at: time ?? Date())
            let current = Current(files, held: held, marks: marks, time: time)
            guard current.summary.keepsUp(with: before.summary) else { return fail("trust.file_broken", marks) }
            state.withLock { $0 = current }
            Self.log(current.summary, to: logger)
        } catch { fail(error.code, marks) }
    }

    private func fail(_ code: String, _ marks: Set<Mark>) {
        state.withLock { state in
            state.failure = code
            state.marks = marks
            state.verifier = state.verifier.stale
        }
        logger.error("the trust folder cannot be used; the one read before stays in use", metadata: ["code": "\(code)"])
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
        for folder in TrustFolder.folders + [""] {
            let names =
                folder.isEmpty
                ? TrustFolder.notes : (try? manager.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []
            for name in names {
                guard marks.count <= TrustFolder.maximumFiles else { return marks }
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

/// Looks at the trust folder every second until the service stops.
struct TrustWatch: Service {
    let trust: ReloadingTrust

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                trust.look(force: false)
            }
        }
    }
}

/// What of a trust folder is used, and what not.
struct TrustSummary: Sendable {
    /// The paths of the files that are used.
    let used: Set<String>
    let refused: [TrustRefusal]
    let isEmpty: Bool
    /// Whether it is empty and all is there that was imported: what else there was, an import took out.
    let isEmptied: Bool
    let loadedAt: Date

    init(files: [TrustFile], store: TrustStore, loadedAt: Date) {
        // A refusal that names a key is about that key alone.
        let paths = Set(files.map(\.path))
        used = paths.subtracting(store.refused.filter { $0.keyID == nil }.map(\.path))
        refused = store.refused
        isEmpty = store.isEmpty
        let times = files.first { $0.path == ImportTimes.name }
            .flatMap { try? JSONDecoder().decode(ImportTimes.self, from: Data($0.bytes)) }
        isEmptied = store.isEmpty && times.map { $0.files.keys.allSatisfy(paths.contains) } ?? false
        self.loadedAt = loadedAt
    }

    /// Whether nothing that was used before is there but broken now. What was removed was removed.
    func keepsUp(with before: TrustSummary) -> Bool {
        !refused.contains { $0.keyID == nil && before.used.contains($0.path) }
            && (!isEmpty || isEmptied || before.isEmpty)
    }
}
