package import Exchange
import HTTPTypes

/// The routes of the operators' interface, the same for who answers and who asks.
package enum OperatorRoute {
    // MARK: What stands for a value in paths and queries

    /// In a path, a terminal's or certificate's identifier, or an import's or decision's number.
    static let id = "id"
    /// In a path, a municipality's code, or a log's name.
    static let municipality = "municipality"
    /// In a query, what the list goes on behind.
    static let after = "after"
    /// In a query, how many entries come at the most; within ``OperatorPage/sizes``.
    static let limit = "limit"
    /// In a query, a certificate's state.
    static let state = "state"

    /// The name of the control log, in place of a municipality.
    package static let control = "control"

    private static let base = "/inner/v1"
    private static let answer = Route.Content.json(maximumBytes: 16 << 20)

    // MARK: Terminals

    /// All terminals.
    package static let terminals = Route(.get, "\(base)/terminals", answer: answer)
    /// To enrol one.
    package static let enrol = Route(.post, "\(base)/terminals", request: OperatorJSON.content, answer: answer)
    /// To give a terminal a new certificate.
    package static let renew = Route(
        .post, "\(base)/terminals/:\(id)/renew", request: OperatorJSON.content, answer: answer)
    /// To shut a terminal out.
    package static let revokeTerminal = Route(.post, "\(base)/terminals/:\(id)/revoke", answer: .nothing)

    // MARK: What is out of service

    /// What is out of service.
    package static let suspensions = Route(.get, "\(base)/suspensions", answer: answer)
    /// To suspend.
    package static let suspend = Route(.post, "\(base)/suspensions", request: OperatorJSON.content, answer: .nothing)
    /// To resume.
    package static let resume = Route(.delete, "\(base)/suspensions", request: OperatorJSON.content, answer: .nothing)
    /// To clear a halt of issuing.
    package static let resumeIssuing = Route(.post, "\(base)/issuing/resume", answer: .nothing)
    /// To put on the stop list.
    package static let stop = Route(.post, "\(base)/stop-list", request: OperatorJSON.content, answer: .nothing)
    /// To take off the stop list.
    package static let unstop = Route(.delete, "\(base)/stop-list", request: OperatorJSON.content, answer: .nothing)

    // MARK: Certificates and logs

    /// A region's certificates.
    package static let certificates = Route(
        .get, "\(base)/certificates/:\(municipality)", parameters: [state, after, limit], answer: answer)
    /// To void a certificate.
    package static let voidCertificate = Route(
        .post, "\(base)/certificates/:\(municipality)/:\(id)/void", answer: .nothing)
    /// To revoke a certificate.
    package static let revokeCertificate = Route(
        .post, "\(base)/certificates/:\(municipality)/:\(id)/revoke", answer: .nothing)
    /// A region's log, or the one of what operators set.
    package static let log = Route(
        .get, "\(base)/log/:\(municipality)", parameters: [after, limit], answer: answer)
    /// To log that somebody looked at a break and restored what was there to restore.
    package static let restored = Route(
        .post, "\(base)/log/:\(municipality)/restored", request: OperatorJSON.content, answer: .nothing)
    /// To search in a log.
    package static let searchLog = Route(
        .post, "\(base)/log/:\(municipality)/search", request: OperatorJSON.content, answer: answer)

    // MARK: Regions

    /// A region's settings, and what was decided of it.
    package static let region = Route(.get, "\(base)/regions/:\(municipality)", answer: answer)
    /// To propose a decision, as the first of two operators.
    package static let proposeDecision = Route(
        .post, "\(base)/regions/:\(municipality)/decisions", request: OperatorJSON.content, answer: answer)
    /// To approve one, as the second.
    package static let approveDecision = Route(
        .post, "\(base)/regions/:\(municipality)/decisions/:\(id)/approve", answer: answer)
    /// To withdraw one that does not count yet.
    package static let withdrawDecision = Route(
        .post, "\(base)/regions/:\(municipality)/decisions/:\(id)/withdraw", answer: answer)

    // MARK: Imports

    /// A region's imports.
    package static let imports = Route(.get, "\(base)/imports/:\(municipality)", answer: answer)
    /// To approve an import, as one of two operators.
    package static let approveImport = Route(
        .post, "\(base)/imports/:\(municipality)/:\(id)/approve", answer: answer)
    /// To discard what of an import has not gone in.
    package static let discardImport = Route(
        .post, "\(base)/imports/:\(municipality)/:\(id)/discard", answer: answer)
    /// To confirm that an import's file was erased wherever it had been.
    package static let importErased = Route(
        .post, "\(base)/imports/:\(municipality)/:\(id)/erased", answer: answer)

    // MARK: Vouchers and passports

    /// A person's vouchers: by a body, since a path stands in logs.
    package static let vouchers = Route(
        .post, "\(base)/vouchers/:\(municipality)/list", request: OperatorJSON.content, answer: answer)
    /// To issue a voucher.
    package static let issueVoucher = Route(
        .post, "\(base)/vouchers/:\(municipality)/issue", request: OperatorJSON.content, answer: answer)
    /// To issue a voucher in the place of others.
    package static let reissueVoucher = Route(
        .post, "\(base)/vouchers/:\(municipality)/reissue", request: OperatorJSON.content, answer: answer)
    /// To make a voucher void.
    package static let voidVoucher = Route(
        .post, "\(base)/vouchers/:\(municipality)/void", request: OperatorJSON.content, answer: answer)
    /// To say which passport a person has.
    package static let amendPassport = Route(
        .post, "\(base)/passports/:\(municipality)/amend", request: OperatorJSON.content, answer: answer)

    // MARK: Evidence

    /// The last signed root over the heads of all logs.
    package static let root = Route(.get, "\(base)/root", answer: answer)
}

/// How many entries of a list come at once.
package enum OperatorPage {
    /// How many may be asked for.
    package static let sizes = 1...1000
    /// Certificates, unless a request says how many.
    package static let certificates = 100
    /// Lines of a log, unless a request says how many.
    package static let lines = 1000
}
