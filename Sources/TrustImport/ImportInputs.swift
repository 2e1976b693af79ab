import Credentials
import Foundation

/// The inputs of an import by their paths: files, and of a folder every regular file below it.
package enum ImportInputs {
    /// Why they cannot be read.
    package enum Failure: Error, Hashable {
        /// A file or folder that cannot be read.
        case unreadable(String)
        /// A folder with more files, or more bytes in them, than a published trust folder may have.
        case tooLarge(String)
    }

    /// The maximum of files below a folder: what a manifest may name, and the manifest with and without its signature.
    package static let maximumFiles = TrustManifest.maximumEntries + 2
    /// The maximum of bytes in all files below a folder: 256 MiB.
    package static let maximumBytes = 256 << 20
    private static let maximumDepth = 8

    /// Reads files as they are, and below a folder those that are regular and not hidden, in the order of their paths. No
    /// link is followed.
    ///
    /// - Parameter maximumBytes: how many bytes all files below one folder may have.
    package static func read(
        _ paths: [String], maximumBytes: Int = ImportInputs.maximumBytes
    ) throws(Failure) -> [(name: String, bytes: [UInt8])] {
        var inputs: [(name: String, bytes: [UInt8])] = []
        for path in paths {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
                inputs.append((path, try bytes(path)))
                continue
            }
            var files: [String] = []
            try find(path, in: path, depth: 0, &files)
            var left = maximumBytes
            for file in files {
                let bytes = try bytes(file)
                left -= bytes.count
                guard left >= 0 else { throw .tooLarge(path) }
                inputs.append((file, bytes))
            }
        }
        return inputs
    }

    /// One file's bytes, and of one that is larger than an input may be so many that this is seen.
    package static func bytes(_ path: String) throws(Failure) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw .unreadable(path) }
        defer { try? handle.close() }
        do {
            return Array(try handle.read(upToCount: TrustImporter.maximumInputBytes + 1) ?? Data())
        } catch {
            throw .unreadable(path)
        }
    }

    private static func find(_ folder: String, in root: String, depth: Int, _ files: inout [String]) throws(Failure) {
        guard depth <= maximumDepth else { throw .tooLarge(root) }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw .unreadable(folder)
        }
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
                throw .unreadable(path)
            }
            switch attributes[.type] as? FileAttributeType {
            case .typeDirectory: try find(path, in: root, depth: depth + 1, &files)
            case .typeRegular:
                guard files.count < maximumFiles else { throw .tooLarge(root) }
                files.append(path)
            default: continue
            }
        }
    }
}
