import CardChip
import Exchange
import Foundation
import PhoneApp
import SimulatedCard
import StackSupport
import TestSupport
import Testing
import Vaccination

extension EndToEnd {
    /// The started programs, from a card at a phone to a certificate that a verifier takes.
    @Suite struct Phones {}
}

/// Card, PIN and passport at a phone, verified certificate in its folder.
extension EndToEnd.Phones {
    @Test func `the first overseas certificate comes by phone, and then the second at a kiosk`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        let card = try stack.save(stack.card(person))
        // Nobody's passport is known before: a kiosk cannot read one.
        let refused = try await stack.visit(
            card: card,
            .init(municipality: person.municipality, kind: .overseas, expect: "overseas.no_passport"))
        #expect(refused.ended == "overseas.no_passport", "\(refused.output)\(refused.errors)")

        let passport = try await stack.passport(
            for: person, number: "XX9910001", surname: "KARINA", given: "TESUTO")
        let phone = try await stack.phone()
        let visit = try await phone.run(
            [PhoneChoice(municipality: person.municipality, kind: .overseas)], card: card, passport: passport,
            more: ["--pages"])
        #expect(visit.status == 0, "\(visit.output)\(visit.errors)")
        #expect(visit.results.map(\.result) == ["kept"])
        for ending in ["pdf", "png"] {
            let files = visit.files(ending)
            #expect(files.count == 1)
            let verdicts = try await valid(files, of: person)
            #expect(verdicts.compactMap { $0["format"] as? String }.sorted() == ["dcc", "shc", "vdsnc"])
        }
        let shown = try await valid(visit.files("smart-health-card"), of: person)
        #expect(shown.compactMap { $0["certificateId"] as? String } == visit.results.compactMap(\.id))
        let texts = try visit.files("txt").flatMap {
            try String(contentsOfFile: $0, encoding: .utf8).split(separator: "\n")
        }
        #expect(texts.count == 3)

        // What the phone was given counts as issued before, and its passport is known from now on.
        let second = try await stack.visit(
            card: card, .init(municipality: person.municipality, kind: .overseas))
        #expect(second.ended == "printed", "\(second.output)\(second.errors)")
        let printed = try await valid(second.files("pdf"), of: person)
        let seal = try #require(printed.first { $0["format"] as? String == "vdsnc" })
        #expect((seal["holder"] as? [String: Any])?["documentNumber"] as? String == "XX9910001")
    }

    @Test func `a kiosk wants an earlier certificate with the passport that a phone brought, and the phone's is one`()
        async throws
    {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let card = try stack.save(stack.card(person))
        let passport = try await stack.passport(
            for: person, number: "XX9950005", surname: "KARINA", given: "TESUTO")
        let choice = [PhoneChoice(municipality: person.municipality, kind: .overseas)]
        // Given back: the record knows the passport, and that no certificate was delivered with it.
        let discarded = try await phone.run(choice, card: card, passport: passport, more: ["--discard"])
        #expect(discarded.results.map(\.result) == ["phone.not_kept"], "\(discarded.output)\(discarded.errors)")
        let refused = try await stack.visit(
            card: card,
            .init(municipality: person.municipality, kind: .overseas, expect: "overseas.no_earlier_certificate"))
        #expect(refused.ended == "overseas.no_earlier_certificate", "\(refused.output)\(refused.errors)")

        let kept = try await phone.run(choice, card: card, passport: passport)
        #expect(kept.results.map(\.result) == ["kept"], "\(kept.output)\(kept.errors)")
        let printed = try await stack.visit(card: card, .init(municipality: person.municipality, kind: .overseas))
        #expect(printed.ended == "printed", "\(printed.output)\(printed.errors)")
    }

    @Test func `each municipality gives its own certificate or its own reason`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        // The records of the others know nobody of this number.
        let others = stack.municipalities.filter { $0 != person.municipality }
        #expect(others.count == 2)
        let elsewhere = try #require(MunicipalityCode("131016"))
        let visit = try await stack.phone().run(
            ([person.municipality] + others + [elsewhere]).map { PhoneChoice(municipality: $0, kind: .domestic) },
            card: stack.save(stack.card(person)))
        #expect(visit.status == 1)
        #expect(
            visit.results.map(\.result) == [
                "kept", "person.not_found", "person.not_found", "municipality.not_participating",
            ],
            "\(visit.output)\(visit.errors)")
        #expect(Set(visit.results.compactMap(\.id)).count == 1)
        let files = visit.files("smart-health-card")
        #expect(files.count == 1)
        for file in files { _ = try await valid([file], of: person) }
    }

    @Test func `a certificate is current until it is revoked`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        let phone = try await stack.phone()
        let visit = try await phone.run(
            [PhoneChoice(municipality: person.municipality, kind: .domestic)], card: stack.save(stack.card(person)))
        let token = try #require(visit.files("token").first, "\(visit.output)\(visit.errors)")
        let current = try await phone.command("current", "--token", token)
        #expect(current.output == "current\n")
        #expect(current.status == 0, "\(current.errors)")
        let id = try #require(visit.results.first?.id)
        #expect(try await stack.certificates("printed", in: person.municipality).contains(id))
        try await stack.operate("certificates", "revoke", person.municipality.digits, id)
        let revoked = try await phone.command("current", "--token", token)
        #expect(revoked.output == "revoked\n")
        #expect(revoked.status == 1)
    }

    @Test func `a device that its holder revoked is refused from then on, and no other is`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPersonWithPhone()
        let card = try stack.save(stack.card(person))
        let choice = [PhoneChoice(municipality: person.municipality, kind: .domestic)]
        let (phone, other) = (try await stack.phone(), try await stack.phone())
        let code = try phone.revocationCode
        let wrong = try await phone.command("revoke", "--code", String(code.reversed()))
        #expect(wrong.status != 0)
        #expect(try await phone.run(choice, card: card).results.map(\.result) == ["kept"])
        let revoked = try await phone.command("revoke", "--code", code)
        #expect(revoked.status == 0, "\(revoked.output)\(revoked.errors)")
        let refused = try await phone.run(choice, card: card)
        #expect(refused.results.map(\.result) == ["device.revoked"], "\(refused.output)\(refused.errors)")
        #expect(refused.files("smart-health-card").isEmpty)
        #expect(try await other.run(choice, card: card).results.map(\.result) == ["kept"])
    }

    /// What the verifier says of files, each code of which it has to take as this person's.
    private func valid(_ files: [String], of person: SamplePerson) async throws -> [[String: Any]] {
        let (status, output) = try await Stack.current.verify(files)
        #expect(status == 0, "\(output)")
        let verdicts = try Stack.verdicts(output)
        #expect(!verdicts.isEmpty)
        for verdict in verdicts {
            #expect(verdict["verdict"] as? String == "valid")
            // A development key's certificate is never plain green.
            #expect(verdict["test"] as? Bool == true)
            #expect((verdict["holder"] as? [String: Any])?["birthDate"] as? String == person.birthDate.description)
        }
        return verdicts
    }
}
