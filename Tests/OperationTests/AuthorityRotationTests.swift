import Crypto
import Foundation
import MutualTLS
import Signing
import StackSupport
import TestSupport
import Testing
import Vaccination

/// The authorities of terminals, centres and operators are changed as `keys/README.md` says, while people come and go: both
/// side by side, everybody moves over, the old one is withdrawn.
@Suite(.serialized)
struct AuthorityRotationTests {
    @Test func `the authorities of terminals, centre and operators change under way, and no page is refused`()
        async throws
    {
        let stack = try await Stack.start(in: Stack.newFolder(), terminals: 3, people: 0)
        do {
            try await stack.restartRecordSystem("limits: {perPersonAndDay: 1000}")
            try await stack.untilUpstreamIsBack()
            try await rotate(stack)
        } catch {
            await stack.end()
            throw error
        }
        await stack.end()
    }

    private func rotate(_ stack: Stack) async throws {
        let rotation = try AuthorityRotation(stack)
        let unmoved = try await rotation.listUnmoved()
        let visitors = Visitors(stack, kind: .domestic)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for terminal in 1...2 { group.addTask { try await visitors.come(to: terminal) } }
            group.addTask {
                defer { visitors.isEnough = true }
                try await visitors.untilPrinted(1)
                try await rotation.listBoth()
                try await visitors.untilPrinted(2)
                for terminal in 1...2 {
                    try await visitors.between(at: terminal) { try await rotation.renew(terminal: terminal) }
                }
                try await rotation.moveOperator()
                try await rotation.moveCentre()
                try await visitors.untilPrinted(2)
                // Who does not move is in until the last step.
                _ = try await stack.terminal(3).menu()
                for one in unmoved { #expect(try await one.comesIn(stack), "\(one.name)") }
                try await rotation.withdrawOld()
                try await visitors.untilPrinted(4)
            }
            try await group.waitForAll()
        }
        #expect(visitors.endings.filter { $0 != "printed" } == [])
        #expect(visitors.endings.count >= 9)
        // Who did not move is out by that alone: the terminal is enrolled, the others are listed.
        await #expect(throws: (any Error).self) { try await stack.terminal(3).menu() }
        let list = try String(contentsOfFile: stack.keys + "/vrs/clients.yaml", encoding: .utf8)
        for one in unmoved {
            #expect(list.contains(one.hash), "\(one.name)")
            await #expect(throws: (any Error).self, "\(one.name)") { try await one.comesIn(stack) }
        }
    }
}

/// A centre or operator whose certificate is of an old authority.
private struct Unmoved: Sendable {
    let name: String
    let hash: String
    /// Where it would come in.
    let base: String
    let path: String

    /// Whether it is answered; throws if nobody listens to it.
    func comesIn(_ stack: Stack) async throws -> Bool {
        let file = "\(stack.folder)/unmoved-\(name)"
        let client = try TLSClient(
            base: base, authority: stack.keys + "/ca.pem", certificate: file + ".pem", key: file + ".key.pem")
        return try await client.send("GET", path).status == 200
    }
}

/// The procedure, by the started programs.
private final class AuthorityRotation: Sendable {
    let stack: Stack
    /// By the kind of clients.
    private let next: [String: IssuingAuthority]
    private static let kinds = ["terminals", "centre", "operator"]
    private static let old = [
        "terminals": "terminals/ca.pem", "centre": "centre/client-ca.pem", "operator": "operator/ca.pem",
    ]

    init(_ stack: Stack) throws {
        self.stack = stack
        var next: [String: IssuingAuthority] = [:]
        for kind in Self.kinds {
            let authority = try IssuingAuthority.create(commonName: "next \(kind)", now: Date())
            try stack.write(try authority.certificatePEM, "next-\(kind).pem")
            next[kind] = authority
        }
        self.next = next
    }

    private func files(_ kinds: [String], _ list: (_ old: String, _ next: String) -> String) -> [(String, String)] {
        kinds.map { kind in
            let old = "\(stack.keys)/\(Self.old[kind] ?? "")"
            return ("[\(old)]", "[\(list(old, "\(stack.folder)/next-\(kind).pem"))]")
        }
    }

    /// Writes a program's lists of authorities and has it read them.
    private func tell(_ program: String, _ lists: [(String, String)]) async throws {
        let path = "\(stack.folder)/\(program).yaml"
        var text = try String(contentsOfFile: path, encoding: .utf8)
        for (old, new) in lists {
            guard text.contains(old) else { throw TestFailure("\(program) has no \(old)") }
            text = text.replacing(old, with: new)
        }
        try stack.write(text, program + ".yaml")
        try await stack.reload(program)
    }

