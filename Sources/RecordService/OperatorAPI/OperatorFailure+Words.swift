package import CheckedConfiguration
import Exchange

/// What an operator reads whose command failed: the cause as far as the service says it, and what to do.
extension OperatorFailure: ExplainedError {
    package var exitStatus: ExitStatus {
        switch self {
        case .refused(.serviceBusy), .refused(.upstreamUnavailable), .refused(.requestTimedOut), .unreachable:
            .unavailable
        case .refused(.requestMalformed), .refused(.requestTooLarge): .usage
        case .refused(.internal), .refused(.requestUnknown): .fault
        case .refused: .no
        }
    }

    package var english: String {
        switch self {
        case .refused(let code): "refused (\(code.rawValue)): \(Self.words(code).english)"
        case .unreachable(let why):
            "the record system could not be asked (\(why)): see that vrs runs, that operator.yaml names its listener inner, "
                + "and that the list of clients has this certificate as an operator's; vrs's own log says more"
        }
    }

    package var japanese: String {
        switch self {
        case .refused(let code): "拒否されました（\(code.rawValue)）。\(Self.words(code).japanese)"
        case .unreachable(let why):
            "vrs に問い合わせできません（\(why)）。vrs が動いているか、operator.yaml が入口 inner を指しているか、"
                + "この証明書が clients のリストに operator として載っているかを確かめてください。vrs のログも見てください。"
        }
    }

    private static func words(_ code: ProblemCode) -> (english: String, japanese: String) {
        switch code {
        case .notFound:
            (
                "there is nothing of that name; look it up with vrs terminal list, vrs certificates list, vrs imports list or vrs log show",
                "その名前のものはありません。vrs terminal list、vrs certificates list、vrs imports list、vrs log show で確かめてください。"
            )
        case .conflict:
            (
                "the present state does not allow it: the name or certificate is taken, it is done or closed already, it waits for another operator, nothing is due (vrs retention list), something broken "
                    + "stands in the way, or this vrs holds no terminal authority's key; vrs issuing status, vrs imports list, vrs region show and vrs log "
                    + "verify show more",
                "現在の状態ではできません。名前か証明書が登録済み、処理済みまたは終了済み、別の運用者の承認待ち、保存期間が満了した記録がない（vrs retention list）、不整合がある、または vrs が端末認証局の鍵を持っていません。"
                    + "vrs issuing status、vrs imports list、vrs region show、vrs log verify で確かめてください。"
            )
        case .requestMalformed:
            (
                "a value or file of the command is not what it should be: give a PEM request or certificate of a P-256 key "
                    + "that terminals.authorities vouch for, or a value within the bounds that --help names",
                "値かファイルが正しくありません。P-256の鍵のPEM形式の要求か、terminals.authorities が発行した証明書、"
                    + "または --help にある範囲の値を指定してください。"
            )
        case .requestTooLarge: ("a file is too large; give the right one", "ファイルが大きすぎます。正しいものを指定してください。")
        case .requestTimedOut, .serviceBusy:
            ("the service has too much to do; try again", "混み合っています。もう一度お試しください。")
        case .upstreamUnavailable:
            (
                "the record store cannot be used now: look at the disk and at vrs's log, then try again",
                "記録を読み書きできません。ディスクと vrs のログを確かめてから、もう一度お試しください。"
            )
        case .requestUnknown:
            (
                "this vrs does not know the command: use the program of its own version (vrs --version)",
                "この vrs にはない操作です。同じ版のプログラムを使ってください（vrs --version）。"
            )
        case .terminalUnknown:
            (
                "the certificate is not an operator's; list it in the file that clients names",
                "運用者の証明書ではありません。clients のファイルに載せてください。"
            )
        case .internal:
            (
                "something went wrong inside vrs; its log says what at this time",
                "vrs の内部で問題が起きました。その時刻のログを見てください。"
            )
        default:
            (
                "the service does not do that now; vrs issuing status and its log say why",
                "今はできません。vrs issuing status とログで理由を確かめてください。"
            )
        }
    }
}
