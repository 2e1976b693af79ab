package import CheckedConfiguration
package import Crypto
package import Exchange
import Foundation
import Synchronization
import Waiting

/// What terminals trust as the last export says it, handed on through the centre.
///
/// The folder is looked at again and again, so that an export is enough: terminals have the new keys before this service is
/// started with them.
package final class PublishedTerminalTrust: Sendable {
    /// Its name in the folder of an export.
    package static let name = "terminal-trust.signed"

    /// Why the file in the folder does not count.
    package enum Failure: String, Error, Sendable {
        /// There is none, or it cannot be read.
        case unreadable = "trust.unreadable"
        /// It has not the form of one.
        case malformed = "trust.malformed"
        /// It is not signed by `records.rootKey`, nor by one of `publishing.nextRootKeys`.
        case signature = "trust.signature"
        /// It is older than the one that counted.
        case older = "trust.older"
        /// Terminals that took it would refuse what this service signs or seals.
        case lacksKeys = "trust.lacks_keys"
    }

    /// The terminals would refuse what this service signs or seals.
    package struct NotPublished: ExplainedError {
        let path: String
        let cause: Failure
        package var exitStatus: ExitStatus { .configuration }
        package var english: String {
            """
            \(path) does not tell terminals the keys that are configured (\(cause.rawValue)): they would refuse what is issued \
            with them. Run vrs export with this configuration and without --out (--terminals-only if the records cannot be \
            opened), then start.
            """
        }
        package var japanese: String {
            """
            設定の鍵がまだ端末向けに公開されていません（\(cause.rawValue)）。先にこの設定で --out なしの vrs export\
            （記録を開けない場合は --terminals-only）を実行してから起動してください。
            """
        }
    }

    private struct Seen: Equatable {
        let inode: UInt64
        let size: UInt64
        let modified: Date
    }

    private struct State {
        var seen: Seen?
        var failed: Seen?
        var failure: Failure?
    }

    private let path: String
    private let keys: [P256.Signing.PublicKey]
    private let needed: TerminalTrustContent
    private let state = Mutex(State())
    private let trust = Watched<SignedTerminalTrust?>(nil)

    /// - Parameters:
    ///   - keys: whose signature counts.
    ///   - needed: what this service signs and seals with.
    package init(folder: String, signedBy keys: [P256.Signing.PublicKey], needed: TerminalTrustContent) {
        path = folder + "/" + Self.name
        self.keys = keys
        self.needed = needed
    }

    /// The edition that counts now; `nil` if there is none.
    package var current: SignedTerminalTrust? { trust.value }

    /// Why the file that lies there now is not the edition that counts; `nil` if it is.
    package var failure: Failure? { state.withLock { $0.failure } }

    /// Reads the file again if it is another one. Returns the counter of an edition that was taken.
    /// - Throws: why it does not count, once for each file; the one before counts further.
    @discardableResult
    package func reload() throws(Failure) -> Int64? {
        let found = look()
        // One that was away and is back as it was is judged again, so that what was said of it meanwhile ends.
        if let found, state.withLock({ $0.seen == found && $0.failure == nil }) { return nil }
        do throws(Failure) {
            let signed = try judged()
            state.withLock { $0 = State(seen: found) }
            trust.update { $0 = signed }
            return signed.counter
        } catch {
            let isNew = state.withLock { state in
                defer { (state.failed, state.failure) = (found, error) }
                return state.failure != error || state.failed != found
            }
            if isNew { throw error }
            return nil
        }
    }

    private func judged() throws(Failure) -> SignedTerminalTrust {
        guard let bytes = Self.bytes(path) else { throw .unreadable }
        guard let signed = SignedTerminalTrust(parsing: bytes) else { throw .malformed }
        let edition: TerminalTrust
        do throws(SignedTerminalTrust.Failure) { edition = try signed.verified(by: keys) } catch {
            throw error == .signature ? .signature : .malformed
        }
        guard edition.counter >= trust.value?.counter ?? 0 else { throw .older }
        guard needed.isCovered(by: edition) else { throw .lacksKeys }
        return signed
    }

    private func look() -> Seen? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let inode = attributes[.systemFileNumber] as? UInt64, let size = attributes[.size] as? UInt64,
            let modified = attributes[.modificationDate] as? Date
        else { return nil }
        return Seen(inode: inode, size: size, modified: modified)
    }

    private static func bytes(_ path: String) -> [UInt8]? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        return (try? handle.read(upToCount: TerminalTrust.maximumBytes + 1)).map { Array($0) }
    }

    /// The edition in a file; `nil` if there is none.
    static func read(_ path: String) -> SignedTerminalTrust? { bytes(path).flatMap(SignedTerminalTrust.init(parsing:)) }

    /// What the centre is told, as soon as it is another edition than `counter`, at the latest after `timeout`.
    package func current(after counter: Int64?, timeout: Duration) async -> SignedTerminalTrust? {
        if let counter { await trust.wait(atMost: timeout) { $0?.counter ?? 0 == counter } }
        return trust.value
    }

    /// Lets everybody go who waits for another edition.
    package func close() { trust.close() }

    /// The edition that a service begins with, and whether an export would say something else by now.
    /// - Throws: ``NotPublished`` if terminals would refuse what is signed or sealed.
    package func begin() throws(NotPublished) -> (counter: Int64, isExportDue: Bool) {
        do throws(Failure) { try reload() } catch { throw NotPublished(path: path, cause: error) }
        guard let current, let edition = try? current.verified(by: keys) else {
            throw NotPublished(path: path, cause: failure ?? .unreadable)
        }
        let now = needed.edition(edition.counter, at: edition.time)
        return (edition.counter, now.map { !$0.saysTheSame(as: edition) } ?? true)
    }
}
