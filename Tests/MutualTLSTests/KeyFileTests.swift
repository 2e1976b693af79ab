import Foundation
import MutualTLS
import TestSupport
import Testing

/// Key files.
@Suite struct KeyFileTests {
    @Test func `private keys are written for their owner only, and never over another file`() throws {
        try withFolder { folder in
            let path = folder + "/sub/key.pem"
            try KeyFile.writePrivate("secret", to: path)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(throws: KeyFile.WriteError.self) { try KeyFile.writePrivate("other", to: path) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "secret")
        }
    }
}
