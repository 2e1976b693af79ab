import Crypto
import Foundation
import MutualTLS
import Signing

/// A terminal of another authority than the pinned one.
enum ForeignTerminal {
    static func make(_ id: String) throws -> TestTerminal {
        let authority = try IssuingAuthority.create(commonName: "another authority", now: Stack.start - 86_400)
        let issued = try authority.client(commonName: id, now: Stack.start - 86_400)
        guard let key = issued.key else { throw TestFailure("key") }
        return TestTerminal(id: id, key: key, der: try issued.certificate.der)
    }
}
