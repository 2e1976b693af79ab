package import CardChip
package import CheckedConfiguration
package import Exchange

extension ConfigurationSection {
    /// The hours of service that the key `hours` gives.
    package func serviceHours() throws(ConfigurationError) -> ServiceHours {
        try value(
            "hours",
            Expectation(english: "hours like 06:30-23:00, in Japan's time", japanese: "日本時間の時間帯（例: 06:30-23:00）")
        ) { ServiceHours($0) }
    }

    /// The card authorities in the trust folder that the key `trust` names; real ones if `acceptReal` says so, simulated ones
    /// in development. None is an error.
    package func cardAuthorities(development: Bool) throws(ConfigurationError) -> CardAuthorities {
        let folder = try folder("trust")
        let acceptReal = try boolean("acceptReal", fallback: false)
        let authorities: CardAuthorities
        do {
            authorities = try CardAuthorities(
                folder: folder + "/card", acceptReal: acceptReal, acceptSimulated: development)
        } catch {
            throw self.error(
                "trust",
                english:
                    "\(folder)/card cannot be used: \(error.code) (\(error)); put card authorities there, KEYID.pem each",
                japanese: "\(folder)/cardを使えません: \(error.code)（\(error)）。カード認証局の鍵を 鍵ID.pem の名前で置いてください。")
        }
        guard !authorities.keyIDs.isEmpty else {
            throw self.error(
                "trust",
                english:
                    "\(folder)/card holds no card authority that is accepted: \(authorities.ignored.count) were left out; "
                    + "simulated ones need --development, real ones acceptReal: true",
                japanese: "\(folder)/cardに受け入れられるカード認証局がありません（除外\(authorities.ignored.count)件）。模擬のものは--development、"
                    + "本物はacceptReal: trueが必要です。")
        }
        return authorities
    }

    /// The sentences for the menu that the key `notices` lists, at most ten.
    package func menuNotices() throws(ConfigurationError) -> [Menu.Notice] {
        var notices: [Menu.Notice] = []
        for section in try sections("notices") {
            notices.append(
                Menu.Notice(
                    japanese: try section.string("japanese", 1...Menu.maximumNotice),
                    english: try section.string("english", 1...Menu.maximumNotice)))
        }
        guard notices.count <= Menu.maximumNotices else {
            throw self.error(
                "notices", english: "at most \(Menu.maximumNotices) notices; take some out",
                japanese: "お知らせは\(Menu.maximumNotices)件までです。減らしてください。")
        }
        return notices
    }
}
