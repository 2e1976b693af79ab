import CredentialIssuing
import Credentials
import Crypto
import Synchronization

/// A signer that gives a wrong signature once it is told to.
final class FaultySigner: CredentialSigner {
    private let real: any CredentialSigner
    private let isBroken = Mutex(false)
    private let other = Mutex<(@Sendable () async throws -> Void)?>(nil)

    init(_ real: any CredentialSigner) { self.real = real }

    var publicKey: P256.Signing.PublicKey { real.publicKey }
    /// Something else that happens while the next signature is made.
    func meanwhile(_ body: @escaping @Sendable () async throws -> Void) { other.withLock { $0 = body } }
    func breakDown(_ broken: Bool = true) { isBroken.withLock { $0 = broken } }

    func signature(over message: [UInt8]) async throws -> [UInt8] {
        let other = self.other.withLock { other in
            defer { other = nil }
            return other
        }
        try await other?()
        return try await real.signature(over: isBroken.withLock { $0 } ? message + [0] : message)
    }
}
