package import CheckedConfiguration
public import Records

/// The store says itself what is wrong and what to do; here is what a command ends with.
extension StoreError: ExplainedError {
    package var english: String { self == .locked() ? advice.english : "\(description). \(advice.english)" }
    package var japanese: String { advice.japanese }

    package var exitStatus: ExitStatus {
        if [.regionClosed(), .erased()].contains(self) { return .no }
        return [.keyMissing(), .wrongKey(), .unknownRegion()].contains(self) ? .configuration : .unavailable
    }
}

/// Each place is named in both languages.
extension CSVRefusals: ExplainedError {
    package var english: String { description }
    package var japanese: String { "CSVファイルを直してから、もう一度実行してください。何も登録していません。" }
    package var exitStatus: ExitStatus { .usage }
}
