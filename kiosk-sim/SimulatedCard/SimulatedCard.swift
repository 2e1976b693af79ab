import CardChip
import Synchronization

/// What a virtual reader can hold: something that answers command APDUs.
public protocol SimulatedChip: AnyObject, Sendable {
    /// Power on, power off or reset: what was selected and presented is forgotten.
    func reset()
    /// Answers one command with data and status word; bytes that are no command are answered with a status too.
    func respond(to apdu: [UInt8]) -> [UInt8]
}

/// A simulated My Number card with the input-support application. **It is a simulation**: its keys lie in a file, and
/// only an authority that says that it is simulated vouches for it.
///
/// It answers as the real application does: short APDUs on the basic channel, three tries for the PIN that outlive the
/// power, files that open with the PIN. It knows no reference numbers.
public final class SimulatedCard: SimulatedChip {
    /// The answer to reset of a contactless type B card.
    public static let answerToReset: [UInt8] = [
        0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F,
    ]

    private let path: String?
    private let state: Mutex<State>

    private struct State {
        var file: SimulatedCardFile
        var application: Application = .none
        var current: UInt16?
        var isVerified = false
    }

    private enum Application { case none, inputSupport, other }

    /// A card with this content.
    ///
    /// - Parameters:
    ///   - file: what it holds.
    ///   - path: the file in which the tries left are kept across power cycles; without it they last as long as the object.
    public init(file: SimulatedCardFile, persistTo path: String?) {
        self.path = path
        state = Mutex(State(file: file))
    }

    /// How often the PIN can still be tried.
    public var triesLeft: Int { state.withLock { $0.file.triesLeft } }

    /// Power comes on.
    public func powerOn() { reset() }

    /// Forgets what was selected and that the PIN was presented; the tries left stay.
    public func reset() {
        state.withLock { state in
            (state.application, state.current, state.isVerified) = (.none, nil, false)
        }
    }

    /// Answers one command.
    public func respond(to apdu: [UInt8]) -> [UInt8] {
        let command: CommandAPDU
        do { command = try CommandAPDU(parsing: apdu) } catch { return StatusWord.wrongLength.bytes }
        let (data, status) = state.withLock { answer(command, &$0) }
        return data + status.bytes
    }

    private typealias Answer = (data: [UInt8], status: StatusWord)

    private func answer(_ command: CommandAPDU, _ state: inout State) -> Answer {
        switch (command.cla, command.ins) {
        case (0x00, 0xA4): ([], select(command, &state))
        case (0x00, 0x20): ([], verify(command, &state))
        case (0x00, 0xB0): read(command, &state)
        case (0x80, 0x2A): authenticate(command, state)
        // Logical channels 1 to 3, and the further ones.
        case (0x01...0x03, _), (0x81...0x83, _), (0x40...0x7F, _): ([], .channelNotSupported)
        case (0x00, _), (0x80, _): ([], .instructionNotSupported)
        default: ([], .classNotSupported)
        }
    }

    private func select(_ command: CommandAPDU, _ state: inout State) -> StatusWord {
        switch (command.p1, command.p2) {
        case (0x04, 0x0C):
            guard (5...16).contains(command.data.count) else { return .wrongLength }
            let known: [CardApplication: Application] = [.inputSupport: .inputSupport, .cardFaceCheck: .other]
            guard let found = known.first(where: { $0.key.identifier == command.data })?.value else {
                return .fileNotFound
            }
            (state.application, state.current, state.isVerified) = (found, nil, false)
            return .success
        case (0x02, 0x0C):
            guard command.data.count == 2 else { return .wrongLength }
            let file = UInt16(command.data[0]) << 8 | UInt16(command.data[1])
            guard exists(file, state) else { return .fileNotFound }
            state.current = file
            return .success
        default: return .wrongParameters
        }
    }

    private func exists(_ file: UInt16, _ state: State) -> Bool {
        state.application == .inputSupport && (file == ElementaryFile.pin || state.file.files[file] != nil)
    }

    private func verify(_ command: CommandAPDU, _ state: inout State) -> StatusWord {
        guard command.p1 == 0x00, command.p2 == 0x80 else { return .wrongParameters }
        guard command.data.isEmpty || command.data.count == 4, command.expectedLength == nil else {
            return .wrongLength
        }
        guard state.current == ElementaryFile.pin else { return .noCurrentFile }
        guard state.file.triesLeft > 0 else { return .referenceBlocked }
        guard !command.data.isEmpty else { return .wrongPIN(triesLeft: UInt8(clamping: state.file.triesLeft)) }

        // The try is spent before the digits are compared, so that taking the power away wins no further try.
        state.isVerified = false
        guard spend(state.file.triesLeft - 1, &state) else { return .memoryFailure }
        guard state.file.isPIN(command.data) else { return .wrongPIN(triesLeft: UInt8(clamping: state.file.triesLeft)) }
        guard spend(SimulatedCardFile.maximumTries, &state) else { return .memoryFailure }
        state.isVerified = true
        return .success
    }

    private func spend(_ tries: Int, _ state: inout State) -> Bool {
        var file = state.file
        file.triesLeft = tries
        if let path { do { try file.save(path) } catch { return false } }
        state.file = file
        return true
    }

    private func read(_ command: CommandAPDU, _ state: inout State) -> Answer {
        guard command.data.isEmpty, let length = command.expectedLength else { return ([], .wrongLength) }
        let offset: Int
        if command.p1 & 0x80 != 0 {
            // The short form: five bits name the file, which becomes the current one.
            guard command.p1 & 0x60 == 0 else { return ([], .wrongParameters) }
            let file = UInt16(command.p1 & 0x1F)
            guard exists(file, state) else { return ([], .fileNotFound) }
            state.current = file
            offset = Int(command.p2)
        } else {
            offset = Int(command.p1) << 8 | Int(command.p2)
        }
        guard let current = state.current else { return ([], .noCurrentFile) }
        guard let bytes = state.file.files[current] else { return ([], .securityNotSatisfied) }
        let isOpen = current == ElementaryFile.certificate || current == ElementaryFile.application
        guard isOpen || state.isVerified else { return ([], .securityNotSatisfied) }
        guard offset < bytes.count else { return ([], .offsetPastEnd) }
        return (Array(bytes[offset...].prefix(length)), .success)
    }

    private func authenticate(_ command: CommandAPDU, _ state: State) -> Answer {
        guard command.p1 == 0x00, command.p2 == 0x00 else { return ([], .wrongParameters) }
        guard command.data.count == DigestInfo.length, command.expectedLength == 256 else { return ([], .wrongLength) }
        guard state.application == .inputSupport else { return ([], .conditionsNotSatisfied) }
        guard command.data.starts(with: DigestInfo.prefix) else { return ([], .wrongData) }
        do { return (try state.file.chipKey.signature(ofDigestInfo: command.data), .success) } catch {
            return ([], .memoryFailure)
        }
    }
}

/// Another kind of card: it answers, but has none of the applications that are asked for.
public final class OtherKindOfCard: SimulatedChip {
    /// A card of another kind.
    public init() {}
    /// Has nothing to forget.
    public func reset() {}
    /// 6A82 to every SELECT, 6D00 to everything else.
    public func respond(to apdu: [UInt8]) -> [UInt8] {
        apdu.dropFirst().first == 0xA4 ? StatusWord.fileNotFound.bytes : StatusWord.instructionNotSupported.bytes
    }
}
