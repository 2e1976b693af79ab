import CardChip
import PassportReader
public import SimulatedCard
import Synchronization
package import TravelDocument

/// A simulated passport: a chip with EF.COM, EF.SOD and EF.DG1 that opens by basic access (ICAO Doc 9303-11 section 4.3). **It is a simulation**:
/// only a simulated country vouches for it.
///
/// It answers as a real chip does: nothing is read before both sides have proved that they know the zone's keys, and from then on commands and
/// answers are protected. A command that is not, or not rightly, protected ends the session. It knows no PACE, and has no other data group.
public final class SimulatedPassport: SimulatedChip {
    private let keys: AccessKeys
    private let files: [UInt16: [UInt8]]
    private let state = Mutex(State())

    private struct State {
        var isSelected = false
        var challenge: [UInt8]?
        var messaging: SecureMessaging?
        var current: UInt16?
        var asked: [UInt16] = []
    }

    /// A passport of this zone with an EF.SOD, made by its country for ``dataGroup1(of:)``.
    package init(zone: MachineReadableZone, securityObject: [UInt8]) {
        keys = AccessKeys(zone)
        files = [
            PassportFile.common: Self.common, PassportFile.dataGroup1: DataGroup1(zone).bytes,
            PassportFile.securityObject: securityObject,
        ]
    }

    /// A passport that a country's signer signs at a time in seconds since 1970.
    package convenience init(zone: MachineReadableZone, signer: SimulatedDocumentSigner, now: Double) {
        var form = SecurityObjectForm(dataGroup1: DataGroup1(zone).bytes)
        form.signedAt = now
        self.init(zone: zone, securityObject: form.signed(by: signer))
    }

    // LDS 1.7, Unicode 4.0.0, and that there is DG1.
    private static let common = Written.object(
        0x60,
        Written.object(0x5F01, Array("0107".utf8)) + Written.object(0x5F36, Array("040000".utf8))
            + Written.object(0x5C, [0x61]))

    /// The files that were asked for, in the order of asking.
    package var askedFiles: [UInt16] { state.withLock { $0.asked } }

    /// Power on, power off or reset: what was selected and proved is forgotten.
    public func reset() {
        state.withLock { state in state = State(asked: state.asked) }
    }

    /// Answers one command.
    public func respond(to apdu: [UInt8]) -> [UInt8] {
        let command: CommandAPDU
        do { command = try CommandAPDU(parsing: apdu) } catch { return StatusWord.wrongLength.bytes }
        return state.withLock { state in
            if state.messaging != nil {
                // The session is over with the first command that is wrong, and with it the counter.
                guard let opened = state.messaging?.opened(command) else {
                    state.messaging = nil
                    return Self.wrongProtection.bytes
                }
                let (data, status) = protected(opened, &state)
                return state.messaging?.protected(data, status) ?? Self.wrongProtection.bytes
            }
            let (data, status) = open(command, &state)
            return data + status.bytes
        }
    }

    /// 6988: what protects the command is wrong.
    private static let wrongProtection = StatusWord(rawValue: 0x6988)

    private typealias Answer = (data: [UInt8], status: StatusWord)

    private func open(_ command: CommandAPDU, _ state: inout State) -> Answer {
        switch (command.cla, command.ins) {
        case (0x00, 0xA4) where command.p1 == 0x04:
            guard command.data == PassportFile.application else { return ([], .fileNotFound) }
            state = State(isSelected: true, asked: state.asked)
            return ([], .success)
        case (0x00, 0x84) where state.isSelected:
            guard command.expectedLength == 8 else { return ([], .wrongLength) }
            let challenge = PassportSession.random(8)
            state.challenge = challenge
            return (challenge, .success)
        case (0x00, 0x82) where state.isSelected: return authenticate(command, &state)
        case (0x00, 0xA4), (0x00, 0xB0): return ([], .securityNotSatisfied)
        case (0x00, _): return ([], .instructionNotSupported)
        default: return ([], .classNotSupported)
        }
    }

    private func authenticate(_ command: CommandAPDU, _ state: inout State) -> Answer {
        // One try a challenge.
        guard let challenge = state.challenge else { return ([], .conditionsNotSatisfied) }
        state.challenge = nil
        let half = PassportSession.random(16)
        guard let opened = BasicAccess.opened(command.data, by: keys), opened.own == challenge,
            let answer = BasicAccess.sealed(challenge, opened.other, half, by: keys)
        else { return ([], StatusWord(rawValue: 0x6300)) }
        state.messaging = BasicAccess.session(chip: challenge, terminal: opened.other, halves: (opened.half, half))
        return (answer, .success)
    }

    private func protected(_ command: CommandAPDU, _ state: inout State) -> Answer {
        switch (command.ins, command.p1, command.p2) {
        case (0xA4, 0x02, 0x0C):
            guard command.data.count == 2 else { return ([], .wrongLength) }
            let file = UInt16(command.data[0]) << 8 | UInt16(command.data[1])
            state.asked.append(file)
            guard files[file] != nil else { return ([], .fileNotFound) }
            state.current = file
            return ([], .success)
        case (0xB0, 0...0x7F, _):
            guard let file = state.current.flatMap({ files[$0] }) else { return ([], .noCurrentFile) }
            let offset = Int(command.p1) << 8 | Int(command.p2)
            guard offset < file.count else { return ([], .offsetPastEnd) }
            let length = min(command.expectedLength ?? 0, SecureMessaging.maximumRead)
            return (Array(file[offset..<min(file.count, offset + length)]), .success)
        default: return ([], .instructionNotSupported)
        }
    }
}
