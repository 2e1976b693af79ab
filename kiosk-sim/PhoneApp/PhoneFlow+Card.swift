import CardChip
import Exchange
import Vaccination
import Waiting

extension PhoneFlow {
    /// What one holding of the card gave.
    struct Presented: Sendable {
        /// For the guard; `nil` where nobody gave a challenge, so that no card was asked for.
        let attributes: CardAttributes?
        /// In the order of the choices.
        let applications: [Result<SignedApplication, PhoneReason>]
    }

    /// What ends one holding of the card.
    private enum TapFailure: Error {
        case card(CardError)
        case ending(PhoneEnding)
    }

    private typealias Drafted = Result<PhoneSession.PhoneDraft, PhoneReason>

    /// What was read from the card, and what its chip has signed of it so far.
    private struct Reading {
        let files: CardFiles
        let attributes: CardAttributes
        let drafts: [Drafted]
        var signatures: [Int: [UInt8]] = [:]

        /// The next draft that waits for the chip.
        var next: (index: Int, draft: PhoneSession.PhoneDraft)? {
            for (index, drafted) in drafts.enumerated() where signatures[index] == nil {
                if case .success(let draft) = drafted { return (index, draft) }
            }
            return nil
        }
    }

    /// What lasts over a card that is lost and found again.
    private struct Tapped {
        /// A PIN that was typed and not presented yet.
        var typed: PIN?
        var sessions: [Result<PhoneSession, PhoneReason>]
        var reading: Reading?
    }

    /// PIN, challenges, and one holding of the card: files, and the chip's signature for each municipality.
    ///
    /// A PIN that was typed is presented once, whatever becomes of it. A card that is lost is asked for; where its chip wants the
    /// PIN again, the person is asked for it, and goes on with the same chip alone.
    func present(
        _ choices: [AskedChoice], _ stated: StatedKeys, _ passport: PassportFiles?
    ) async throws(PhoneEnding) -> Presented {
        var tapped = Tapped(typed: try await typedPIN(.first), sessions: [])
        defer { tapped.typed?.wipe() }
        tapped.sessions = await begin(choices, stated)
        var (reason, losses) = (HoldReason.first, 0)
        while tapped.sessions.contains(where: { (try? $0.get()) != nil }) {
            try checkCancelled()
            await interface.reached(.card)
            guard await interface.hold(.card, reason) else { throw .left }
            let failure: TapFailure
            do throws(TapFailure) { return try await tap(&tapped, passport) } catch { failure = error }
            try checkCancelled()
            switch failure {
            case .ending(let ending): throw ending
            case .card(.wrongPIN(let tries)):
                tapped.typed = try await typedPIN(.wrong(triesLeft: tries))
                // Typing takes its time, and a challenge has three minutes.
                if tapped.reading == nil { tapped.sessions = await begin(choices, stated) }
                reason = .again
            case .card(let error):
                losses += 1
                guard error.isLoss || error == .otherCard, losses < Self.maximumLosses else { throw .card(error) }
                reason = error == .otherCard ? .otherKind : .lost
            }
        }
        try checkCancelled()
        return Presented(
            attributes: nil,
            applications: tapped.sessions.map { session in
                switch session {
                case .success: .failure(.internal)
                case .failure(let reason): .failure(reason)
                }
            })
    }

    private func typedPIN(_ reason: PINReason) async throws(PhoneEnding) -> PIN {
        await interface.reached(.pin)
        guard let pin = await interface.pin(reason) else { throw .left }
        try checkCancelled()
        return pin
    }

    // MARK: Challenges

    /// A session with its challenge for each choice, all asked for at once.
    private func begin(_ choices: [AskedChoice], _ stated: StatedKeys) async -> [Result<PhoneSession, PhoneReason>] {
        await interface.reached(.challenge)
        return await withTaskGroup(of: (Int, Result<PhoneSession, PhoneReason>).self) { group in
            for (index, choice) in choices.enumerated() {
                group.addTask { (index, await self.begin(choice, stated)) }
            }
            let begun = await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            return choices.indices.map { begun[$0] ?? .failure(.internal) }
        }
    }

    private func begin(_ choice: AskedChoice, _ stated: StatedKeys) async -> Result<PhoneSession, PhoneReason> {
        let challenge: [UInt8]
        do throws(ServiceFailure) {
            challenge = try await environment.ask { wallet async throws(ServiceFailure) in
                try await wallet.challenge(for: choice.choice.request, inquiry: choice.inquiry)
            }
        } catch { return .failure(PhoneReason(error)) }
        let session = PhoneSession(
            device: environment.device, request: choice.choice.request, challenge: challenge, stated: stated,
            inquiry: choice.inquiry)
        return session.map { .success($0) } ?? .failure(.internal)
    }

