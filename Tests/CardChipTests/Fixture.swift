import CardChip
import Crypto
import Foundation
import SimulatedCard

/// Two simulated cards under one authority, a third under another, made once for all tests.
struct Fixture: Sendable {
    let authority: SimulatedAuthority
    let first: SimulatedCardFile
    let second: SimulatedCardFile
    let foreign: SimulatedCardFile
    let checker: CardChecker

    static let pin = "1234"
    static let challenge = SHA256.hash(data: Array("a challenge".utf8))

    private static let shared = Result { try Fixture() }
    static func get() throws -> Fixture { try shared.get() }

    private init() throws {
        authority = try .create()
        first = try .make(holder: .sample("見本　花子"), pin: Self.pin, authority: authority)
        second = try .make(holder: .sample("見本　次郎"), pin: "9876", authority: authority)
        foreign = try .make(holder: .sample("見本　三郎"), pin: "0000", authority: .create())
        checker = CardChecker(authorities: try authority.authorities())
    }
}

extension CardHolder {
    /// A made-up person; the number's check digit is computed.
    static func sample(_ name: String, eleven: [Int] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]) throws -> CardHolder {
        let digits = eleven + [checkDigit(of: eleven)]
        return try CardHolder(
            individualNumber: digits.map(String.init).joined(), name: name,
            address: "東京都架空区見本町１－２－３", birthDate: "19700101", sexDigit: 2)
    }
}

extension SimulatedCardFile {
    /// The five files as they lie on the card.
    func cardFiles() throws -> CardFiles {
        try CardFiles(
            number: files[1] ?? [], attributes: files[2] ?? [], record: files[3] ?? [], certificate: files[4] ?? [],
            chipKey: files[7] ?? [])
    }

    /// The chip's signature of a digest.
    func sign(_ digest: SHA256Digest) throws -> [UInt8] {
        try CardSession(transport: InProcessTransport(card: SimulatedCard(file: self, persistTo: nil)))
            .authenticate(digest: digest)
    }
}

extension SimulatedCard {
    /// The status word of the answer to a command written in hexadecimal.
    func status(_ hexadecimal: String) -> UInt16 {
        guard let response = try? ResponseAPDU(parsing: respond(to: bytes(hexadecimal))) else { return 0 }
        return response.status.rawValue
    }
}

/// Bytes from hexadecimal text; spaces do not count.
func bytes(_ hexadecimal: String) -> [UInt8] {
    Hexadecimal.bytes(hexadecimal.filter { $0 != " " }.lowercased()) ?? []
}
