import Exchange
import Foundation
import Glibc
import Terminal
import TerminalConsole
import TestSupport
import Testing

/// Whether a terminal serves, over sessions and restarts.
struct ServiceStateTests {
    private let folder: TemporaryFolder
    private let now = ContinuousClock.now
    private var marker: ServiceMarker { ServiceMarker(path: folder.file("out-of-service")) }

    init() throws { folder = try TemporaryFolder() }

    private func state(after codes: [Int32] = []) -> ServiceState {
        var state = ServiceState(marker: marker)
        for code in codes { state.ended(InquiryNumber(), exitCode: code, at: now) }
        return state
    }

    @Test(arguments: [0, 10, 11, 12, 13, 14, 15, 17, 18, 139] as [Int32])
    func `a terminal stays in service after any other ending`(_ code: Int32) {
        #expect(state(after: [code]).mayBegin(at: now))
    }

    @Test(arguments: [[16], [0, 16, 0, 0, 10], [19, 16, 0]] as [[Int32]])
    func `a page that was not the customer's takes the terminal out of service, whatever comes after`(_ codes: [Int32])
    {
        #expect(!state(after: codes).mayBegin(at: now + .seconds(100_000)))
    }

    @Test func `out of service is out of service after a restart, by an empty file alone`() throws {
        _ = state(after: [16])
        #expect(try folder.read("out-of-service").isEmpty)
        var restarted = state()
        #expect(restarted.isOutOfService && !restarted.mayBegin(at: now))
        let isCleared = restarted.clear()
        #expect(isCleared && restarted.mayBegin(at: now))
        #expect(state().mayBegin(at: now))
    }

    @Test func `a file that cannot be looked at or removed keeps the terminal out of service`() throws {
        // A file in place of a folder: neither there nor absent.
        try folder.write("file", Data())
        var state = ServiceState(marker: ServiceMarker(path: folder.file("file/marker")))
        #expect(!state.mayBegin(at: now))
        #expect(!ServiceMarker(path: folder.file("none/marker")).canBeSet)
        #expect(!ServiceMarker(path: folder.file("none/marker")).set())
        let isCleared = state.clear()
        #expect(!isCleared && !state.mayBegin(at: now))
    }

    @Test func `a marker that cannot be written keeps the terminal out of service until its restart`() {
        var state = ServiceState(marker: ServiceMarker(path: folder.file("none/marker")))
        #expect(state.mayBegin(at: now))
        state.ended(InquiryNumber(), exitCode: 16, at: now)
        #expect(state.isOutOfService)
    }

    @Test func `the first session that took it out of service is the one that is named`() {
        var state = state()
        let first = InquiryNumber()
        state.ended(first, exitCode: 16, at: now)
        state.ended(InquiryNumber(), exitCode: 16, at: now)
        #expect(state.mismatch == first)
    }

    @Test func `answers that do not open never take the terminal out of service, only into ever longer pauses`() {
        var state = state()
        var pauses: [Duration] = []
        for _ in 0..<40 {
            state.ended(InquiryNumber(), exitCode: SessionEnding.unopened.exitCode, at: now)
            pauses.append(state.pause(at: now) ?? .zero)
            #expect(!state.isOutOfService && !state.mayBegin(at: now))
            #expect(state.mayBegin(at: now + ServiceState.maximumPause))
        }
        #expect(Array(pauses.prefix(4)) == [.seconds(5), .seconds(10), .seconds(20), .seconds(40)])
        #expect(pauses.last == ServiceState.maximumPause)
        #expect(state.unopened == 40)
        #expect(!FileManager.default.fileExists(atPath: marker.path))
    }

    @Test func `the alarm ends by a session that went well or by a person, and by nothing else`() {
        var state = state(after: [19, 10, 12, 14])
        #expect(state.unopened == 1)
        state.ended(InquiryNumber(), exitCode: 0, at: now)
        #expect(state.unopened == 0 && state.mayBegin(at: now))
        state.ended(InquiryNumber(), exitCode: 19, at: now)
        let isCleared = state.clear()
        #expect(isCleared && state.unopened == 0 && state.mayBegin(at: now))
    }
}

/// The operator's code against somebody who guesses.
struct OperatorLockTests {
    private let start = ContinuousClock.now

    @Test func `the right code opens, once and again`() {
        var lock = OperatorLock(code: "4711")
        for _ in 0..<3 { #expect(lock.enter("4711", at: start) == .right) }
    }

    @Test(arguments: ["", "1", "0000", "47110", "４７１１", "471"])
    func `another code does not open`(_ typed: String) {
        var lock = OperatorLock(code: "4711")
        #expect(lock.enter(typed, at: start) == .wrong(wait: .seconds(1)))
    }

    @Test(arguments: [nil, ""])
    func `without a code nothing opens`(_ code: String?) {
        var lock = OperatorLock(code: code)
        #expect(lock.enter("", at: start) != .right)
    }

    @Test func `each wrong code takes longer, and the fifth locks for minutes, then for up to an hour`() {
        var lock = OperatorLock(code: "4711")
        var now = start
        var waits: [Duration] = []
        for _ in 0..<12 {
            guard case .wrong(let wait) = lock.enter("0000", at: now) else {
                Issue.record("a wrong code was not said to be wrong")
                return
            }
            waits.append(wait)
            now += wait
        }
        #expect(Array(waits.prefix(6)) == [1, 2, 4, 8, 300, 600].map { .seconds($0) })
        #expect(waits.allSatisfy { $0 <= .seconds(3600) } && waits.last == .seconds(3600))
    }

    @Test func `while it is locked not even the right code is looked at, and a wrong one does not make it longer`() {
        var lock = OperatorLock(code: "4711")
        #expect(lock.enter("0000", at: start) == .wrong(wait: .seconds(1)))
        let soon = start + .milliseconds(400)
        #expect(lock.enter("4711", at: soon) == .locked(wait: .milliseconds(600)))
        #expect(lock.enter("0000", at: soon) == .locked(wait: .milliseconds(600)))
        #expect(lock.enter("4711", at: start + .seconds(1)) == .right)
        // And all is forgotten.
        #expect(lock.enter("0000", at: start + .seconds(1)) == .wrong(wait: .seconds(1)))
    }

    @Test func `ten thousand codes take more than a year`() {
        var lock = OperatorLock(code: "9999")
        var now = start
        for guess in 0..<10_000 {
            let digits = String(guess)
            let code = String(repeating: "0", count: 4 - digits.count) + digits
            if case .wrong(let wait) = lock.enter(code, at: now) { now += wait }
        }
        #expect(start.duration(to: now) > .seconds(365 * 86_400))
    }
}
