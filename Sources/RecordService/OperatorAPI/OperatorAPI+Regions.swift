import Exchange
import HTTPServer
import Hummingbird
import Records
import Vaccination

extension OperatorAPI {
    func addRegions(to router: Router<ServiceRequestContext>) {
        on(OperatorRoute.region, of: router) { _, context in
            try Self.json(try await account(of: try Self.municipality(context)))
        }
        on(OperatorRoute.proposeDecision, of: router) { request, context in
            let municipality = try Self.municipality(context)
            let wanted = try await Self.body(DecisionRequest.self, of: request)
            guard let asked = wanted.wanted, LogEntry.reasonLengths.contains(wanted.reason.count) else {
                throw ProblemCode.requestMalformed
            }
            if case .subject(.settings(let settings)) = asked, let issuer = settings.issuer {
                // A page that has no room for it would refuse everybody once it counts.
                guard issuerFits(issuer, municipality) else { throw ProblemCode.requestMalformed }
            }
            return try await decide("decision proposed", municipality, context) { name in
                switch asked {
                case .subject(let subject):
                    try await store.propose(
                        subject, for: municipality, by: name, reason: wanted.reason, insteadOf: wanted.present,
                        now: now())
                case .retention:
                    try await store.proposeRetention(
                        for: municipality, by: name, reason: wanted.reason, now: now())
                }
            }
        }
        on(OperatorRoute.approveDecision, of: router) { _, context in
            let (municipality, number) = (try Self.municipality(context), try Self.number(context))
            return try await decide("decision approved", municipality, context) { name in
                try await store.approve(decision: number, of: municipality, by: name, now: now())
            }
        }
        on(OperatorRoute.withdrawDecision, of: router) { _, context in
            let (municipality, number) = (try Self.municipality(context), try Self.number(context))
            return try await decide("decision withdrawn", municipality, context) { _ in
                try await store.withdraw(decision: number, of: municipality, now: now())
            }
        }
    }

    /// What the operator who asks decides, told once every new request sees it.
    private func decide(
        _ what: String, _ municipality: MunicipalityCode, _ context: ServiceRequestContext,
        _ body: (String) async throws -> RegionDecision
    ) async throws -> Response {
        // The listener takes nobody whom the list of clients does not name.
        guard let name = operatorName(context) else { throw ProblemCode.notFound }
        let decision = try await body(name)
        try await control.refresh()
        note(what, of: "\(municipality)/\(decision.number)", context)
        return try Self.json(DecisionAccount(decision))
    }

    private func account(of municipality: MunicipalityCode) async throws -> RegionAccount {
        let decisions = try await store.decisions(of: municipality)
        let state = try await store.control()
        var accounts: [DecisionAccount] = []
        for decision in decisions {
            var progress: RetentionProgress?
            if case .retention = decision.subject, decision.state == .approved {
                // Of a region that is damaged its settings are shown all the same.
                progress = try? await store.progress(ofRetention: decision.number, in: municipality)
            }
            accounts.append(DecisionAccount(decision, progress: progress))
        }
        return RegionAccount(
            municipality: municipality, name: municipalityName(municipality),
            settings: state.settings[municipality] ?? .initial, isErased: state.erased.contains(municipality),
            decisions: accounts)
    }

    /// The number in a path.
    static func number(_ context: ServiceRequestContext) throws(ProblemCode) -> Int64 {
        guard let text = context.parameters.get(OperatorRoute.id), let number = Int64(text), number > 0,
            "\(number)" == text
        else { throw .notFound }
        return number
    }
}
