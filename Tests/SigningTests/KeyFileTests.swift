import Foundation
import Signing
import TestSupport
import Testing

@Suite("Key files")
struct KeyFileTests {
    @Test("Private keys are written for their owner only, and never over another file") func keyFiles() throws {
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
