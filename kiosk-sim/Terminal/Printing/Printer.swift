/// Why a page did not reach paper, as far as the terminal can tell.
package enum PrinterFailure: String, Error, Hashable, Sendable {
    /// The printer cannot be reached or started.
    case unreachable = "printer.unreachable"
    /// The printer stopped taking bytes, or said that it failed.
    case failed = "printer.failed"
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
    /// Prints; returns when the printer has taken all of it (and, where it can say so, has printed it).
    package let print: @Sendable (PrintJob) async throws(PrinterFailure) -> Void

    /// A printer from its way to print.
    package init(_ print: @escaping @Sendable (PrintJob) async throws(PrinterFailure) -> Void) { self.print = print }

    /// The printer that a configuration names.
    package init(_ address: TerminalConfiguration.PrinterAddress) {
        self =
            switch address {
            case .command(let arguments): .command(arguments)
            case .network(let host, let port): .network(host: host, port: port)
            case .device(let path): .device(path: path)
            }
    }
}
