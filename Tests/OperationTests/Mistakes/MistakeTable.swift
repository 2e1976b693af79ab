/// Each mistake with what is said of it.
extension Mistake {
    private static let identity = (
        "certificate: KEYS/vrs/inner.pem\n    key: KEYS/vrs/inner.key.pem",
        "certificate: MADE/NAME.pem\n    key: MADE/NAME.key.pem"
    )

    private static func inner(_ name: String) -> (String, String) {
        (identity.0, identity.1.replacing("NAME", with: name))
    }

    static let ofRecordSystem: [Mistake] = [
        Mistake(
            .vrs, "answers:\n  key: KEYS/vrs/answer-sealing.key.pem\n", "", at: "answers", "missing; write", "書いてください"),
        Mistake(
            .vrs, "challenges:", "chalenges:", at: "chalenges", line: "chalenges:", "did you mean challenges?",
            "challenges の書き間違い"),
        Mistake(
            .vrs, "connectionsPerPeer", "conectionsPerPeer", at: "listen.centre.limits.conectionsPerPeer",
            line: "conectionsPerPeer", "did you mean connectionsPerPeer?", "connectionsPerPeer の書き間違い"),
        Mistake(
            .vrs, "issuer:\n", "colour: red\nissuer:\n", at: "colour", line: "colour", "known here are", "ここで使えるキー"),
        Mistake(
            .vrs, "@VRS_OPERATIONS_PORT@", "70000", at: "listen.operations.port", line: "70000", "1 to 65535", "1〜65535"
        ),
        Mistake(
            .vrs, "port: 0\n    certificate: KEYS/vrs/inner.pem", "port: 18443\n    certificate: KEYS/vrs/inner.pem",
            at: "listen.inner.port", line: "port: 18443\n    certificate: KEYS/vrs/inner.pem",
            "give each listener its own", "別のポート"),
        Mistake(
            .vrs, identity.0, inner("client").1, at: "listen.inner.certificate", line: "MADE/client.pem", "serverAuth",
            "この用途の証明書を取得"),
        Mistake(
            .vrs, identity.0, inner("ended").1, at: "listen.inner.certificate", line: "MADE/ended.pem", "renew it",
            "更新してください"),
        Mistake(
            .vrs, "key: KEYS/vrs/inner.key.pem", "key: MADE/server.key.pem", at: "listen.inner.key",
            line: "MADE/server.key.pem", "name the key that the certificate was made for", "証明書に対応する鍵を指定"),
        Mistake(
            .vrs, "key: KEYS/vrs/inner.key.pem", "key: MADE/loose.key.pem", at: "listen.inner.key",
            line: "MADE/loose.key.pem", "chmod 600", "chmod 600"),
        Mistake(
            .vrs, "[KEYS/operator/ca.pem]", "[KEYS/operator/operator.pem]", at: "listen.inner.clientAuthorities",
            line: "operator.pem", "name the authority's", "認証局のものを指定"),
        Mistake(
            .vrs, "[KEYS/operator/ca.pem]", "[MADE/endedCA.pem]", at: "listen.inner.clientAuthorities",
            line: "endedCA.pem", "renew it", "更新してください"),
        Mistake(
            .vrs, "[KEYS/operator/ca.pem]", "[KEYS/centre/client-ca.pem]", at: "listen.inner.clientAuthorities",
            line: "[KEYS/centre/client-ca.pem]\n  wallet", "each needs its own", "別の認証局を指定"),
        Mistake(
            .vrs, "keys: KEYS/vrs/regions", "keys: MADE/noControl", at: "records.keys", line: "MADE/noControl",
            "control.json: restore it", "バックアップから戻す"),
        Mistake(
            .vrs, "keys: KEYS/vrs/regions", "keys: MADE/noRegion", at: "records.keys", line: "MADE/noRegion",
            "make the keys of new regions with vrs keys", "vrs keys で作って"),
        Mistake(
            .vrs, "folder: WORK/records", "folder: MADE/open", at: "records.folder", line: "MADE/open",
            "chmod -R go=", "chmod -R go="),
        Mistake(
            .vrs, "journal: WORK/journal", "journal: MADE/openJournal", at: "records.journal", line: "MADE/openJournal",
            "chmod -R go=", "chmod -R go="),
        Mistake(
            .vrs, "journal: WORK/journal", "journal: WORK/records/journal", at: "records.journal",
            line: "WORK/records/journal", "outside of records.folder", "の外のフォルダーにして"),
        Mistake(
            .vrs, "key: KEYS/vrs/challenge.key", "key: KEYS/vrs/nothing.key", at: "challenges.key",
            line: "nothing.key", "the path of a file that can be read", "読み取れるファイルのパス"),
        Mistake(
            .vrs, "acceptSimulated: true", "acceptSimulated: false", at: "cards.authorities",
            line: "authorities: KEYS/trust/card", "cards.acceptReal takes real ones", "cards.acceptReal"),
        Mistake(
            .vrs, "templates: ", "templates: MADE/open # ", at: "templates", line: "templates:",
            "name the folder templates", "templates フォルダーを指定"),
    ]

