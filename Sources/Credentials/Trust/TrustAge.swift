/// How old one format's part of a trust folder is, told by when its newest file was fetched.
///
/// Old data never changes what is valid; it is for a person to know.
package struct TrustAge: Sendable {
    /// After how long the trusted keys and certificates count as old: 30 days, in seconds.
    package static let maximumTrustAge: Double = 30 * 86_400
    /// After how long what was revoked counts as old: 7 days, in seconds.
    package static let maximumRevocationAge: Double = 7 * 86_400

    // By whether it is the test part.
    private var trust: [Bool: Double] = [:]
    private var revocation: [Bool: Double] = [:]

    package init() {}

    package mutating func noteTrust(_ time: Double?, isTest: Bool) { Self.note(time, isTest, &trust) }
    package mutating func noteRevocation(_ time: Double?, isTest: Bool) { Self.note(time, isTest, &revocation) }

    private static func note(_ time: Double?, _ isTest: Bool, _ times: inout [Bool: Double]) {
        guard let time else { return }
        times[isTest] = max(time, times[isTest] ?? time)
    }

    /// The warnings at a time in seconds since 1970.
    package func causes(isTest: Bool, at now: Double) -> [Cause] {
        var causes: [Cause] = []
        if let time = trust[isTest], now - time > Self.maximumTrustAge { causes.append(.trustOld) }
        if let time = revocation[isTest], now - time > Self.maximumRevocationAge { causes.append(.revocationDataOld) }
        return causes
    }
}
