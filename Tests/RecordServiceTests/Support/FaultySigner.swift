import CredentialIssuing
import Credentials
import Crypto
import Synchronization

/// A signer that gives a wrong signature once it is told to.
final class FaultySigner: CredentialSigner {
    private let real: any CredentialSigner
    private let isBroken = Mutex(false)

    init(_ real: any CredentialSigner) { self.real = real }

    var publicKey: P256.Signing.PublicKey { real.publicKey }
    func breakDown(_ broken: Bool = true) { isBroken.withLock { $0 = broken } }

    func signature(over message: [UInt8]) async throws -> [UInt8] {
        try await real.signature(over: isBroken.withLock { $0 } ? message + [0] : message)
    }
}
