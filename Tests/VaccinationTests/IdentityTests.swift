import Foundation
import TestSupport
import Testing
import Vaccination

/// Parse, encode, compare: every value of the domain has one text, which is read as it was written.
@Suite struct IdentityTests {
    private static let samples = ["537686677188", "131016", "2023-04-30", "0123456789AB"].map { Array($0.utf8) }

    @Test func `values have one text each`() async throws {
        var random = Seeded("values of the domain")
        for _ in 0..<500 {
            let date = try #require(CalendarDate(daysSince1970: Int.random(in: -30_000...40_000, using: &random)))
            #expect(CalendarDate(iso: date.description) == date)
            let id = CertificateID(using: &random)
            #expect(CertificateID(id.text) == id)
        }
        for product in Product.all { #expect(Product.withCode(product.code) == product) }
        await BadInput.run("values of the domain", samples: Self.samples, cases: 3_000) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            if let read = IndividualNumber(text) { #expect(read.digits == text) }
            if let read = MunicipalityCode(text) { #expect(read.digits == text) }
            if let read = CalendarDate(iso: text) { #expect(read.description == text) }
            if let read = CertificateID(text) { #expect(read.text == text) }
        }
    }

    @Test func `every product has a code, names and codes of lists of its own, and a period that the calendar knows`() {
        #expect(Product.all.count == 18)
        #expect(Set(Product.all.map(\.code)).count == Product.all.count)
        #expect(Set(Product.all.map(\.name)).count == Product.all.count)
        #expect(Set(Product.all.map(\.nameEnglish)).count == Product.all.count)
        let codes = Product.all.compactMap(\.cvx)
        #expect(Set(codes).count == codes.count)
        #expect(codes.allSatisfy { $0.wholeMatch(of: /[0-9]{3}/) != nil })
        for product in Product.all {
            #expect(CalendarDate(iso: product.period.lowerBound.description) == product.period.lowerBound)
            #expect(product.period.lowerBound.year >= 2021)
            #expect(product.period.upperBound.description == "2024-03-31")
            #expect(product.cvx != nil || product.eu == nil, "\(product.code)")
        }
        #expect(Product.all.filter { $0.cvx == nil }.map(\.code) == ["DAICHIRONA-XBB"])
    }

    private func comesBack<T: Codable & Equatable>(
        _ value: T, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let read = try JSONDecoder().decode([T].self, from: JSONEncoder().encode([value]))
        #expect(read == [value], sourceLocation: sourceLocation)
    }

    @Test func `values are read from JSON as they were written`() throws {
        var random = Seeded("the domain in JSON")
        for _ in 0..<200 {
            try comesBack(#require(CalendarDate(daysSince1970: Int.random(in: -30_000...40_000, using: &random))))
            try comesBack(CertificateID(using: &random))
        }
        try comesBack(#require(MunicipalityCode("131016")))
        for product in Product.all { try comesBack(product) }
        for kind in CertificateKind.allCases { try comesBack(kind) }
    }
}
