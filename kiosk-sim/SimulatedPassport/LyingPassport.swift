package import CardChip
import PassportReader
import Synchronization
package import TravelDocument

/// A passport's chip that knows the zone's keys and says what somebody made up: whoever forges a passport knows its zone. What reads a chip is
/// tried with it.
///
/// Each answer to a protected command is the next piece of a script: a byte below `FE`, and as many bytes of data, protected with status 9000;
/// `FE` and two bytes, that status, protected, without data; `FF`, a byte, and as many bytes, which go out as they are. Behind the script the
/// chip is gone.
package final class LyingPassport: CardTransport {
    private let keys: AccessKeys
    private let state: Mutex<State>

    private struct State {
        var script: ArraySlice<UInt8>
        var challenge: [UInt8] = []
        var messaging: SecureMessaging?
    }

    /// A chip that follows a script.
    package init(zone: MachineReadableZone, script: [UInt8]) {
        keys = AccessKeys(zone)
        state = Mutex(State(script: script[...]))
    }

    /// The script of an honest chip with these three objects: EF.COM, EF.SOD and EF.DG1.
    package static func script(_ files: [[UInt8]]) -> [UInt8] {
        files.flatMap { file in
            var script: [UInt8] = [0]
            var rest = file[...]
            var length = 4
            while !rest.isEmpty {
                let part = rest.prefix(length)
                script += [UInt8(part.count)] + part
                rest = rest.dropFirst(part.count)
                length = SecureMessaging.maximumRead
            }
            return script
        }
    }

    /// What the chip says.
    package func transmit(_ command: CommandAPDU) throws(CardTransportError) -> ResponseAPDU {
        guard let bytes = state.withLock({ answer(command, &$0) }) else { throw .cardRemoved }
        do { return try ResponseAPDU(parsing: bytes) } catch { throw .readerFailure(0) }
    }

    private func answer(_ command: CommandAPDU, _ state: inout State) -> [UInt8]? {
        if state.messaging != nil {
            // The counter goes on with each command.
            guard state.messaging?.opened(command) != nil else { return StatusWord.wrongLength.bytes }
            return next(&state)
        }
        switch command.ins {
        case 0x84:
            state.challenge = PassportSession.random(8)
            return state.challenge + StatusWord.success.bytes
        case 0x82:
            let half = PassportSession.random(16)
            guard let opened = BasicAccess.opened(command.data, by: keys),
                let answer = BasicAccess.sealed(state.challenge, opened.other, half, by: keys)
            else { return StatusWord.wrongLength.bytes }
            state.messaging = BasicAccess.session(
                chip: state.challenge, terminal: opened.other, halves: (opened.half, half))
            return answer + StatusWord.success.bytes
        default: return StatusWord.success.bytes
        }
    }

    private func next(_ state: inout State) -> [UInt8]? {
        guard let first = state.script.popFirst() else { return nil }
        switch first {
        case 0xFF:
            guard let count = state.script.popFirst() else { return nil }
            return Self.take(Int(count), &state.script)
        case 0xFE:
            let word = Self.take(2, &state.script)
            guard word.count == 2 else { return nil }
            return state.messaging?.protected([], StatusWord(rawValue: UInt16(word[0]) << 8 | UInt16(word[1])))
        default: return state.messaging?.protected(Self.take(Int(first), &state.script), .success)
        }
    }

    private static func take(_ count: Int, _ script: inout ArraySlice<UInt8>) -> [UInt8] {
        let part = script.prefix(count)
        script = script.dropFirst(part.count)
        return Array(part)
    }
}
