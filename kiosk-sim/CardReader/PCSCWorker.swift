import CPCSC
import CardChip
import Dispatch
import Foundation
import Synchronization

/// The thread that talks to one card. It alone holds the PC/SC handles; others hand it jobs and wait with a limit.
final class PCSCWorker: Sendable {
    private enum Job: Sendable {
        case connect(String)
        case transmit(CommandAPDU)
        case stop
    }

    private typealias Outcome = Result<ResponseAPDU?, CardTransportError>

    /// A job and where its outcome goes; who waited too long is simply not there any more.
    private final class Call: Sendable {
        private let job: Mutex<Job?>
        private let outcome = Mutex<Outcome?>(nil)
        private let done = DispatchSemaphore(value: 0)

        init(_ job: Job) { self.job = Mutex(job) }

        /// Gives the job away, so that a PIN in it is not held here any more when its owner wipes it.
        func take() -> Job? { job.withLock { $0.take() } }

        func finish(_ result: Outcome) {
            outcome.withLock { $0 = result }
            done.signal()
        }

        func wait(_ timeout: Duration) -> Outcome {
            let (seconds, attoseconds) = timeout.components
            let nanoseconds =
                Int(min(max(seconds, 0), 86_400)) * 1_000_000_000 + Int(max(attoseconds, 0) / 1_000_000_000)
            guard done.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success else { return .failure(.timeout) }
            return outcome.withLock { $0 } ?? .failure(.timeout)
        }
    }

    private let calls = Mutex<[Call]>([])
    private let waiting = DispatchSemaphore(value: 0)
    private let isDead = Mutex(false)

    init() {
        // The thread holds the queue, not the transport: the transport's end stops it.
        Thread.detachNewThread { [self] in work() }
    }

    /// Connects to the card on a reader, with no one else sharing it.
    func connect(to reader: String, timeout: Duration) throws(CardTransportError) {
        _ = try run(.connect(reader), timeout)
    }

    /// Sends a command.
    func transmit(_ command: CommandAPDU, timeout: Duration) throws(CardTransportError) -> ResponseAPDU {
        guard let response = try run(.transmit(command), timeout) else { throw .readerFailure(0) }
        return response
    }

    /// Lets go of the card, as soon as what is under way ends.
    func stop() { submit(Call(.stop)) }

    private func run(_ job: Job, _ timeout: Duration) throws(CardTransportError) -> ResponseAPDU? {
        guard !isDead.withLock({ $0 }) else { throw .timeout }
        let call = Call(job)
        submit(call)
        let outcome = call.wait(timeout)
        if outcome == .failure(.timeout) { isDead.withLock { $0 = true } }
        return try outcome.get()
    }

    private func submit(_ call: Call) {
        calls.withLock { $0.append(call) }
        waiting.signal()
    }

    // MARK: On the thread

    private func work() {
        var connection: PCSCConnection?
        while true {
            waiting.wait()
            guard let call = calls.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
            guard let outcome = perform(call, &connection) else { return }
            call.finish(outcome)
        }
    }

    /// What a call comes to; `nil` if it asks to stop.
    private func perform(_ call: Call, _ connection: inout PCSCConnection?) -> Outcome? {
        do {
            switch call.take() {
            case .connect(let reader):
                connection = try PCSCConnection(reader: reader)
                return .success(nil)
            case .transmit(let command):
                guard let connection else { return .failure(.noCard) }
                return .success(try connection.transmit(command))
            case .stop, nil: return nil
            }
        } catch { return .failure(error) }
    }
}

/// A connected card. Used by one thread.
private final class PCSCConnection {
    private let context: PCSCContext
    private let readerName: String
    private let handle: SCARDHANDLE
    private let activeProtocol: DWORD

    init(reader: String) throws(CardTransportError) {
        let context = try PCSCContext()
        var (handle, activeProtocol): (SCARDHANDLE, DWORD) = (0, 0)
        func connect(_ protocols: Int32) -> LONG {
            SCardConnect(
                context.handle, reader, DWORD(SCARD_SHARE_EXCLUSIVE), DWORD(protocols), &handle, &activeProtocol)
        }
        // Contactless readers offer both; in T=1 an APDU goes through whole.
        var result = connect(SCARD_PROTOCOL_T1)
        if UInt32(truncatingIfNeeded: result) == PCSCCode.protocolMismatch { result = connect(SCARD_PROTOCOL_T0) }
        try PCSCContext.check(result)
        (self.context, readerName, self.handle, self.activeProtocol) = (context, reader, handle, activeProtocol)
    }

    /// The card is reset, so that it forgets the PIN; but not if it has gone, because pcscd would then reset the card
    /// that came after it and miss its arrival.
    deinit {
        var (nameLength, state, cardProtocol, answerLength): (DWORD, DWORD, DWORD, DWORD) = (0, 0, 0, 0)
        let result = SCardStatus(handle, nil, &nameLength, &state, &cardProtocol, nil, &answerLength)
        let isThere = UInt32(truncatingIfNeeded: result) == PCSCCode.success && state & DWORD(SCARD_PRESENT) != 0
        SCardDisconnect(handle, DWORD(isThere ? SCARD_RESET_CARD : SCARD_LEAVE_CARD))
    }

    func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
        var bytes = command.bytes
        defer { bytes.wipe() }
        // T=0 has no room for both lengths: the answer's is asked for with GET RESPONSE.
        if activeProtocol == DWORD(SCARD_PROTOCOL_T0), !command.data.isEmpty, command.expectedLength != nil {
            bytes.removeLast()
        }
        var answer = try exchange(bytes)
        var data: [UInt8] = []
        while activeProtocol == DWORD(SCARD_PROTOCOL_T0), answer.status.rawValue >> 8 == 0x61, data.count <= 256 {
            data += answer.data
            answer = try exchange([0x00, 0xC0, 0x00, 0x00, UInt8(answer.status.rawValue & 0xFF)])
        }
        guard !data.isEmpty else { return answer }
        return try parse(
            data + answer.data + [UInt8(answer.status.rawValue >> 8), UInt8(answer.status.rawValue & 0xFF)])
    }

    private func exchange(_ bytes: [UInt8]) throws(CardTransportError) -> ResponseAPDU {
        var buffer = [UInt8](repeating: 0, count: ResponseAPDU.maximumLength)
        defer { buffer.wipe() }
        var length = DWORD(buffer.count)
        let result = SCardTransmit(
            handle, akashi_scard_pci(activeProtocol), bytes, DWORD(bytes.count), nil, &buffer, &length)
        do {
            try PCSCContext.check(result)
            return try parse(Array(buffer.prefix(Int(min(length, DWORD(buffer.count))))))
        } catch { throw meaning(of: error) }
    }

    /// A reader says in several ways that the card is gone; which of them depends on its driver, and the service may
    /// take a moment to notice. Some even answer with nothing and call it success.
    private func meaning(of error: CardTransportError) -> CardTransportError {
        switch error {
        case .noCard, .cardRemoved: return .cardRemoved
        case .readerFailure:
            var states = try? context.states(of: [readerName], known: [], milliseconds: 0)
            if let known = states, known.contains(where: PCSCContext.isPresent) {
                states = (try? context.states(of: [readerName], known: known, milliseconds: 1000)) ?? known
            }
            return states?.contains(where: PCSCContext.isPresent) == true ? error : .cardRemoved
        default: return error
        }
    }

    private func parse(_ bytes: [UInt8]) throws(CardTransportError) -> ResponseAPDU {
        do { return try ResponseAPDU(parsing: bytes) } catch { throw .readerFailure(PCSCCode.insufficientBuffer) }
    }
}
