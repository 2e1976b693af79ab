package import Exchange
import Synchronization
package import Terminal

/// Keeps the centre's menu at hand by asking again and again for the next revision (long poll), so that a suspension is
/// on the screen at once. An edition of what terminals trust that the menu names is taken at once too, so that no session has to
/// wait for it, and a terminal that nobody uses is not behind.
package final class MenuWatch: Sendable {
    /// What is known of the centre.
    package enum State: Sendable {
        /// Nothing yet, or nothing any more.
        case unreachable
        /// It refuses this terminal.
        case refused(ProblemCode)
        /// The menu.
        case menu(Menu)
    }

    private let current = Mutex(State.unreachable)
    private let centre: CentreClient
    private let trust: TrustKeeper?

    /// - Parameter trust: what the terminal trusts, if it comes from a publisher.
    package init(centre: CentreClient, trust: TrustKeeper? = nil) {
        self.centre = centre
        self.trust = trust
    }

    /// The latest.
    package var state: State { current.withLock { $0 } }

    /// Watches until the task is cancelled; `changed` is called after each change.
    package func run(changed: @escaping @Sendable () async -> Void) async {
        var pause = Duration.milliseconds(500)
        var revision: Int64?
        while !Task.isCancelled {
            do throws(CentreClient.Failure) {
                let menu = try await centre.menu(after: revision)
                let isNew = revision != menu.revision
                (revision, pause) = (menu.revision, .milliseconds(500))
                current.withLock { $0 = .menu(menu) }
                await changed()
                if let trust, trust.lacks(menu.trust), menu.trust != nil { await trust.refresh(from: centre) }
                // A centre that answers at once without anything new is not asked in a tight loop.
                if !isNew { try? await Task.sleep(for: .milliseconds(200)) }
            } catch {
                if Task.isCancelled { return }
                revision = nil
                current.withLock { state in
                    if case .refused(let code) = error { state = .refused(code) } else { state = .unreachable }
                }
                await changed()
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }
}
