package import CardChip
import Dispatch
import Waiting

/// What is held to the phone.
package enum Tag: String, Sendable {
    /// The My Number card.
    case card
    /// The passport.
    case passport
}

/// Where tags are held: the phone's own reader, one over PC/SC, or a simulated one.
package struct TagReader: Sendable {
    /// Waits some seconds for a tag, and connects to it; on a thread of its own, so it may block.
    let connect: @Sendable (Tag) throws(CardTransportError) -> any CardTransport

    /// A reader by its way to connect.
    package init(connect: @escaping @Sendable (Tag) throws(CardTransportError) -> any CardTransport) {
        self.connect = connect
    }
}

/// Works with tags away from the threads that serve screen and network, since a reader may take its time.
struct TagWorker: Sendable {
    private let queue = DispatchQueue(label: "tag")
    private let limit: Duration

    /// One piece of work may take so long.
    init(limit: Duration) { self.limit = limit }

    /// Does a piece of work; `nil` if it did not end in its time, or the session was cancelled.
    func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value? {
        let result: Result<Value, Failure>? = try? await withTimeLimit(limit) { [queue] in
            await withCheckedContinuation { continuation in
                queue.async {
                    do throws(Failure) {
                        continuation.resume(returning: Result<Value, Failure>.success(try work()))
                    } catch {
                        continuation.resume(returning: Result<Value, Failure>.failure(error))
                    }
                }
            }
        }
        return try result?.get()
    }

    /// The same for a card: work that did not end is a card that did not answer.
    func card<Value: Sendable>(
        _ work: @escaping @Sendable () throws(CardError) -> Value
    ) async throws(CardError) -> Value {
        guard let value = try await run(work) else { throw .transport(.timeout) }
        return value
    }
}

extension CardError {
    /// Whether the card was lost, or was never there, and may be held to the phone again.
    var isLoss: Bool {
        switch self {
        case .transport(.noReader), .transport(.severalCards): false
        case .transport: true
        default: false
        }
    }
}
