package import Exchange
import Terminal

/// Whether a terminal serves customers. It outlives every session, and only a person brings a terminal back.
package struct ServiceState: Hashable, Sendable {
    /// Why a terminal stands still.
    package struct OutOfService: Hashable, Sendable {
        /// The inquiry number of the session that found a page that was not its own.
        package let inquiry: InquiryNumber
    }

    /// Why it is out of service; `nil` in service.
    package private(set) var outOfService: OutOfService?
    /// The last session, for the staff screen: its number and how it ended.
    package private(set) var last: (inquiry: InquiryNumber, exitCode: Int32)?

    package init() {}

    /// Whether a session may begin.
    package var mayBegin: Bool { outOfService == nil }

    /// A session's process ended. Nothing that a later session does brings the terminal back.
    package mutating func ended(_ inquiry: InquiryNumber, exitCode: Int32) {
        last = (inquiry, exitCode)
        if exitCode == SessionEnding.ExitCode.outOfService, outOfService == nil {
            outOfService = OutOfService(inquiry: inquiry)
        }
    }

    /// A person has looked at it. `code` must be the operator's, compared in a time that does not depend on it.
    package mutating func clear(code: String, expected: String?) -> Bool {
        guard Self.isRight(code, expected) else { return false }
        outOfService = nil
        return true
    }

    /// Whether a code is the operator's.
    package static func isRight(_ code: String, _ expected: String?) -> Bool {
        guard let expected, !expected.isEmpty, code.utf8.count == expected.utf8.count else { return false }
        return zip(code.utf8, expected.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    package static func == (a: ServiceState, b: ServiceState) -> Bool {
        a.outOfService == b.outOfService && a.last?.inquiry == b.last?.inquiry && a.last?.exitCode == b.last?.exitCode
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(outOfService) }
}
