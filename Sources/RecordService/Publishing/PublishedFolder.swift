package import CheckedConfiguration
import Foundation
package import Records

/// What the folder of an earlier export says is revoked: the next export says nothing less, whatever became of the
/// records in between.
package struct PublishedFolder: Sendable {
    /// A file of the folder cannot be understood: what it says would be lost by writing over it.
    package struct Unreadable: ExplainedError, Hashable, Sendable {
        /// The file.
        package let path: String

        package var exitStatus: ExitStatus { .usage }
        package var english: String {
            "\(path) cannot be understood, and what it revokes would be lost. Restore it, or move it away and export again."
        }
        package var japanese: String {
            "\(path)（公開済みの失効リスト）を読めません。戻すか、別の場所へ移してから、もう一度書き出してください。"
        }
    }

    /// What it says; nothing if there is no folder.
    package let publication: Publication
    /// The identifiers of the keys that it offers for SMART Health Cards.
    let keyIDs: Set<String>

    /// The largest file that is read, in bytes.
    private static let maximumSize = 256 << 20

    private struct List: Decodable {
        let kid: String
        let method: String
        let ctr: Int64
        let rids: [String]
    }

    private struct Issuer: Decodable { let crls: [List]? }

    private struct Keys: Decodable {
        struct Key: Decodable { let kid: String }
        let keys: [Key]
    }

    /// Reads the folder of an earlier export.
    /// - Throws: ``Unreadable``.
    package init(_ folder: String, isDevelopment: Bool) throws {
        let test = isDevelopment ? "test/" : ""
        var found = Publication()
        func add(_ list: List) -> Bool {
            guard list.method == "rid", list.ctr >= 0, list.rids.allSatisfy({ (1...64).contains($0.utf8.count) }) else {
                return false
            }
            found.identifiers.formUnion(list.rids)
            found.counter = max(found.counter, list.ctr)
            return true
        }
        for path in try Self.files("\(folder)/.well-known/crl") {
            guard let list = try? JSONDecoder().decode(List.self, from: try Self.read(path)), add(list) else {
                throw Unreadable(path: path)
            }
        }
        for path in try Self.files("\(folder)/trust/\(test)shc") where path.hasSuffix("/issuer.json") {
            guard let issuer = try? JSONDecoder().decode(Issuer.self, from: try Self.read(path)),
                issuer.crls?.allSatisfy(add) ?? true
            else { throw Unreadable(path: path) }
        }
        for path in try Self.files("\(folder)/trust/\(test)dcc/revocation") {
            guard let codes = RevocationBatches.codes(inFile: try Self.read(path)) else { throw Unreadable(path: path) }
            found.codes.formUnion(codes)
        }
        publication = found
        let keySet = "\(folder)/.well-known/jwks.json"
        guard FileManager.default.fileExists(atPath: keySet) else {
            keyIDs = []
            return
        }
        guard let keys = try? JSONDecoder().decode(Keys.self, from: try Self.read(keySet)).keys else {
            throw Unreadable(path: keySet)
        }
        keyIDs = Set(keys.map(\.kid))
    }

    /// The JSON files of a folder; none if there is no folder.
    static func files(_ folder: String) throws(Unreadable) -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw Unreadable(path: folder)
        }
        return names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted().map { "\(folder)/\($0)" }
    }

    private static func read(_ path: String) throws(Unreadable) -> Data {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Unreadable(path: path) }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: maximumSize + 1), data.count <= maximumSize else {
            throw Unreadable(path: path)
        }
        return data
    }
}
