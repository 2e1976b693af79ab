import StackSupport
import Synchronization
import TestSupport
import Testing
import Vaccination

/// People who come to terminals, one behind the other, until it is enough.
final class Visitors: Sendable {
    private struct State {
        var endings: [String] = []
        var pages: [String] = []
        var isEnough = false
        /// Terminals at which somebody is, and those that are kept free.
        var busy: Set<Int> = []
        var closed: Set<Int> = []

        mutating func begin(at terminal: Int) -> Bool {
            guard !closed.contains(terminal) else { return false }
            busy.insert(terminal)
            return true
        }
    }
    private let stack: Stack
    private let state = Mutex(State())
    private let kind: CertificateKind

    init(_ stack: Stack, kind: CertificateKind = .overseas) {
        self.stack = stack
        self.kind = kind
    }

    var endings: [String] { state.withLock { $0.endings } }
    var pages: [String] { state.withLock { $0.pages } }
    var isEnough: Bool {
        get { state.withLock { $0.isEnough } }
        set { state.withLock { $0.isEnough = newValue } }
    }

    func come(to terminal: Int) async throws {
        while !isEnough {
            try await eventually("terminal \(terminal) is free") { self.state.withLock { $0.begin(at: terminal) } }
            let person = try #require(stack.people.first)
            let visit = try await stack.visit(
                card: stack.save(stack.card(person)),
                .init(municipality: person.municipality, kind: kind, terminal: terminal))
            state.withLock { state in
                state.endings.append(visit.ended ?? "none: \(visit.output)\(visit.errors)")
                state.pages += visit.files("pdf")
                state.busy.remove(terminal)
            }
        }
    }

    /// Does something at a terminal between two people.
    func between(at terminal: Int, _ body: () async throws -> Void) async throws {
        _ = state.withLock { $0.closed.insert(terminal) }
        defer { _ = state.withLock { $0.closed.remove(terminal) } }
        try await eventually("nobody is at terminal \(terminal)") {
            self.state.withLock { !$0.busy.contains(terminal) }
        }
        try await body()
    }

    /// Waits until so many more were printed.
    func untilPrinted(_ more: Int) async throws {
        let aim = pages.count + more
        try await eventually("\(aim) pages") { self.pages.count >= aim }
    }
}
