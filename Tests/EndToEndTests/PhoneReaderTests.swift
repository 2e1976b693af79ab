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
    @Test func `a card on a PC/SC reader gives a certificate, and so does one that is lost once`() async throws {
        let stack = try Stack.current
        let phone = try await stack.phone()
        let people = try [stack.nextPersonWithPhone(), stack.nextPersonWithPhone()]
        let cards = try people.map { SimulatedCard(file: try stack.card($0).file, persistTo: nil) }
        try await VirtualReader.use { reader in
            let choices = people.map { [PhoneChoice(municipality: $0.municipality, kind: .domestic)] }
            let card = VirtualReaderCard(card: cards[0], port: reader.port)
            try card.insert()
            let visit = try await phone.run(choices[0], reader: "any")
            card.remove()
            #expect(visit.status == 0, "\(visit.output)\(visit.errors)")
            #expect(visit.results.map(\.result) == ["kept"])
            #expect(try await stack.verify(visit.files("smart-health-card")).status == 0)

            // Lost after its PIN was verified; found again it wants the PIN again.
            let lost = VirtualReaderCard(card: cards[1], port: reader.port + 1, removedAfter: 8)
            async let presented = phone.run(choices[1], reader: VirtualReader.slots[1], pins: 2)
            let losing = Task.detached(executorPreference: LongRunning.threads) { try lost.run() }
            try await losing.value
            let found = VirtualReaderCard(card: cards[1], port: reader.port + 1)
            try found.insert()
            let second = try await presented
            found.remove()
            #expect(second.results.map(\.result) == ["kept"], "\(second.output)\(second.errors)")
            let taps = second.output.split(separator: "\n").filter { $0 == #"{"step":"card"}"# }
            #expect(taps.count == 2, "\(second.output)")
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
