import PKCS11
import Records

/// A master key in a token: what it wraps opens nowhere else.
struct TokenMasterKey: MasterKey {
    let token: Token
    let object: TokenObject

    /// The key's URI.
    var name: String { "\(object)" }

    func wrap(_ plain: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8] {
        do { return try token.seal(plain, associated: associated, by: object) } catch { throw Self.explained(error) }
    }

    func unwrap(_ wrapped: [UInt8], associated: [UInt8]) throws(StoreError) -> [UInt8] {
        do { return try token.open(wrapped, associated: associated, by: object) } catch { throw Self.explained(error) }
    }

    private static func explained(_ error: TokenError) -> StoreError {
        error.isTransient ? .unavailable("\(error)") : .keyMissing("the token says \(error)")
    }
}
