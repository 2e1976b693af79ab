import Crypto
import ExchangeSupport
import Foundation
import MutualTLS
import Signing
import TestSupport

/// A terminal of another authority than the pinned one.
enum ForeignTerminal {
    static func make(_ id: String) throws -> TestTerminal {
        let authority = try IssuingAuthority.create(commonName: "another authority", now: Stack.start - 86_400)
        let issued = try authority.client(commonName: id, now: Stack.start - 86_400)
        guard let key = issued.key, let identity = TLSIdentity(chain: [issued.certificate], key: key) else {
            throw TestFailure("no certificate and key of \(id)")
        }
        return TestTerminal(id, identity)
    }
}
