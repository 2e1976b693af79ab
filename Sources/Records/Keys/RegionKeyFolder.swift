package import Crypto
import Foundation
import Synchronization
public import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folder that holds each region's keys, `<code>.json`, and the key of the shared stop list, `control.json`.
///
/// Each file is a JSON object of its owner alone (mode 0600), with `"development":true` if made for tests:
///
/// - `{"region":"990019","master":…,"wrapped":…}`, the keys wrapped by a ``MasterKey`` of that name: nonce, ciphertext and tag
///   in base64 over the object below, with `akashi/region-keys/v1/990019` as associated data;
/// - `{"region":"990019","dataKey":…,"indexKey":…,"numberKey":…}` or `{"region":"control","indexKey":…}`, keys of 32 bytes in
///   base64, where no master key is used. `numberKey` is missing in files that were made before there was one. From the
///   first rotation on `log` holds the keys of the region's log (`pseudonym`, `index`, `segments`), which do not rotate. While a
///   region's keys rotate, `previous` is a list of one object with the keys before.
public struct RegionKeyFolder: Sendable {
    /// Where the folder is.
    public let path: String
    /// Whether development keys are accepted.
    public let allowDevelopment: Bool
    /// What wraps the files, the one that new ones are wrapped by first; none if they are plain.
    public let masters: [any MasterKey]

    /// What is wrapped, or lies in the file as it is.
    struct Keys: Codable, Equatable {
        var dataKey: Data?
        var indexKey: Data
        var numberKey: Data?
        /// What the region's log is kept under, from the first rotation on.
        var log: RegionLogKeys.Stored?
        /// The keys before, at most one set.
        var previous: [Keys]?
    }

    struct KeyFile: Codable {
        var region: String
        var dataKey: Data?
        var indexKey: Data?
        var numberKey: Data?
        var log: RegionLogKeys.Stored?
        var previous: [Keys]?
        var master: String?
        var wrapped: Data?
        var development: Bool?

        /// The same with the keys that were wrapped, or are to be.
        func with(_ keys: Keys) -> KeyFile {
            KeyFile(
                region: region, dataKey: keys.dataKey, indexKey: keys.indexKey, numberKey: keys.numberKey,
                log: keys.log, previous: keys.previous, development: development)
        }

        /// The keys of a file that is not wrapped.
        var keys: Keys? {
            indexKey.map { Keys(dataKey: dataKey, indexKey: $0, numberKey: numberKey, log: log, previous: previous) }
        }
    }

    private static let controlName = "control"
    private static let maximumSize = 4096

    /// A folder; nothing is read yet.
    public init(path: String, allowDevelopment: Bool, masters: [any MasterKey] = []) {
        self.path = path
        self.allowDevelopment = allowDevelopment
        self.masters = masters
    }

