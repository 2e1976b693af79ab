import Foundation

/// The binary objects in a file: PEM texts with a label (RFC 7468), or the file itself as DER.
package enum PEM {
    /// Whether a file is a PEM text.
    static func isOne(_ bytes: [UInt8]) -> Bool {
        String(validating: bytes, as: UTF8.self)?.contains("-----BEGIN ") ?? false
    }

    /// The objects with this label; `nil` if a PEM text is malformed. A file without PEM texts is one DER object.
    package static func objects(_ label: String, in bytes: [UInt8]) -> [[UInt8]]? {
        guard let text = String(validating: bytes, as: UTF8.self), text.contains("-----BEGIN ") else { return [bytes] }
        var result: [[UInt8]] = []
        var body: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("-----BEGIN \(label)-----") {
                guard body == nil else { return nil }
                body = []
            } else if line.hasPrefix("-----END \(label)-----") {
                guard let lines = body, let data = Data(base64Encoded: lines.joined().filter { !$0.isWhitespace })
                else {
                    return nil
                }
                result.append(Array(data))
                body = nil
            } else {
                body?.append(line)
            }
        }
        return body == nil ? result : nil
    }
}
