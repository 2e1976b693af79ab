import Credentials
package import Crypto
import Exchange
import Foundation
import Glibc
import Synchronization
import TrustFolder
import Waiting

/// What a terminal trusts: fixed by its files, or in editions that a publisher signs, which come through the centre.
///
/// The last edition that was taken lies in a file, so that it counts over a restart, and none that is older is taken again. A
/// centre can hold editions back; it can make none, and bring none back.
package final class TrustKeeper: Sendable {
    /// What a session is judged by.
    package struct Trust: Sendable {
        /// The keys of `vrs` that answers may come from.
        package let answerKeys: [P256.KeyAgreement.PublicKey]
        /// What looks at pages.
        package let printGuard: PrintGuard
        /// Which edition it is; `nil` if it is fixed.
        package let counter: Int64?
    }

    /// Why an edition is not taken.
    package enum Refusal: String, Error, Sendable {
        /// It does not have the form of one.
        case malformed = "trust.malformed"
        /// None of the publisher's keys signed it.
        case signature = "trust.signature"
        /// It is older than the one that counts.
        case older = "trust.older"
        /// A file in it is none of a trust folder, or cannot be used.
        case unusable = "trust.unusable"
        /// Its counter lies days ahead: it is a time, and would shut out every right one.
        case future = "trust.future"
        /// It counts, and could not be kept in the terminal's file: a restart forgets it.
        case notKept = "trust.not_kept"
    }

    private struct Published: Sendable {
        let publishers: [P256.Signing.PublicKey]
        let file: String
        let empty: PrintGuard
        let notice: @Sendable (Refusal) -> Void
    }
    /// An edition that announced the key which signed the one that counts: what proves it from the configured keys.
    private struct Voucher {
        let bytes: [UInt8]
        let publishers: [P256.Signing.PublicKey]
    }
    private struct State {
        var trust: Trust?
        var edition: TerminalTrust?
        var bytes: [UInt8] = []
        var voucher: Voucher?
    }

    private let published: Published?
    private let state: Mutex<State>

    /// How far an edition's counter, a time in seconds, may lie ahead of the terminal's clock.
    private static let allowance: Int64 = 2 * 86_400

    /// Whether trust comes from a publisher.
    package var isPublished: Bool { published != nil }

    /// Fixed trust.
    package init(answerKeys: [P256.KeyAgreement.PublicKey], printGuard: PrintGuard) {
        published = nil
        state = Mutex(State(trust: Trust(answerKeys: answerKeys, printGuard: printGuard, counter: nil)))
    }

    /// Trust in editions of a publisher.
    ///
    /// An edition may announce the key that signs later ones. What it is needed for is kept beside the file, so that the
    /// configured key has to be changed only before the publisher's key changes once more.
    ///
    /// - Parameters:
    ///   - publishers: whose signature counts, besides those that the edition in the file announces.
    ///   - file: where the last edition lies; it need not be there yet.
    ///   - printGuard: reads pages; what it trusts does not count.
    ///   - notice: hears of editions that are not taken, the one in the file included.
    package init(
        publishers: [P256.Signing.PublicKey], file: String, printGuard: PrintGuard,
        notice: @escaping @Sendable (Refusal) -> Void
    ) {
        let published = Published(publishers: publishers, file: file, empty: printGuard, notice: notice)
        self.published = published
        var state = State()
        if let bytes = Self.read(file) {
            let voucher = Self.read(Self.voucher(file)).flatMap { try? Self.judge($0, published, after: State()) }
            do throws(Refusal) {
                state = try Self.judge(bytes, published, after: voucher ?? State())
            } catch { notice(error) }
        }
        self.state = Mutex(state)
    }

    /// What a terminal's configuration says; `program` as for ``PrintGuard/init(trust:isDevelopment:program:)``.
    package convenience init(
        _ configuration: TerminalConfiguration, program: String?, notice: @escaping @Sendable (Refusal) -> Void
    ) throws {
        switch configuration.trust {
        case .fixed(let answerKey, let folder):
            self.init(
                answerKeys: [answerKey],
                printGuard: try PrintGuard(
                    trustFolder: folder, isDevelopment: configuration.isDevelopment, program: program))
        case .published(let publishers, let file):
            self.init(
                publishers: publishers, file: file,
                printGuard: PrintGuard(
                    trust: TrustStore(files: []), isDevelopment: configuration.isDevelopment, program: program),
                notice: notice)
        }
    }

    /// What counts now; `nil` if there is no edition yet.
    package var current: Trust? { state.withLock { $0.trust } }

    /// Whether asking is worth it: another edition can be had than the one that counts, or none is here.
    package func lacks(_ counter: Int64?) -> Bool {
        guard published != nil else { return false }
        guard let known = current?.counter else { return true }
        return counter.map { $0 > known } ?? false
    }

    /// Fetches the edition that can be had now. Returns whether another one counts from now on.
    @discardableResult
    package func refresh(from centre: CentreClient) async -> Bool {
        // A centre that cannot be asked is told of by whatever else it is asked.
        guard let published, let bytes = try? await centre.trust(), !bytes.isEmpty else { return false }
        do throws(Refusal) {
            return try take(bytes, published)
        } catch {
            published.notice(error)
            return false
        }
    }

    /// Takes an edition; `false` if it is the one that counts already.
    ///
    /// Under a lock of the file: another session's process may have taken a later one meanwhile, which counts then.
    private func take(_ bytes: [UInt8], _ published: Published) throws(Refusal) -> Bool {
        let lock = SharedLock(published.file + ".lock")
        defer { withExtendedLifetime(lock) {} }
        var before = state.withLock { $0 }
        let known = before.edition?.counter ?? 0
        if let kept = Self.read(published.file), kept != before.bytes,
            let other = try? Self.judge(kept, published, after: before)
        {
            before = other
            state.withLock { $0 = other }
        }
        let adopted = before.edition?.counter ?? 0
        if adopted > known, SignedTerminalTrust(parsing: bytes)?.counter ?? 0 <= adopted { return true }
        let next = try Self.judge(bytes, published, after: before)
        let latest = (next.edition?.counter ?? 0) > (before.edition?.counter ?? 0) ? next : before
        state.withLock { $0 = latest }
        // It counts in this process in any case: the older one is no safer.
        if latest.bytes == bytes, before.bytes != bytes,
            lock.isHeldElsewhere || !Self.keep(latest, after: before, published)
        {
            published.notice(.notKept)
        }
        return (latest.edition?.counter ?? 0) > known
    }

    private static func keep(_ next: State, after before: State, _ published: Published) -> Bool {
        if let voucher = next.voucher, voucher.bytes != before.voucher?.bytes {
            guard write(voucher.bytes, Self.voucher(published.file)) else { return false }
        }
        return write(next.bytes, published.file)
    }

    private static func judge(
        _ bytes: [UInt8], _ published: Published, after before: State
    ) throws(Refusal) -> State {
        guard let signed = SignedTerminalTrust(parsing: bytes) else { throw .malformed }
        var voucher: Voucher?
        var found: TerminalTrust?
        // A configured key that another one took the place of counts no more, unless the newer one names it again.
        let configured = published.publishers.filter { key in
            before.voucher == nil
                || before.edition?.publishers.contains { $0.rawRepresentation == key.rawRepresentation } == true
        }
        found = try? signed.verified(by: configured)
        if found == nil {
            voucher =
                before.voucher ?? before.edition.map { Voucher(bytes: before.bytes, publishers: $0.publishers) }
            found = voucher.flatMap { try? signed.verified(by: $0.publishers) }
        }
        guard let edition = found else { throw .signature }
        guard edition.counter <= Int64(Date().timeIntervalSince1970) + allowance else { throw .future }
        if let known = before.edition, edition.counter < known.counter { throw .older }
        guard edition.files.allSatisfy({ TrustFolder.isFile($0.path) }) else { throw .unusable }
        let store = TrustStore(
            files: edition.files.map {
                TrustFile(path: $0.path, bytes: Array($0.content), fetched: Double(edition.time))
            })
        guard store.refused.isEmpty else { throw .unusable }
        let trust = Trust(
            answerKeys: edition.answerKeys, printGuard: published.empty.trusting(store), counter: edition.counter)
        return State(trust: trust, edition: edition, bytes: bytes, voucher: voucher)
    }

    // MARK: The file

    private static func voucher(_ file: String) -> String { file + ".voucher" }

    private static func read(_ file: String) -> [UInt8]? {
        guard let handle = FileHandle(forReadingAtPath: file) else { return nil }
        defer { try? handle.close() }
        return (try? handle.read(upToCount: TerminalTrust.maximumBytes + 1)).map { Array($0) }
    }

    /// Puts an edition in the place of the one before, durably. Nothing in it is secret.
    private static func write(_ bytes: [UInt8], _ file: String) -> Bool {
        // One name, under the lock: what a crash left is written over.
        let temporary = file + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard (try? handle.write(contentsOf: Data(bytes))) != nil, fsync(descriptor) == 0, rename(temporary, file) == 0
        else {
            unlink(temporary)
            return false
        }
        let folder = open(
            URL(fileURLWithPath: file).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return false }
        defer { close(folder) }
        return fsync(folder) == 0
    }
}

/// A lock that other processes of this terminal ask for too, let go with its holder; where there can be none, none.
private final class SharedLock {
    private let descriptor: Int32
    /// Whether another process did not let go of it: held for as long as two small files are written, so that one stands still.
    /// Nothing is written beside it then.
    let isHeldElsewhere: Bool

    init(_ path: String) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        var isHeldElsewhere = false
        if descriptor >= 0 {
            do throws(FileLock.Failure) { try FileLock.take(descriptor, of: path) } catch {
                if case .held = error { isHeldElsewhere = true }
            }
        }
        self.isHeldElsewhere = isHeldElsewhere
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
