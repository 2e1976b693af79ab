import CardChip
import Exchange
import ExchangeSupport
import Foundation
import Glibc
import PhoneApp
import SimulatedCard
import StackSupport
import Synchronization
import TestSupport
import Testing
import Vaccination

/// A `wallet` that is hostile, or somebody before it: nothing opens anywhere else, and nothing of the person is in what it saw.
extension EndToEnd.Phones {
    /// What is done to an application and its answer.
    enum Deed: String, CaseIterable {
        case dropsAnswers, repeatsApplications, rewritesAnswers, rewritesApplications, answersItself

        /// Why nothing is kept; `nil` if it is.
        var reason: PhoneReason? {
            switch self {
            case .dropsAnswers: .unreachable
            case .repeatsApplications: nil
            case .rewritesAnswers: .unopened(.notForThisSession)
            case .rewritesApplications: .refusedOpenly(.filesInvalid)
            case .answersItself: .unusable
            }
        }

        /// In which state the certificate is then; `nil` if none was made.
        var state: String? {
            switch self {
            case .dropsAnswers, .rewritesAnswers: "voided"
            case .repeatsApplications: "printed"
            case .rewritesApplications, .answersItself: nil
            }
        }

        func answer(_ body: [UInt8], _ pass: PhoneRelay.Pass) async throws -> TestCentre.Response? {
            switch self {
            case .dropsAnswers:
                _ = try await pass(body)
                return nil
            case .repeatsApplications:
                for _ in 0..<3 { _ = try await pass(body) }
                return try await pass(body)
            case .rewritesAnswers:
                var reply = try await pass(body)
                reply.body[reply.body.count / 2] ^= 1
                return reply
            case .rewritesApplications:
                var changed = body
                changed[changed.count / 2] ^= 1
                return try await pass(changed)
            case .answersItself: return .refused(.personNotFound)
            }
        }
    }

    @Test(arguments: PhoneRelay.Place.allCases, Deed.allCases)
    func `what a relay does to an application or an answer ends that session alone`(
        _ place: PhoneRelay.Place, _ deed: Deed
    ) async throws {
        let stack = try Stack.current
        let phone = try await stack.phone()
        let person = try #require(stack.people.first { $0.columns["note"] == "sex not stated" })
        let before = try await stack.certificatesByState(in: person.municipality)
        let relay = try await PhoneRelay(place, stack) { request, pass in
            guard request.path == "/v1/application" else { return try await pass(request.body) }
            return try await deed.answer(request.body, pass)
        }
        let course = try await phone.asking(relay.url).present(
            [PhoneChoice(municipality: person.municipality, kind: .domestic)], card: stack.card(person))
        #expect(course.ending == nil)
        // A changed application has lost its form, its proof or the chip's signature, as the byte has it.
        let isRefused = [.requestMalformed, .filesInvalid, .deviceProof, .cardChipSignature].contains {
            course.reasons == [.refusedOpenly($0)]
        }
        #expect(deed == .rewritesApplications ? isRefused : course.reasons == [deed.reason], "\(course.reasons)")
        #expect(course.shown.count == (deed.reason == nil ? 1 : 0))
        // Every repetition was the same bytes, and came to one certificate at most.
        #expect(Set(relay.asked("/v1/application").map(\.body)).count == 1)
        let after = try await stack.certificatesByState(in: person.municipality)
        let made = after.mapValues { $0.subtracting(before.values.reduce([]) { $0.union($1) }) }.filter { !$1.isEmpty }
        #expect(made.mapValues(\.count) == (deed.state.map { [$0: 1] } ?? [:]))
        await relay.stop()
        #expect(!contains(relay.seen, secrets(of: person)))
    }

    @Test(arguments: PhoneRelay.Place.allCases)
    func `answers that were swapped between two phones open at neither`(_ place: PhoneRelay.Place) async throws {
        let stack = try Stack.current
        let (one, two) = (try await stack.phone(), try await stack.phone())
        let people = try [stack.nextPersonWithPhone(), stack.nextPersonWithPhone()]
        let held = Mutex<[String: TestCentre.Response]>([:])
        let relay = try await PhoneRelay(place, stack) { request, pass in
            guard request.path == "/v1/application", let own = request.inquiry else {
                return try await pass(request.body)
            }
            let reply = try await pass(request.body)
            held.withLock { $0[own] = reply }
            var other: TestCentre.Response?
            try await eventually("the other phone's answer") {
                other = held.withLock { held in held.first { $0.key != own }?.value }
                return other != nil
            }
            return other
        }
        async let first = one.asking(relay.url).present(
            [PhoneChoice(municipality: people[0].municipality, kind: .domestic)], card: stack.card(people[0]))
        async let second = two.asking(relay.url).present(
            [PhoneChoice(municipality: people[1].municipality, kind: .domestic)], card: stack.card(people[1]))
        for course in [try await first, try await second] {
            #expect(course.reasons == [.unopened(.notForThisSession)])
            #expect(course.shown.isEmpty)
        }
        #expect(held.withLock { $0.values.map(\.status) } == [200, 200])
        await relay.stop()
    }

