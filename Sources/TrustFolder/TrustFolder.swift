public import Credentials
import Foundation

/// Reads a trust folder from the disk, for a `TrustStore`.
///
/// ```
/// TRUST/shc/*.json           issuers of SMART Health Cards with their keys and revocation lists
/// TRUST/dcc/*  TRUST/vdsnc/* certificates
/// TRUST/dcc/revocation/*      what was revoked, whatever the file's name, in batches as countries exchange them
/// TRUST/vdsnc/*              beside them revocation lists, told by their content, and JSON that says which issuer's lists
///                             hold the identifiers of what a signer signed
/// TRUST/imported.json         when each file was fetched (if it says nothing, the file's own time counts), and which
///                             revocation lists there were: one that is gone or older is not taken for "nothing revoked";
///                             by whose signed manifest each file came, and authorities taken out whose lists still count
/// TRUST/manifest.json         what the folder's publisher says belongs to it: digests, lists, links
/// TRUST/test/{shc,dcc,vdsnc} the same; what these vouch for is reported as a test certificate
/// TRUST/passport/*  TRUST/test/passport/* authorities of passports and their lists, read by who checks passports alone
/// ```
public enum TrustFolder {
    /// Why a folder cannot be read.
    public enum Failure: Error, Hashable, Sendable {
        /// There is no such folder, or it cannot be opened.
        case notAFolder(String)
        /// A file in it cannot be read, or is larger than ``TrustStore/maximumFileBytes``.
        case unreadable(String)
        /// It holds more files than a trust folder may (10,000).
        case tooManyFiles
        /// More would have to be noted of its revocation lists than a note may hold (10,000); it is as it was.
        case tooManyLists
        /// It cannot be written; it is as it was.
        case unwritable(String)
        /// Another import holds it for longer than is waited: in which file or folder, and whose it is.
        case locked(String)
        /// What should be a file is a folder, or lies where none may.
        case notAFile(String)

        /// A stable code.
        public var code: String {
            switch self {
            case .notAFolder: "trust.not_a_folder"
            case .unreadable: "trust.unreadable"
            case .tooManyFiles: "trust.too_many_files"
            case .tooManyLists: "trust.too_many_lists"
            case .unwritable: "trust.unwritable"
            case .locked: "trust.locked"
            case .notAFile: "trust.not_a_file"
            }
        }

        /// What is known beside the code, in both languages, on a line of its own; empty if nothing is.
        package var more: String { if case .locked(let words) = self { "\n\(words)" } else { "" } }
    }

    /// The maximum of files in a folder.
    public static let maximumFiles = 10_000
    private static let kinds = ["shc", "dcc", "dcc/revocation", "vdsnc"]
    /// The folders in which a trust folder's files lie.
    public static let folders = kinds + kinds.map { "test/\($0)" }
    /// The folders in which the authorities of passports lie, which a verifier of certificates does not use.
    package static let passportFolders = ["passport", "test/passport"]

    /// The notes beside the folders, which say what must be there.
    package static let notes = [TrustManifest.notesName, TrustManifest.name]

    /// Whether a path names one file that may lie in a trust folder, and no folder of it.
    package static func isFile(_ path: String) -> Bool {
        if path == TrustManifest.name { return true }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard let name = parts.last, !["", ".", ".."].contains(name), !folders.contains(path) else { return false }
        return folders.contains(parts.dropLast().joined(separator: "/"))
    }

    /// All files of the folder that a verifier may use, and the notes beside them. A file that is there but cannot be read fails the whole: it may
    /// be the revocation list on which the answer depends.
    public static func read(_ path: String) throws(Failure) -> [TrustFile] { try read(path, folders: folders) }

    /// The same of other folders below it, such as ``passportFolders``.
    package static func read(_ path: String, folders: [String]) throws(Failure) -> [TrustFile] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw .notAFolder(path)
        }
        var files: [TrustFile] = []
        let times = ImportTimes.read(path)
        for name in notes where FileManager.default.fileExists(atPath: "\(path)/\(name)") {
            files.append(TrustFile(path: name, bytes: try bytes("\(path)/\(name)")))
        }
        for folder in folders {
            let full = "\(path)/\(folder)"
            guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder), isFolder.boolValue else {
                continue
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: full) else {
                throw .notAFolder(full)
            }
            for name in names.sorted() where !name.hasPrefix(".") {
                let file = "\(full)/\(name)"
                let place = "\(folder)/\(name)"
                guard files.count < maximumFiles + notes.count else { throw .tooManyFiles }
                if FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), isFolder.boolValue {
                    // Nothing is read below it, and what lies there may be revocation lists: the store says so.
                    if !folders.contains(place) { files.append(TrustFile(path: place + "/", bytes: [])) }
                    continue
                }
                files.append(
                    TrustFile(
                        path: place, bytes: try bytes(file), fetched: times.files[place] ?? ImportTimes.modified(file)))
            }
        }
        return files
    }

    private static func bytes(_ path: String) throws(Failure) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw .unreadable(path) }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: TrustStore.maximumFileBytes + 1) else {
            // An empty file reads as nothing at all.
            return []
        }
        guard data.count <= TrustStore.maximumFileBytes else { throw .unreadable(path) }
        return Array(data)
    }
}
