import CardChip
import Crypto
import Exchange
import SimulatedCard
import StackSupport
import Testing
import Vaccination

/// What an application must be refused for, whatever the terminal does.
extension EndToEnd {
    @Test func `the same application again gives the same certificate, sealed anew`() async throws {
        let stack = try Stack.current
        let session = try await stack.prepare()
        let first = try await session.terminal.apply(session.application)
        let second = try await session.terminal.apply(session.application)
        #expect(first.status == 200)
        #expect(second.status == 200)
        #expect(first.body != second.body)
        // Signed anew, so that codes and pages differ; what they say does not.
        let says = try [first, second].map { try stack.open($0, session).manifest.says }
        #expect(says[0] == says[1])
    }

    @Test func `other bytes with a used challenge are refused`() async throws {
        let stack = try Stack.current
        let (terminal, card, request) = try (stack.terminal(), stack.card(), stack.request())
        let challenge = try await terminal.challenge(request)
        let first = try await terminal.prepare(request, card: card, challenge: challenge)
        let second = try await terminal.prepare(request, card: card, challenge: challenge)
        _ = try stack.open(try await terminal.apply(first.application), first)
        #expect(try await terminal.apply(second.application).code == .challengeUsed)
    }

    @Test func `an application replayed through another terminal is refused`() async throws {
        let stack = try Stack.current
        let session = try await stack.prepare()
        _ = try stack.open(try await session.terminal.apply(session.application), session)
        #expect(try await stack.terminal(2).apply(session.application).code == .terminalMismatch)
    }

    @Test func `an application of another terminal is refused before it is used`() async throws {
        let stack = try Stack.current
        let session = try await stack.prepare()
        #expect(try await stack.terminal(2).apply(session.application).code == .terminalMismatch)
        _ = try stack.open(try await session.terminal.apply(session.application), session)
    }

    @Test func `a terminal signature by another key is refused`() async throws {
        let stack = try Stack.current
        let session = try await stack.prepare()
        let signature = try P256.Signing.PrivateKey().signature(for: session.draft.transcript).rawRepresentation
        let forged = session.draft.signed(chipSignature: session.chipSignature, deviceSignature: Array(signature))
        #expect(try await session.terminal.apply(forged.bytes).code == .terminalSignature)
    }

    @Test func `a terminal without an enrolled certificate gets nothing`() async throws {
        let stack = try Stack.current
        let stranger = try TLSClient(
            base: stack.centre, authority: stack.keys + "/ca.pem", certificate: stack.keys + "/operator/operator.pem",
            key: stack.keys + "/operator/operator.key.pem")
        // Another authority's certificate does not even pass the handshake; TLS 1.3 reports that with the first read.
        let reply = try? await stranger.send("GET", "/v1/menu")
        #expect(reply == nil || reply?.code == .terminalUnknown)
    }

    @Test func `a challenge that vrs did not make is refused`() async throws {
        let stack = try Stack.current
        let (terminal, card, request) = try (stack.terminal(), stack.card(), stack.request())
        let made = try await terminal.challenge(request)
        var changed = made
        changed[changed.count / 2] ^= 1
        let session = try await terminal.prepare(request, card: card, challenge: changed)
        #expect(try await terminal.apply(session.application).code == .challengeInvalid)
    }

    /// Each flaw in a card's files, and the code it is refused with.
    enum CardFlaw: String, CaseIterable {
        case number, attributes, record, certificate, chipKey, chipSignature
        case numberOfAnother, attributesOfAnother, chipOfAnother, certificateOfAnother

        var code: ProblemCode {
            switch self {
            case .number, .numberOfAnother: .cardNumberDigest
            case .attributes, .attributesOfAnother: .cardAttributesDigest
            case .record, .certificateOfAnother: .cardRecordSignature
            case .certificate: .cardCertificateSignature
            case .chipKey, .chipOfAnother: .cardChipKeySignature
            case .chipSignature: .cardChipSignature
            }
        }
    }

    @Test(arguments: CardFlaw.allCases)
    func `mixed cards, swapped and changed files are refused`(_ flaw: CardFlaw) async throws {
        let stack = try Stack.current
        let (terminal, card, other) = try (stack.terminal(), stack.card(), stack.card())
        let request = try stack.request()
        let challenge = try await terminal.challenge(request)
        let (own, foreign) = try (card.present(), other.present())
        let files = try flaw.applied(to: own.files, other: foreign.files)
        let draft = terminal.session(request, challenge: challenge).draft(files)
        // With another card's chip key the other chip signs: each signature is right, only the cards are mixed.
        var signature = try (flaw == .chipOfAnother ? foreign : own).chip.authenticate(digest: draft.transcript)
        if flaw == .chipSignature { signature[100] ^= 1 }
        let application = try draft.signed(chipSignature: signature).bytes
        #expect(try await terminal.apply(application).code == flaw.code)
    }
}

extension EndToEnd.CardFlaw {
    /// The card's files with this one flaw.
    func applied(to own: CardFiles, other: CardFiles) throws -> CardFiles {
        func changed(_ file: [UInt8], at index: Int) -> [UInt8] {
            var copy = file
            copy[index] ^= 1
            return copy
        }
        var (number, attributes, record, certificate, chipKey) = (
            own.number, own.attributes, own.record, own.certificate, own.chipKey
        )
        switch self {
        case .number: number = changed(number, at: 8)
        // A byte of the name, far from tags and lengths: behind 00-09 the table and its header, 0x16 the name's.
        case .attributes: attributes = changed(attributes, at: attributes.count - 8)
        case .record: record = changed(record, at: record.count - 5)
        case .certificate: certificate = changed(certificate, at: certificate.count - 5)
        case .chipKey: chipKey = changed(chipKey, at: chipKey.count - 5)
        case .chipSignature: break
        case .numberOfAnother: number = other.number
        case .attributesOfAnother: attributes = other.attributes
        case .chipOfAnother: chipKey = other.chipKey
        case .certificateOfAnother: certificate = other.certificate
        }
        return try CardFiles(
            number: number, attributes: attributes, record: record, certificate: certificate, chipKey: chipKey)
    }
}

extension Manifest {
    /// What a manifest says of certificate and person, without the hashes of a page that is made anew each time.
    var says: [String] {
        [
            certificateID.text, name, birthDate.description, municipality.digits, kind.rawValue, issuedOn.description,
            String(doses),
        ]
    }
}
