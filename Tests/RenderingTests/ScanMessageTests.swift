import Scanning
import TestSupport
import Testing

/// What a worker answers is read as it was written, and every answer has one form.
@Suite struct ScanMessageTests {
    private func codes(_ random: inout Seeded) -> ScanMessage {
        .codes(
            (0..<Int.random(in: 0...5, using: &random)).map { _ in
                ScannedCode(
                    bytes: random.bytes(Int.random(in: 0...300, using: &random)),
                    page: Int.random(in: 0..<Scanning.maximumPages, using: &random))
            })
    }

    @Test func `codes and refusals are read as they were written, and every answer has one form`() async {
        var random = Seeded("answers of a worker")
        let refusals: [ScanMessage] = [
            .refused(.unknownFormat), .refused(.tooManyBytes(limit: Scanning.maximumBytes)), .refused(.brokenDocument),
        ]
        let messages = refusals + (0..<200).map { _ in codes(&random) }
        for message in messages { #expect(ScanMessage(message.bytes) == message) }
        await BadInput.run("answers of a worker", samples: messages.map(\.bytes), cases: 3_000) { bytes in
            if let read = ScanMessage(bytes) { #expect(read.bytes == bytes) }
        }
    }
}
