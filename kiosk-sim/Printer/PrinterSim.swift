import ArgumentParser
import CommandFrame
import Foundation
import Glibc
import PrintStream

/// The printer beside the terminal: a program of its own, since what is on paper leaves the terminal's hands.
@main
struct PrinterSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "printer-sim", abstract: "A printer that writes pages into a folder.",
        discussion: """
            Without --listen it takes one job on standard input: a print stream (see PrintStream), or bare PDF as a raw \
            printer gets it. With --listen it takes bare PDF over TCP, one page a connection, as printers do on port 9100. \
            Files are named after the inquiry number or a counter, never after anything on the page.

            Exit status: 0 printed, 2 wrong usage, 69 nothing printed, 70 not known what was printed.
            """,
        version: ProgramVersion.text("printer-sim", formats: ["print stream": "1"]))

    static func main() async { await CommandFrame.run(Self.self) }

    @Option(help: "The folder that stands for paper; made where it is missing.")
    var out: String
    @Option(help: "HOST:PORT or PORT to listen on instead of standard input; port 0 picks a free one.")
    var listen: String?
    @Option(help: "With --listen: end after this many pages.")
    var pages: Int?
    @Flag(help: "Take the page and say that printing failed, as a printer with a paper jam does: exit status 69.")
    var jam = false

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let tray = try Tray(folder: out)
        if let listen {
            try RawListener(listen).serve(pages: pages) { pdf in try tray.put(pdf: pdf, jam: jam) }
        } else {
            do { try takeJob(tray) } catch let fault as PrinterFault where fault.nothingPrinted {
                FileHandle.standardError.write(Data("printer-sim: \(fault)\n".utf8))
                throw ExitCode(PrintStream.nothingPrinted)
            }
        }
    }

    private func takeJob(_ tray: Tray) throws {
        var reader = PrintStreamReader()
        var raw: [UInt8]?
        var isFirst = true
        while true {
            let data = FileHandle.standardInput.readData(ofLength: 65_536)
            if data.isEmpty { break }
            if isFirst, data.starts(with: "%PDF-".utf8) { raw = [] }
            isFirst = false
            if raw != nil {
                raw?.append(contentsOf: data)
                guard raw?.count ?? 0 <= PrintStream.maximumDocument else { throw PrinterFault("a page too large") }
            } else {
                try reader.take(data)
            }
        }
        if let raw {
            try tray.put(pdf: raw, jam: jam)
        } else {
            try tray.put(try reader.finish(), jam: jam)
        }
    }
}

/// What keeps the printer from printing; never with content.
struct PrinterFault: Error, CustomStringConvertible {
    let description: String
    /// Whether it is certain that nothing of the job is on paper.
    let nothingPrinted: Bool

    init(_ description: String, nothingPrinted: Bool = false) {
        self.description = description
        self.nothingPrinted = nothingPrinted
    }
}