    // MARK: The card

    /// One holding of the card, up to the last signature.
    private func tap(_ tapped: inout Tapped, _ passport: PassportFiles?) async throws(TapFailure) -> Presented {
        let chip = try await card { [reader] () throws(CardError) -> CardSession in
            let transport: any CardTransport
            do throws(CardTransportError) { transport = try reader.connect(.card) } catch { throw .transport(error) }
            return try CardSession(transport: transport)
        }
        if let known = tapped.reading?.files.chipKey {
            guard try await chipKey(chip, &tapped) == known else { throw .ending(.otherChip) }
        } else {
            try await verify(chip, &tapped, .lost)
            await interface.reached(.read)
            let files = try await card { () throws(CardError) in try chip.readFiles() }
            tapped.reading = try Self.reading(files, tapped.sessions, passport)
        }
        await interface.reached(.sign)
        while let (index, draft) = tapped.reading?.next {
            let signature = try await card { () throws(CardError) in try chip.authenticate(digest: draft.transcript) }
            // By the file that was read, and not by whatever lies there now.
            guard tapped.reading?.files.isChipSignature(signature, over: draft.transcript) == true else {
                throw .ending(.otherChip)
            }
            tapped.reading?.signatures[index] = signature
        }
        guard let reading = tapped.reading else { throw .ending(.internal) }
        return await signed(reading)
    }

    /// Presents the PIN that was typed, or one that is typed now: once.
    private func verify(_ chip: CardSession, _ tapped: inout Tapped, _ reason: PINReason) async throws(TapFailure) {
        let tries = try await card { () throws(CardError) in try chip.pinTriesLeft() }
        guard tries > 0 else { throw .card(.pinLocked) }
        if tapped.typed == nil {
            do throws(PhoneEnding) { tapped.typed = try await typedPIN(reason) } catch { throw .ending(error) }
        }
        guard let pin = tapped.typed else { throw .ending(.internal) }
        tapped.typed?.wipe()
        tapped.typed = nil
        try await card { () throws(CardError) in try chip.verify(pin) }
    }

    /// EF 0007 of a card that was found again.
    private func chipKey(_ chip: CardSession, _ tapped: inout Tapped) async throws(TapFailure) -> [UInt8] {
        if let key = try await card({ () throws(CardError) in try chip.readChipKey() }) { return key }
        try await verify(chip, &tapped, .lost)
        guard let key = try await card({ () throws(CardError) in try chip.readChipKey() }) else {
            throw .ending(.otherChip)
        }
        return key
    }

    private func card<Value: Sendable>(
        _ work: @escaping @Sendable () throws(CardError) -> Value
    ) async throws(TapFailure) -> Value {
        do throws(CardError) { return try await worker.card(work) } catch { throw .card(error) }
    }

    private static func reading(
        _ files: CardFiles, _ sessions: [Result<PhoneSession, PhoneReason>], _ passport: PassportFiles?
    ) throws(TapFailure) -> Reading {
        let attributes: CardAttributes
        do { attributes = try CardAttributes(parsing: files.attributes) } catch { throw .card(.malformed(error)) }
        let drafts = sessions.map { session -> Drafted in
            session.flatMap { session in
                let passport = session.request.kind == .overseas ? passport : nil
                let draft = try? session.draft(files, passport: passport)
                return draft.map { .success($0) } ?? .failure(.internal)
            }
        }
        return Reading(files: files, attributes: attributes, drafts: drafts)
    }

    /// The applications with the chip's signatures and the device's proofs.
    private func signed(_ reading: Reading) async -> Presented {
        var applications: [Result<SignedApplication, PhoneReason>] = []
        for (index, drafted) in reading.drafts.enumerated() {
            switch drafted {
            case .failure(let reason): applications.append(.failure(reason))
            case .success(let draft):
                let application: SignedApplication?
                if let signature = reading.signatures[index] {
                    application = try? await draft.signed(chipSignature: signature)
                } else {
                    application = nil
                }
                applications.append(application.map { .success($0) } ?? .failure(.internal))
            }
        }
        return Presented(attributes: reading.attributes, applications: applications)
    }
}
