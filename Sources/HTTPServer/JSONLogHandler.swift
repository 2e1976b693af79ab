import Foundation
package import Logging
import Synchronization

/// Writes one JSON object a line: time (UTC), level, logger, message, metadata.
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let write: @Sendable ([UInt8]) -> Void

    /// A handler that writes lines with `write`, which gets each line whole, its newline included.
    package init(label: String, level: Logger.Level = .info, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.label = label
        self.write = write
        logLevel = level
    }

    /// A logger that writes to standard error.
    package static func standardError(_ label: String, level: Logger.Level = .info) -> Logger {
        Logger(label: label) { JSONLogHandler(label: $0, level: level, write: StandardError.shared.write) }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line =
            "{\"time\":\"\(Date.now.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true).timeZone(separator: .omitted)))\""
        line += ",\"level\":\"\(event.level.rawValue)\",\"logger\":\(Self.quoted(label)),\"message\":"
        line += Self.quoted(event.message.description)
        var fields = metadata
        if let extra = event.metadata { fields.merge(extra) { $1 } }
        fields["hb.request.id"] = nil  // the inquiry number is what parties share
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += ",\(Self.quoted(key)):\(Self.json(value))"
        }
        line += "}\n"
        write(Array(line.utf8))
    }

    private static func json(_ value: Logger.Metadata.Value) -> String {
        switch value {
        case .stringConvertible(let number as Int): "\(number)"
        case .stringConvertible(let number as Double) where number.isFinite: "\(number)"
        case .stringConvertible(let flag as Bool): "\(flag)"
        default: quoted("\(value)")
        }
    }

    /// A JSON string (RFC 8259 section 7).
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case let control where control.value < 0x20:
                let hex = String(control.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}

/// Standard error, one line at a time.
private final class StandardError: Sendable {
    static let shared = StandardError()
    private let lock = Mutex(())

    func write(_ line: [UInt8]) {
        lock.withLock { _ in try? FileHandle.standardError.write(contentsOf: Data(line)) }
    }
}
