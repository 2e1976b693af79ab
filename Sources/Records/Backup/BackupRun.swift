package import Crypto
package import Foundation
import GRDB
import Glibc
package import Vaccination

/// Makes a backup, while the records are served and written to.
package struct BackupRun: Sendable {
    /// Where backups go.
    package let place: BackupPlace
    /// The folder of the databases.
    package let records: String
    /// The folder of the journal and of the last signed root.
    package let journal: String
    /// The folder that holds a folder of files for each region: closed segments of its log.
    package let segments: String
    /// The regions' keys.
    package let keys: RegionKeyFolder
    /// To whom everything is sealed.
    package let recipient: P256.KeyAgreement.PublicKey
    /// Who signs sets.
    package let signer: BackupSigner
    /// Whose sets are built upon beside the signer's: its earlier keys.
    package let signers: [P256.Signing.PublicKey]

    /// A run from its parts.
    package init(
        place: BackupPlace, records: String, journal: String, segments: String? = nil, keys: RegionKeyFolder,
        recipient: P256.KeyAgreement.PublicKey, signer: BackupSigner, signers: [P256.Signing.PublicKey] = []
    ) {
        (self.place, self.records, self.journal, self.keys) = (place, records, journal, keys)
        self.segments = segments ?? records + "/segments"
        (self.recipient, self.signer, self.signers) = (recipient, signer, signers)
    }

    /// What a run did.
    package struct Report: Sendable {
        /// The set that was made.
        package let set: BackupSet
        /// The bytes of everything in it.
        package let bytes: Int64
        /// The bytes of what was not there yet.
        package let written: Int64
        /// Parts that could not be read, and why: they are not in the set.
        package let missing: [(part: BackupPart, error: StoreError)]
        /// Regions whose keys are kept no more: none of their backups opens again.
        package let forgotten: [MunicipalityCode]
        /// Sets that could not be built upon, and why.
        package let passedOver: [String]
    }

    /// Makes a set.
    /// - Parameters:
    ///   - regions: whose databases; the control file, the journal and the last root are in every set.
    ///   - served: all regions of the installation. Of a region that is none of them and has no file of keys any more, no keys
    ///     are kept.
    ///   - erased: regions whose keys were destroyed: nothing of them is backed up, and no keys are kept.
    ///   - progress: hears which part is looked at, and which share of all is done.
    /// - Throws: ``BackupError`` where the place of the backups fails, ``StoreError`` where the control file cannot be read. What
    ///   was written until then is used by the next run.
    @available(*, noasync)
    package func run(
        _ regions: [MunicipalityCode], served: [MunicipalityCode], erased: Set<MunicipalityCode> = [], now: Date,
        progress: (BackupPart, Double) -> Void = { _, _ in }
    ) throws -> Report {
        try BackupFile.makeFolder(place.path)
        let turn = try BackupTurn(place)
        defer { withExtendedLifetime(turn) {} }
        let host = try BackupHost(keys)
        // Until a run has ended, what it wrote lies there without a set.
        // What was sealed to another key is of no use.
        let recipient = BackupSealing.name(recipient)
        let isResumed = (try? BackupFile.read(place.unfinished, maximumBytes: 64)) == Data(recipient.utf8)
        try place.begin(host, to: recipient)
        let reader = BackupReader(host: host, signers: [signer.publicKey] + signers)
        let present = regions.filter { !erased.contains($0) }
        var asked = parts(present)
        let databases = asked.count { $0.log != nil }
        var (bases, passedOver) = try bases(of: asked, reader)
        var parts: [BackupSet.Part] = []
        var missing: [(part: BackupPart, error: StoreError)] = []
        var (written, number) = (Int64(0), 0)
        while true {
            // A region's first segment may have been closed since it was looked, and its lines be in no database any more.
            if number == databases { asked += self.parts(present).filter { !asked.contains($0) } }
            guard number < asked.count else { break }
            let part = asked[number]
            progress(part, Double(number) / Double(asked.count))
            number += 1
            let work = PartBackup(
                run: self, part: part, host: host, reader: reader, base: bases.removeValue(forKey: part),
                isResumed: isResumed, now: now)
            do {
                let done = try work.back()
                parts.append(done.part)
                written += done.written
            } catch let error as StoreError where part.log != .control {
                missing.append((part, error))
            }
        }
        let last = try place.sets().compactMap(BackupSet.number).max() ?? 0
        let set = try BackupSet(
            json: BackupSet(
                number: last + 1, at: now, formats: StoreFormat.described, recipient: recipient, parts: parts,
                missing: missing.map(\.part)
            ).json)
        let envelope = try BackupEnvelope.seal(
            try set.json, as: .set, named: set.name, host: host, to: self.recipient, by: signer)
        try BackupFile.publish(envelope, at: "\(place.folder(.sets))/\(set.name).set")
        unlink(place.unfinished)
        let forgotten = try mirrorKeys(erased)
        return Report(
            set: set, bytes: parts.reduce(0) { $0 + $1.bytes }, written: written, missing: missing,
            forgotten: forgotten, passedOver: passedOver)
    }

    /// The control file first: a region may be newer than it knows it, and never older. The journal behind all databases: it may
    /// be ahead of them.
    private func parts(_ regions: [MunicipalityCode]) -> [BackupPart] {
        var parts: [BackupPart] = [.control] + regions.sorted().map { .region($0) }
        for code in regions.sorted() where BackupFile.isFolder("\(segments)/\(code.digits)") {
            parts.append(.files(code))
        }
        let names = (try? BackupFile.names(in: journal)) ?? []
        for name in names where name.hasSuffix(".journal") {
            if BackupPart.isInstance(name.dropLast(8)) { parts.append(.journal(String(name.dropLast(8)))) }
        }
        if names.contains("root.jws") { parts.append(.root) }
        return parts
    }

    /// Where a part lies on this host.
    func path(of part: BackupPart) -> String {
        switch part {
        case .control: "\(records)/control.sqlite"
        case .region(let code): SQLiteRecordStore.path(of: code, in: records)
        case .files(let code): "\(segments)/\(code.digits)"
        case .journal(let name): "\(journal)/\(name).journal"
        case .root: "\(journal)/root.jws"
        }
    }

    /// The newest state of each part that a set holds.
    private func bases(
        of parts: [BackupPart], _ reader: BackupReader
    ) throws -> (found: [BackupPart: BackupSet.Part], passedOver: [String]) {
        var (found, passedOver): ([BackupPart: BackupSet.Part], [String]) = ([:], [])
        for name in try place.sets().reversed() where found.count < parts.count {
            do throws(BackupError) {
                let set = try place.set(name, reader)
                guard set.recipient == BackupSealing.name(recipient) else {
                    passedOver.append("\(name): sealed to another backup key")
                    continue
                }
                for part in set.parts where found[part.part] == nil { found[part.part] = part }
            } catch {
                // One that is damaged, or signed by a key of before, is written anew rather than believed.
                passedOver.append("\(name): \(error)")
            }
        }
        return (found, passedOver)
    }

    /// Takes away the files of keys of regions whose keys were destroyed, as the folder of keys says now: an erasure may have been
    /// carried out since the run began. A file that is only missing may be lost by accident, and its backup is what heals it.
    private func mirrorKeys(_ erased: Set<MunicipalityCode>) throws -> [MunicipalityCode] {
        var forgotten: [MunicipalityCode] = []
        for part in try place.parts(.keys) {
            guard case .region(let code) = part, erased.contains(code) || keys.isErased(code) else { continue }
            try place.forgetKeys(of: part)
            forgotten.append(code)
        }
        return forgotten
    }
}

extension BackupPlace {
    /// Removes every file of a region's keys: from then on no set brings the region back.
    func forgetKeys(of part: BackupPart) throws(BackupError) {
        let folder = folder(.keys, part)
        for name in try BackupFile.names(in: folder) { _ = try remove(name, from: .keys, part) }
        guard rmdir(folder) == 0 || errno == ENOENT else { throw .system(errno, folder, writing: true) }
        try BackupFile.syncFolder(self.folder(.keys))
    }

    /// Removes every file of a region's keys from the backups, in its turn.
    /// - Returns: whether there were any.
    package func forgetKeys(of region: MunicipalityCode) throws(BackupError) -> Bool {
        guard try isThere(for: nil) else { throw .notFound(path) }
        let turn = try BackupTurn(self)
        defer { withExtendedLifetime(turn) {} }
        let part = BackupPart.region(region)
        guard try !BackupFile.names(in: folder(.keys, part)).isEmpty else { return false }
        try forgetKeys(of: part)
        return true
    }
}
