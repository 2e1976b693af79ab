package import Exchange
package import Foundation
package import CheckedConfiguration
package import MutualTLS
import ExchangeServer
import NIOCore
package import Records
package import Vaccination

/// Why an operator's command failed.
package enum OperatorFailure: Error, Hashable, Sendable {
    /// The service refused it.
    case refused(ProblemCode)
    /// No usable answer came.
    case unreachable(String)
}

/// Asks the operators' interface with the operator's certificate.
package struct OperatorClient: Sendable {
    private let client: MutualTLSClient

    /// A client from an operator's configuration: `vrs`, `authorities`, `certificate` and `key`.
    ///
    /// Development certificates are accepted here: whether they open anything is the service's decision.
    /// - Parameter warn: told what ends soon.
    package init(
        _ file: ConfigurationFile, now: Date, warn: (ConfigurationError) -> Void = { _ in }
    ) throws(ConfigurationError) {
        let root = file.root
        let url = try root.serviceURL("vrs")
        let authorities = try CertificateAuthorities(root, "authorities", development: true, now: now)
        let identity = try TLSIdentity(root, for: .client, development: true, now: now)
        try root.refuseUnknownKeys()
        for warning in root.warnings { warn(warning) }
        // Of silence; what an answer takes at most is said with each question.
        self.init(
            MutualTLSClient(
                baseURL: url, identity: identity, authorities: authorities, readTimeout: Self.wholeRegion))
    }

    /// A client over a connection to the operators' listener.
    package init(_ client: MutualTLSClient) { self.client = client }

    /// Closes the connections.
    package func shutdown() async throws { try await client.shutdown() }

    // MARK: Terminals

    /// Every terminal.
    package func terminals() async throws -> [TerminalReport] { try await ask(OperatorRoute.terminals) }

    /// Enrols a terminal.
    package func enrol(_ request: EnrolmentRequest) async throws -> TerminalReport {
        try await ask(OperatorRoute.enrol, body: request)
    }

    /// Gives a terminal a new certificate.
    package func renew(terminal id: String, _ request: EnrolmentRequest) async throws -> TerminalReport {
        try await ask(OperatorRoute.renew, [OperatorRoute.id: id], body: request)
    }

    /// Shuts a terminal out for good.
    package func revoke(terminal id: String) async throws {
        try await send(OperatorRoute.revokeTerminal, [OperatorRoute.id: id])
    }

    // MARK: What is out of service

    /// What is out of service.
    package func suspensions() async throws -> SuspensionReport { try await ask(OperatorRoute.suspensions) }

    /// Takes something out of service.
    package func suspend(_ scope: Suspension) async throws {
        try await send(OperatorRoute.suspend, body: SuspensionRequest(scope: scope.text))
    }

    /// Puts it back into service.
    package func resume(_ scope: Suspension) async throws {
        try await send(OperatorRoute.resume, body: SuspensionRequest(scope: scope.text))
    }

    /// Clears a halt of issuing.
    package func resumeIssuing() async throws { try await send(OperatorRoute.resumeIssuing) }

    /// Puts a person or a card on the stop list.
    package func stop(_ subject: StopRequest) async throws {
        try await send(OperatorRoute.stop, body: subject)
    }

    /// Takes a person or a card off the stop list.
    package func unstop(_ subject: StopRequest) async throws {
        try await send(OperatorRoute.unstop, body: subject)
    }

    // MARK: Regions

    /// A region's settings, and what was decided of it.
    package func region(_ municipality: MunicipalityCode) async throws -> RegionAccount {
        try await ask(OperatorRoute.region, [OperatorRoute.municipality: municipality.digits])
    }

    /// Proposes a decision.
    package func propose(_ request: DecisionRequest, for municipality: MunicipalityCode) async throws -> DecisionAccount
    {
        try await ask(
            OperatorRoute.proposeDecision, [OperatorRoute.municipality: municipality.digits], body: request,
            timeout: Self.wholeRegion)
    }

    /// Approves a decision.
    package func approve(decision number: Int64, of municipality: MunicipalityCode) async throws -> DecisionAccount {
        try await ask(
            OperatorRoute.approveDecision,
            [OperatorRoute.municipality: municipality.digits, OperatorRoute.id: "\(number)"],
            timeout: Self.wholeRegion)
    }

    /// Withdraws a decision.
    package func withdraw(decision number: Int64, of municipality: MunicipalityCode) async throws -> DecisionAccount {
        try await ask(
            OperatorRoute.withdrawDecision,
            [OperatorRoute.municipality: municipality.digits, OperatorRoute.id: "\(number)"])
    }

    // MARK: Certificates and logs

    /// Certificates of a region in one state, oldest first, behind the last one of the page before.
    package func certificates(
        in municipality: MunicipalityCode, state: CertificateState, after last: CertificateID? = nil,
        limit: Int = OperatorPage.certificates
    ) async throws -> [CertificateReport] {
        try await ask(
            OperatorRoute.certificates, [OperatorRoute.municipality: municipality.digits],
            query: [
                OperatorRoute.state: state.rawValue, OperatorRoute.limit: "\(limit)", OperatorRoute.after: last?.text,
            ])
    }

    /// Voids a certificate that was not printed.
    package func void(_ id: CertificateID, in municipality: MunicipalityCode) async throws {
        try await send(
            OperatorRoute.voidCertificate,
            [OperatorRoute.municipality: municipality.digits, OperatorRoute.id: id.text])
    }

    /// Revokes a certificate, printed or not.
    package func revoke(_ id: CertificateID, in municipality: MunicipalityCode) async throws {
        try await send(
            OperatorRoute.revokeCertificate,
            [OperatorRoute.municipality: municipality.digits, OperatorRoute.id: id.text])
    }

    /// Lines of a region's log behind a number; of the control log without a region.
    package func log(
        of municipality: MunicipalityCode?, after sequence: Int64 = 0, limit: Int = OperatorPage.lines
    ) async throws -> [LogReport] {
        try await ask(
            OperatorRoute.log, [OperatorRoute.municipality: municipality?.digits ?? OperatorRoute.control],
            query: [OperatorRoute.after: "\(sequence)", OperatorRoute.limit: "\(limit)"])
    }

    /// Searches in a log.
    package func searchLog(_ log: LogName, _ request: LogSearchRequest) async throws -> LogSearchReport {
        try await ask(OperatorRoute.searchLog, [OperatorRoute.municipality: "\(log)"], body: request)
    }

    /// Logs that a log was restored.
    package func restored(_ log: LogName, reason: String, asItIs: Bool) async throws {
        try await send(
            OperatorRoute.restored, [OperatorRoute.municipality: "\(log)"],
            body: RestoreRequest(reason: reason, asItIs: asItIs))
    }

    /// The last signed root.
    package func root() async throws -> RootReport { try await ask(OperatorRoute.root) }

    // MARK: Imports

    /// The last imports of a region, newest first.
    package func imports(in municipality: MunicipalityCode) async throws -> [ImportAccount] {
        try await ask(OperatorRoute.imports, [OperatorRoute.municipality: municipality.digits])
    }

    /// Approves an import.
    package func approve(import number: Int64, in municipality: MunicipalityCode) async throws -> ImportAccount {
        try await decide(OperatorRoute.approveImport, number, municipality)
    }

    /// Discards an import.
    package func discard(import number: Int64, in municipality: MunicipalityCode) async throws -> ImportAccount {
        try await decide(OperatorRoute.discardImport, number, municipality)
    }

    /// Confirms that an import's file was erased.
    package func erased(import number: Int64, in municipality: MunicipalityCode) async throws -> ImportAccount {
        try await decide(OperatorRoute.importErased, number, municipality)
    }

    private func decide(
        _ route: Route, _ number: Int64, _ municipality: MunicipalityCode
    ) async throws -> ImportAccount {
        try await ask(route, [OperatorRoute.municipality: municipality.digits, OperatorRoute.id: "\(number)"])
    }

    // MARK: Asking

    /// How long an answer takes at most, and one for which everybody of a region is looked at: a run of retention.
    private static let (usual, wholeRegion) = (Duration.seconds(30), Duration.seconds(600))

    func ask<T: Decodable & Sendable>(
        _ route: Route, _ values: [String: String] = [:], query: KeyValuePairs<String, String?> = [:],
        body: (any Encodable & Sendable)? = nil, timeout: Duration = usual
    ) async throws -> T {
        let bytes = try await send(route, values, query: query, body: body, timeout: timeout)
        guard let value = try? OperatorJSON.decode(T.self, from: bytes) else {
            throw OperatorFailure.unreachable("an answer of another form came")
        }
        return value
    }

    @discardableResult
    private func send(
        _ route: Route, _ values: [String: String] = [:], query: KeyValuePairs<String, String?> = [:],
        body: (any Encodable & Sendable)? = nil, timeout: Duration = usual
    ) async throws -> [UInt8] {
        let content = try body.map {
            (bytes: ByteBuffer(bytes: try OperatorJSON.encode($0)), mediaType: route.request.mediaType)
        }
        let response: MutualTLSClient.Response
        do {
            response = try await client.send(
                route.method, route.path(values, query: query), body: content, limit: route.answer.maximumBytes,
                timeout: timeout)
        } catch {
            throw OperatorFailure.unreachable(error.rawValue)
        }
        guard (200..<300).contains(response.status) else {
            guard let problem = response.problem else { throw OperatorFailure.unreachable("status \(response.status)") }
            throw OperatorFailure.refused(problem.code)
        }
        return Array(response.body.readableBytesView)
    }
}
