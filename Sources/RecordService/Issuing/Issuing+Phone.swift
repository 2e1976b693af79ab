import Attestation
import CardChip
import Crypto
package import Exchange
import Foundation
import Logging
import Records
import TravelDocument
import Vaccination

extension Issuing {
    /// What is needed for phones; throws where they are not served.
    func desk() throws(ProblemCode) -> PhoneDesk {
        guard let phones else { throw .requestUnknown }
        return phones
    }

    /// A new challenge for a phone; throws if nothing would be issued anyway.
    package func phoneChallenge() throws -> ChallengeResponse {
        let desk = try desk()
        if let refusal = control.policy.refusal(at: nil) { throw refusal }
        if control.snapshot.phones.isSuspended { throw ProblemCode.serviceSuspended }
        try refuseWithoutToken()
        metrics.challenge()
        return ChallengeResponse(
            challenge: try desk.challenges.make(now: now(), incarnation: control.snapshot.state.incarnation),
            validSeconds: desk.challenges.validSeconds)
    }

    /// The statement of keys for phones.
    package func keyStatement() throws -> KeyStatement { try desk().uploadKeys.statement(now: now()) }

    /// The same and those before it by which applications are still taken.
    package func keyStatements() throws -> [KeyStatement] { try desk().uploadKeys.statements(now: now()) }

    /// The sealed answer to a phone's application, as ``issue(_:inquiry:formats:)`` gives it to a terminal's.
    package func issuePhone(
        _ bytes: [UInt8], inquiry: InquiryNumber, formats: Set<PageFormat> = []
    ) async throws -> [UInt8] {
        let desk = try desk()
        return try await answer(inquiry) { context in
            // Phones never take all places: kiosks go on beside them.
            try await desk.places.admit { try await processPhone(bytes, inquiry, formats, &context) }
        }
    }

    // The order is part of the security, as for a terminal's: nothing is stored before all signatures were found right, but that
    // somebody has tried.
    private func processPhone(
        _ bytes: [UInt8], _ inquiry: InquiryNumber, _ formats: Set<PageFormat>, _ context: inout IssuanceLogContext
    ) async throws -> Reply {
        let (desk, now) = (try desk(), now())
        guard let application = try? PhoneApplication(parsing: bytes) else { throw ProblemCode.requestMalformed }
        let isRepeated = try await store.findClaim(transcriptHash: application.transcriptHash, now: now) != nil
        let challenge = isRepeated ? nil : try open(application.challenge, desk)
        try challenge?.checkTime(now: now)
        let (proved, chip) = try await metrics.time(.check) {
            (try await device(of: application, desk, now), try application.checkedChip(by: checker.value.cards))
        }
        let facts = proved.facts
        guard let key = desk.uploadKeys.key(statedBy: application.statement.hash, now: now) else {
            throw ProblemCode.statementUnknown
        }
        // What stands still for everybody is nobody's attempt.
        try refuseWhatStopped(.phone(application, facts))
        try refuseWithoutToken()
        let attempts: [AttemptSubject: Int] = [
            .device(facts.keyHash): desk.attempts.perDevice,
            .card(chip.chip.hash): desk.attempts.perCard,
        ]
        // Who comes again with the same has counted: also where a relay sends it many times at once, so that nobody's card is used
        // up by others.
        if let challenge {
            try await count(attempts, once: application.transcriptHash, proved, challenge, now)
        }
        let opened: OpenedApplication
        do throws(PhoneFiles.Unopened) {
            opened = try metrics.timed(.open) { () throws(PhoneFiles.Unopened) in try chip.opened(by: key) }
        } catch { throw ProblemCode.filesInvalid }
        // What stands behind the signature of a card that a relay has never seen is no word of a person.
        guard let number = IndividualNumber(opened.card.individualNumber) else { throw ProblemCode.filesInvalid }
        // Looked at before the challenge is used up, and said behind it, sealed: it tells of the person's passport.
        var cause: String?
        let passport = Result { () throws(ProblemCode) -> PassportClaim? in
            guard let files = opened.passport else { return nil }
            return try PassportClaim(
                files, by: desk.passports.value, isDevelopment: maker.isDevelopment, now: now
            ) { cause = $0 }
        }
        if let cause { logger.info("passport refused", metadata: context.metadata(code: nil, cause: cause)) }
        return try await reply(
            to: .phone(application, facts), of: opened.card, number, passport: passport, inquiry, formats, now, &context
        ) { try open($0, desk) }
    }

    /// Counts attempts once for each transcript; throws if one has reached its limit.
    private func count(
        _ attempts: [AttemptSubject: Int], once transcript: [UInt8], _ device: ProvedDevice, _ challenge: Challenge,
        _ now: Date
    ) async throws {
        let application = AttemptSubject.device(transcript)
        let until = now.addingTimeInterval(86_400)
        let all = attempts.merging([application: 1]) { first, _ in first }
        let outcome = try await store.countAttempts(
            all, of: .application, until: until, noting: device.counter, now: now)
        if case .counted(let highest) = outcome {
            look(at: device.counter, highest, challenge)
            return
        }
        // Either this one has counted before, or a limit is reached. A count that ends at once leaves nothing.
        if try await store.countAttempt(application, limit: 1, until: now, now: now) { throw ProblemCode.limitAttempts }
    }

