import CardChip
import PassportReader
import SimulatedPassport
import TravelDocument
import Vaccination

/// What reads passports: their zones, their chips' files, and a chip itself.
extension Decoder {
    static let passports = [
        Decoder(name: "mrz") { bytes in
            guard let today = CalendarDate.inJapan(secondsSince1970: 1_780_272_000) else { return }
            _ = try? MachineReadableZone(lines: text(bytes), today: today)
            let zone = try MachineReadableZone(parsing: bytes, today: today)
            require(zone.bytes == bytes, "a zone is not the bytes it was read from")
            require(zone.passport != nil, "a record has no room for a zone that was read")
            require(zone.expires.year <= today.year + 20, "an expiry lies too far ahead")
        },
        Decoder(name: "dg1") { bytes in
            guard let today = CalendarDate.inJapan(secondsSince1970: 1_780_272_000) else { return }
            let data = try DataGroup1(parsing: bytes, today: today)
            require(data.bytes == bytes && DataGroup1(data.zone) == data, "a DG1 has two forms")
        },
        Decoder(name: "sod") { bytes in
            for object in [
                try? LDSSecurityObject(parsing: bytes), try? SignedSecurityObject(parsing: bytes).object,
            ].compactMap({ $0 }) {
                require((2...16).contains(object.hashes.count), "another number of data groups than there may be")
                for (number, hash) in object.hashes {
                    require(
                        (1...16).contains(number) && hash.count == object.algorithm.length,
                        "a hash of another length, or of a data group that there is not")
                }
            }
        },
        Decoder(name: "passport-chip") { script in
            guard let today = CalendarDate.inJapan(secondsSince1970: 1_780_272_000),
                let zone = try? MachineReadableZone(lines: specimen, today: today)
            else { return require(false, "the specimen cannot be read") }
            // A chip that does not know the keys says nothing that counts.
            if let answer = try? ResponseAPDU(parsing: script) {
                var messaging = SecureMessaging(keys: AccessKeys(zone), counter: [0])
                require(messaging.opened(answer) == nil, "an answer without its check value")
            }
            // One that does lies about lengths and in its files.
            var session = try PassportSession(transport: LyingPassport(zone: zone, script: script), zone: zone)
            let files = try session.readFiles()
            require(
                files.dataGroup1.count <= DataGroup1.length
                    && files.securityObject.count <= SignedSecurityObject.maximumLength, "a file out of its bounds")
        },
    ]

    /// ICAO's specimen (Doc 9303-4).
    private static let specimen =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
}
