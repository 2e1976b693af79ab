import Synchronization

/// A chip that tells when it has signed a transcript.
package final class SigningWatch: SimulatedChip {
    private let chip: SimulatedCard
    private let hasSigned = Mutex<(@Sendable () -> Void)?>(nil)

    /// Watches a chip.
    package init(_ chip: SimulatedCard) { self.chip = chip }

    /// What is done once it has signed.
    package func onSigned(_ action: @escaping @Sendable () -> Void) { hasSigned.withLock { $0 = action } }

    package func reset() { chip.reset() }

    package func respond(to apdu: [UInt8]) -> [UInt8] {
        let answer = chip.respond(to: apdu)
        // 2A is the instruction of INTERNAL AUTHENTICATE here; 90 00 at the end says that it was done.
        if apdu.dropFirst().first == 0x2A, answer.suffix(2) == [0x90, 0x00] { hasSigned.withLock { $0?() } }
        return answer
    }
}
