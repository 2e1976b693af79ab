import Foundation
import RecordSupport
import Records
import Testing

/// Which keys were used to sign.
@Suite struct SigningKeyTests {
    private func key(_ role: SigningKeyUse.Role, _ letter: Character) -> SigningKeyUse {
        SigningKeyUse(role: role, thumbprint: String(repeating: letter, count: 43))
    }

    @Test(arguments: Engine.all)
    func `keys that were noted stay, each once, for another process too`(engine: Engine) async throws {
        let place = try Place()
        let store = try engine.open(place)
        #expect(try await store.signingKeys().isEmpty)
        try await store.noteSigningKeys([key(.shc, "a"), key(.vdsnc, "a")], now: Sample.now)
        try await store.noteSigningKeys([key(.shc, "a"), key(.shc, "b")], now: Sample.now + 1)
        #expect(
            try await engine.open(place).signingKeys() == [key(.shc, "a"), key(.vdsnc, "a"), key(.shc, "b")])
    }

    @Test(arguments: Engine.all)
    func `what is no thumbprint is refused`(engine: Engine) async throws {
        let store = try engine.open(try Place())
        await #expect(throws: StoreError.invalid()) {
            try await store.noteSigningKeys([SigningKeyUse(role: .dcc, thumbprint: "a")], now: Sample.now)
        }
    }
}
