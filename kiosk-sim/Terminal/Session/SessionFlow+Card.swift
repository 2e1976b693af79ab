import CardChip
import Crypto
import Exchange
import MutualTLS
import Waiting

extension SessionFlow {
    /// What the card gave: an application ready to go, and the attributes for the print guard.
    struct CardResult: Sendable {
        let application: SignedApplication
        let attributes: CardAttributes
    }

    /// Card, tries, PIN; only then challenge, keys, files and signatures; and the card's removal at the end.
    func read(for request: CertificateRequest) async throws(SessionEnding) -> CardResult {
        try await placeCard()
        await interface.reached(.tries)
        let tries = try await chip(.tries) { worker throws(CardError) in try await worker.triesLeft() }
        guard tries > 0 else { throw .card(.pinLocked) }
        try await askPIN(tries)

        await interface.reached(.challenge)
        await interface.show(.challenge)
        let session = try await ask(centre: .challenge, within: environment.timeouts.challenge) {
            [environment, inquiry] in
            try await ApplicantSession.begin(
                device: environment.identity.device, request: request, inquiry: inquiry, at: environment.centre)
        }
        await interface.reached(.keys)
        await interface.reached(.read)
        await interface.show(.reading)
        let files = try await chip(.read) { worker throws(CardError) in try await worker.readFiles() }
        let attributes: CardAttributes
        do { attributes = try CardAttributes(parsing: files.attributes) } catch { throw .card(.malformed(error)) }

        await interface.reached(.sign)
        let draft = session.draft(files)
        let signature = try await chip(.sign) { worker throws(CardError) in
            try await worker.sign { session throws(CardError) in try session.authenticate(digest: draft.transcript) }
        }
        guard let application = try? draft.signed(chipSignature: signature) else { throw .internal }
        try await awaitRemoval()
        return CardResult(application: application, attributes: attributes)
    }

    // MARK: The card on the reader

    /// Waits until one card of the right kind lies there; another kind or a second card is told and waited out.
    private func placeCard() async throws(SessionEnding) {
        await interface.reached(.card)
        var hint: CardError?
        let worker = worker
        while true {
            let shown = hint
            let found = try await waiting(for: .card(hint: shown), within: environment.timeouts.card, at: .card) {
                () -> CardError? in
                while !Task.isCancelled {
                    do throws(CardError) {
                        try await worker.connect()
                        return nil
                    } catch {
                        // What was said already is waited out: it ends when the card that caused it is taken away.
                        if error != .transport(.noCard), error != shown { return error }
                    }
                    // How often the reader is looked at is no limit of the session's: its clock does not measure it.
                    try? await Task.sleep(for: .milliseconds(200))
                }
                return nil
            }
            switch found {
            case nil: return
            case .otherCard?, .transport(.severalCards)?, .transport(.cardRemoved)?, .transport(.timeout)?: hint = found
            case let error?: throw .card(error)
            }
        }
    }

    private func awaitRemoval() async throws(SessionEnding) {
        await interface.reached(.removal)
        let worker = worker
        // The person cannot leave here: nothing goes on, and nothing ends well, before the card is back in its owner's hand.
        try await waiting(for: .removal, within: environment.timeouts.removal, at: .removal) {
            while !Task.isCancelled, await worker.isCardThere() { try? await Task.sleep(for: .milliseconds(150)) }
        }
        await letGo()
    }

    /// Shows what is waited for until it happens, the person leaves, or time is up.
    private func waiting<Value: Sendable>(
        for what: Waiting, within limit: Duration, at step: SessionStep, _ event: @escaping @Sendable () async -> Value
    ) async throws(SessionEnding) -> Value {
        let outcome: Value?
        do {
            outcome = try await withTimeLimit(limit, clock: environment.clock) { [interface] in
                await withTaskGroup(of: Value?.self) { group in
                    group.addTask { await event() }
                    group.addTask {
                        await interface.wait(for: what)
                        return nil
                    }
                    let first = await group.next() ?? nil
                    group.cancelAll()
                    return first
                }
            }
        } catch { throw .timedOut(step) }
        guard let outcome else { throw .left(step) }
        return outcome
    }

    // MARK: PIN

    private func askPIN(_ triesAtFirst: Int) async throws(SessionEnding) {
        var tries = triesAtFirst
        var wasWrong = false
        while true {
            await interface.reached(.pin)
            let (left, afterWrong) = (tries, wasWrong)
            let reply = try await reply(at: .pin) { [interface] in
                await interface.pin(triesLeft: left, afterWrong: afterWrong)
            }
            guard case .chosen(var pin) = reply else { throw .left(.pin) }
            defer { pin.wipe() }
            await interface.show(.card)
            let entered = pin
            do throws(SessionEnding) {
                try await chip(.pin) { worker throws(CardError) in try await worker.verify(entered) }
                return
            } catch {
                guard case .card(.wrongPIN(let left)) = error, left > 0 else {
                    if case .card(.wrongPIN) = error { throw .card(.pinLocked) }
                    throw error
                }
                (tries, wasWrong) = (left, true)
            }
        }
    }

    /// Work with the chip, within its time.
    private func chip<Value: Sendable>(
        _ step: SessionStep, _ work: @escaping @Sendable (CardWorker) async throws(CardError) -> Value
    ) async throws(SessionEnding) -> Value {
        let result: Result<Value, CardError>
        do {
            result = try await withTimeLimit(environment.timeouts.chip, clock: environment.clock) { [worker] in
                do throws(CardError) { return .success(try await work(worker)) } catch { return .failure(error) }
            }
        } catch { throw .timedOut(step) }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw .card(error)
        }
    }
}