    /// Makes the keys that are missing, from the system's random generator; existing ones stay as they are. Several
    /// processes may do this at once.
    public func createMissing(for regions: [MunicipalityCode], development: Bool) throws {
        let files = FileManager.default
        do {
            try files.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in regions.map(\.digits) + [Self.controlName]
            where !files.fileExists(atPath: file(name)) && !files.fileExists(atPath: erasureMark(name)) {
                let keys = name == Self.controlName ? Keys(indexKey: Self.randomKey()) : Self.randomKeys()
                try place(try content(of: keys, named: name, development: development ? true : nil), as: name)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError.keyMissing("cannot write key files in \(path)")
        }
    }

    /// Wraps every file of these regions and of the control file by the first master key, whatever it was wrapped by, and
    /// gives the names of those that were not. Each file is replaced at once, after what was written was read again; a
    /// running service goes on with what it read.
    /// - Throws: ``StoreError``; files wrapped before stay so, and the same call again does the rest.
    public func wrap(_ regions: [MunicipalityCode]) throws -> [String] {
        let names = try unwrapped(regions)
        guard !names.isEmpty else { return [] }
        let turn = try KeyFolderTurn(path)
        defer { turn.end() }
        for name in names { try replace(name) { $0 } }
        try synchronise()
        return names
    }

    /// Writes a file anew with other keys, at once, after what was written was read again. For who has the folder's turn.
    func replace(_ name: String, _ change: (Keys) throws -> Keys) throws {
        removeLeftovers(of: name)
        let file = try read(name)
        guard let before = file.keys else { throw StoreError.keyMissing("\(self.file(name)): needs its keys") }
        let keys = try change(before)
        do {
            let temporary = try temporary(try content(of: keys, named: name, development: file.development), name)
            defer { try? FileManager.default.removeItem(atPath: temporary) }
            guard try parse(temporary, as: name).keys == keys else {
                throw StoreError.keyMissing("\(temporary) does not hold what was written to it")
            }
            guard rename(temporary, self.file(name)) == 0 else {
                throw StoreError.keyMissing("cannot write key files in \(path)")
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError.keyMissing("cannot write key files in \(path)")
        }
    }

    /// The names of files that are plain, or wrapped by another master key than the first; none without a master key.
    public func unwrapped(_ regions: [MunicipalityCode]) throws -> [String] {
        guard let master = masters.first else { return [] }
        return try (regions.filter { !isErased($0) }.map(\.digits) + [Self.controlName]).filter {
            try raw(file($0), as: $0).master != master.name
        }
    }

    /// Whether the control file's key is wrapped, by whichever master key.
    package var isWrapped: Bool { get throws { try raw(file(Self.controlName), as: Self.controlName).wrapped != nil } }

    private static func associated(_ name: String) -> [UInt8] { Array("akashi/region-keys/v1/\(name)".utf8) }

    private func content(of keys: Keys, named name: String, development: Bool?) throws -> Data {
        var file = KeyFile(region: name, development: development)
        if let master = masters.first {
            let plain = Array(try JSONEncoder().encode(keys))
            file.master = master.name
            file.wrapped = Data(try master.wrap(plain, associated: Self.associated(name)))
        } else {
            file = file.with(keys)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(file)
    }

    /// Removes what a process left that was killed while it wrote: it holds keys.
    private func removeLeftovers(of name: String) {
        for file in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where file.hasPrefix(".\(name).")
        {
            unlink("\(path)/\(file)")
        }
    }

    /// Writes a file of the owner alone beside the others, durably.
    private func temporary(_ content: Data, _ name: String) throws -> String {
        let files = FileManager.default
        let temporary = "\(path)/.\(name).\(UUID().uuidString)"
        guard files.createFile(atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: temporary)
        else { throw StoreError.keyMissing("cannot write key files in \(path)") }
        try handle.write(contentsOf: content)
        try handle.synchronize()
        try handle.close()
        return temporary
    }

    /// A hard link fails if the name exists, so that of two processes the first one's key stays, whole.
    private func place(_ content: Data, as name: String) throws {
        let files = FileManager.default
        let temporary = try temporary(content, name)
        defer { try? files.removeItem(atPath: temporary) }
        do {
            try files.linkItem(atPath: temporary, toPath: file(name))
        } catch {
            guard files.fileExists(atPath: file(name)) else { throw error }
        }
    }

    /// Brings the folder's names onto the disk.
    func synchronise() throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.keyMissing("cannot write key files in \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError.keyMissing("cannot write key files in \(path)") }
    }

    /// The keys of a region that everything is written under.
    public func keys(for region: MunicipalityCode) throws -> RegionKeys { try generations(for: region).current }

    /// The keys that a region's rows may be under.
    func generations(for region: MunicipalityCode) throws -> RegionKeyGenerations {
        let file = try read(region.digits)
        let refusal = StoreError.keyMissing("\(self.file(region.digits)): needs keys of 32 bytes")
        func keys(_ keys: Keys) throws -> RegionKeys {
            let log = try keys.log.map { stored in
                guard let log = RegionLogKeys(stored) else { throw refusal }
                return log
            }
            guard let dataKey = keys.dataKey,
                let keys = RegionKeys(
                    dataKey: SymmetricKey(data: dataKey), indexKey: SymmetricKey(data: keys.indexKey),
                    numberKey: keys.numberKey.map { SymmetricKey(data: $0) }, log: log,
                    isDevelopment: file.development ?? false)
            else { throw refusal }
            return keys
        }
        guard let current = file.keys, current.previous?.count ?? 0 <= 1 else { throw refusal }
        return RegionKeyGenerations(try keys(current), previous: try current.previous?.first.map(keys))
    }

    /// Throws unless every key that a store of these regions needs is there and can be used: the one that they share, and
    /// each region's own.
    public func check(_ regions: [MunicipalityCode]) throws {
        _ = try controlKey()
        for region in regions { _ = try keys(for: region) }
    }

    /// What tells each region's keys from others, by its code. A country's are read by several threads at once, since it is
    /// all that who starts a service waits for here.
    /// - Throws: what is wrong with the first region's, in the order of the codes, that is not right.
    func checks(of regions: [MunicipalityCode]) throws -> [String: Data] {
        let regions = regions.sorted()
        let parts = max(1, min(ProcessInfo.processInfo.activeProcessorCount, regions.count / 64))
        let size = (regions.count + parts - 1) / parts
        let results = Mutex<[Int: Result<[String: Data], any Error>]>([:])
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let range = min(part * size, regions.count)..<min((part + 1) * size, regions.count)
            let result = Result {
                try regions[range].reduce(into: [String: Data]()) { checks, code in
                    checks[code.digits] = try keys(for: code).check
                }
            }
            results.withLock { $0[part] = result }
        }
        return try results.withLock { $0 }.sorted { $0.key < $1.key }.reduce(into: [:]) { checks, result in
            checks.merge(try result.value.get()) { first, _ in first }
        }
    }

    /// The key that the stop list's hashes are made with.
    package func controlKey() throws -> SymmetricKey {
        let key = SymmetricKey(data: try read(Self.controlName).indexKey ?? Data())
        guard key.bitCount == 256 else {
            throw StoreError.keyMissing("\(file(Self.controlName)): needs a key of 32 bytes")
        }
        return key
    }

    func read(_ name: String) throws -> KeyFile { try parse(file(name), as: name) }

    /// A file with its keys as they are before they are wrapped.
    private func parse(_ path: String, as name: String) throws -> KeyFile {
        let file = try raw(path, as: name)
        guard let wrapped = file.wrapped else { return file }
        guard let master = masters.first(where: { $0.name == file.master }) else {
            let known = masters.isEmpty ? "there is none" : masters.map(\.name).joined(separator: ", ")
            throw StoreError.keyMissing("\(path) is wrapped by the master key \(file.master ?? "?"), not by: \(known)")
        }
        let plain: [UInt8]
        do { plain = try master.unwrap(Array(wrapped), associated: Self.associated(name)) } catch {
            throw error.isTransient ? error : StoreError.keyMissing("\(path): \(error.detail)")
        }
        guard let keys = try? JSONDecoder().decode(Keys.self, from: Data(plain)) else {
            throw StoreError.keyMissing("\(path) is not a key file")
        }
        return file.with(keys)
    }

    /// A file as it lies there.
    private func raw(_ path: String, as name: String) throws -> KeyFile {
        guard let content = try content(path), let file = try? JSONDecoder().decode(KeyFile.self, from: content) else {
            throw StoreError.keyMissing("\(path) is not a key file")
        }
        guard file.region == name else { throw StoreError.keyMissing("\(path) holds the keys of another region") }
        guard allowDevelopment || file.development != true else {
            throw StoreError.keyMissing("\(path) is a development key: refused outside development mode")
        }
        return file
    }

    /// What is in a key file; `nil` if it is no file, or too large.
    private func content(_ path: String) throws -> Data? {
        do { return try OwnerOnlyFile.read(path, maximumBytes: Self.maximumSize) } catch {
            switch error {
            case .absent: throw StoreError.keyMissing("no key file \(path)")
            case .permissions: throw StoreError.keyMissing("\(path) can be read by others: chmod 600 it")
            case .unreadable: return nil
            }
        }
    }

    func file(_ name: String) -> String { "\(path)/\(name).json" }

    private static func randomKey() -> Data { SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) } }

    /// The keys of a new region.
    static func randomKeys() -> Keys {
        Keys(dataKey: randomKey(), indexKey: randomKey(), numberKey: randomKey())
    }
}
