import Crypto
import Foundation
import Glibc
import PKCS11
import TestSupport
import Testing

extension InTokenTests {
    /// A token behind a server that goes away and comes back, as one behind a network does.
    @Suite(.serialized) struct LostTokenTests {
        @Test func `a lost token is told as such, is tried again, and is used as soon as it is back`() async throws {
            let hsm = try await SoftHSM.shared()
            let socket = hsm.folder.file("s")
            var server = try await hsm.serve("akashi", at: socket)
            setenv("P11_KIT_SERVER_ADDRESS", "unix:path=\(socket)", 1)
            let place = try TestToken.place(module: SoftHSM.client, sessions: 3)
            let token = try Token(place)
            let test = TestToken(token)
            let signing = try await test.make(.signing)
            let digest = Array(SHA256.hash(data: Data("x".utf8)))
            // What the way to a token does not pass on is told as that, and is no loss.
            let wrapping = try await test.make(.wrapping)
            let error = await #expect(throws: TokenError.self) {
                try await test.off { try $0.seal([1, 2, 3], associated: [], by: wrapping) }
            }
            #expect(
                error == .refused(0x70) && token.loss == nil, "CKM_AES_GCM is not among what p11-kit's server passes")
            for round in 1...2 {
                for _ in 0..<6 { _ = try await token.signature(over: digest, by: signing) }
                #expect(token.loss == nil)
                try await hsm.cut(server)
                for _ in 0..<4 {
                    let error = await #expect(throws: TokenError.self) {
                        try await token.signature(over: digest, by: signing)
                    }
                    #expect(error?.isTransient == true, "round \(round): \(String(describing: error))")
                }
                await token.look()
                #expect(token.loss?.isTransient == true)
                server = try await hsm.serve("akashi", at: socket)
                await token.look()
                #expect(token.loss == nil, "round \(round)")
                // Every session, not the first alone.
                for _ in 0..<6 { _ = try await token.signature(over: digest, by: signing) }
            }
            try await hsm.cut(server)
        }
    }
}