    /// Tells operators of a count that one device with this key alone cannot have shown. It refuses nothing.
    private func look(at counter: DeviceCounter?, _ highest: HighestCounter?, _ challenge: Challenge) {
        guard let counter, let highest, counter.isBehind(highest, madeFor: challenge) else { return }
        metrics.counterBehind()
        // The one line that names a device, as an operator takes it out of service by; so it names no application.
        logger.warning("device counter behind", metadata: ["device": "\(Hexadecimal.text(counter.keyHash))"])
    }

    private func open(_ challenge: [UInt8], _ desk: PhoneDesk) throws(ProblemCode) -> Challenge {
        guard let opened = desk.challenges.open(challenge, incarnation: control.snapshot.state.incarnation) else {
            throw .challengeInvalid
        }
        return opened
    }

    /// A device that has proved that it has its key.
    private struct ProvedDevice {
        let facts: DeviceFacts
        /// How often the key has signed, where its hardware says so.
        let counter: DeviceCounter?
    }

    /// The device that applies, by its certificate and its proof, and by what is known of it here.
    private func device(
        of application: PhoneApplication, _ desk: PhoneDesk, _ now: Date
    ) async throws -> ProvedDevice {
        guard
            let device = DeviceCertificate(der: application.deviceCertificate, issuedBy: desk.devices, at: now)
        else { throw ProblemCode.deviceUnknown }
        if let refusal = control.snapshot.phones.refusal(of: device.facts) { throw refusal }
        let count: UInt32?
        do throws(AttestationRefusal) {
            count = try device.proofKey.check(application.proof, of: application.proofMessage)
        } catch { throw ProblemCode.deviceProof }
        guard let known = try await store.device(keyHash: device.facts.keyHash) else { throw ProblemCode.deviceUnknown }
        guard !known.isRevoked else { throw ProblemCode.deviceRevoked }
        return ProvedDevice(
            facts: device.facts, counter: count.map { DeviceCounter(keyHash: device.facts.keyHash, value: $0) })
    }

    /// Compares a passport with card and record.
    /// - Returns: the passport as a record keeps it.
    func judge(_ passport: PassportClaim, of person: PersonRecord, _ asked: Asked) throws -> Passport {
        let region = asked.application.request.municipality
        if !passport.hasChip, control.snapshot.state.settings[region]?.acceptsZoneAlone != true {
            throw ProblemCode.passportChipRequired
        }
        let claim = CardHolderClaim(asked.card)
        let others = (person.register?.otherNames ?? []).map(\.name)
        let holder = ComparedHolder(
            cardName: asked.card.attributes.name, birthDate: claim.birthDate, sex: claim.sex,
            registeredNames: [person.vaccinee.name] + others,
            passports: person.passports.entries.filter(Self.vouchesForNames).map(\.passport))
        let outcome: HolderComparison.Outcome
        do throws(HolderComparison.Difference) {
            outcome = try HolderComparison.compare(passport.zone, with: holder)
        } catch {
            logger.info("passport refused", metadata: ["inquiry": "\(asked.inquiry.text)", "cause": "\(error.code)"])
            throw ProblemCode.passportHolderDiffers
        }
        guard let told = passport.zone.passport else { throw ProblemCode.passportUnreadable }
        if !passport.hasChip {
            // Anybody can write a zone: it says no more than what the record knows already, or whose name it can compare, and takes
            // the place of no passport that somebody has seen.
            let current = person.vaccinee.passport
            guard outcome == .same || current?.number == told.number else { throw ProblemCode.passportChipRequired }
            guard current == nil || current?.number == told.number else { throw ProblemCode.passportChipRequired }
        }
        return told
    }

    /// Whether the names of a recorded passport are the person's by somebody's word: not those that were taken back, nor those of a
    /// passport that a phone showed, which may have been compared by birth date and sex alone.
    private static func vouchesForNames(_ entry: PassportEntry) -> Bool {
        guard entry.counts || entry.reason == .renewed || entry.reason == .nameChange else { return false }
        return entry.source != .passportChip && entry.source != .passportZone
    }

    /// Takes a passport that was compared into the record.
    /// - Returns: the record as it is then; `nil` if it was written since it was read.
    func note(
        _ told: Passport, _ passport: PassportClaim, of person: PersonRecord, _ asked: Asked
    ) async throws -> PersonRecord? {
        let region = asked.application.request.municipality
        let noting = try await store.notePassport(
            told, source: passport.hasChip ? .chip : .zone, of: person.version, person: person.id, in: region,
            now: asked.now)
        switch noting {
        case .noted(let record): return record
        case .recordChanged: return nil
        case .ended: throw ProblemCode.passportEnded
        }
    }
}

extension DeviceCounter {
    /// Whether another device than the one that showed the highest count must have signed: two with one key.
    ///
    /// A device's count rises with each proof, and a proof is made for a challenge. So a count is too low if a higher one had come
    /// before this one's challenge was made, however low it is; how far instances' clocks may be apart is allowed for. What was
    /// under way at once comes in any order: the challenges of one presentation are made before any of its applications comes. That
    /// another proof shows the very same count no order explains.
    func isBehind(_ highest: HighestCounter, madeFor challenge: Challenge) -> Bool {
        if value == highest.value { return true }
        return value < highest.value
            && highest.at.addingTimeInterval(Challenge.clockTolerance) < challenge.madeAt
    }
}
