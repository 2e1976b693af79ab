import CardChip
package import Crypto
package import Exchange
package import Foundation
import Glibc
import MutualTLS
package import Signing
import Synchronization

/// The keys that phones seal files to, each for one day, and the statements that say them.
///
/// They lie in a folder of their own, outside of records, journal and backups, a file each, readable by the owner alone, and are
/// erased a quarter of an hour after their statement's end: overwritten and removed. A medium may keep what was overwritten, so the
/// folder belongs into memory (tmpfs) or onto an encrypted disk; after a loss of it phones ask for a new statement, and nothing else
/// happens. Several instances may share the folder: each takes what the others have made.
package final class UploadKeys: Sendable {
    /// How long a key is kept after its statement's end, in seconds.
    package static let margin: Double = 900
    /// A statement begins so long before it is made, and another is made so long before it ends, in seconds: phones' clocks are off.
    static let slack: UInt64 = 6 * 3600
    /// The maximum of statements that are read: a day has four.
    private static let maximumFiles = 64

    private struct Entry: Sendable {
        let statement: KeyStatement
        let key: P256.KeyAgreement.PrivateKey
        let path: String
        /// Whether it says this instance's answer key, and its key signed it.
        let isOurs: Bool
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        var lastLook = Date.distantPast
    }

    private let folder: String
    private let statementKey: FileKey
    private let answerKey: P256.KeyAgreement.PublicKey
    private let state = Mutex(State())

    /// Keys in a folder, which is made if it is missing.
    /// - Parameters:
    ///   - statementKey: signs statements; apps have pinned its public part.
    ///   - answerKey: what answers are sealed by, as statements say it.
    package init(
        folder: String, statementKey: FileKey, answerKey: P256.KeyAgreement.PublicKey, now: Date
    ) throws {
        self.folder = folder
        self.statementKey = statementKey
        self.answerKey = answerKey
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        look(now: now)
    }

    /// The statement that phones are to work by now; another one is made when the last one's end comes near.
    package func statement(now: Date) throws -> KeyStatement {
        if let entry = newest(now: now) { return entry.statement }
        look(now: now)
        if let entry = newest(now: now) { return entry.statement }
        let made = try make(now: now)
        state.withLock { $0.entries[made.statement.hash] = made }
        return made.statement
    }

    /// The statements by which applications are taken now: the present one, then those before it whose time is not over, newest first,
    /// ``KeyStatement/maximumAtOnce`` at most. Whoever hands the present one on began perhaps after the last was handed on.
    package func statements(now: Date) throws -> [KeyStatement] {
        // Another instance may have made one.
        if state.withLock({ abs(now.timeIntervalSince($0.lastLook)) >= 1 }) { look(now: now) }
        let present = try statement(now: now)
        let others = state.withLock { state in
            state.entries.values.filter { $0.isOurs && Self.counts($0, now) && $0.statement.notBefore <= now }
        }.map(\.statement).filter { $0.hash != present.hash }.sorted { $0.notAfter > $1.notAfter }
        return [present] + others.prefix(KeyStatement.maximumAtOnce - 1)
    }

    /// The private half of a statement's upload key; `nil` if there is no such statement, if its key was erased or is to be, or if
    /// it says another answer key than this instance has: what would be sealed then nobody could open.
    package func key(statedBy hash: [UInt8], now: Date) -> P256.KeyAgreement.PrivateKey? {
        if let entry = state.withLock({ $0.entries[hash] }) {
            return entry.isOurs && Self.counts(entry, now) ? entry.key : nil
        }
        // Another instance may have made it; whoever names one that nobody made does not have the folder read at each request.
        let isDue = state.withLock { abs(now.timeIntervalSince($0.lastLook)) >= 1 }
        guard isDue else { return nil }
        look(now: now)
        return state.withLock { $0.entries[hash] }.flatMap { $0.isOurs && Self.counts($0, now) ? $0.key : nil }
    }

    /// Erases what has ended.
    package func sweep(now: Date) {
        look(now: now)
        let ended = state.withLock { state in
            let ended = state.entries.values.filter { !Self.counts($0, now) }
            for entry in ended { state.entries[entry.statement.hash] = nil }
            return ended
        }
        for entry in ended { Self.erase(entry.path) }
    }

    private static func counts(_ entry: Entry, _ now: Date) -> Bool {
        now < entry.statement.notAfter.addingTimeInterval(margin)
    }

    private func newest(now: Date) -> Entry? {
        state.withLock { state in
            state.entries.values.filter {
                $0.statement.notBefore <= now && now < $0.statement.notAfter.addingTimeInterval(-Double(Self.slack))
                    && $0.isOurs
            }.max { $0.statement.notAfter < $1.statement.notAfter }
        }
    }

    private func make(now: Date) throws -> Entry {
        let key = P256.KeyAgreement.PrivateKey()
        let start =
            UInt64(max(0, now.timeIntervalSince1970)) - min(Self.slack, UInt64(max(0, now.timeIntervalSince1970)))
        let made = try KeyStatement(
            seconds: start..<start + KeyStatement.maximumSeconds, uploadKey: key.publicKey, answerKey: answerKey
        ) { try statementKey.signed($0) }
        guard let statement = made else { throw ProblemCode.internal }
        let name = "\(start)-\(Hexadecimal.text(statement.hash.prefix(8))).key"
        let path = "\(folder)/\(name)"
        let text = Hexadecimal.text(statement.bytes) + "\n" + key.pemRepresentation + "\n"
        try KeyFile.writePrivate(text, to: path)
        return Entry(statement: statement, key: key, path: path, isOurs: true)
    }

    /// Takes what the folder has and is not known yet, and removes what has ended.
    private func look(now: Date) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let known = state.withLock { state in
            state.lastLook = now
            return Set(state.entries.values.map(\.path))
        }
        let files = names.filter { $0.hasSuffix(".key") }.sorted()
        for (place, name) in files.enumerated() {
            let path = "\(folder)/\(name)"
            guard !known.contains(path) else { continue }
            // Of too many the newest are taken; what has ended is erased whatever their number.
            if place >= files.count - Self.maximumFiles, let entry = read(path), Self.counts(entry, now) {
                state.withLock { $0.entries[entry.statement.hash] = entry }
            } else if Self.hasEnded(name, now) {
                // Also what was half written when a process died.
                Self.erase(path)
            }
        }
    }

    /// Whether the statement of a file's name has ended.
    private static func hasEnded(_ name: String, _ now: Date) -> Bool {
        guard let start = name.split(separator: "-").first.flatMap({ Double($0) }) else { return false }
        return start + Double(KeyStatement.maximumSeconds) + margin <= now.timeIntervalSince1970
    }

    private func read(_ path: String) -> Entry? {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let line = text.split(separator: "\n").first, let bytes = Hexadecimal.bytes(String(line)),
            let statement = try? KeyStatement(parsing: bytes),
            let key = try? P256.KeyAgreement.PrivateKey(pemRepresentation: String(text.dropFirst(line.count + 1))),
            statement.states(uploadKey: key.publicKey)
        else { return nil }
        return Entry(
            statement: statement, key: key, path: path,
            isOurs: statement.states(uploadKey: key.publicKey, answerKey: answerKey)
                && statement.isSigned(by: statementKey.publicKey))
    }

    /// Overwrites a file and removes it.
    private static func erase(_ path: String) {
        if let handle = FileHandle(forUpdatingAtPath: path) {
            let count = (try? handle.seekToEnd()) ?? 0
            try? handle.seek(toOffset: 0)
            try? handle.write(contentsOf: Data(count: Int(clamping: count)))
            try? handle.synchronize()
            try? handle.close()
        }
        unlink(path)
    }
}
