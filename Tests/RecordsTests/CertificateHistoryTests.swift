import Records
import Testing

/// What a whole log says of each certificate.
@Suite struct CertificateHistoryTests {
    @Test(arguments: [
        ([LogEvent.intent], CertificateState.intended, false), ([.intent, .signed], .signed, false),
        ([.intent, .signed, .redelivery, .printed], .printed, false),
        ([.intent, .signed, .unreported, .voided], .voided, false),
        ([.intent, .voidedByOperator], .voided, false),
        ([.intent, .signed, .printed, .contradiction, .revokedByOperator], .printed, true),
    ])
    func `a right history leads to the state of the register`(
        row: (events: [LogEvent], state: CertificateState, isRevoked: Bool)
    ) {
        var history = CertificateHistory()
        for event in row.events { history.add(event) }
        #expect(history.irregularities.isEmpty)
        let register = CertificateHistory.Register(state: row.state, isRevoked: row.isRevoked)
        #expect(history.contradiction(with: register) == nil)
        #expect(history.contradiction(with: nil) != nil)
        for state in CertificateState.allCases where state != row.state {
            #expect(history.contradiction(with: .init(state: state, isRevoked: row.isRevoked)) != nil)
        }
        #expect(history.contradiction(with: .init(state: row.state, isRevoked: !row.isRevoked)) != nil)
    }

    @Test(arguments: [
        [LogEvent.intent], [.intent, .signed, .printed, .revokedByOperator], [.intent, .signed, .voided],
    ])
    func `one that was erased is not in the register`(events: [LogEvent]) {
        var history = CertificateHistory()
        for event in events + [.certificateErased] { history.add(event) }
        #expect(history.irregularities.isEmpty && history.contradiction(with: nil) == nil)
        for state in CertificateState.allCases {
            #expect(history.contradiction(with: .init(state: state, isRevoked: history.isRevoked)) != nil)
        }
    }

    @Test(arguments: [
        ([LogEvent.intent, .redelivery, .printed], "handed out without a signature line"),
        ([.intent, .signed, .signed], "more than one signature"),
        ([.intent, .intent, .signed], "more than one intent"),
        ([.signed, .printed], "signed without an intent"), ([.intent, .printed], "printed without a signature line"),
        ([.intent, .signed, .voided, .printed], "printed after voided"),
        ([.certificateErased], "certificate_erased without an intent"),
        (
            [.intent, .signed, .printed, .certificateErased, .revokedByOperator],
            "revoked_by_operator after it was erased"
        ),
        ([.intent, .certificateErased, .certificateErased], "certificate_erased after it was erased"),
    ])
    func `a history without exactly one intent and one signature is told`(row: (events: [LogEvent], text: String)) {
        var history = CertificateHistory()
        for event in row.events { history.add(event) }
        #expect(history.irregularities.contains(row.text), "\(history.irregularities)")
    }
}
