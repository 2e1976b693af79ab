import CardChip
import Exchange
import Foundation
import PassportReader
import TravelDocument
import Vaccination
import Waiting

/// One presentation of the card at a phone, from the menu to the outcomes, apart from any screen.
///
/// Nothing is written, and nothing of it outlives ``run()`` but what it returns: files, PIN, passport and keys go with it. The
/// passport is read before the PIN is typed, so that the card is held to the phone once and the challenges are young.
package struct PhoneFlow: Sendable {
    let environment: PhoneEnvironment
    let interface: any PhoneInterface
    let reader: TagReader
    let worker: TagWorker

    /// How often a tag may be lost before the session ends.
    static let maximumLosses = 6

    /// A presentation that has not begun.
    package init(_ environment: PhoneEnvironment, interface: any PhoneInterface, reader: TagReader) {
        (self.environment, self.interface, self.reader) = (environment, interface, reader)
        worker = TagWorker(limit: environment.timeouts.tag)
    }

    /// Runs it: each choice has its own certificate or its own reason, in the order in which they were chosen.
    ///
    /// Cancelling its task ends it; what was sent by then is reported as not kept.
    /// - Throws: why it ended before anything was sent.
    package func run() async throws(PhoneEnding) -> [PhoneResult] {
        let choices = try await choose()
        await interface.reached(.keys)
        let stated = try await environment.statedKeys()
        let passport = await passport(for: choices.filter { $0.reason == nil })
        let asked = choices.map { choice in
            var choice = choice
            if choice.reason == nil, choice.choice.kind == .overseas, case .failure(let reason)? = passport {
                choice.reason = reason
            }
            return choice
        }
        var results: [Int: PhoneResult] = [:]
        for (index, one) in asked.enumerated() {
            guard let reason = one.reason else { continue }
            results[index] = PhoneResult(choice: one.choice, inquiry: one.inquiry, certificate: .failure(reason))
        }
        let open = asked.enumerated().filter { $0.element.reason == nil }.map { ($0.offset, $0.element) }
        if !open.isEmpty {
            let files = try? passport?.get()
            let presented = try await present(open.map(\.1), stated, files)
            let obtained = await obtain(open.map(\.1), presented, stated, files)
            for ((index, _), result) in zip(open, obtained) { results[index] = result }
        }
        return asked.indices.compactMap { results[$0] }
    }

    /// A choice with the number of its session, and why it cannot be asked for.
    struct AskedChoice: Sendable {
        let choice: PhoneChoice
        let inquiry = InquiryNumber()
        var reason: PhoneReason?
    }

    func checkCancelled() throws(PhoneEnding) { if Task.isCancelled { throw .cancelled } }

    // MARK: Choosing

    private func choose() async throws(PhoneEnding) -> [AskedChoice] {
        await interface.reached(.menu)
        let menu: Menu
        do throws(ServiceFailure) {
            menu = try await environment.ask { wallet async throws(ServiceFailure) in try await wallet.menu() }
        } catch { throw Task.isCancelled ? .cancelled : PhoneEnding(error) }
        if let closed = menu.closed { throw .refused(closed) }
        guard menu.hours.contains(environment.now()) else { throw .refused(.serviceClosed) }
        await interface.reached(.choice)
        guard let choices = await interface.choose(of: menu) else { throw .left }
        try checkCancelled()
        guard (1...PhoneSession.maximumAtOnce).contains(choices.count), Set(choices).count == choices.count else {
            throw .choiceInvalid
        }
        return choices.map { AskedChoice(choice: $0, reason: Self.refusal(of: $0, menu)) }
    }

    /// Why a choice is none that the menu has.
    private static func refusal(of choice: PhoneChoice, _ menu: Menu) -> PhoneReason? {
        guard let entry = menu.entries.first(where: { $0.municipality.code == choice.municipality }) else {
            return .refusedOpenly(.municipalityNotParticipating)
        }
        if entry.isSuspended { return .refusedOpenly(.municipalitySuspended) }
        if entry.isElsewhere { return .refusedOpenly(.channelNotOffered) }
        if menu.suspendedKinds.contains(choice.kind) { return .refusedOpenly(.kindSuspended) }
        return entry.kinds.contains(choice.kind) ? nil : .refusedOpenly(.kindNotOffered)
    }

    // MARK: The passport

    /// The passport's files for overseas certificates; `nil` where none is asked for.
    private func passport(for choices: [AskedChoice]) async -> Result<PassportFiles, PhoneReason>? {
        guard choices.contains(where: { $0.choice.kind == .overseas }) else { return nil }
        await interface.reached(.passport)
        guard let presented = await interface.passport() else { return .failure(.passport("passport.not_presented")) }
        guard presented.hasChip else {
            let files = PassportFiles(zone: DataGroup1(presented.zone).bytes, securityObject: [])
            return files.map { .success($0) } ?? .failure(.internal)
        }
        var (reason, losses) = (HoldReason.first, 0)
        while losses < Self.maximumLosses, !Task.isCancelled, await interface.hold(.passport, reason) {
            do throws(PassportReadError) {
                guard let read = try await worker.run(reading(presented.zone)) else {
                    throw .transport(.timeout)
                }
                let files = PassportFiles(zone: read.dataGroup1, securityObject: read.securityObject)
                return files.map { .success($0) } ?? .failure(.passport("passport.file_malformed"))
            } catch {
                switch error {
                case .transport(.noReader), .transport(.severalCards): return .failure(.passport(error.code))
                case .transport: reason = .lost
                case .otherCard: reason = .otherKind
                default: return .failure(.passport(error.code))
                }
                losses += 1
            }
        }
        return .failure(Task.isCancelled ? .cancelled : .passport("passport.not_presented"))
    }

    private func reading(
        _ zone: MachineReadableZone
    ) -> @Sendable () throws(PassportReadError) -> TravelDocumentFiles {
        { [reader] () throws(PassportReadError) -> TravelDocumentFiles in
            let transport: any CardTransport
            do throws(CardTransportError) { transport = try reader.connect(.passport) } catch {
                throw .transport(error)
            }
            var session = try PassportSession(transport: transport, zone: zone)
            return try session.readFiles()
        }
    }
}
