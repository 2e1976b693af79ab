import Foundation
import TestSupport

/// What the started programs read while they run. Each waits until the program says that it has read it: one that asks
/// before is answered by what was read last time.
extension Stack {
    /// Has `vrs` or `centre` read its configuration again.
    package func reload(_ name: String) async throws {
        try await untilLogged("configuration read again", by: name) { self.signal(name, SIGHUP) }
    }

    /// Changes the list of centres and operators, which `vrs` looks at each second.
    package func changeClients(_ change: (String) -> String) async throws {
        let file = URL(fileURLWithPath: keys + "/vrs/clients.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        let changed = change(text)
        guard changed != text else { throw TestFailure("the list of centres and operators stays as it was") }
        try await untilLogged("\"message\":\"clients\"", by: "vrs") {
            try Data(changed.utf8).write(to: file, options: .atomic)
        }
    }

    private func untilLogged(_ words: String, by name: String, _ act: () throws -> Void) async throws {
        let count = { self.logs(of: name).components(separatedBy: words).count }
        let before = count()
        try act()
        try await eventually("\(name) logs \(words)") { count() > before }
    }
}