    static let ofCentre: [Mistake] = [
        Mistake(
            .centre, "certificate: KEYS/centre/client.pem\n  key: KEYS/centre/client.key.pem",
            "certificate: MADE/server.pem\n  key: MADE/server.key.pem", at: "vrs.certificate", line: "MADE/server.pem",
            "clientAuth", "この用途の証明書を取得"),
        Mistake(
            .centre, "certificate: KEYS/centre/server.pem", "certificate: MADE/text.pem",
            at: "listen.terminal.certificate", line: "text.pem", "name the certificate's file", "証明書のファイルを指定"),
        Mistake(
            .centre, "https://@VRS_CENTRE@", "127.0.0.1:8444", at: "vrs.url", line: "127.0.0.1:8444", "an https URL",
            "httpsのURL"),
        Mistake(
            .centre, "00:00-24:00", "early-late", at: "service.hours", line: "early-late", "06:30-23:00", "06:30-23:00"),
        Mistake(
            .centre, "trust: KEYS/trust", "trust: MADE/emptyTrust", at: "cards.trust", line: "MADE/emptyTrust",
            "real ones acceptReal: true", "acceptReal: true"),
        Mistake(
            .centre, "municipalities:", "municipalites:", at: "municipalites", line: "municipalites:",
            "did you mean municipalities?", "municipalities の書き間違い"),
        Mistake(
            .centre, "[KEYS/ca.pem]", "[MADE/nothing.pem]", at: "vrs.authorities", line: "MADE/nothing.pem",
            "files that can be read", "読み取れるファイル"),
    ]

    static let ofTerminal: [Mistake] = [
        Mistake(
            .terminal, "answerSealingKey: KEYS/answer-sealing.pub.pem", "answerSealingKey: MADE/server.key.pem",
            at: "answerSealingKey", line: "answerSealingKey", "name vrs's answer.pub.pem", "answer.pub.pem を指定"),
        Mistake(
            .terminal, "answerSealingKey: KEYS/answer-sealing.pub.pem", "answerSealingKey: MADE/own.pub.pem",
            at: "answerSealingKey", line: "answerSealingKey", "not vrs's answer key", "vrs の応答鍵ではありません"),
        Mistake(
            .terminal, "@PRINTER@", "command: [MADE/no-printer]", at: "printer.command", line: "no-printer",
            "install it, or give its path", "パスを指定"),
        Mistake(
            .terminal, "@PRINTER@", "device: MADE/no-device", at: "printer.device", line: "no-device",
            "connect the printer", "プリンターを接続"),
        Mistake(.terminal, "{@PRINTER@}", "{}", at: "printer", line: "printer: {}", "needs one of command", "どれか一つが必要"),
        Mistake(
            .terminal, "trust: KEYS/trust", "trust: MADE/emptyTrust", at: "trust", line: "trust: MADE/emptyTrust",
            "verifier trust import", "verifier trust import"),
        Mistake(
            .terminal,
            "certificate: KEYS/terminals/@TERMINAL@/terminal.pem\nkey: KEYS/terminals/@TERMINAL@/terminal.key.pem",
            "certificate: MADE/endedClient.pem\nkey: MADE/endedClient.key.pem", at: "certificate",
            line: "MADE/endedClient.pem", "renew it", "更新してください"),
        Mistake(
            .terminal,
            "certificate: KEYS/terminals/@TERMINAL@/terminal.pem\nkey: KEYS/terminals/@TERMINAL@/terminal.key.pem",
            "certificate: MADE/server.pem\nkey: MADE/server.key.pem", at: "certificate", line: "MADE/server.pem",
            "clientAuth", "この用途の証明書を取得"),
        Mistake(
            .terminal, "operator:", "operater:", at: "operater", line: "operater:", "did you mean operator?",
            "operator の書き間違い"),
        Mistake(
            .terminal, "development: true", "development: true\noutOfServiceMarker: MADE/nowhere/marker",
            at: "outOfServiceMarker", line: "outOfServiceMarker", "where this user may write", "書き込める場所を指定"),
        Mistake(
            .terminal, "development: true", "development: &d true", at: "", line: "&d", "write the value at each place",
            "値をそれぞれの場所に"),
    ]

    static let ofVerifier: [Mistake] = [
        Mistake(
            .verifier, "KEYS/trust", "MADE/emptyTrust", at: "--trust", "verifier trust import", "verifier trust import"),
        Mistake(.verifier, "KEYS/trust", "MADE/nowhere", at: "--trust", "check its path", "場所とアクセス権を確認"),
        Mistake(
            .verifier, "--trust KEYS/trust", "--public MADE/nowhere", at: "--public", "the one that vrs export wrote",
            "vrs export の出力先"),
        Mistake(
            .verifier, "MADE/server.pem", "MADE/text.pem", at: "--tls-certificate", "name the certificate's file",
            "証明書のファイルを指定"),
        Mistake(.verifier, "MADE/server.pem", "MADE/client.pem", at: "--tls-certificate", "serverAuth", "この用途の証明書を取得"),
        Mistake(.verifier, "MADE/server.pem", "MADE/ended.pem", at: "--tls-certificate", "renew it", "更新してください"),
        Mistake(.verifier, "MADE/server.key.pem", "MADE/client.key.pem", at: "--tls-key", "name the pair", "対になる鍵と証明書"),
        Mistake(.verifier, "MADE/server.key.pem", "MADE/loose.key.pem", at: "--tls-key", "chmod 600", "chmod 600"),
    ]

    static let all = ofRecordSystem + ofCentre + ofTerminal + ofVerifier
}
