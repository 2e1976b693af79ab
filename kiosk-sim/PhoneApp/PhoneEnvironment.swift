package import Crypto
package import Exchange
package import Foundation
package import HolderGuard

/// When waiting ends.
package struct PhoneTimeouts: Hashable, Sendable {
    /// Menu, keys and challenges, repetitions included.
    package var asking: Duration = .seconds(30)
    /// A tag does not come, or does not finish.
    package var tag: Duration = .seconds(30)
    /// No answer comes, repetitions included.
    package var answer: Duration = .seconds(60)
    /// The outcome cannot be delivered, repetitions included.
    package var outcome: Duration = .seconds(30)

    /// The ordinary ones.
    package init() {}
}

/// What all presentations at a phone share.
package struct PhoneEnvironment: Sendable {
    let wallet: WalletClient
    let device: PhoneDevice
    let statementKeys: [P256.Signing.PublicKey]
    let comparison: HolderGuard
    let formats: Set<PageFormat>
    let timeouts: PhoneTimeouts
    let clock: any Clock<Duration>
    let now: @Sendable () -> Date

    /// - Parameters:
    ///   - wallet: whom the phone asks.
    ///   - device: the app's enrolled device.
    ///   - statementKeys: by whom the day's keys have to be signed; pinned in the app.
    ///   - comparison: what answers are compared and verified by.
    ///   - formats: in which formats a page is asked for; none for most phones.
    ///   - now: the phone's clock, which has to be right within a day.
    package init(
        wallet: WalletClient, device: PhoneDevice, statementKeys: [P256.Signing.PublicKey], comparison: HolderGuard,
        formats: Set<PageFormat> = [], timeouts: PhoneTimeouts = PhoneTimeouts(),
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (self.wallet, self.device, self.statementKeys) = (wallet, device, statementKeys)
        (self.comparison, self.formats, self.timeouts) = (comparison, formats, timeouts)
        (self.clock, self.now) = (clock, now)
    }

    /// Asks the mobile back end, some times if it cannot be asked.
    func ask<Value: Sendable>(
        _ question: @Sendable (WalletClient) async throws(ServiceFailure) -> Value
    ) async throws(ServiceFailure) -> Value {
        try await clock.ask(wallet, question)
    }

    /// The day's keys, if a pinned key signed them and they hold now.
    package func statedKeys() async throws(PhoneEnding) -> StatedKeys {
        let statement: KeyStatement
        do throws(ServiceFailure) {
            statement = try await ask { wallet async throws(ServiceFailure) in try await wallet.keys() }
        } catch { throw PhoneEnding(error) }
        guard let keys = statement.keys(statedBy: statementKeys, at: now()) else { throw .statementUntrusted }
        return keys
    }
}

extension Clock<Duration> {
    /// Asks by this clock: three times, if nobody can be asked.
    fileprivate func ask<Value: Sendable>(
        _ wallet: WalletClient, _ question: @Sendable (WalletClient) async throws(ServiceFailure) -> Value
    ) async throws(ServiceFailure) -> Value {
        try await RepeatPolicy(firstPause: .milliseconds(250), maximumAttempts: 3).run(on: self) {
            () async throws(ServiceFailure) in try await question(wallet)
        }
    }
}
