import Credentials
import Foundation
import TestSupport

extension TemporaryFolder {
    /// The files below a folder in it, with their paths below that.
    func files(below folder: String) throws -> [TrustFile] {
        try FileManager.default.subpathsOfDirectory(atPath: url(folder).path).compactMap { name in
            var isFolder: ObjCBool = false
            let file = url(folder).appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else {
                return nil
            }
            return TrustFile(path: name, bytes: Array(try Data(contentsOf: file)))
        }
    }
}
