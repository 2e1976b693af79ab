import Foundation
import Glibc
import PrintStream

/// The folder that stands for paper.
struct Tray {
    private let folder: String

    init(folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.folder = folder
    }

    /// Prints a job: as many copies as it says, its picture, and its receipt.
    func put(_ job: StreamedJob, jam: Bool) throws {
        if jam { throw PrinterFault("paper jam (simulated)", nothingPrinted: true) }
        var printed: [String] = []
        for copy in 1...job.copies {
            // A number for each copy only if there are several.
            let name = job.copies == 1 ? job.inquiry : "\(job.inquiry)-\(copy)"
            for (type, document) in job.documents.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                printed.append(try write(document, name, type == .pdf ? "pdf" : "png"))
            }
        }
        if !job.receipt.isEmpty { printed.append(try write(Array(job.receipt.utf8), "\(job.inquiry)-receipt", "txt")) }
        for name in printed { say("printed \(name)") }
    }

    /// Prints a bare page under a number of the tray's own.
    func put(pdf: [UInt8], jam: Bool) throws {
        if jam { throw PrinterFault("paper jam (simulated)") }
        guard pdf.starts(with: "%PDF-".utf8) else { throw PrinterFault("not a PDF") }
        for number in 1...99_999 {
            let name = "page-" + String(repeating: "0", count: 5 - String(number).count) + String(number)
            if let written = try? write(pdf, name, "pdf") { return say("printed \(written)") }
            guard FileManager.default.fileExists(atPath: "\(folder)/\(name).pdf") else { break }
        }
        throw PrinterFault("the folder takes no more pages")
    }

    /// Writes a file that was not there before: one page never goes over another.
    private func write(_ bytes: [UInt8], _ name: String, _ ending: String) throws -> String {
        let path = "\(folder)/\(name).\(ending)"
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw PrinterFault("\(path) cannot be written") }
        defer { close(file) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PrinterFault("\(path) cannot be written") }
            sent += count
        }
        return "\(name).\(ending)"
    }

    private func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}
