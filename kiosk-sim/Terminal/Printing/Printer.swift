/// Why a page did not reach paper, or may not have.
package enum PrinterFailure: String, Error, Hashable, Sendable, CaseIterable {
    /// The printer cannot be reached or started: nothing was printed.
    case unreachable = "printer.unreachable"
    /// The printer says that nothing was printed, or was never given the whole job.
    case failed = "printer.failed"
    /// It had the job and did not say what became of it.
    case unknown = "printer.unknown"
}

/// What is known of a page after its printing: never a guess.
package enum PrintResult: Hashable, Sendable {
    /// The printer said that it printed; or it took all of it, cannot say more, and its operator lets that count.
    case printed
    /// Nothing can have been printed.
    case notPrinted(PrinterFailure)
    /// It may have been printed, or a part of it.
    case unknown
}

/// One page to print, as often as was paid for.
package struct PrintJob: Sendable {
    /// The session's inquiry number.
    package let inquiry: String
    /// How many copies.
    package let copies: Int
    /// The page, ISO 32000.
    package let pdf: [UInt8]
    /// The same page as a picture, for printers that take pictures.
    package let png: [UInt8]
    /// What is printed on the receipt.
    package let receipt: String

    package init(inquiry: String, copies: Int, pdf: [UInt8], png: [UInt8], receipt: String) {
        self.inquiry = inquiry
        self.copies = copies
        self.pdf = pdf
        self.png = png
        self.receipt = receipt
    }
}

/// A way to paper. The page is streamed from memory to where it is printed; nothing is spooled in between.
package struct Printer: Sendable {
    /// Prints; returns when the printer has said what became of it or, if it cannot say so, has taken all of it. When its task is
    /// cancelled it closes the stream, ends what it started, and says what is known by then.
    package let print: @Sendable (PrintJob) async -> PrintResult

    /// How long a printing that was cancelled may take to say what it knows; after that nothing is known.
    static let lastWord = Duration.seconds(2)

    /// A printer from its way to print.
    package init(_ print: @escaping @Sendable (PrintJob) async -> PrintResult) { self.print = print }

    /// The printer that a configuration names.
    package init(_ address: TerminalConfiguration.PrinterAddress) {
        self =
            switch address {
            case .command(let arguments): .command(arguments)
            case .network(let host, let port, let takenIsPrinted):
                .network(host: host, port: port, takenIsPrinted: takenIsPrinted)
            case .device(let path, let takenIsPrinted): .device(path: path, takenIsPrinted: takenIsPrinted)
            }
    }
}
