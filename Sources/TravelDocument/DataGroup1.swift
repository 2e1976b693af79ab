package import Vaccination

/// EF.DG1 of a passport's chip (ICAO Doc 9303-10 section 4.7.1): the machine-readable zone in two objects, `61 5B 5F1F 58` and 88
/// characters.
package struct DataGroup1: Hashable, Sendable {
    /// How many bytes it has.
    package static let length = header.count + MachineReadableZone.length
    private static let header: [UInt8] = [0x61, 0x5B, 0x5F, 0x1F, 0x58]

    /// The file, whose hash EF.SOD has.
    package let bytes: [UInt8]
    /// The zone.
    package let zone: MachineReadableZone

    /// Reads the file, and nothing behind it.
    ///
    /// - Parameter today: as for ``MachineReadableZone/init(parsing:today:)``.
    package init(parsing bytes: [UInt8], today: CalendarDate) throws(TravelDocumentRejection) {
        // One length is possible, and each has one shortest form.
        guard bytes.count == Self.length, bytes.starts(with: Self.header) else { throw .dataGroupMalformed }
        do {
            zone = try MachineReadableZone(parsing: Array(bytes.dropFirst(Self.header.count)), today: today)
        } catch { throw .zone(error) }
        self.bytes = bytes
    }

    /// The file of a zone.
    package init(_ zone: MachineReadableZone) { (bytes, self.zone) = (Self.header + zone.bytes, zone) }
}

extension DataGroup1: CustomStringConvertible, CustomReflectable {
    /// Says nothing of the person, wherever it ends up.
    package var description: String { "DataGroup1(…)" }
    /// Shows no parts, to dumps and debuggers either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