    @Test(arguments: PhoneRelay.Place.allCases)
    func `what a relay kept gives it nothing later: no second certificate, and no outcome but the holder's`(
        _ place: PhoneRelay.Place
    ) async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        let passing = Mutex<PhoneRelay.Pass?>(nil)
        let relay = try await PhoneRelay(place, stack) { request, pass in
            if request.path == "/v1/application" { passing.withLock { $0 = pass } }
            return try await pass(request.body)
        }
        let phone = try await stack.phone().asking(relay.url)
        let course = try await phone.present(
            [PhoneChoice(municipality: person.municipality, kind: .domestic)], card: stack.card(person))
        #expect(course.reasons == [nil])
        let before = try await stack.certificatesByState(in: person.municipality)
        let application = try #require(relay.asked("/v1/application").first)
        // The application again: as it was, and within a session of another number.
        let pass = try #require(passing.withLock { $0 })
        _ = try await pass(application.body)
        let client = place == .beforeWallet ? stack.asPhone() : try stack.asWallet()
        let prefix = place == .beforeWallet ? "" : "/wallet"
        _ = try await client.send(
            "POST", prefix + "/v1/application", body: application.body, type: PhoneApplication.mediaType,
            headers: [InquiryNumber.header: InquiryNumber().text])
        // The outcome with another word: its signature is the session's.
        let outcome = try #require(relay.asked("/v1/outcome").first)
        for index in outcome.body.indices {
            var changed = outcome.body
            changed[index] ^= 1
            // One byte in ten, so that the test ends.
            guard index % 10 == 0 || index > outcome.body.count - 80 && index % 5 == 0 else { continue }
            let reply = try await client.send(
                "POST", prefix + "/v1/outcome", body: changed, type: Outcome.mediaType,
                headers: [InquiryNumber.header: InquiryNumber().text])
            #expect(reply.status >= 400, "byte \(index)")
        }
        #expect(try await stack.certificatesByState(in: person.municipality) == before)
        await relay.stop()
    }

    // MARK: Nothing of the person

    @Test(arguments: PhoneRelay.Place.allCases)
    func `nothing of the person is in what a relay saw`(_ place: PhoneRelay.Place) async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        let relay = try await PhoneRelay(place, stack)
        let course = try await overseas(person, at: stack.phone().asking(relay.url))
        await relay.stop()
        let kept = try #require(course.shown.first { $0.request.kind == .overseas })
        // What it saw is a whole session, and the same search finds what stands in the opened answer.
        #expect(relay.asked("/v1/outcome").count == 2)
        #expect(contains(relay.seen, [Array(person.municipality.digits.utf8)]))
        let opened = kept.codes.map { Array($0.utf8) } + [Array(kept.manifest.name.utf8)]
        #expect(contains(opened, [Array(person.cardName.utf8)]))
        #expect(contains(opened, [Array(Self.passportNumber.utf8)]))
        for secret in secrets(of: person) {
            #expect(contains([[1, 2] + secret + [3]], [secret]))
            #expect(!contains(relay.seen, [secret]), "something of the person went by in the clear")
        }
        // Nor the codes themselves, or the page.
        #expect(!contains(relay.seen, kept.codes.map { Array($0.utf8.prefix(60)) }))
    }

    @Test(.requires(.memoryOfOthers))
    func `nothing of the person is in the memory of wallet`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        let phone = try await stack.phone()
        let course = try await overseas(person, at: phone)
        #expect(course.reasons == [nil, nil])
        // One that is refused, too: its number is in no record of that municipality.
        let elsewhere = try #require(stack.municipalities.first { $0 != person.municipality })
        let refused = try await phone.present(
            [PhoneChoice(municipality: elsewhere, kind: .domestic)], card: stack.card(person))
        #expect(refused.reasons == [.refused(.personNotFound)])
        let secrets = secrets(of: person)
        let known = [Array(stack.walletListenerAddress.utf8), Array(person.municipality.digits.utf8)]
        let wallet = try ProcessMemory(of: #require(stack.walletPID), lookingFor: secrets + known)
        #expect(wallet.bytes > 1 << 20)
        // What it has to know is found, so that the rest would be.
        #expect(wallet.found.suffix(known.count).allSatisfy { $0 })
        #expect(wallet.found.prefix(secrets.count).allSatisfy { !$0 }, "\(wallet.found)")
        // Where the person is known, the same search finds each of them: this process.
        let own = try ProcessMemory(of: getpid(), lookingFor: secrets)
        #expect(own.found.allSatisfy { $0 })
        withExtendedLifetime(secrets) {}
    }

    private static let passportNumber = "XX9920002"

    /// A domestic and an overseas certificate in one presentation.
    private func overseas(_ person: SamplePerson, at phone: LivePhone) async throws -> LivePhone.Course {
        let stack = try Stack.current
        let path = try await stack.passport(
            for: person, number: Self.passportNumber, surname: "KARINA", given: "TESUTO")
        return try await phone.present(
            CertificateKind.allCases.map { PhoneChoice(municipality: person.municipality, kind: $0) },
            card: stack.card(person), passport: stack.passport(reading: path))
    }

    /// What of a person nobody but `vrs` and the phone may see, in each way in which it may be written.
    private func secrets(of person: SamplePerson) -> [[UInt8]] {
        let texts = [
            person.number, person.cardName, person.cardName.replacing("\u{3000}", with: ""), person.address,
            person.birthDate.digits, person.birthDate.description, Self.passportNumber, "KARINA<<TESUTO",
        ]
        return texts.flatMap { text in
            let wide = Array(text.utf16)
            return [
                Array(text.utf8), wide.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] },
                wide.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] },
            ]
        }
    }

    /// Whether one of these texts stands somewhere in them.
    private func contains(_ all: [[UInt8]], _ needles: [[UInt8]]) -> Bool {
        all.contains { bytes in needles.contains { Data(bytes).firstRange(of: Data($0)) != nil } }
    }
}
