import CardChip
import Exchange
import Foundation
import PhoneApp
import Synchronization
import Vaccination

/// A person whose answers are options of the command.
final class OptionsInterface: PhoneInterface {
    private let choices: [PhoneChoice]
    private let pins: Mutex<[String]>
    private let presented: PresentedPassport?
    /// The folder for what is kept; `.none` keeps nothing, an inner `nil` keeps it in memory alone.
    private let out: String??
    /// Waits some seconds until a tag that was lost does not lie on its reader any more; it may block.
    private let awaitRemoval: @Sendable (Tag) -> Void

    init(
        choices: [PhoneChoice], pins: [String], passport: PresentedPassport?, out: String??,
        awaitRemoval: @escaping @Sendable (Tag) -> Void
    ) {
        (self.choices, presented, self.out, self.awaitRemoval) = (choices, passport, out, awaitRemoval)
        self.pins = Mutex(pins)
    }

    func reached(_ step: PhoneStep) async { Self.write(#"{"step":"\#(step.rawValue)"}"#) }
    func choose(of menu: Menu) async -> [PhoneChoice]? { choices }
    func passport() async -> PresentedPassport? { presented }

    /// Who has lost a tag takes it away before it is held anew: a reader may say for a moment that it still has it, and fail each time
    /// that it is asked.
    func hold(_ tag: Tag, _ reason: HoldReason) async -> Bool {
        guard reason == .lost else { return true }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [awaitRemoval] in
                awaitRemoval(tag)
                continuation.resume()
            }
        }
        return true
    }

    func pin(_ reason: PINReason) async -> PIN? {
        let typed = pins.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        return typed.flatMap { PIN(digits: Array($0.utf8)) }
    }

    func keep(_ certificate: KeptCertificate) async -> Bool {
        guard let out else { return false }
        guard let folder = out else { return true }
        var files: [(String, [UInt8])] = [
            ("smart-health-card", certificate.smartHealthCard),
            ("txt", Array((certificate.codes.joined(separator: "\n") + "\n").utf8)),
        ]
        for (name, bytes) in [
            ("token", certificate.currentToken), ("pdf", certificate.pdf), ("png", certificate.png),
        ] where !bytes.isEmpty {
            files.append((name, bytes))
        }
        var written: [String] = []
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (name, bytes) in files {
                let path = "\(folder)/\(certificate.id.text).\(name)"
                try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
                written.append(path)
            }
            return true
        } catch {
            // A certificate is kept whole, or given back.
            for path in written { try? FileManager.default.removeItem(atPath: path) }
            Notice.say("phone-sim: \(folder) cannot be written / 書き込めません")
            return false
        }
    }

    /// A whole line at once.
    static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}
