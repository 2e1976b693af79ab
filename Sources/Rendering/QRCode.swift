import CPNG
import CQREncode

/// A QR code, model 2 (ISO/IEC 18004:2015), made by libqrencode with the segments as given and the best of the eight masks.
public struct QRCode: Hashable, Sendable {
    /// The error correction levels, from the least (about 7 % of codewords recoverable) to the most (about 30 %).
    public enum ErrorCorrection: String, Sendable, CaseIterable { case l, m, q, h }

    /// The version, 1 to 40.
    public let version: Int
    /// The level of error correction.
    public let level: ErrorCorrection
    /// Modules a side, without the quiet zone: 17 + 4 × version.
    public let size: Int

    /// Row by row, 1 dark, 0 light.
    let modules: [UInt8]

    /// The code of these segments at a level, in the smallest version that holds them.
    ///
    /// - Parameter maximumVersion: the largest version allowed, 1 to 40; a SMART Health Card allows 22.
    public init(_ segments: [QRSegment], level: ErrorCorrection, maximumVersion: Int = 40) throws(QRError) {
        try Self.check(segments, maximumVersion)
        guard let version = QRCapacity.version(for: segments, level: level, maximum: maximumVersion) else {
            throw .tooLong(maximumVersion: maximumVersion, level: level)
        }
        try self.init(segments, level: level, version: version)
    }

    /// The code of these segments at the highest level with which they fit the largest version allowed.
    ///
    /// - Parameters:
    ///   - maximumVersion: the largest version allowed, 1 to 40.
    ///   - lowestLevel: the level below which the code is refused.
    public init(
        fitting segments: [QRSegment], maximumVersion: Int, lowestLevel: ErrorCorrection = .l
    ) throws(QRError) {
        try Self.check(segments, maximumVersion)
        for level in ErrorCorrection.allCases.reversed() {
            if let version = QRCapacity.version(for: segments, level: level, maximum: maximumVersion) {
                try self.init(segments, level: level, version: version)
                return
            }
            if level == lowestLevel { break }
        }
        throw .tooLong(maximumVersion: maximumVersion, level: lowestLevel)
    }

    private static func check(_ segments: [QRSegment], _ maximumVersion: Int) throws(QRError) {
        guard (1...40).contains(maximumVersion) else { throw .maximumVersion(maximumVersion) }
        guard segments.contains(where: { !$0.content.isEmpty }) else { throw .empty }
        if let index = segments.firstIndex(where: { !$0.isWellFormed }) { throw .characterOutsideMode(segment: index) }
    }

    private init(_ segments: [QRSegment], level: ErrorCorrection, version: Int) throws(QRError) {
        guard let input = QRinput_new2(Int32(version), level.native) else { throw .libraryFailure }
        defer { QRinput_free(input) }
        for segment in segments where !segment.content.isEmpty {
            guard QRinput_append(input, segment.mode.native, Int32(segment.content.count), segment.content) == 0 else {
                throw .libraryFailure
            }
        }
        guard let code = QRcode_encodeInput(input) else { throw .libraryFailure }
        defer { QRcode_free(code) }
        // libqrencode goes to a larger version if the one asked for is too small: then the capacity was misjudged.
        let size = 17 + 4 * version
        guard Int(code.pointee.version) == version, Int(code.pointee.width) == size, let data = code.pointee.data else {
            throw .libraryFailure
        }
        self.version = version
        self.level = level
        self.size = size
        modules = UnsafeBufferPointer(start: data, count: size * size).map { $0 & 1 }
    }

    /// Whether the module in column `x` of row `y` is dark; light outside the code.
    public func isDark(_ x: Int, _ y: Int) -> Bool {
        guard (0..<size).contains(x), (0..<size).contains(y) else { return false }
        return modules[y * size + x] == 1
    }

    /// The code as a 1-bit gray PNG.
    ///
    /// - Parameters:
    ///   - pixelsPerModule: 1 to 64.
    ///   - quietZone: light modules on each side, 0 to 64; readers expect 4 (ISO/IEC 18004:2015, 9.1).
    /// - Returns: the file; empty if a parameter is out of its bounds or memory ran out.
    public func png(pixelsPerModule: Int, quietZone: Int = 4) -> [UInt8] {
        guard (1...64).contains(pixelsPerModule), (0...64).contains(quietZone) else { return [] }
        let side = (size + 2 * quietZone) * pixelsPerModule
        var ink = [UInt8](repeating: 0, count: side * side)
        ink.withUnsafeMutableBufferPointer {
            paint(
                into: $0, stride: side, left: quietZone * pixelsPerModule, top: quietZone * pixelsPerModule,
                pixelsPerModule: pixelsPerModule)
        }
        return InkPNG.encode(ink, width: side, height: side, stride: side, bits: 1, dotsPerInch: nil)
    }

    /// Paints the dark modules into a plane of ink; the caller has made sure that they all lie inside.
    func paint(into ink: UnsafeMutableBufferPointer<UInt8>, stride: Int, left: Int, top: Int, pixelsPerModule: Int) {
        for y in 0..<size {
            let first = (top + y * pixelsPerModule) * stride + left
            for x in 0..<size where modules[y * size + x] == 1 {
                let at = first + x * pixelsPerModule
                for pixel in at..<at + pixelsPerModule { ink[pixel] = 255 }
            }
            for copy in 1..<max(pixelsPerModule, 1) {
                let target = first + copy * stride
                for pixel in 0..<size * pixelsPerModule { ink[target + pixel] = ink[first + pixel] }
            }
        }
    }
}

extension QRCode.ErrorCorrection {
    fileprivate var native: QRecLevel {
        switch self {
        case .l: QR_ECLEVEL_L
        case .m: QR_ECLEVEL_M
        case .q: QR_ECLEVEL_Q
        case .h: QR_ECLEVEL_H
        }
    }
}

extension QRSegment.Mode {
    fileprivate var native: QRencodeMode {
        switch self {
        case .bytes: QR_MODE_8
        case .numeric: QR_MODE_NUM
        case .alphanumeric: QR_MODE_AN
        }
    }
}

/// Why a QR code could not be made.
public enum QRError: Error, Hashable, Sendable {
    /// There is nothing to encode.
    case empty
    /// The segment with this index has a character that its mode cannot write.
    case characterOutsideMode(segment: Int)
    /// The content does not fit the largest version allowed at this level.
    case tooLong(maximumVersion: Int, level: QRCode.ErrorCorrection)
    /// No version has this number: they go from 1 to 40.
    case maximumVersion(Int)
    /// libqrencode failed: memory ran out.
    case libraryFailure

    /// The stable code of this refusal.
    public var code: String {
        switch self {
        case .empty: "qr.empty"
        case .characterOutsideMode: "qr.character_outside_mode"
        case .tooLong: "qr.too_long"
        case .maximumVersion: "qr.maximum_version"
        case .libraryFailure: "qr.library_failure"
        }
    }
}
