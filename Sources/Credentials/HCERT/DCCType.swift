/// What an EU Digital COVID Certificate is about; the raw value is the last arc of the key usage that allows it.
package enum DCCType: String, Sendable {
    /// A test.
    case test = "1"
    /// Vaccinations.
    case vaccination = "2"
    /// A recovery.
    case recovery = "3"
}

extension Certificate {
    /// Both arcs under which signers' key usages are met: the right one, and one mistyped by several countries.
    private static let dccUsages = ["1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1."]

    /// Whether a document signer's usages allow a type: those that name types limit it to them, none means any.
    package func allows(_ type: DCCType) -> Bool {
        dccTypes.isEmpty || dccTypes.contains(type.rawValue)
    }

    /// Whether one of its usages names a type.
    package var namesDCCType: Bool { !dccTypes.isEmpty }

    static func dccTypes(of usages: [String]) -> [String] {
        usages.compactMap { usage in
            dccUsages.first { usage.hasPrefix($0) }.map { String(usage.dropFirst($0.count)) }
        }
    }
}
