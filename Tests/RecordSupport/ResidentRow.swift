import Records

/// A row of the residents' feed: made-up values, others by the items' names.
package struct ResidentRow {
    private var items: [String: String] = [
        "宛名番号": "0000000100", "履歴連番": "1", "現存区分CD": "0", "本名かな": "みほん　はなこ", "本名漢字": "見本　花子",
        "生年月日": "19700131", "性別": "2", "異動日": "20200401", "異動事由CD": "10", "住民となった日": "20200401",
        "住民でなくなった日": "00000000", "前住所町名": "例示町９９番地", "電話番号": "00-0000-0000",
        "世帯主名漢字": "見本　太郎", "国籍等CD": "392", "国籍等名称": "日本", "連携更新日時": "20210401120000",
        "統合宛名番号": "990000000000100", "削除区分": "0",
    ]

    /// A row with some items of one's own.
    package init(number: String, _ items: [String: String] = [:]) {
        self.items["個人番号"] = number
        self.items.merge(items) { $1 }
    }

    /// The row's line, without its end.
    package var line: String { ResidentFile.columns.map { items[$0] ?? "" }.joined(separator: ",") }
}
