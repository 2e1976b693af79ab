import CredentialIssuing
import Credentials
import Foundation
import IssuerSupport
import Rendering
import Scanning
import TestSupport
import Testing
import Vaccination

/// Photographs as phones take them, made from codes drawn here.
@Suite(.requires(.python(.interoperability)))
struct PhotoTests {
    private struct Photo: Decodable {
        let `class`: String
        let file: String
        let codes: [String]
    }

    private static let photosOfAClass = 6

    @Test func `turned, skewed, blurred, unevenly lit and noisy photographs are read`() async throws {
        let random = Seeded("photographs")
        let folder = try TemporaryFolder()
        let issuers = try Issuers()
        var texts: [String: String] = [:]
        for number in 0..<4 {
            let person = try Person(lot: "LOT\(number)")
            let card = try await issuers.card(person)
            let (vdsnc, dcc) = (try await issuers.vdsnc(person).text, try await issuers.dcc(person).text)
            for (name, text, code) in [
                (
                    "shc", card.qrText,
                    try QRCode(QRSegment.smartHealthCard(digits: card.numeric), level: .l, maximumVersion: 22)
                ), ("vdsnc", vdsnc, try QRCode([.bytes(vdsnc)], level: .l)),
                ("dcc", dcc, try QRCode([.alphanumeric(dcc)], level: .q)),
            ] {
                texts["\(name)-\(number)"] = text
                try folder.write("codes/\(name)-\(number).png", Data(code.png(pixelsPerModule: 6)))
            }
        }
        try Python.interoperability.run(
            "VerifierServiceTests/Python/photos.py",
            [folder.path, "\(random.seed % 1_000_000)", "\(Self.photosOfAClass)"])

        var rates: [String: (read: Int, all: Int)] = [:]
        for line in try folder.text("photos.json").split(separator: "\n") {
            let photo = try JSONDecoder().decode(Photo.self, from: Data(line.utf8))
            let bytes = Array(try Data(contentsOf: folder.url(photo.file)))
            let found = try Scanning.codes(in: bytes, expecting: Scanning.maximumCodes).map(\.text)
            // What is found is what is there, however bad the picture.
            #expect(Set(found).isSubset(of: photo.codes.compactMap { texts[$0] }), "\(photo.file), seed \(random.seed)")
            let read = photo.codes.count { name in texts[name].map(found.contains) ?? false }
            rates[photo.class, default: (0, 0)].read += read
            rates[photo.class, default: (0, 0)].all += photo.codes.count
        }
        #expect(rates.count == 12)
        let total = rates.values.reduce((0, 0)) { ($0.0 + $1.read, $0.1 + $1.all) }
        for (name, rate) in rates.sorted(by: { $0.key < $1.key }) {
            print("photographs, \(name): \(rate.read) of \(rate.all) read")
            // One photograph of six may be beyond reading; a class in which half of them are is a fault.
            #expect(2 * rate.read > rate.all, "\(name), seed \(random.seed)")
        }
        #expect(total.0 * 100 >= total.1 * 90, "\(total.0) of \(total.1), seed \(random.seed)")
    }
}
