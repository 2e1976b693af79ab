import CardChip
import Crypto
import Foundation
import PassportReader
import SimulatedCard
package import TravelDocument
package import Vaccination

/// A simulated passport in a file of its own (mode 0600), which says first and loudly that it is a simulation: its zone as a
/// camera would read it, and what its chip holds.
package struct SimulatedPassportFile: Sendable, Confidential {
    /// The machine-readable zone.
    package let zone: MachineReadableZone
    private let securityObject: [UInt8]

    /// A passport that a country's signer signs at a time in seconds since 1970.
    package init(zone: MachineReadableZone, signer: SimulatedDocumentSigner, now: Double) {
        var form = SecurityObjectForm(dataGroup1: DataGroup1(zone).bytes)
        form.signedAt = now
        (self.zone, securityObject) = (zone, form.signed(by: signer))
    }

    /// Its chip.
    package var passport: SimulatedPassport { SimulatedPassport(zone: zone, securityObject: securityObject) }

    /// Reads what ``save(_:)`` wrote.
    /// - Parameter today: the day by which the centuries of the zone's dates are told.
    package init(reading path: String, today: CalendarDate) throws {
        let data = try PrivateFile.read(path)
        guard let document = try? JSONDecoder().decode(Document.self, from: data), document.version == 1,
            document.simulation == Simulation.notice
        else { throw SimulatedCardError.unreadable(path: path, field: nil) }
        guard let zone = try? MachineReadableZone(lines: document.zone.joined(separator: "\n"), today: today) else {
            throw SimulatedCardError.unreadable(path: path, field: "zone")
        }
        guard let object = Hexadecimal.bytes(document.securityObject),
            (4...SignedSecurityObject.maximumLength).contains(object.count)
        else { throw SimulatedCardError.unreadable(path: path, field: "securityObject") }
        (self.zone, securityObject) = (zone, object)
    }

    /// Writes the passport to its file, whole or not at all.
    package func save(_ path: String) throws {
        let document = Document(zone: zone.lines, securityObject: Hexadecimal.text(securityObject))
        try PrivateFile.write(try PrivateFile.json(document, for: path), to: path)
    }

    private struct Document: Codable {
        var simulation = Simulation.notice
        var version = 1
        var zone: [String]
        var securityObject: String

        enum CodingKeys: String, CodingKey {
            case simulation = "SIMULATION"
            case version, zone, securityObject
        }
    }
}

extension SimulatedCountry {
    /// Reads what ``write(privateTo:publicTo:now:)`` wrote.
    package init(readingPrivate path: String) throws {
        let data = try PrivateFile.read(path)
        guard let document = try? JSONDecoder().decode(Document.self, from: data),
            let certificate = Hexadecimal.bytes(document.certificate),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: document.privateKey)
        else { throw SimulatedCardError.unreadable(path: path, field: nil) }
        self.init(country: document.country, certificate: certificate, key: key)
    }

    /// Writes the country's private file (mode 0600), and into a trust folder's `passport` its authority's certificate and an
    /// empty revocation list that promises the next one in 90 days.
    ///
    /// - Parameters:
    ///   - path: the private file; its folder is made if it is missing.
    ///   - folder: such as `TRUST/passport`; made if it is missing.
    ///   - now: in seconds since 1970.
    package func write(privateTo path: String, publicTo folder: String, now: Double) throws {
        let manager = FileManager.default
        try manager.createDirectory(
            at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let document = Document(
            country: country, certificate: Hexadecimal.text(certificate), privateKey: key.pemRepresentation)
        try PrivateFile.write(try PrivateFile.json(document, for: path), to: path)
        let list = revocationList(from: now - 3600, until: now + 90 * 86_400)
        for (name, bytes) in [("cer", certificate), ("crl", list)] {
            let file = "\(folder)/simulated-\(country.lowercased()).\(name)"
            do {
                try Data(bytes).write(to: URL(fileURLWithPath: file), options: .atomic)
                // Whatever the process's mask says: what is public is for others to read.
                try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            } catch { throw SimulatedCardError.unwritable(path: file) }
        }
    }

    private struct Document: Codable {
        var simulation = Simulation.notice
        var country: String
        var certificate: String
        var privateKey: String

        enum CodingKeys: String, CodingKey {
            case simulation = "SIMULATION"
            case country, certificate, privateKey
        }
    }
}
