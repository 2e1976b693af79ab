import CPKCS11
import Dispatch
import Glibc
import Synchronization

/// A module that is loaded (PKCS #11 v2.40, 5.4), for as long as the process lives.
final class TokenModule: Sendable {
    // The shim serialises what has to be, with a lock of its own; calls may come from any thread.
    nonisolated(unsafe) let pointer: OpaquePointer

    init(path: String) throws(TokenError) {
        var message = [CChar](repeating: 0, count: 256)
        guard let pointer = akashi_module_load(path, &message, message.count) else {
            throw .module(String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        self.pointer = pointer
    }

    var generation: UInt64 { akashi_module_generation(pointer) }

    /// Begins the module anew, if nobody has since `generation`.
    func restart(after generation: UInt64) { _ = akashi_module_restart(pointer, generation) }
}

/// An open session in which the token's keys can be used, with the handles it has found.
struct TokenSession {
    let module: TokenModule
    let generation: UInt64
    let handle: UInt
    private var handles: [Key: UInt] = [:]

    private struct Key: Hashable {
        let object: TokenObject
        let type: UInt32
    }

    init(_ module: TokenModule, _ place: TokenPlace, writes: Bool) throws(Failure) {
        self.module = module
        generation = module.generation
        var slot: UInt = 0
        let label = Array(place.label.utf8)
        try Failure.check(akashi_slot(module.pointer, label, label.count, &slot))
        var handle: UInt = 0
        try Failure.check(
            akashi_session_open(module.pointer, slot, place.pin, place.pin.count, writes ? 1 : 0, &handle))
        self.handle = handle
    }

    var isCurrent: Bool { generation == module.generation }

    func close() { if isCurrent { akashi_session_close(module.pointer, handle) } }

    /// How many keys have a name, 2 for more than one; with the handle of the first.
    func find(_ object: TokenObject, _ type: akashi_object_class) throws(Failure) -> (count: Int, handle: UInt) {
        var handle: UInt = 0
        var found = 0
        try object.withName { (name) throws(Failure) in
            try Failure.check(akashi_find(module.pointer, self.handle, type, name, &handle, &found))
        }
        return (found, handle)
    }

    /// The handle of the one key with a name.
    mutating func key(_ object: TokenObject, _ type: akashi_object_class) throws -> UInt {
        let key = Key(object: object, type: type.rawValue)
        if let handle = handles[key] { return handle }
        let (count, handle) = try find(object, type)
        guard count > 0 else { throw TokenError.noSuchKey("\(object)") }
        guard count == 1 else { throw TokenError.ambiguous("\(object)") }
        handles[key] = handle
        return handle
    }
}

/// One session at a time, on a queue of its own: a call waits for the device, and must not hold a thread that tasks share.
final class TokenWorker: Sendable {
    private let module: TokenModule
    private let place: TokenPlace
    private let queue: DispatchQueue
    private let session = Mutex<TokenSession?>(nil)

    /// How long it waits before each further try, in microseconds: at once, since a session may just have ended, and then long
    /// enough for a token that somebody else was writing to.
    private static let pauses: [useconds_t] = [0, 100_000]

    init(_ module: TokenModule, _ place: TokenPlace, number: Int) {
        self.module = module
        self.place = place
        queue = DispatchQueue(label: "akashi.token.\(number)")
    }

    /// Runs calls in the session.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (inout TokenSession) throws -> Value
    ) async -> Result<Value, TokenError> {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.runNow(body)) }
        }
    }

    /// The same on the caller's thread, which must not be one that tasks share.
    func runNow<Value>(_ body: (inout TokenSession) throws -> Value) -> Result<Value, TokenError> {
        session.withLock { session in
            var pauses = Self.pauses[...]
            while true {
                do {
                    if let open = session, !open.isCurrent { session = nil }
                    var open = try session ?? TokenSession(module, place, writes: false)
                    defer { session = open }
                    return .success(try body(&open))
                } catch let error as TokenError {
                    return .failure(error)
                } catch let failure as Failure {
                    if failure.isPIN { return .failure(.pin(failure.rv)) }
                    // What failed in a session that was opened for it is not the session's fault.
                    guard failure.mayHeal, let pause = pauses.popFirst() else {
                        if failure.isLoss { drop(&session) }
                        return .failure(failure.isLoss ? .unavailable(failure.rv) : .refused(failure.rv))
                    }
                    usleep(pause)
                    recover(&session)
                } catch {
                    return .failure(.refused(0x005))
                }
            }
        }
    }

    private func drop(_ session: inout TokenSession?) {
        session?.close()
        session = nil
    }

    /// Opens the next session, if need be after the module was begun anew: some cannot know otherwise that their device or
    /// their server is there again.
    private func recover(_ session: inout TokenSession?) {
        let generation = session?.generation ?? module.generation
        drop(&session)
        do {
            session = try TokenSession(module, place, writes: false)
        } catch {
            if !error.isPIN { module.restart(after: generation) }
        }
    }
}
