import Credentials
import Foundation
import TestSupport

/// The Python environment with the other implementations, and the script that uses them.
enum Python {
    /// The interpreter; `nil` where there is no environment and none can be made.
    static let interpreter = Programs.python()

    /// Runs the script and gives what it printed.
    static func run(_ arguments: [String]) throws -> Data {
        struct NoPython: Error {}
        guard let interpreter else { throw NoPython() }
        let script = Programs.root + "/Tests/InteroperabilityTests/Python/interop.py"
        return try Started(interpreter, ["-B", script] + arguments).all()
    }
}

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
