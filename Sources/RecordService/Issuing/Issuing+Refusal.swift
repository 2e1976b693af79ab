import Exchange
import Foundation
import Logging
import Records
import Vaccination

/// The refusal that was kept with the claim of an application that comes again.
struct KeptRefusal: Error {
    let code: ProblemCode

    /// A refusal by its stored code.
    init(_ text: String) { code = ProblemCode(rawValue: text) ?? .internal }
}

/// When refusals leave.
package enum RefusalInterval {
    /// How long to wait until `elapsed` is a multiple of `interval`, and one at least.
    package static func pause(after elapsed: Duration, _ interval: Duration) -> Duration {
        let intervals = (elapsed / interval).rounded(.up)
        return interval * Int(max(1, intervals)) - elapsed
    }
}

extension Issuing {
    /// Seals what an accepted application is refused with.
    ///
    /// A refusal for good is kept with the claim before it leaves, so that the same application gets the same answer later, and
    /// stands in the region's log if it is for what the record or the stop list says; what cannot be kept is not said. A
    /// transient one is judged anew.
    func refuse(
        _ application: IncomingApplication, of number: IndividualNumber, _ claim: EarlierClaim,
        because error: any Error,
        _ context: IssuanceLogContext
    ) async throws -> [UInt8] {
        var code = (error as? KeptRefusal)?.code ?? ProblemMapping.code(issuing: error)
        var cause = error is KeptRefusal ? nil : ProblemMapping.cause(of: error)
        var isOwed = true
        if !code.isTransient {
            do {
                if claim.refusal == nil {
                    // Before it is kept: what is kept is not looked at again.
                    try await log(code, application, of: number, context)
                    try await store.keepRefusal(code.rawValue, transcriptHash: application.transcriptHash)
                }
                isOwed = try await self.isOutcomeOwed(of: claim, application, refusedWith: code)
            } catch {
                let found = await noteBreak(error, in: application.request.municipality)
                let error: any Error = found.map { StoreError.broken($0) } ?? error
                (code, cause) = (ProblemMapping.code(issuing: error), ProblemMapping.cause(of: error))
                if !code.isTransient { code = .internal }
            }
        }
        metrics.refused(code)
        logger.info("refused", metadata: context.metadata(code: code, cause: cause))
        return try seal(.refused(Refusal(code, isOutcomeOwed: isOwed)), for: application)
    }

    private func log(
        _ code: ProblemCode, _ application: IncomingApplication, of number: IndividualNumber,
        _ context: IssuanceLogContext
    ) async throws {
        guard code.travelsSealed else { return }
        try await store.noteRefusal(
            code.rawValue, of: application.request.kind, for: number,
            terminal: application.terminal, inquiry: context.inquiry.text,
            in: application.request.municipality, now: now())
    }

    /// Whether a certificate of the claim stands in the register without an outcome.
    private func isOutcomeOwed(
        of claim: EarlierClaim, _ application: IncomingApplication, refusedWith code: ProblemCode
    ) async throws -> Bool {
        let entry: CertificateEntry?
        do {
            entry = try await store.certificate(claim.certificateID, in: application.request.municipality)
        } catch let error as StoreError where error == .unknownRegion() {
            return false
        } catch is StoreError where code == .municipalitySuspended {
            // The register that would know may be what is broken.
            return true
        }
        switch entry?.state {
        case .intended, .signed, .unknown: return true
        case .printed, .voided, nil: return false
        }
    }
}
