/// What is wrong with a closed segment's file.
package enum SegmentFault: String, Error, Hashable, Sendable, CaseIterable {
    /// There is no file of this name.
    case missing
    /// The file cannot be read: the system refuses it.
    case unreadable
    /// It is another segment's, or another region's.
    case foreign
    /// It is not what was written: it does not open, or its lines are others.
    case changed
    /// It ends before its last line.
    case cut

    /// In both languages.
    package var words: (english: String, japanese: String) {
        switch self {
        case .missing: ("is missing", "ありません")
        case .unreadable: ("cannot be read", "読めません")
        case .foreign: ("is another segment's", "別の区間のファイルです")
        case .changed: ("is not what was written", "書き込んだ内容と異なります")
        case .cut: ("ends before its last line", "途中で切れています")
        }
    }
}
