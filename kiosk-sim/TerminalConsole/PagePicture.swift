import Scanning

/// The page as the terminal shows it: from the very PNG that is printed.
struct PagePicture: Sendable {
    let image: GrayImage
    /// The modules of the page's first code, if it was found.
    let code: CodeMatrix?

    init?(png: [UInt8]) {
        guard let image = try? Scanning.grayImage(fromPNG: png) else { return nil }
        self.image = image
        code = CodeMatrix(in: image)
    }

    /// How many columns and rows of cells show the whole page within an area.
    func fit(_ area: Area) -> Area {
        // A cell shows two pixels, one above the other, which are about square.
        let rows = min(area.height, max(1, area.width * image.height / (image.width * 2)))
        let columns = min(area.width, max(1, rows * 2 * image.width / image.height))
        return Area(x: area.x + (area.width - columns) / 2, y: area.y, width: columns, height: rows)
    }

    /// Draws the page so that it is `columns` wide, from a row of cells on.
    func draw(_ canvas: inout Canvas, in area: Area, columns: Int, from top: Int) {
        let scale = Double(image.width) / Double(max(1, columns))
        image.pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<area.height {
                for column in 0..<min(columns, area.width) {
                    let upper = average(pixels, column, 2 * (top + row), scale)
                    let lower = average(pixels, column, 2 * (top + row) + 1, scale)
                    guard let upper else { continue }
                    let style = Style(Self.shade(upper), on: Self.shade(lower ?? 255))
                    canvas.write("▀", area.x + column, area.y + row, style)
                }
            }
        }
    }

    /// How many rows of cells the page has at a width.
    func rows(columns: Int) -> Int { max(1, columns * image.height / (image.width * 2)) }

    private func average(_ pixels: UnsafeBufferPointer<UInt8>, _ column: Int, _ row: Int, _ scale: Double) -> UInt8? {
        let x = (
            Int(Double(column) * scale),
            min(image.width, max(Int(Double(column) * scale) + 1, Int(Double(column + 1) * scale)))
        )
        let y = (
            Int(Double(row) * scale), min(image.height, max(Int(Double(row) * scale) + 1, Int(Double(row + 1) * scale)))
        )
        guard x.0 < x.1, y.0 < y.1 else { return nil }
        // Every pixel of a small piece, a grid of at most 8 × 8 of a large one.
        let (stepX, stepY) = (max(1, (x.1 - x.0) / 8), max(1, (y.1 - y.0) / 8))
        var (sum, count) = (0, 0)
        for line in stride(from: y.0, to: y.1, by: stepY) {
            for dot in stride(from: x.0, to: x.1, by: stepX) {
                sum += Int(pixels[line * image.width + dot])
                count += 1
            }
        }
        return UInt8(clamping: sum / max(1, count))
    }

    /// The grey of the 256-colour palette: 232 to 255, and white.
    private static func shade(_ value: UInt8) -> UInt8 { value >= 247 ? 231 : 232 + value / 11 }
}

/// The modules of a QR code that lies upright in a picture.
struct CodeMatrix: Hashable, Sendable {
    /// Modules a side, without the quiet zone.
    let size: Int
    private let dark: [Bool]

    func isDark(_ x: Int, _ y: Int) -> Bool {
        x >= 0 && y >= 0 && x < size && y < size && dark[y * size + x]
    }

    /// Finds the largest square of about half black and half white, and measures its modules at a corner's finder pattern
    /// (ISO/IEC 18004:2015, 6.3.3: seven modules wide).
    init?(in image: GrayImage) {
        guard let box = Self.region(of: image) else { return nil }
        var run = 0
        while run < box.width, image.pixels[box.y * image.width + box.x + run] < 128 { run += 1 }
        let module = Double(run) / 7
        guard module >= 1 else { return nil }
        let size = Int((Double(box.width) / module).rounded())
        guard (21...177).contains(size), (size - 17) % 4 == 0 else { return nil }
        let step = Double(box.width) / Double(size)
        var dark: [Bool] = []
        for y in 0..<size {
            for x in 0..<size {
                let (column, row) = (box.x + Int((Double(x) + 0.5) * step), box.y + Int((Double(y) + 0.5) * step))
                dark.append(image.pixels[min(row, image.height - 1) * image.width + min(column, image.width - 1)] < 128)
            }
        }
        self.size = size
        self.dark = dark
    }

    private static func region(of image: GrayImage) -> Area? {
        let block = max(4, image.width / 160)
        let (columns, rows) = (image.width / block, image.height / block)
        guard columns > 4, rows > 4 else { return nil }
        var busy = [Bool](repeating: false, count: columns * rows)
        image.pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<rows {
                for column in 0..<columns {
                    var count = 0
                    for y in row * block..<(row + 1) * block {
                        for x in column * block..<(column + 1) * block where pixels[y * image.width + x] < 128 {
                            count += 1
                        }
                    }
                    busy[row * columns + column] = count * 100 > block * block * 18
                }
            }
        }
        var best: Area?
        var seen = [Bool](repeating: false, count: busy.count)
        for start in busy.indices where busy[start] && !seen[start] {
            var stack = [start]
            seen[start] = true
            var (left, right, top, bottom, count) = (columns, 0, rows, 0, 0)
            while let index = stack.popLast() {
                let (x, y) = (index % columns, index / columns)
                (left, right, top, bottom, count) = (
                    min(left, x), max(right, x), min(top, y), max(bottom, y), count + 1
                )
                for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                    let (nx, ny) = (x + dx, y + dy)
                    guard nx >= 0, ny >= 0, nx < columns, ny < rows, busy[ny * columns + nx], !seen[ny * columns + nx]
                    else { continue }
                    seen[ny * columns + nx] = true
                    stack.append(ny * columns + nx)
                }
            }
            let (w, h) = (right - left + 1, bottom - top + 1)
            guard w >= 6, abs(w - h) <= 2, count * 2 > w * h, w > best?.width ?? 0 else { continue }
            best = Area(x: left, y: top, width: w, height: h)
        }
        return best.flatMap { tight($0, block, image) }
    }

    /// The smallest rectangle with every dark pixel of a rectangle of blocks and one block around it.
    private static func tight(_ area: Area, _ block: Int, _ image: GrayImage) -> Area? {
        let xs = max(0, (area.x - 1) * block)..<min(image.width, (area.x + area.width + 1) * block)
        let ys = max(0, (area.y - 1) * block)..<min(image.height, (area.y + area.height + 1) * block)
        var (left, right, top, bottom) = (Int.max, -1, Int.max, -1)
        image.pixels.withUnsafeBufferPointer { pixels in
            for y in ys {
                for x in xs where pixels[y * image.width + x] < 128 {
                    (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
                }
            }
        }
        guard right > left, abs((right - left) - (bottom - top)) * 50 <= right - left else { return nil }
        return Area(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }
}
