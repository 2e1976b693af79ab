import Crypto
import Foundation
import Synchronization
public import Vaccination

/// The folder that holds each region's keys, `<code>.json`, and the key of the shared stop list, `control.json`.
///
/// Each file is a JSON object of its owner alone (mode 0600): `{"region":"990019","dataKey":…,"indexKey":…}` or
/// `{"region":"control","indexKey":…}`, keys of 32 bytes in base64, and `"development":true` if made for tests.
public struct RegionKeyFolder: Sendable {
    /// Where the folder is.
    public let path: String
    /// Whether development keys are accepted.
    public let allowDevelopment: Bool

    private struct KeyFile: Codable {
        var region: String
        var dataKey: Data?
        var indexKey: Data
        var development: Bool?
    }

    private static let controlName = "control"
    private static let maximumSize = 4096

    /// A folder; nothing is read yet.
    public init(path: String, allowDevelopment: Bool) {
        self.path = path
        self.allowDevelopment = allowDevelopment
    }

    /// Makes the keys that are missing, from the system's random generator; existing ones stay as they are. Several
    /// processes may do this at once.
    public func createMissing(for regions: [MunicipalityCode], development: Bool) throws {
        let files = FileManager.default
        do {
            try files.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in regions.map(\.digits) + [Self.controlName] where !files.fileExists(atPath: file(name)) {
                let key = KeyFile(
                    region: name, dataKey: name == Self.controlName ? nil : Self.randomKey(),
                    indexKey: Self.randomKey(),
                    development: development ? true : nil)
                try place(try JSONEncoder().encode(key), as: name)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError.keyMissing("cannot write key files in \(path)")
        }
    }

    /// A hard link fails if the name exists, so that of two processes the first one's key stays, whole.
    private func place(_ content: Data, as name: String) throws {
        let files = FileManager.default
        let temporary = "\(path)/.\(name).\(UUID().uuidString)"
        guard files.createFile(atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: temporary)
        else { throw StoreError.keyMissing("cannot write key files in \(path)") }
        defer { try? files.removeItem(atPath: temporary) }
        try handle.write(contentsOf: content)
        try handle.synchronize()
        try handle.close()
        do {
            try files.linkItem(atPath: temporary, toPath: file(name))
        } catch {
            guard files.fileExists(atPath: file(name)) else { throw error }
        }
    }

    /// The keys of a region.
    public func keys(for region: MunicipalityCode) throws -> RegionKeys {
        let file = try read(region.digits)
        guard let dataKey = file.dataKey,
            let keys = RegionKeys(
                dataKey: SymmetricKey(data: dataKey), indexKey: SymmetricKey(data: file.indexKey),
                isDevelopment: file.development ?? false)
        else { throw StoreError.keyMissing("\(self.file(region.digits)): needs two keys of 32 bytes") }
        return keys
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
    func controlKey() throws -> SymmetricKey {
        let key = SymmetricKey(data: try read(Self.controlName).indexKey)
        guard key.bitCount == 256 else {
            throw StoreError.keyMissing("\(file(Self.controlName)): needs a key of 32 bytes")
        }
        return key
    }

    private func read(_ name: String) throws -> KeyFile {
        let path = file(name)
        let content = try content(path)
        guard let content, let file = try? JSONDecoder().decode(KeyFile.self, from: content) else {
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

    private func file(_ name: String) -> String { "\(path)/\(name).json" }

    private static func randomKey() -> Data { SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) } }
}
