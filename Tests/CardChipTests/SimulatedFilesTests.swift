import CardChip
import Crypto
import Foundation
import SimulatedCard
import TestSupport
import Testing

@Suite struct SimulatedFilesTests {
    @Test func `a card file says first that it is a simulation, and only its owner may read it`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/card.json"
        try Fixture.get().first.save(path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.split(separator: "\n").dropFirst().first?.contains("\"SIMULATION\" : \"SIMULATION / 見本") == true)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["card.json"])
    }

    @Test func `a card file that was saved is the same card when loaded`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/card.json"
        let fixture = try Fixture.get()
        try fixture.first.save(path)
        let loaded = try SimulatedCardFile.load(path)
        #expect(try loaded.cardFiles() == fixture.first.cardFiles())
        #expect(loaded.triesLeft == 3)
        _ = try fixture.checker.check(
            loaded.cardFiles(), chipSignature: loaded.sign(Fixture.challenge), over: Fixture.challenge)
    }

    @Test(
        arguments: [
            ("SIMULATION", "\"something else\"", "SIMULATION"), ("triesLeft", "4", "triesLeft"),
            ("triesLeft", "-1", "triesLeft"), ("pin", "\"12345\"", "pin"), ("chipKey", "\"\"", "chipKey"),
            ("version", "2", nil), ("files", "{\"1\":\"00\"}", "files"), ("files", "{\"0001\":\"0\"}", "files"),
        ] as [(String, String, String?)])
    func `a card file with one wrong field is refused by its name`(field: String, value: String, named: String?) throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path + "/card.json"
        try Fixture.get().first.save(path)
        var document = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
        document[field] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        try JSONSerialization.data(withJSONObject: document).write(to: URL(fileURLWithPath: path))
        #expect(throws: SimulatedCardError.unreadable(path: path, field: named)) { try SimulatedCardFile.load(path) }
    }

    @Test func `bad card files never trap`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/card.json"
        try Fixture.get().first.save(path)
        let good = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        await BadInput.run("card file", samples: [good]) { input in
            try Data(input).write(to: URL(fileURLWithPath: path))
            _ = try SimulatedCardFile.load(path)
        }
    }

    @Test func `an authority that was written is read again and signs for the same key id`() throws {
        let folder = try TemporaryFolder()
        let authority = try Fixture.get().authority
        let path = folder.path + "/dev/authority.json"
        try authority.write(privateTo: path, publicTo: folder.path + "/trust/card")
        let read = try SimulatedAuthority(readingPrivate: path)
        #expect(read.keyID == authority.keyID)
        #expect(read.keyID.count == 16)
        let card = try SimulatedCardFile.make(holder: .sample("見本　再"), pin: "1234", authority: read)
        let trust = try CardAuthorities(folder: folder.path + "/trust/card", acceptReal: false, acceptSimulated: true)
        _ = try CardChecker(authorities: trust).check(
            card.cardFiles(), chipSignature: card.sign(Fixture.challenge), over: Fixture.challenge)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602])
    func `a file with a simulated key that others may read or change is refused, whatever it is for`(mode: Int) throws {
        let folder = try TemporaryFolder()
        let (authority, card) = (folder.path + "/authority.json", folder.path + "/card.json")
        let fixture = try Fixture.get()
        try fixture.authority.write(privateTo: authority, publicTo: folder.path + "/trust")
        try fixture.first.save(card)
        _ = try RSAKeyPool(cacheFolder: folder.path + "/keys").take(1)
        let stock = folder.path + "/keys/simulated-0.pem"
        func set(_ mode: Int) throws {
            for path in [authority, card, stock] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            }
        }
        try set(mode)
        #expect(throws: SimulatedCardError.permissions(path: authority)) {
            try SimulatedAuthority(readingPrivate: authority)
        }
        #expect(throws: SimulatedCardError.permissions(path: card)) { try SimulatedCardFile.load(card) }
        #expect(throws: SimulatedCardError.permissions(path: stock)) {
            try RSAKeyPool(cacheFolder: folder.path + "/keys").take(1)
        }
        let text = SimulatedCardError.permissions(path: card).description
        #expect(text.contains("chmod 600 it") && text.contains("chmod 600 してください"))
        for mode in [0o600, 0o400] {
            try set(mode)
            #expect(try SimulatedAuthority(readingPrivate: authority).keyID == fixture.authority.keyID)
            #expect(try SimulatedCardFile.load(card).triesLeft == 3)
            #expect(try RSAKeyPool(cacheFolder: folder.path + "/keys").take(1).count == 1)
        }
    }

    @Test func `bad authority files never trap`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/authority.json"
        try Fixture.get().authority.write(privateTo: path, publicTo: folder.path)
        let good = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        await BadInput.run("authority file", samples: [good]) { input in
            try Data(input).write(to: URL(fileURLWithPath: path))
            _ = try SimulatedAuthority(readingPrivate: path)
        }
    }

    @Test(
        arguments: [
            ("123456789012", "見本", "19700101", 1, "individualNumber"),
            ("53768667718", "見本", "19700101", 1, "individualNumber"),
            ("537686677188", "", "19700101", 1, "name"), ("537686677188", "見本\n", "19700101", 1, "name"),
            ("537686677188", "見本", "19701301", 1, "birthDate"), ("537686677188", "見本", "19700001", 1, "birthDate"),
            ("537686677188", "見本", "1970-1-1", 1, "birthDate"),
            ("537686677188", "見本", "19700101", 3, "sexDigit"),
        ] as [(String, String, String, UInt8, String)])
    func `a holder outside the card's bounds is refused by the field`(
        number: String, name: String, birthDate: String, sex: UInt8, field: String
    ) {
        #expect(throws: SimulatedCardError.holder(field)) {
            try CardHolder(individualNumber: number, name: name, address: "見本", birthDate: birthDate, sexDigit: sex)
        }
    }

    @Test(arguments: ["19500400", "19500000", "00000000"])
    func `a card may have a birth date of which a part is unknown`(birthDate: String) throws {
        let holder = try CardHolder(
            individualNumber: "537686677188", name: "見本", address: "見本", birthDate: birthDate, sexDigit: 1)
        #expect(holder.birthDate == birthDate)
    }

    @Test func `a pool gives different keys that all work, and the same ones to the next pool`() throws {
        let folder = try TemporaryFolder()
        let pool = RSAKeyPool(cacheFolder: folder.path + "/keys")
        let keys = try pool.take(5) + pool.take(10)
        let moduli = try keys.map { try $0.modulus() }
        #expect(Set(moduli).count == 15)
        #expect(moduli.allSatisfy { $0.count == 256 && $0[0] >= 0x80 })
        // Fifteen keys from six primes.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/keys").count == 3)
        let again = try RSAKeyPool(cacheFolder: folder.path + "/keys").take(15)
        #expect(try again.map { try $0.modulus() } == moduli)

        let fixture = try Fixture.get()
        let fresh = RSAKeyPool(cacheFolder: folder.path + "/keys")
        for index in 0..<7 {
            let card = try SimulatedCardFile.make(
                holder: .sample("見本　\(index)"), pin: "1234", authority: fixture.authority, keys: fresh)
            _ = try fixture.checker.check(
                card.cardFiles(), chipSignature: card.sign(Fixture.challenge), over: Fixture.challenge)
        }
    }

    @Test(arguments: [-1, 100_001])
    func `a pool refuses a count out of bounds`(count: Int) throws {
        let folder = try TemporaryFolder()
        #expect(throws: SimulatedCardError.self) { try RSAKeyPool(cacheFolder: folder.path).take(count) }
    }
}
