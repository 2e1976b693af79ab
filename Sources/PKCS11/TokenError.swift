import CPKCS11

/// Why a token did not do what was asked of it. Never carries what was signed, sealed or typed.
package enum TokenError: Error, Hashable, Sendable {
    /// The shared library is no PKCS#11 module, or cannot be loaded; what the loader said.
    case module(String)
    /// The token cannot be asked: its device, its server or its sessions are gone, with the standard's code (`CKR_…`). The
    /// next call tries again.
    case unavailable(UInt)
    /// The token was asked, and refuses, with the standard's code.
    case refused(UInt)
    /// The token refuses the PIN, or has locked it. Nothing is tried with it again: each try would count.
    case pin(UInt)
    /// The token has no such key.
    case noSuchKey(String)
    /// The token has several keys of this name.
    case ambiguous(String)
    /// A key of this name is there already.
    case exists(String)
    /// The key is not of P-256, or what it signs does not verify with its public part.
    case unsuitable(String)

    /// A stable code.
    package var code: String {
        switch self {
        case .module: "token.module"
        case .unavailable: "token.unavailable"
        case .refused: "token.refused"
        case .pin: "token.pin"
        case .noSuchKey: "token.no_such_key"
        case .ambiguous: "token.ambiguous"
        case .exists: "token.exists"
        case .unsuitable: "token.unsuitable"
        }
    }

    /// Whether the same call may succeed later without anybody changing anything here.
    package var isTransient: Bool {
        if case .unavailable = self { true } else { false }
    }
}

extension TokenError: CustomStringConvertible {
    /// The code, with the standard's own or the key's name.
    package var description: String {
        switch self {
        case .module(let said): "\(code) (\(said))"
        case .unavailable(let rv), .refused(let rv), .pin(let rv): "\(code) (CKR 0x\(String(rv, radix: 16)))"
        case .noSuchKey(let name), .ambiguous(let name), .exists(let name), .unsuitable(let name): "\(code) (\(name))"
        }
    }
}

/// A call's return value other than `CKR_OK` (PKCS #11 v2.40, 5.1), within this module.
struct Failure: Error {
    let rv: UInt

    /// Throws unless the value is `CKR_OK`.
    static func check(_ rv: UInt) throws(Failure) {
        guard rv == 0 else { throw Failure(rv: rv) }
    }

    /// Whether it says that the token, its session or its objects' handles are gone.
    var isLoss: Bool {
        switch rv {
        case 0x002, 0x003, 0x030, 0x031, 0x032,  // host memory, slot, device error, device memory, device removed
            0x060, 0x082,  // handles of keys and objects
            0x0B0, 0x0B1, 0x0B3,  // session closed, too many, its handle
            0x0E0, 0x0E1, 0x101, 0x190:  // token not present, not recognised, not logged in, module not begun
            true
        default: false
        }
    }

    /// Whether a fresh session may help: a loss, or an error that does not say what is wrong.
    var mayHeal: Bool { isLoss || rv == 0x005 || rv == 0x006 || rv == 0x054 }

    /// Whether it is about the PIN: incorrect, invalid, of a wrong length, expired, locked.
    var isPIN: Bool { (0x0A0...0x0A4).contains(rv) }
}
