import Exchange
import Foundation
import Logging
import Records
import Vaccination

extension Issuing {
    /// Makes the certificate of an intent, records it as signed, and seals it.
    func deliver(
        _ intent: Intent, to application: IncomingApplication, _ formats: Set<PageFormat>, _ now: Date,
        _ context: inout IssuanceLogContext
    ) async throws -> [UInt8] {
        let made: MadeCertificate
        do {
            made = try await maker.make(
                intent, by: control.snapshot.state.settings[intent.municipality]?.issuer, request: application.request,
                formats: formats, now: now, limiter: limiter, metrics: metrics)
        } catch let failure as SelfCheckFailure {
            logger.critical("issuing halted", metadata: context.metadata(code: .serviceHalted, cause: failure.reason))
            metrics.found("mismatch", by: .output)
            metrics.halted(true)
            try await control.halt(failure.reason, now: now)
            throw ProblemCode.serviceHalted
        }
        let recorded = try await metrics.time(.result) {
            try await store.recordSigned(
                intent.certificateID, in: intent.municipality, codeHashes: made.codeHashes,
                revocable: made.revocable, now: now)
        }
        switch recorded {
        case .changed: break
        case .repeated: context.isRedelivery = true
        // Reported on or voided in between: this session is over.
        case .contradicts: throw ProblemCode.challengeUsed
        case .unknownCertificate: throw ProblemCode.internal
        }
        let sealed = try await metrics.time(.seal) {
            try seal(.issued(try answer(made, to: application, now)), for: application)
        }
        // Somebody else's session may have found a mismatch or a break meanwhile, or an operator have stopped terminal,
        // municipality or kind: what is under way is not handed out. It is signed and stands in the log; the terminal, which
        // was given nothing, reports it aborted, and what it cannot report is listed as unknown.
        try refuseWhatStopped(application)
        metrics.issued(intent.kind, redelivery: context.isRedelivery)
        logger.info("issued", metadata: context.metadata())
        return sealed
    }

    /// Seals what goes back to an application.
    func seal(_ content: SealedAnswer.Content, for application: IncomingApplication) throws -> [UInt8] {
        switch application {
        case .kiosk(let application): try SealedAnswer.seal(content, for: application, by: sealingKey)
        case .phone(let application, _):
            try SealedAnswer.seal(content, for: application, by: try desk().answerKey)
        }
    }

    /// What a terminal gets is the page; a phone gets the codes' texts, and what it asks with later.
    private func answer(
        _ made: MadeCertificate, to application: IncomingApplication, _ now: Date
    ) throws -> Answer {
        guard case .phone = application else { return made.answer }
        let manifest = made.answer.manifest
        let token = try desk().currentTokens.make(manifest.certificateID, in: manifest.municipality, now: now)
        return Answer(
            manifest: manifest, pdf: made.answer.pdf, png: made.answer.png, codes: made.codes, currentToken: token)
    }
}
