/// The screen: draws what it is given, again when the terminal changes its size, and moves what moves.
actor Console {
    /// Draws a frame; `tick` counts eighths of a second.
    typealias Drawing = @Sendable (inout Canvas, _ tick: Int) -> Void

    nonisolated let device: TerminalDevice
    nonisolated let keyboard: Keyboard
    private var drawing: Drawing = { _, _ in }
    private var isMoving = false
    private var warning: String?
    private var tick = 0
    private var shown: [String] = []
    private var size = (width: 0, height: 0)
    private var ticker: Task<Void, Never>?
    /// The message below the smallest size.
    private let tooSmall: String

    /// The smallest terminal that a session fits in.
    static let smallest = (width: 80, height: 24)

    /// Takes the terminal over; `nil` if it is none.
    init?(device: TerminalDevice, tooSmall: String) {
        guard device.isTerminal, device.enter() else { return nil }
        guard let keyboard = Keyboard(input: device.input) else {
            device.leave()
            return nil
        }
        self.device = device
        self.keyboard = keyboard
        self.tooSmall = tooSmall
    }

    /// Begins to look for changes of size and to move what moves.
    func start() {
        ticker = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(125))
                beat()
            }
        }
    }

    /// Gives the terminal back, or to the process of a customer's session.
    func stop(handingOver: Bool = false) {
        ticker?.cancel()
        keyboard.stop()
        drawing = { _, _ in }
        shown = []
        if handingOver { device.handOver() } else { device.leave() }
    }

    /// Shows a screen from now on.
    func show(moving: Bool = false, _ drawing: @escaping Drawing) {
        self.drawing = drawing
        isMoving = moving
        warning = nil
        draw()
    }

    /// Shows a line of warning over the screen until the next screen; `nil` takes it away.
    func say(_ text: String?) {
        guard warning != text else { return }
        warning = text
        draw()
    }

    /// Draws everything again, whatever the terminal shows.
    func redraw() {
        shown = []
        draw()
    }

    /// Rings the bell.
    func ring() { device.write("\u{07}") }

    private func beat() {
        tick += 1
        let now = device.size
        if isMoving || now != size { draw() }
    }

    private func draw() {
        let now = device.size
        var text = ""
        if now != size {
            size = now
            shown = []
            text += "\u{1B}[0m\u{1B}[2J"
        }
        var canvas = Canvas(width: now.width, height: now.height, style: Theme.page)
        if now.width < Self.smallest.width || now.height < Self.smallest.height {
            canvas.fill(canvas.area, Theme.alert)
            let message = "\(tooSmall)\n\(now.width)×\(now.height) → \(Self.smallest.width)×\(Self.smallest.height)"
            let lines = Wrapping.lines(message, width: max(2, now.width - 2)).count
            let area = canvas.area.inset(1, 0).centred(now.width, lines)
            canvas.paragraph(message, area, Theme.alert, centred: true)
        } else {
            drawing(&canvas, tick)
            if let warning {
                let line = Area(x: 0, y: canvas.height - 2, width: canvas.width, height: 1)
                canvas.fill(line, Theme.warning)
                canvas.centre(warning, line, line.y, Theme.warning)
            }
        }
        let rows = (0..<canvas.height).map { canvas.row($0) }
        for (y, row) in rows.enumerated() where y >= shown.count || shown[y] != row {
            text += "\u{1B}[\(y + 1);1H\(row)"
        }
        shown = rows
        // The frame appears at once if the terminal knows synchronised updates (mode 2026).
        if !text.isEmpty { device.write("\u{1B}[?2026h\(text)\u{1B}[0m\u{1B}[?2026l") }
    }
}

/// The colours.
enum Theme {
    static let paper: UInt8 = 255
    static let panel: UInt8 = 231
    static let navy: UInt8 = 17
    static let blue: UInt8 = 25
    static let pale: UInt8 = 153
    static let grey: UInt8 = 242
    static let red: UInt8 = 160
    static let green: UInt8 = 28
    static let amber: UInt8 = 214

    static let page = Style(236, on: paper)
    static let card = Style(236, on: panel)
    static let quiet = Style(grey, on: panel)
    static let header = Style(231, on: navy, bold: true)
    static let headerQuiet = Style(pale, on: navy)
    static let chosen = Style(231, on: blue, bold: true)
    static let blocked = Style(231, on: 246, bold: true)
    static let disabled = Style(248, on: panel)
    static let accent = Style(blue, on: panel, bold: true)
    static let good = Style(green, on: panel, bold: true)
    static let warning = Style(16, on: amber, bold: true)
    static let alert = Style(231, on: red, bold: true)
    static let key = Style(231, on: 240, bold: true)
    static let footer = Style(236, on: 252)
}
