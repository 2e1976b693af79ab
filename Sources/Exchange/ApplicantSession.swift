package import CardChip
public import Crypto
import Synchronization

/// The device that applies in a person's name: a terminal by its certificate, later a phone by its own.
package struct ApplicantDevice: Sendable {
    /// By which way it applies.
    let channel: Channel
    /// SHA-256 of the DER of its certificate, 32 bytes.
    let certificateHash: [UInt8]
    /// ECDSA P-256 signature (r‖s, 64 bytes) by its certificate's key.
    let sign: @Sendable (SHA256Digest) throws -> [UInt8]

    /// A device whose key is not in this process's memory.
    package init(
        channel: Channel, certificateHash: [UInt8], sign: @escaping @Sendable (SHA256Digest) throws -> [UInt8]
    ) {
        self.channel = channel
        self.certificateHash = certificateHash
        self.sign = sign
    }

    /// A device with the key of its certificate.
    package init(channel: Channel = .kiosk, certificateHash: [UInt8], key: P256.Signing.PrivateKey) {
        self.init(channel: channel, certificateHash: certificateHash) { digest in
            Array(try key.signature(for: digest).rawRepresentation)
        }
    }
}

/// The two key pairs of one session, made for it and erased with it.
public struct SessionKeys: Sendable {
    /// Opens the answer.
    public let kem: P256.KeyAgreement.PrivateKey
    /// Signs the outcome.
    public let signing: P256.Signing.PrivateKey

    /// Two fresh key pairs.
    public init() {
        kem = P256.KeyAgreement.PrivateKey()
        signing = P256.Signing.PrivateKey()
    }

    /// Given keys, for the worked example of the documentation: a session's keys are never used twice.
    package init(kem: P256.KeyAgreement.PrivateKey, signing: P256.Signing.PrivateKey) {
        self.kem = kem
        self.signing = signing
    }
}

/// One person's session at a device, apart from screen, card and network: what is asked for, a challenge, and keys made for
/// nothing else.
///
/// Each step gives what the next one needs, so that none can be left out: the challenge begins the session, ``draft(_:)``
/// fixes what chip and device sign, ``ApplicationDraft/signed(chipSignature:)`` gives the ``SignedApplication`` that is
/// sent, whose answer it alone opens and whose outcome it alone reports.
package struct ApplicantSession: Sendable {
    /// What the person chose.
    package let request: CertificateRequest
    /// The session's number.
    package let inquiry: InquiryNumber
    /// The session's keys.
    package let keys: SessionKeys
    private let device: ApplicantDevice
    private let challenge: [UInt8]

    /// A session that has its challenge.
    package init(
        device: ApplicantDevice, request: CertificateRequest, challenge: [UInt8],
        inquiry: InquiryNumber = InquiryNumber(), keys: SessionKeys = SessionKeys()
    ) {
        self.device = device
        self.request = request
        self.challenge = challenge
        self.inquiry = inquiry
        self.keys = keys
    }

    /// Fixes everything that will be signed, once the card's files were read.
    package func draft(_ files: CardFiles) -> ApplicationDraft {
        let head = Transcript.Head(
            challenge: challenge, kemPublicKey: Array(keys.kem.publicKey.x963Representation),
            signingPublicKey: Array(keys.signing.publicKey.x963Representation),
            certificateHash: device.certificateHash, channel: device.channel, request: request)
        return ApplicationDraft(session: self, device: device, head: head, files: files)
    }
}

/// An application whose transcript is fixed and waits for its two signatures.
package struct ApplicationDraft: Sendable {
    /// SHA-256 of the transcript: what the chip signs by INTERNAL AUTHENTICATE.
    package let transcript: SHA256Digest
    /// SHA-256 of the transcript, 32 bytes: what the answer and the outcome are bound to.
    package var transcriptHash: [UInt8] { Array(transcript) }
    private let session: ApplicantSession
    private let device: ApplicantDevice
    private let head: Transcript.Head
    private let files: CardFiles

    fileprivate init(session: ApplicantSession, device: ApplicantDevice, head: Transcript.Head, files: CardFiles) {
        transcript = Transcript.digest(head, files: files.all)
        self.session = session
        self.device = device
        self.head = head
        self.files = files
    }

    /// The application with the chip's signature and the device's.
    package func signed(chipSignature: [UInt8]) throws -> SignedApplication {
        try signed(chipSignature: chipSignature, deviceSignature: device.sign(transcript))
    }

    /// The application with signatures made elsewhere.
    package func signed(chipSignature: [UInt8], deviceSignature: [UInt8]) -> SignedApplication {
        var writer = head.fields
        for file in files.all { writer.append(file) }
        writer.append(chipSignature)
        writer.append(deviceSignature)
        return SignedApplication(
            inquiry: session.inquiry, request: session.request, keys: session.keys, form: .kiosk,
            transcriptHash: transcriptHash, bytes: writer.bytes)
    }
}

