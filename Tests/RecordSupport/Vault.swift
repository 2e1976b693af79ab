package import Crypto
package import Foundation
package import Records
package import Vaccination

/// A place for backups of a ``Place``, with keys of its own.
package struct Vault: Sendable {
    private let place: Place
    /// Where the backups lie.
    package let folder: String
    /// The private half of the backup key.
    package let key: P256.KeyAgreement.PrivateKey
    private let rootKey: P256.Signing.PrivateKey

    private init(
        _ place: Place, _ folder: String, _ key: P256.KeyAgreement.PrivateKey, _ rootKey: P256.Signing.PrivateKey
    ) {
        (self.place, self.folder, self.key, self.rootKey) = (place, folder, key, rootKey)
    }

    /// The same with another backup key.
    package func withOtherKey() -> Vault { Vault(place, folder, P256.KeyAgreement.PrivateKey(), rootKey) }

    /// A vault that is empty.
    package init(of place: Place) {
        self.place = place
        folder = place.folder + "/vault"
        key = P256.KeyAgreement.PrivateKey()
        rootKey = P256.Signing.PrivateKey()
    }

    /// The folder of backups.
    package var backups: BackupPlace { BackupPlace(folder) }

    /// Who has the private half.
    package var holder: BackupReader { BackupReader(privateKey: key, signers: [rootKey.publicKey]) }

    /// The host that makes backups.
    package func host() throws -> BackupReader {
        BackupReader(host: try BackupHost(place.keys), signers: [rootKey.publicKey])
    }

    /// Makes a backup.
    package func make(
        _ regions: [MunicipalityCode] = Sample.municipalities.map(\.code),
        served: [MunicipalityCode] = Sample.municipalities.map(\.code), erased: Set<MunicipalityCode> = [],
        keys: RegionKeyFolder? = nil, now: Date = Date()
    ) async throws -> BackupRun.Report {
        let (rootKey, place) = (rootKey, place)
        let run = BackupRun(
            place: backups, records: place.folder + "/data", journal: place.journal.folder, keys: keys ?? place.keys,
            recipient: key.publicKey,
            signer: BackupSigner(publicKey: rootKey.publicKey) {
                Array(try rootKey.signature(for: SHA256.hash(data: Data($0))).rawRepresentation)
            })
        return try await Self.apart { try run.run(regions, served: served, erased: erased, now: now) }
    }

    /// Puts a set in place on another host: a folder in which nothing is but what an earlier call put there.
    package func restore(
        _ set: String? = nil, only: [MunicipalityCode]? = nil, to host: Place,
        served: [MunicipalityCode] = Sample.municipalities.map(\.code), by reader: BackupReader? = nil
    ) async throws -> BackupRestore.Report {
        let restore = BackupRestore(
            backups, reader ?? holder, records: host.folder + "/data", journal: host.journal.folder, keys: host.keys)
        return try await Self.apart { try restore.restore(set, only: only, served: served) }
    }

    /// Looks at a set.
    package func check(_ set: String? = nil, by reader: BackupReader? = nil) async throws -> BackupCheck.Report {
        let (backups, reader) = (backups, reader ?? holder)
        return try await Self.apart {
            var check = BackupCheck(backups, reader)
            return try check.check(set)
        }
    }

    /// The files that hold what was backed up, by their paths in the folder.
    package func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            path.split(separator: "/").count > 1
                && (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(path)")[.type] as? FileAttributeType)
                    == .typeRegular
        }.sorted()
    }

    /// Waits for the disk on a thread that tasks do not share.
    package static func apart<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }
}

extension Place {
    /// Another host: nothing is on it, keys neither.
    package static func empty() -> Place {
        Place(existing: NSTemporaryDirectory() + "akashi-empty-\(UUID().uuidString)")
    }

    /// Copies the closed segments of another place here.
    package func takeSegments(of other: Place) throws {
        try FileManager.default.copyItem(atPath: other.folder + "/data/segments", toPath: folder + "/data/segments")
    }

    /// Removes everything of it.
    package func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
