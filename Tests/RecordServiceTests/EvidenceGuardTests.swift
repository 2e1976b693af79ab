import Exchange
import Foundation
import HTTPServer
import RecordService
import RecordSupport
import Records
import Signing
import TestSupport
import Testing
import Vaccination

/// What the service does when a hand was in the database.
@Suite struct EvidenceGuardTests {
    private static func raw(_ path: String, _ sql: String) async throws {
        try await RawDatabase(path).execute(sql, foreignKeys: false)
    }

    static func regionPath(_ stack: Stack) -> String {
        "\(stack.configuration.recordFolder)/regions/\(Stack.mihon.code.digits).sqlite"
    }

    private static func controlPath(_ stack: Stack) -> String { "\(stack.configuration.recordFolder)/control.sqlite" }

    /// A stack with a person in both regions and a certificate in one.
    static func filled() async throws -> (stack: Stack, id: CertificateID) {
        let stack = try await Stack()
        let person = TestPerson(1)
        try await stack.write(person)
        try await stack.write(person, in: Stack.rei)
        let id = try await stack.issue(try stack.session(person)).manifest.certificateID
        return (stack, id)
    }

    @Test(arguments: [false, true])
    func `a broken region stops issuing alone, says so with place and consequence, and a logged restore clears it`(
        atStart: Bool
    ) async throws {
        let (first, id) = try await Self.filled()
        try await Self.raw(Self.regionPath(first), "UPDATE certificate SET state = 'printed'")
        // A row is found by a look at everything; the start looks at what the last root does not cover.
        if atStart { try FileManager.default.removeItem(atPath: first.configuration.rootFile) }
        let stack = atStart ? try await first.restarted() : first
        if !atStart { await stack.system.evidence.sweepEverything() }
        let person = TestPerson(1)
        #expect(await stack.refusal(try stack.session(person)) == .municipalitySuspended)
        #expect(stack.system.control.snapshot.access.municipalities == [Stack.mihon.code])
        #expect(await stack.refusal(try stack.session(person, in: Stack.rei)) == nil)
        #expect(await stack.system.notReady().isEmpty)
        let text = stack.logs.text
        #expect(text.contains("990019: row: certificate \(id.text)") && text.contains("この自治体だけ"))
        #expect(stack.metrics.text().contains("vrs_regions_broken 1.0"))
        #expect(stack.metrics.text().contains("vrs_guard_findings_total{guard=\"evidence\",kind=\"row\"} "))

        try await Running.with(stack) { running in
            try await running.withOperator { client in
                #expect(try await client.suspensions().broken == ["990019: row: certificate \(id.text)"])
                let log = LogName.region(Stack.mihon.code)
                await #expect(throws: OperatorFailure.refused(.conflict)) {
                    try await client.restored(log, reason: "nothing was restored", asItIs: false)
                }
                #expect(await stack.refusal(try stack.session(person)) == .municipalitySuspended)
                try await Self.raw(Self.regionPath(stack), "UPDATE certificate SET state = 'signed'")
                try await client.restored(log, reason: "set right by hand", asItIs: false)
                #expect(try await client.suspensions().broken == [])
            }
        }
        #expect(await stack.refusal(try stack.session(person)) == nil)
        #expect(
            try await stack.store.controlLog(after: 0, limit: 99).map(\.event).suffix(2) == [
                .evidenceBroken, .restored,
            ])
    }

    @Test func `a person whose doses were deleted stops the region with the first application`() async throws {
        let (stack, _) = try await Self.filled()
        try await Self.raw(Self.regionPath(stack), "DELETE FROM dose WHERE number = 1")
        let person = TestPerson(1)
        #expect(await stack.refusal(try stack.session(person)) == .municipalitySuspended)
        #expect(stack.system.control.snapshot.state.brokenRegions.keys.contains(Stack.mihon.code))
        #expect(await stack.refusal(try stack.session(person, in: Stack.rei)) == nil)
    }

    @Test(arguments: [
        "UPDATE terminal SET status = 'active', shop = '別の店' WHERE id = 'T0002'",
        "DELETE FROM terminal WHERE id = 'T0002'",
        "DELETE FROM stop", "DELETE FROM suspension", "UPDATE region_head SET count = 1",
        "UPDATE control SET revision = revision + 1",
        "DROP TRIGGER log_no_delete; DELETE FROM log WHERE sequence = 2",
    ])
    func `a hand in the control file stops everything until a restore is logged`(sql: String) async throws {
        let (stack, _) = try await Self.filled()
        try await stack.store.stop(.chipKey(hash: [UInt8](repeating: 1, count: 32)), now: stack.clock.now)
        try await stack.store.suspend(.kind(.overseas), now: stack.clock.now)
        await stack.system.evidence.sweep()
        #expect(await stack.refusal(try stack.session(TestPerson(1))) == nil)
        // Heads come into the file a moment behind their lines: none is to come behind the hand.
        _ = try await stack.store.heads()
        let session = try stack.session(TestPerson(1))
        let root = stack.system.evidence.root
        try await Self.raw(Self.controlPath(stack), sql)
        await stack.system.evidence.sweep()
        #expect(await stack.refusal(session) == .serviceHalted)
        #expect(await stack.system.notReady() == ["issuing.halted"])
        // No root is signed over what may have been set back.
        #expect(stack.system.evidence.root == root)
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                // Clearing the halt is not enough.
                await #expect(throws: OperatorFailure.refused(.conflict)) { try await client.resumeIssuing() }
                try await client.restored(.control, reason: "looked", asItIs: true)
            }
        }
        // What began before has a challenge of the life before.
        #expect(await stack.refusal(session) == .challengeInvalid)
        if sql.contains("region_head") {
            // What was accepted as it is contradicts the region's own log, which nobody has looked at.
            let refusal = await stack.refusal(try stack.session(TestPerson(1)))
            #expect(refusal == .municipalitySuspended)
            try await stack.system.evidence.restored(.region(Stack.mihon.code), reason: "looked", asItIs: true)
        }
        let refusal = await stack.refusal(try stack.session(TestPerson(1)))
        #expect(refusal == nil)
        await stack.system.evidence.sweep()
        let later = await stack.refusal(try stack.session(TestPerson(1)))
        #expect(later == nil)
    }

    @Test func `a logged restore of the control log is taken by another process with its next look, and by no less`()
        async throws
    {
        let (first, _) = try await Self.filled()
        let second = try await first.restarted()
        await second.system.evidence.lookAtRegions()
        let path = Self.controlPath(first)
        let hand = "UPDATE control SET revision = revision + 1"
        try await Self.raw(path, hand)
        for stack in [first, second] {
            await stack.system.evidence.sweep()
            #expect(stack.system.control.policy.refusal(at: nil) == .serviceHalted)
        }
        let root = second.system.evidence.root
        // Whole again, and nobody has logged a restore.
        try await Self.raw(path, "UPDATE control SET revision = revision - 1")
        await second.system.evidence.sweep()
        #expect(second.system.control.halt?.isOfEvidence == true)

        try await first.system.evidence.restored(.control, reason: "looked", asItIs: true)
        #expect(await first.refusal(try first.session(TestPerson(1))) == nil)
        // That somebody says so is not enough.
        try await second.system.control.refresh()
        #expect(second.system.control.policy.refusal(at: nil) == .serviceHalted)
        // Nor is it while there is a hand in it again.
        try await Self.raw(path, hand)
        await second.system.evidence.sweep()
        #expect(second.system.control.policy.refusal(at: nil) == .serviceHalted)
        try await Self.raw(path, "UPDATE control SET revision = revision - 1")
        await second.system.evidence.sweep()
        #expect(second.system.control.halt?.isOfEvidence == true)

        try await first.system.evidence.restored(.control, reason: "looked again", asItIs: true)
        await second.system.evidence.sweep()
        #expect(await second.refusal(try second.session(TestPerson(1))) == nil)
        #expect(await second.system.notReady().isEmpty)
        // It signs again, over the life that began with the restore.
        #expect(second.system.evidence.root?.heads.incarnation ?? 0 > root?.heads.incarnation ?? 0)
    }

    @Test func `a look of one process does not stop what another one has just restored as it is`() async throws {
        let (first, _) = try await Self.filled()
        let second = try await first.restarted()
        try await Self.raw(
            Self.controlPath(first), "DROP TRIGGER log_no_delete; DELETE FROM log WHERE sequence = 2")
        try await first.system.evidence.restored(.control, reason: "looked", asItIs: true)
        // It has signed a root over lines that are no more, and has not heard of the restore.
        await second.system.evidence.sweep()
        #expect(second.system.control.halted == nil)
        #expect(await first.refusal(try first.session(TestPerson(1))) == nil)
        #expect(await second.refusal(try second.session(TestPerson(1))) == nil)
    }

    @Test func `a control file put back is found at the next start by the last signed root`() async throws {
        let (stack, _) = try await Self.filled()
        let path = Self.controlPath(stack)
        try await Self.raw(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        try FileManager.default.copyItem(atPath: path, toPath: path + ".copy")
        try await stack.store.revoke(terminal: "T0002", now: stack.clock.now)
        await stack.system.evidence.sweep()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try FileManager.default.moveItem(atPath: path + ".copy", toPath: path)
        var started: [Stack] = []
        for _ in 1...2 {
            // Also when it is started again: the root is not signed anew over it.
            let again = try await stack.restarted()
            started.append(again)
            #expect(again.system.control.halted?.hasPrefix("evidence: control: rollback") == true)
            #expect(await again.system.notReady() == ["issuing.halted"])
        }
    }

    @Test func `a control file of before a logged restore is found at the next start by its incarnation`() async throws
    {
        let (stack, _) = try await Self.filled()
        let path = Self.controlPath(stack)
        await stack.system.evidence.sweep()
        try await Self.raw(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        try FileManager.default.copyItem(atPath: path, toPath: path + ".copy")
        try await stack.system.evidence.restored(.region(Stack.mihon.code), reason: "looked", asItIs: false)
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        try FileManager.default.moveItem(atPath: path + ".copy", toPath: path)
        let again = try await stack.restarted()
        #expect(again.system.control.halted?.hasPrefix("evidence: control: rollback") == true)
        #expect(await again.system.notReady() == ["issuing.halted"])
    }

    @Test func `a root is signed, served, and told from one of another key`() async throws {
        let (stack, _) = try await Self.filled()
        await stack.system.evidence.sweep()
        let root = try #require(stack.system.evidence.root)
        let key = stack.configuration.rootKey.publicKey
        let read = try #require(SignedRoot(root.text, by: key))
        #expect(read.heads == root.heads && read.time == root.time)
        #expect(read.heads.heads.keys.contains(.control) && read.heads.heads[.region(Stack.mihon.code)]?.count == 3)
        #expect(try String(contentsOfFile: stack.configuration.rootFile, encoding: .utf8) == root.text)
        #expect(SignedRoot(root.text, by: stack.signer.publicKey) == nil)
        try await Running.with(stack) { running in
            try await running.withOperator { client in
                let pulled = try await client.root().root
                #expect(SignedRoot(pulled, by: key) != nil)
            }
        }
        await BadInput.run("signed roots", samples: [Array(root.text.utf8)]) { input in
            _ = SignedRoot(String(decoding: input, as: UTF8.self), by: key)
        }
        let changed = root.text.replacing(".eyJ", with: ".eyK")
        #expect(SignedRoot(changed, by: key) == nil)
    }

    @Test func `vrs log verify says that a log is sound, what is broken, and what is irregular`() async throws {
        let (stack, id) = try await Self.filled()
        await stack.system.evidence.sweep()
        let log = LogName.region(Stack.mihon.code)
        let sound = try await FileCommands.verify([], stack.configuration)
        #expect(
            sound.isSound && sound.lines.count == 3
                && sound.lines.contains { $0.hasPrefix("990019: 3 lines and 5 rows") })
        // A second signature of one certificate, in a log that is whole.
        try await Self.raw(
            Self.regionPath(stack),
            """
            INSERT INTO log (at, event, certificate, terminal, inquiry)
            SELECT at, event, certificate, terminal, inquiry FROM log WHERE event = 'signed'
            """)
        try await stack.store.noteRestored(log, reason: "test", asItIs: true, now: stack.clock.now)
        let irregular = try await FileCommands.verify([log], stack.configuration)
        #expect(!irregular.isSound && !irregular.lines.contains { $0.contains("BROKEN") })
        #expect(
            irregular.lines.contains {
                $0.hasPrefix("irregular 990019: certificate \(id.text): more than one signature")
            })
        try await Self.raw(Self.regionPath(stack), "UPDATE certificate SET state = 'voided'")
        let broken = try await FileCommands.verify([log], stack.configuration)
        #expect(!broken.isSound)
        #expect(broken.lines.contains { $0.contains("BROKEN 990019: row: certificate \(id.text)") })
        #expect(broken.lines.contains { $0.contains("signed") && $0.contains("voided") })
        #expect(broken.lines.contains { $0.contains("vrs log restored 990019") })
    }
}