    func listBoth() async throws {
        try await tell("vrs", files(Self.kinds) { "\($0), \($1)" })
        try await tell("centre", files(["terminals"]) { "\($0), \($1)" })
    }

    func withdrawOld() async throws {
        func lists(_ kinds: [String]) -> [(String, String)] {
            zip(files(kinds) { "\($0), \($1)" }, files(kinds) { _, next in next }).map { ($0.1, $1.1) }
        }
        try await tell("centre", lists(["terminals"]))
        try await tell("vrs", lists(Self.kinds))
    }

    /// Lists a further operator and a further centre of the old authorities, who do not take part.
    func listUnmoved() async throws -> [Unmoved] {
        var all: [Unmoved] = []
        for (role, base, path) in [
            ("operator", "https://" + stack.innerAddress, "/inner/v1/terminals"),
            ("centre", "https://" + stack.centreListenerAddress, "/centre/v1/gate"),
        ] {
            let file = "\(stack.keys)/\(Self.old[role] ?? "")"
            let authority = try #require(
                IssuingAuthority(certificateFile: file, keyFile: file.replacing(".pem", with: ".key.pem")))
            let issued = try authority.client(commonName: "unmoved \(role)", now: Date())
            try stack.write(issued.pem, "unmoved-\(role).pem")
            let key = "\(stack.folder)/unmoved-\(role).key.pem"
            try KeyFile.writePrivate(try #require(issued.key).pemRepresentation, to: key)
            let hash = try hash("\(stack.folder)/unmoved-\(role).pem")
            try await stack.changeClients {
                $0 + "  - {name: unmoved \(role), role: \(role), certificate: \"\(hash)\"}\n"
            }
            all.append(Unmoved(name: role, hash: hash, base: base, path: path))
        }
        return all
    }

    /// Puts a new certificate in the place of one, with what comes between.
    private func replace(
        _ path: String, _ issued: IssuingAuthority.Issued, as name: String,
        before: (_ new: String) async throws -> Void
    ) async throws {
        try stack.write(issued.pem, "new-\(name).pem")
        try await before("\(stack.folder)/new-\(name).pem")
        try Data(issued.pem.utf8).write(to: URL(fileURLWithPath: path + ".pem"))
        try Data(try #require(issued.key).pemRepresentation.utf8).write(to: URL(fileURLWithPath: path + ".key.pem"))
    }

    func renew(terminal: Int) async throws {
        let name = Stack.terminalName(terminal)
        let issued = try #require(next["terminals"]).client(commonName: name, now: Date())
        try await replace("\(stack.keys)/terminals/\(name)/terminal", issued, as: name) { new in
            try await stack.operate("terminal", "renew", "--id", name, "--certificate", new)
        }
        // The centre hears of it at once.
        let client = try stack.terminal(terminal)
        try await eventually("\(name) is known by its new certificate") { (try? await client.menu()) != nil }
    }

    private func hash(_ path: String) throws -> String {
        let certificate = try #require(PEMFile.certificates(path).first)
        return SHA256.hash(data: try certificate.der).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Lists another certificate beside the first, has its holder change to it, and strikes the first off.
    private func move(
        _ path: String, _ name: String, role: String, _ issued: IssuingAuthority.Issued,
        change: () async throws -> Void
    ) async throws {
        let first = try hash(path + ".pem")
        try await replace(path, issued, as: name) { new in
            let second = try hash(new)
            try await stack.changeClients { $0 + "  - {name: \(name)-2, role: \(role), certificate: \"\(second)\"}\n" }
        }
        try await change()
        try await stack.changeClients { text in
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.filter { !$0.contains(first) }.joined(separator: "\n")
        }
    }

    func moveOperator() async throws {
        let issued = try #require(next["operator"]).client(commonName: "operator", now: Date())
        try await move(stack.keys + "/operator/operator", "operator", role: "operator", issued) {
            try await eventually("the operator comes in by the new certificate") {
                (try? await stack.operate("issuing", "status")) != nil
            }
        }
    }

    func moveCentre() async throws {
        let issued = try #require(next["centre"]).client(commonName: "centre", now: Date())
        try await move(stack.keys + "/centre/client", "centre", role: "centre", issued) {
            try await stack.reload("centre")
            try await stack.untilUpstreamIsBack()
        }
    }
}
