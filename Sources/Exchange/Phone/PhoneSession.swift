package import CardChip
package import Crypto
import Vaccination

/// The phone that applies: the certificate of its app's device key, and what makes proofs with it.
package struct PhoneDevice: Sendable {
    /// The device certificate, DER, at most ``PhoneApplication/maximumCertificate`` bytes.
    let certificate: [UInt8]
    /// Makes the proof of a message in the platform's form: an ECDSA signature, or an assertion.
    let prove: @Sendable ([UInt8]) async throws -> [UInt8]

    /// A device whose key is in its hardware.
    package init(certificate: [UInt8], prove: @escaping @Sendable ([UInt8]) async throws -> [UInt8]) {
        self.certificate = certificate
        self.prove = prove
    }
}

/// One person's session at a phone for one municipality, apart from screen, card and network: what is asked for, a challenge, the
/// day's keys of `vrs`, and keys made for nothing else.
///
/// Several municipalities are asked in one presentation of the card: each has a session with a challenge, keys and an inquiry
/// number of its own.
package struct PhoneSession: Sendable {
    /// What the person chose.
    package let request: CertificateRequest
    /// The session's number.
    package let inquiry: InquiryNumber
    private let device: PhoneDevice
    private let challenge: [UInt8]
    private let stated: StatedKeys
    private let keys: SessionKeys

    /// The most municipalities that are asked in one presentation of the card.
    package static let maximumAtOnce = 8

    /// A session that has its challenge; `nil` if more than one copy is asked for, since a file needs none, or the device
    /// certificate is longer than an application takes.
    package init?(
        device: PhoneDevice, request: CertificateRequest, challenge: [UInt8], stated: StatedKeys,
        inquiry: InquiryNumber = InquiryNumber(), keys: SessionKeys = SessionKeys()
    ) {
        let isRight = (1...PhoneApplication.maximumCertificate).contains(device.certificate.count)
        guard request.copies == .one, isRight else { return nil }
        (self.device, self.request, self.challenge, self.stated) = (device, request, challenge, stated)
        (self.inquiry, self.keys) = (inquiry, keys)
    }

    /// Seals the files and fixes everything that will be signed, once card and passport were read; `nil` if a passport is there
    /// and the request is a domestic one, or the other way round.
    package func draft(_ card: CardFiles, passport: PassportFiles? = nil) throws -> PhoneDraft? {
        var head = FieldWriter(label: PhoneApplication.label)
        head.append(challenge)
        head.append(keys.kem.publicKey.x963Representation)
        head.append(keys.signing.publicKey.x963Representation)
        head.append(Array(SHA256.hash(data: device.certificate)))
        head.append(Channel.app.rawValue)
        head.append(request.municipality.digits)
        head.append(request.kind.rawValue)
        head.append([1])
        head.append(stated.statement.hash)
        head.append(Array(SHA256.hash(data: card.certificate)))
        head.append(Array(SHA256.hash(data: card.chipKey)))
        let sealed = try PhoneFiles(card, passport: passport).sealed(
            for: request.kind, head: SHA256.hash(data: head.bytes), to: stated.uploadKey)
        guard let sealed else { return nil }
        return PhoneDraft(
            transcript: PhoneApplication.transcript(head.bytes, sealed), head: head, sealed: sealed, card: card,
            session: self)
    }

    /// A phone's application whose transcript is fixed and waits for its chip's signature and its device's proof.
    package struct PhoneDraft: Sendable {
        /// What the chip signs by INTERNAL AUTHENTICATE; the answer and the outcome are bound to it.
        package let transcript: SHA256Digest
        /// The same, 32 bytes.
        package var transcriptHash: [UInt8] { Array(transcript) }
        /// What the device key makes its proof of.
        package var proofMessage: [UInt8] { PhoneApplication.proofMessage(transcript) }
        fileprivate let head: FieldWriter
        fileprivate let sealed: [UInt8]
        fileprivate let card: CardFiles
        fileprivate let session: PhoneSession

        /// The application with the chip's signature and a proof of the device.
        /// - Throws: what the device throws, and ``WireError`` for a proof that is longer than an application takes.
        package func signed(chipSignature: [UInt8]) async throws -> SignedApplication {
            let proof = try await session.device.prove(proofMessage)
            guard (1...PhoneApplication.maximumProof).contains(proof.count) else { throw WireError("proof", at: 0) }
            return signed(chipSignature: chipSignature, proof: proof)
        }

        /// The application with a proof made elsewhere.
        package func signed(chipSignature: [UInt8], proof: [UInt8]) -> SignedApplication {
            var writer = head
            writer.append(sealed)
            writer.append(card.certificate)
            writer.append(card.chipKey)
            writer.append(chipSignature)
            writer.append(session.device.certificate)
            writer.append(session.stated.statement.bytes)
            writer.append(proof)
            return SignedApplication(
                inquiry: session.inquiry, request: session.request, keys: session.keys, form: .phone,
                transcriptHash: transcriptHash, bytes: writer.bytes)
        }
    }
}
