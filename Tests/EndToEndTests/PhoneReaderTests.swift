import CardChip
import Exchange
import Foundation
import PhoneApp
import SimulatedCard
import SimulatedPassport
import StackSupport
import TestSupport
import Testing
import Vaccination

/// A phone whose tags lie on readers: pcscd with the virtual reader of vsmartcard, the same commands as at real ones.
extension EndToEnd.Phones {
    @Test func `a card on a PC/SC reader gives a certificate`() async throws {
        let stack = try Stack.current
        let phone = try await stack.phone()
        let person = try stack.nextPersonWithPhone()
        let chip = SimulatedCard(file: try stack.card(person).file, persistTo: nil)
        try await VirtualReader.use { reader in
            let card = VirtualReaderCard(card: chip, port: reader.port)
            try card.insert()
            let visit = try await phone.run(
                [PhoneChoice(municipality: person.municipality, kind: .domestic)], reader: "any")
            card.remove()
            #expect(visit.status == 0, "\(visit.output)\(visit.errors)")
            #expect(visit.results.map(\.result) == ["kept"])
            #expect(try await stack.verify(visit.files("smart-health-card")).status == 0)
        }
    }

    @Test func `card and passport on two readers give a first overseas certificate`() async throws {
        let stack = try Stack.current
        let (phone, person) = (try await stack.phone(), try stack.nextPersonWithPhone())
        let file = try await stack.passport(for: person, number: "XX9940004", surname: "KARINA", given: "TESUTO")
        let passport = try stack.passport(reading: file).passport
        let card = SimulatedCard(file: try stack.card(person).file, persistTo: nil)
        try await VirtualReader.use { reader in
            let tags = [
                VirtualReaderCard(card: card, port: reader.port),
                VirtualReaderCard(card: passport, port: reader.port + 1),
            ]
            for tag in tags { try tag.insert() }
            let visit = try await phone.run(
                [PhoneChoice(municipality: person.municipality, kind: .overseas)], reader: VirtualReader.slots[0],
                passport: (file, VirtualReader.slots[1]))
            for tag in tags { tag.remove() }
            #expect(visit.status == 0, "\(visit.output)\(visit.errors)")
            #expect(visit.results.map(\.result) == ["kept"])
            let (status, output) = try await stack.verify(visit.files("smart-health-card"))
            #expect(status == 0, "\(output)")
        }
    }
}
