package import Foundation
package import Records
package import Vaccination

/// A region as operators see it: its settings, and what was decided of it.
package struct RegionAccount: Codable, Sendable {
    package let municipality: MunicipalityCode
    package let name: String
    /// What counts now.
    package let settings: RegionSettings
    /// Whether its erasure counts: nothing of it can be read any more.
    package let isErased: Bool
    /// The last hundred decisions, newest first.
    package let decisions: [DecisionAccount]
}

/// A decision as operators see it.
package struct DecisionAccount: Codable, Sendable {
    /// What a decision is about.
    package enum Subject: String, Codable, Sendable, CaseIterable {
        case settings
        case erasure
        case retention
    }

    package let number: Int64
    package let subject: Subject
    /// The settings that it is about; absent for anything else.
    package let settings: RegionSettings?
    /// The run that it is about; absent for anything else.
    package let retention: RetentionAccount?
    package let state: DecisionState
    package let reason: String
    package let at: Date
    package let proposedBy: String
    package let approvedBy: String?
    /// When it was approved or withdrawn.
    package let endedAt: Date?

    init(_ decision: RegionDecision, progress: RetentionProgress? = nil) {
        number = decision.number
        switch decision.subject {
        case .settings(let settings): (subject, self.settings, retention) = (.settings, settings, nil)
        case .erasure: (subject, settings, retention) = (.erasure, nil, nil)
        case .retention(let run):
            (subject, settings, retention) = (.retention, nil, RetentionAccount(run, progress))
        }
        (state, reason, at) = (decision.state, decision.reason, decision.at)
        (proposedBy, approvedBy, endedAt) = (decision.proposedBy, decision.approvedBy, decision.endedAt)
    }
}

/// A run of retention as operators see it.
package struct RetentionAccount: Codable, Sendable {
    /// The day at whose beginning it counts.
    package let cutoff: CalendarDate
    /// How long what is kept.
    package let rules: RetentionRules
    /// How much it erases.
    package let counts: RetentionCounts
    /// Which list of people it is; see ``RetentionRun/listName``.
    package let list: String
    /// How many people it has gone through, and how many are left; absent where it is not under way.
    package let erased: Int?
    package let left: Int?

    init(_ run: RetentionRun, _ progress: RetentionProgress?) {
        (cutoff, rules, counts, list) = (run.cutoff, run.rules, run.counts, run.listName)
        (erased, left) = (progress?.erased, progress?.left)
    }
}

/// Proposes a decision.
package struct DecisionRequest: Codable, Sendable {
    /// What is decided.
    package let subject: DecisionAccount.Subject
    /// The settings that are to count; only for these.
    package let settings: RegionSettings?
    /// The settings that the operator saw: if others count by now, nothing is proposed.
    package let present: RegionSettings?
    /// Why, for the log: 1 to 200 characters without personal data.
    package let reason: String

    /// Proposes other settings.
    package init(_ settings: RegionSettings, insteadOf present: RegionSettings, reason: String) {
        (subject, self.settings, self.present, self.reason) = (.settings, settings, present, reason)
    }

    /// Proposes that the region is erased.
    package init(erasureFor reason: String) {
        (subject, settings, present, self.reason) = (.erasure, nil, nil, reason)
    }

    /// Proposes that what was kept long enough is erased.
    package init(retentionFor reason: String) {
        (subject, settings, present, self.reason) = (.retention, nil, nil, reason)
    }

    /// What the store is asked for.
    enum Wanted {
        case subject(DecisionSubject)
        /// What it erases is the store's to say.
        case retention
    }

    /// What is asked for; `nil` if the members do not fit together.
    var wanted: Wanted? {
        switch (subject, settings, present) {
        case (.settings, let settings?, _?): .subject(.settings(settings))
        case (.erasure, nil, nil): .subject(.erasure)
        case (.retention, nil, nil): .retention
        default: nil
        }
    }
}