/// An application ready to go, and what only its session can do behind it: open the answer, report the outcome.
package final class SignedApplication: Sendable {
    /// The number of the session it belongs to.
    package let inquiry: InquiryNumber
    /// What the person chose.
    package let request: CertificateRequest
    /// The session's keys.
    package let keys: SessionKeys
    private let form: SealedAnswer.Form
    /// SHA-256 of the transcript, 32 bytes: what the answer and the outcome are bound to.
    package let transcriptHash: [UInt8]
    /// The bytes that go over the wire, the same ones at each attempt: `vrs` knows them again.
    package let bytes: [UInt8]

    /// Whether the other side may hold a certificate that waits for its outcome.
    private let owesOutcome = Mutex(false)
    /// Whether the last attempt to send was not answered.
    private let isUnanswered = Mutex(false)

    init(
        inquiry: InquiryNumber, request: CertificateRequest, keys: SessionKeys, form: SealedAnswer.Form,
        transcriptHash: [UInt8], bytes: [UInt8]
    ) {
        (self.inquiry, self.request, self.keys, self.form) = (inquiry, request, keys, form)
        self.transcriptHash = transcriptHash
        self.bytes = bytes
    }

    /// Whether an application that was sent may still be on its way or at work, so that its outcome is unknown until then.
    package var mayArrive: Bool { isUnanswered.withLock { $0 } }

    /// Sends the same bytes until they are answered, and opens the answer.
    ///
    /// From now on an outcome is owed, until ``takeOutcome(_:)`` gives it or `vrs` itself has said, in an answer that this
    /// session opened, that there is no certificate. What anybody says openly changes nothing of it.
    /// - Parameter keys: the pinned keys of `vrs`; the answer must come from one of them.
    package func send(
        to service: some ApplicantService, answeredBy keys: [P256.KeyAgreement.PublicKey],
        formats: Set<PageFormat> = Set(PageFormat.allCases), repeating policy: RepeatPolicy,
        on clock: some Clock<Duration>, onRepeat: @Sendable (Int) async -> Void = { _ in }
    ) async throws(ApplicationFailure) -> Answer {
        owesOutcome.withLock { $0 = true }
        isUnanswered.withLock { $0 = true }
        do throws(ApplicationFailure) {
            let answer = try await policy.run(on: clock, onRepeat: onRepeat) {
                () async throws(ApplicationFailure) -> Answer in
                try await self.ask(service, formats, answeredBy: keys)
            }
            isUnanswered.withLock { $0 = false }
            return answer
        } catch {
            if case .refused(let refusal) = error, !refusal.isOutcomeOwed { owesOutcome.withLock { $0 = false } }
            if error != .service(.unreachable) { isUnanswered.withLock { $0 = false } }
            throw error
        }
    }

    private func ask(
        _ service: some ApplicantService, _ formats: Set<PageFormat>, answeredBy keys: [P256.KeyAgreement.PublicKey]
    ) async throws(ApplicationFailure) -> Answer {
        let sealed: [UInt8]
        do throws(ServiceFailure) {
            sealed = try await service.send(application: bytes, inquiry: inquiry, formats: formats)
        } catch { throw .service(error.openly) }
        let content: SealedAnswer.Content
        do throws(SealedAnswer.OpenError) { content = try open(sealed, from: keys) } catch { throw .unopened(error) }
        switch content {
        case .issued(let answer): return answer
        case .refused(let refusal): throw .refused(refusal)
        }
    }

    /// Opens a sealed answer; throws when `key` did not seal it to this session and application.
    package func open(
        _ sealed: [UInt8], from key: P256.KeyAgreement.PublicKey
    ) throws(SealedAnswer.OpenError) -> SealedAnswer.Content {
        try SealedAnswer.open(sealed, in: form, keys: keys, transcriptHash: transcriptHash, from: key)
    }

    /// The same when it may come from any of these keys.
    package func open(
        _ sealed: [UInt8], from keys: [P256.KeyAgreement.PublicKey]
    ) throws(SealedAnswer.OpenError) -> SealedAnswer.Content {
        for key in keys {
            do throws(SealedAnswer.OpenError) {
                return try open(sealed, from: key)
            } catch {
                // Another key may have sealed it.
                if error != .notForThisSession { throw error }
            }
        }
        throw .notForThisSession
    }

    /// The session's outcome, signed by its key.
    package func outcome(_ disposition: Outcome.Disposition) throws -> Outcome {
        try Outcome(
            transcriptHash: transcriptHash, municipality: request.municipality, disposition: disposition, keys: keys)
    }

    /// The outcome to report, signed, the first time that one is owed; `nil` from then on, and when there is nothing to
    /// report.
    package func takeOutcome(_ disposition: Outcome.Disposition) throws -> Outcome? {
        let isOwed = owesOutcome.withLock { owes in
            defer { owes = false }
            return owes
        }
        return isOwed ? try outcome(disposition) : nil
    }
}

extension Outcome {
    /// Reports it until it is taken or refused for good; the same bytes may go several times.
    ///
    /// - Parameter mayArrive: whether its application may still be on its way, so that *unknown* is not for good.
    package func report(
        inquiry: InquiryNumber, to service: some ApplicantService, repeating policy: RepeatPolicy,
        on clock: some Clock<Duration>, mayArrive: Bool = false
    ) async throws(ServiceFailure) {
        let bytes = bytes
        let isTransient = { @Sendable (failure: ServiceFailure) in
            failure.isTransient || mayArrive && failure == .refused(.outcomeUnknown)
        }
        try await policy.run(on: clock, isTransient: isTransient) { () async throws(ServiceFailure) in
            try await service.report(outcome: bytes, inquiry: inquiry)
        }
    }
}

extension ApplicantSession {
    /// Asks for a challenge and begins a session with it.
    package static func begin(
        device: ApplicantDevice, request: CertificateRequest, inquiry: InquiryNumber = InquiryNumber(),
        at service: some ApplicantService, repeating policy: RepeatPolicy = .once,
        on clock: some Clock<Duration> = ContinuousClock()
    ) async throws(ServiceFailure) -> ApplicantSession {
        let challenge = try await policy.run(on: clock) { () async throws(ServiceFailure) -> [UInt8] in
            do throws(ServiceFailure) {
                return try await service.challenge(for: request, inquiry: inquiry)
            } catch { throw error.openly }
        }
        return ApplicantSession(device: device, request: request, challenge: challenge, inquiry: inquiry)
    }
}
