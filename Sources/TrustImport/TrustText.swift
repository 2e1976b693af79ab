import Credentials
import Foundation

/// A line about one thing that vouches or revokes.
func shown(
    _ kind: ImportReport.Taken.Kind, _ id: String, _ owner: String, expires: Date?, count: Int?
) -> String {
    let name =
        switch kind {
        case .smartHealthCardKey: "SMART Health Card 鍵 key"
        case .smartHealthCardRevocation: "SMART Health Card 失効リスト revocations"
        case .documentSigner: "DCC 署名者 signer"
        case .documentRevocation: "DCC 失効リスト revocations"
        case .authority: "CSCA 国の認証局 authority"
        case .vdsncSigner: "VDS-NC 署名者 signer"
        case .authorityRevocation: "CSCA 失効リスト CRL"
        case .links: "VDS-NC 署名者と発行者 signers' issuers"
        }
    let end = expires.map { ", 期限 until \(day($0))" } ?? ""
    let size = count.map { ", \($0) 件 entries" } ?? ""
    return "\(name) \(Printable.line(id)) — \(Printable.line(owner))\(end)\(size)"
}

/// A day as people read it.
func day(_ date: Date) -> String { String(date.formatted(.iso8601).prefix(10)) }

/// JSON for programs, one object a line.
enum JSONLine {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
