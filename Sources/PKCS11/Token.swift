import CPKCS11
import Synchronization

/// Which token, and how it is entered.
package struct TokenPlace: Hashable, Sendable {
    /// The module's shared library.
    package let module: String
    /// The token's label, 1 to 32 bytes.
    package let label: String
    /// The user's PIN.
    let pin: [UInt8]
    /// How many sessions are used at once, 1 to 64.
    package let sessions: Int

    /// A place; `nil` if the label or the number is out of its bounds, or the PIN is empty or longer than 255 bytes.
    package init?(module: String, label: String, pin: [UInt8], sessions: Int = 4) {
        guard (1...32).contains(label.utf8.count), (1...255).contains(pin.count), (1...64).contains(sessions) else {
            return nil
        }
        self.module = module
        self.label = label
        self.pin = pin
        self.sessions = sessions
    }
}

// A place in a message, an assertion or a crash report must not show the PIN.
extension TokenPlace: CustomStringConvertible, CustomReflectable {
    /// The token's label.
    package var description: String { "TokenPlace(\(label))" }
    /// The label alone.
    package var customMirror: Mirror { Mirror(self, children: ["label": label]) }
}

/// A token behind PKCS#11: a hardware security module, or SoftHSM in its place. Its keys never leave it.
///
/// Calls may come from any number of tasks; as many run at once as there are sessions. Where the token was lost (its
/// device, its server, its sessions), a call tries twice more in sessions of its own making and then fails as
/// ``TokenError/unavailable(_:)``; the next call tries again, so that everything goes on as soon as the token is back. A PIN
/// that was refused is never tried again.
package final class Token: Sendable {
    /// Which token.
    package let place: TokenPlace
    private let module: TokenModule
    private let workers: [TokenWorker]
    private let turn = Atomic<Int>(0)
    private let state = Mutex(State())

    private struct State {
        /// Why the token could not be reached; `nil` if it could.
        var loss: TokenError?
        /// A refused PIN, which stays.
        var pin: TokenError?
    }

    /// Loads the module and enters the token.
    package init(_ place: TokenPlace) throws(TokenError) {
        self.place = place
        let module = try TokenModule(path: place.module)
        self.module = module
        workers = (0..<place.sessions).map { TokenWorker(module, place, number: $0) }
        try checked(workers[0].runNow { _ in }).get()
    }

    private static let entered = Mutex<[TokenPlace: Token]>([:])

    /// The token at a place, entered once in a process: a configuration that is read again neither doubles its sessions nor
    /// tries a refused PIN another time.
    package static func entered(_ place: TokenPlace) throws(TokenError) -> Token {
        if let token = entered.withLock({ $0[place] }) { return token }
        let token = try Token(place)
        return entered.withLock { tokens in
            let first = tokens[place] ?? token
            tokens[place] = first
            return first
        }
    }

    /// Why the token cannot be reached as of the last call; `nil` if it can, though it may have refused what was asked.
    package var loss: TokenError? { state.withLock { $0.loss } }

    /// Asks the token whether a session stands, and if none does, opens one; what it says is then ``loss``.
    package func look() async {
        _ = try? await run { session in
            try Failure.check(akashi_session_check(session.module.pointer, session.handle))
        }
    }

    // MARK: Keys that sign

    /// The point of a P-256 key's public part, 65 bytes (SEC 1, uncompressed).
    package func publicPoint(of object: TokenObject) async throws(TokenError) -> [UInt8] {
        try await run { session in
            let handle = try session.key(object, AKASHI_PUBLIC_KEY)
            var point = [UInt8](repeating: 0, count: 65)
            let rv = akashi_p256_point(session.module.pointer, session.handle, handle, &point)
            guard rv != 0x005 else { throw TokenError.unsuitable("\(object)") }
            try Failure.check(rv)
            return point
        }
    }

    /// Whether a private key could be taken out of the token.
    package func canLeave(_ object: TokenObject) async throws(TokenError) -> Bool {
        try await run { session in
            let handle = try session.key(object, AKASHI_PRIVATE_KEY)
            var can: Int32 = 1
            try Failure.check(akashi_can_leave(session.module.pointer, session.handle, handle, &can))
            return can != 0
        }
    }

    /// The ECDSA signature over a digest of 32 bytes: r and s, 32 bytes each.
    package func signature(over digest: [UInt8], by object: TokenObject) async throws(TokenError) -> [UInt8] {
        try await run { try Self.signature(over: digest, by: object, in: &$0) }
    }

    /// The same on the caller's thread, for commands; never on one that tasks share.
    @available(*, noasync)
    package func signatureNow(over digest: [UInt8], by object: TokenObject) throws(TokenError) -> [UInt8] {
        try runNow { try Self.signature(over: digest, by: object, in: &$0) }
    }

    private static func signature(
        over digest: [UInt8], by object: TokenObject, in session: inout TokenSession
    ) throws -> [UInt8] {
        guard digest.count == 32 else { throw TokenError.refused(0x021) }
        let handle = try session.key(object, AKASHI_PRIVATE_KEY)
        var signature = [UInt8](repeating: 0, count: 64)
        try Failure.check(akashi_sign(session.module.pointer, session.handle, handle, digest, &signature))
        return signature
    }

    // MARK: Keys that wrap

    /// Nonce, ciphertext and tag (AES-256-GCM, random 96-bit nonce). On the caller's thread, which must not be one that
    /// tasks share.
    /// - Parameter plain: at most 4096 bytes.
    @available(*, noasync)
    package func seal(
        _ plain: [UInt8], associated: [UInt8], by object: TokenObject
    ) throws(TokenError) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        let nonce = (0..<12).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return nonce + (try gcm(plain, nonce, associated, object, encrypts: true))
    }

    /// What ``seal(_:associated:by:)`` sealed; ``TokenError/refused(_:)`` if it was sealed under another key or for another
    /// place, or changed.
    @available(*, noasync)
    package func open(
        _ sealed: [UInt8], associated: [UInt8], by object: TokenObject
    ) throws(TokenError) -> [UInt8] {
        guard (28...8192).contains(sealed.count) else { throw .refused(0x041) }
        return try gcm(Array(sealed.dropFirst(12)), Array(sealed.prefix(12)), associated, object, encrypts: false)
    }

    @available(*, noasync)
    private func gcm(
        _ input: [UInt8], _ nonce: [UInt8], _ associated: [UInt8], _ object: TokenObject, encrypts: Bool
    ) throws(TokenError) -> [UInt8] {
        guard input.count <= 8192 else { throw .refused(0x021) }
        return try runNow { session in
            let key = try session.key(object, AKASHI_SECRET_KEY)
            // Some modules ask for room for the tag when they decrypt, too.
            var output = [UInt8](repeating: 0, count: input.count + 32)
            var count = output.count
            try Failure.check(
                akashi_gcm(
                    session.module.pointer, session.handle, key, encrypts ? 1 : 0, nonce, associated, associated.count,
                    input, input.count, &output, &count))
            guard count == (encrypts ? input.count + 16 : input.count - 16) else { throw TokenError.refused(0x005) }
            return Array(output.prefix(count))
        }
    }

    // MARK: Making keys

    /// What a key in the token is for.
    package enum Purpose: Sendable {
        /// A P-256 pair that signs.
        case signing
        /// An AES-256 key that wraps other keys.
        case wrapping
    }

    /// Makes a key that never leaves the token; ``TokenError/exists(_:)`` if one of its name is there.
    @available(*, noasync)
    package func make(_ object: TokenObject, _ purpose: Purpose) throws(TokenError) {
        do {
            let session = try TokenSession(module, place, writes: true)
            defer { session.close() }
            let types = purpose == .signing ? [AKASHI_PRIVATE_KEY, AKASHI_PUBLIC_KEY] : [AKASHI_SECRET_KEY]
            for type in types {
                guard try session.find(object, type).count == 0 else { throw TokenError.exists("\(object)") }
            }
            // Tools and other modules find a pair's halves by their common identifier.
            var generator = SystemRandomNumberGenerator()
            let id = object.id.isEmpty ? (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) } : object.id
            try object.withName(id: id) { (name) throws(Failure) in
                try Failure.check(
                    purpose == .signing
                        ? akashi_make_p256(module.pointer, session.handle, name)
                        : akashi_make_aes(module.pointer, session.handle, name))
            }
        } catch let error as TokenError {
            throw error
        } catch let failure as Failure {
            throw failure.isPIN ? .pin(failure.rv) : failure.isLoss ? .unavailable(failure.rv) : .refused(failure.rv)
        } catch {
            throw .refused(0x005)
        }
    }

    // MARK: Sessions

    private func run<Value: Sendable>(
        _ body: @escaping @Sendable (inout TokenSession) throws -> Value
    ) async throws(TokenError) -> Value {
        try refusePIN()
        return try checked(await worker().run(body)).get()
    }

    @available(*, noasync)
    private func runNow<Value>(_ body: (inout TokenSession) throws -> Value) throws(TokenError) -> Value {
        try refusePIN()
        return try checked(worker().runNow(body)).get()
    }

    private func refusePIN() throws(TokenError) {
        if let refused = state.withLock({ $0.pin }) { throw refused }
    }

    private func worker() -> TokenWorker {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return workers[Int(UInt(bitPattern: number) % UInt(workers.count))]
    }

    private func checked<Value>(_ result: Result<Value, TokenError>) -> Result<Value, TokenError> {
        state.withLock { state in
            switch result {
            case .success: state.loss = nil
            case .failure(.pin(let rv)):
                state.pin = .pin(rv)
                state.loss = .pin(rv)
            case .failure(let error): state.loss = error.isTransient ? error : nil
            }
        }
        return result
    }
}
