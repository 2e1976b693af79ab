import CardChip
import Exchange
import Foundation
import SimulatedCard
import StackSupport
import Testing
import Vaccination

/// Card and PIN in, verified certificate out; and what a person may do wrong at the card.
extension EndToEnd {
    @Test(arguments: CertificateKind.allCases)
    func `a card and its PIN give a page that the verifier accepts offline`(_ kind: CertificateKind) async throws {
        let stack = try Stack.current
        let person = try #require(stack.people.first)
        let visit = try await stack.visit(
            card: stack.save(stack.card(person)), .init(municipality: person.municipality, kind: kind))
        #expect(visit.ended == "printed", "\(visit.output)\(visit.errors)")
        #expect(visit.status == 0)
        let (pdf, png) = (visit.files("pdf"), visit.files("png"))
        #expect(pdf.count == 1)
        #expect(png.count == 1)
        for file in pdf + png {
            let (status, output) = try await stack.verify([file])
            #expect(status == 0, "\(output)")
            let verdicts = try Stack.verdicts(output)
            let formats = verdicts.compactMap { $0["format"] as? String }.sorted()
            #expect(formats == (kind == .domestic ? ["shc"] : ["dcc", "shc", "vdsnc"]))
            for verdict in verdicts {
                #expect(verdict["verdict"] as? String == "valid")
                // A development key's certificate is never plain green.
                #expect(verdict["test"] as? Bool == true)
                #expect((verdict["holder"] as? [String: Any])?["birthDate"] as? String == person.birthDate.description)
            }
        }
    }

    @Test func `copies share one certificate and are printed as often as asked`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let visit = try await stack.visit(
            card: stack.save(stack.card(person)), .init(municipality: person.municipality, more: ["copies: 3"]))
        #expect(visit.ended == "printed", "\(visit.output)\(visit.errors)")
        let outputs = try await visit.files("pdf").asyncMap { try await stack.verify([$0]).output }
        #expect(Set(outputs).count == 1)
    }

    @Test func `three wrong PINs lock the card, also for the right one afterwards`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let card = try stack.save(stack.card(person))
        let wrong = try await stack.visit(
            card: card,
            .init(municipality: person.municipality, pins: ["0000", "1111", "2222"], expect: "card.pin_locked"))
        #expect(wrong.ended == "card.pin_locked", "\(wrong.output)\(wrong.errors)")
        let right = try await stack.visit(
            card: card, .init(municipality: person.municipality, expect: "card.pin_locked"))
        #expect(right.ended == "card.pin_locked", "\(right.output)\(right.errors)")
        #expect(wrong.files("pdf").isEmpty && right.files("pdf").isEmpty)
    }

    @Test func `two wrong PINs and the right one print, and give the card its tries back`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let card = try stack.save(stack.card(person))
        let visit = try await stack.visit(
            card: card, .init(municipality: person.municipality, pins: ["0000", "1111", "1234"]))
        #expect(visit.ended == "printed", "\(visit.output)\(visit.errors)")
        #expect(try SimulatedCardFile.load(card).triesLeft == 3)
    }

    @Test func `a person who leaves before paying gets nothing, and the certificate is void`() async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let before = Set(try await stack.certificates("voided", in: person.municipality))
        let visit = try await stack.visit(
            card: stack.save(stack.card(person)),
            .init(municipality: person.municipality, more: ["leave: payment"], expect: "left"))
        #expect(visit.ended == "left", "\(visit.output)\(visit.errors)")
        #expect(visit.files("pdf").isEmpty)
        #expect(Set(try await stack.certificates("voided", in: person.municipality)).subtracting(before).count == 1)
    }

    @Test(arguments: ["read", "sign"])
    func `a card taken away in the middle ends the session without a page`(_ step: String) async throws {
        let stack = try Stack.current
        let person = try stack.nextPerson()
        let visit = try await stack.visit(
            card: stack.save(stack.card(person)),
            .init(municipality: person.municipality, more: ["take: {at: \(step)}"], expect: "card.removed"))
        #expect(visit.files("pdf").isEmpty)
        #expect(visit.ended?.hasPrefix("card.") == true, "\(visit.output)\(visit.errors)")
    }

    @Test func `a municipality that does not take part cannot be chosen`() async throws {
        let stack = try Stack.current
        let elsewhere = try #require(MunicipalityCode("131016"))
        let before = try await stack.applicationsSeenByRecordSystem()
        let visit = try await stack.visit(
            card: stack.save(stack.card()), .init(municipality: elsewhere, expect: "municipality.not_participating"))
        #expect(visit.ended == "municipality.not_participating", "\(visit.output)\(visit.errors)")
        #expect(try await stack.applicationsSeenByRecordSystem() == before)
    }
}

extension Sequence {
    /// The values that an asynchronous transformation gives, one after the other.
    func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var values: [T] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
