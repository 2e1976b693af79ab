import Credentials
package import Crypto
package import Exchange
import Foundation
import Signing
import Synchronization
import Waiting

/// What terminals trust as the last export says it, handed on through the centre.
///
/// The folder is looked at again and again, so that an export is enough: terminals have the new keys before this service is
/// started with them.
package final class PublishedTerminalTrust: Sendable {
    /// Its name in the folder of an export.
    package static let name = "terminal-trust.signed"

    /// What an export would say now, without edition and time.
    package struct Content: Sendable {
        let files: [TerminalTrust.File]
        let answerKeys: [P256.KeyAgreement.PublicKey]
        let publishers: [P256.Signing.PublicKey]

        /// What the keys of a configuration make of it. Of revocation, terminals get only what names signers.
        package init(_ configuration: VRSConfiguration) {
            files = configuration.signers.trustFiles(isDevelopment: configuration.isDevelopment).map {
                TerminalTrust.File(path: $0.path, content: Data($0.bytes))
            }
            answerKeys = [configuration.sealingKey.publicKey] + configuration.otherAnswerKeys
            publishers = configuration.publishing.publishers
        }

        func edition(_ counter: Int64, at time: Int64) -> TerminalTrust? {
            TerminalTrust(
                counter: counter, time: time, files: files, answerKeys: answerKeys, publishers: publishers)
        }
    }

    /// The terminals would refuse what this service signs or seals.
    package struct NotPublished: Error, CustomStringConvertible {
        let path: String
        package var description: String {
            """
            \(path) does not say the keys that are configured: terminals would refuse what is issued with them. \
            Run vrs export first, then start. / 設定の鍵がまだ端末向けに公開されていません。先に vrs export を実行してから起動してください。
            """
        }
    }

    private struct Seen: Equatable {
        let inode: UInt64
        let size: UInt64
        let modified: Date
    }

    private let path: String
    private let keys: [P256.Signing.PublicKey]
    private let seen = Mutex<Seen?>(nil)
    private let trust = Watched<SignedTerminalTrust?>(nil)

    /// - Parameter keys: whose signature counts.
    package init(folder: String, signedBy keys: [P256.Signing.PublicKey]) {
        path = folder + "/" + Self.name
        self.keys = keys
    }

    /// The edition that counts now; `nil` if there is none.
    package var current: SignedTerminalTrust? { trust.value }

    /// Reads the file again if it is another one. Returns the counter of an edition that was taken.
    /// - Throws: `SignedTerminalTrust.Failure` if nobody of the publisher's signed it; the one before counts further.
    @discardableResult
    package func reload() throws(SignedTerminalTrust.Failure) -> Int64? {
        guard let found = look(), found != seen.withLock({ $0 }) else { return nil }
        seen.withLock { $0 = found }
        guard let signed = Self.read(path) else { throw .malformed }
        _ = try signed.verified(by: keys)
        trust.update { $0 = signed }
        return signed.counter
    }

    private func look() -> Seen? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let inode = attributes[.systemFileNumber] as? UInt64, let size = attributes[.size] as? UInt64,
            let modified = attributes[.modificationDate] as? Date
        else { return nil }
        return Seen(inode: inode, size: size, modified: modified)
    }

    /// The edition in a file; `nil` if there is none.
    static func read(_ path: String) -> SignedTerminalTrust? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: TerminalTrust.maximumBytes + 1) else { return nil }
        return SignedTerminalTrust(parsing: Array(data))
    }

    /// What the centre is told, as soon as it is another edition than `counter`, at the latest after `timeout`.
    package func current(after counter: Int64?, timeout: Duration) async -> SignedTerminalTrust? {
        if let counter { await trust.wait(atMost: timeout) { $0?.counter ?? 0 == counter } }
        return trust.value
    }

    /// Lets everybody go who waits for another edition.
    package func close() { trust.close() }

    /// Throws ``NotPublished`` if the edition that counts does not say these keys.
    package func refuseOther(than content: Content) throws(NotPublished) {
        guard let current, let published = try? current.verified(by: keys),
            let wanted = content.edition(published.counter, at: published.time), wanted.saysTheSame(as: published)
        else { throw NotPublished(path: path) }
    }
}
