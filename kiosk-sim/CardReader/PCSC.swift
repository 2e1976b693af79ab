import CPCSC
import CardChip
import Foundation

/// The PC/SC codes that are told apart (PC/SC Part 5; `pcsclite.h`).
enum PCSCCode {
    static let success: UInt32 = 0
    static let insufficientBuffer: UInt32 = 0x8010_0008
    static let unknownReader: UInt32 = 0x8010_0009
    static let timeout: UInt32 = 0x8010_000A
    static let noSmartCard: UInt32 = 0x8010_000C
    static let protocolMismatch: UInt32 = 0x8010_000F
    static let cancelled: UInt32 = 0x8010_0002
    static let readerUnavailable: UInt32 = 0x8010_0017
    static let noService: UInt32 = 0x8010_001D
    static let serviceStopped: UInt32 = 0x8010_001E
    static let noReaders: UInt32 = 0x8010_002E
    static let invalidHandle: UInt32 = 0x8010_0003
    static let notTransacted: UInt32 = 0x8010_0016
    static let commError: UInt32 = 0x8010_0013
    static let unpoweredCard: UInt32 = 0x8010_0067
    static let resetCard: UInt32 = 0x8010_0068
    static let removedCard: UInt32 = 0x8010_0069
}

/// One connection to the PC/SC service. Used by one thread at a time.
final class PCSCContext {
    let handle: SCARDCONTEXT

    init() throws(CardTransportError) {
        var handle: SCARDCONTEXT = 0
        try Self.check(SCardEstablishContext(DWORD(SCARD_SCOPE_SYSTEM), nil, nil, &handle))
        self.handle = handle
    }

    deinit { SCardReleaseContext(handle) }

    /// The readers whose name contains this text, or all of them.
    ///
    /// - Throws: ``CardTransportError/noReader`` if there is none.
    func readers(named part: String?) throws(CardTransportError) -> [String] {
        var length: DWORD = 0
        try Self.check(SCardListReaders(handle, nil, nil, &length))
        guard length > 0, length <= 64 * 1024 else { throw .noReader }
        var names = [CChar](repeating: 0, count: Int(length))
        try Self.check(SCardListReaders(handle, nil, &names, &length))
        // Names end with a zero each, and the list with one more.
        let found = names.prefix(Int(min(length, DWORD(names.count)))).split(separator: 0).map { name in
            String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        let wanted = found.filter { part.map($0.contains) ?? true }
        guard !wanted.isEmpty else { throw .noReader }
        return wanted
    }

    /// What lies on these readers now, or after a change from what is `known`; `nil` if the time ran out first.
    ///
    /// - Parameters:
    ///   - readers: their names.
    ///   - known: the states that were seen last; empty to be told at once.
    ///   - milliseconds: how long to wait for a change.
    func states(
        of readers: [String], known: [UInt32], milliseconds: UInt32
    ) throws(CardTransportError) -> [UInt32]? {
        let names = readers.map { strdup($0) }
        defer { names.forEach { free($0) } }
        var states = names.enumerated().map { index, name in
            var state = SCARD_READERSTATE()
            state.szReader = UnsafePointer(name)
            // The counter in the higher half belongs to the state: without it a card swapped in between is not seen.
            state.dwCurrentState = index < known.count ? DWORD(known[index]) : DWORD(SCARD_STATE_UNAWARE)
            return state
        }
        let result = SCardGetStatusChange(handle, DWORD(milliseconds), &states, DWORD(states.count))
        if UInt32(truncatingIfNeeded: result) == PCSCCode.timeout { return nil }
        try Self.check(result)
        return states.map { UInt32(truncatingIfNeeded: $0.dwEventState) & ~UInt32(SCARD_STATE_CHANGED) }
    }

    /// Whether a state says that a card lies there.
    static func isPresent(_ state: UInt32) -> Bool { state & UInt32(SCARD_STATE_PRESENT) != 0 }

    /// Throws what a PC/SC result means.
    static func check(_ result: LONG) throws(CardTransportError) {
        let code = UInt32(truncatingIfNeeded: result)
        switch code {
        case PCSCCode.success: return
        case PCSCCode.noService, PCSCCode.serviceStopped, PCSCCode.noReaders, PCSCCode.unknownReader,
            PCSCCode.readerUnavailable:
            throw .noReader
        case PCSCCode.noSmartCard: throw .noCard
        case PCSCCode.removedCard, PCSCCode.resetCard, PCSCCode.unpoweredCard: throw .cardRemoved
        case PCSCCode.timeout: throw .timeout
        default: throw .readerFailure(code)
        }
    }
}
