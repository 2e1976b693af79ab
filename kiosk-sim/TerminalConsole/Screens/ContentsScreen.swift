import Credentials
import Exchange
import Terminal
import Vaccination

/// The page before it is paid for: what stands on it, how it looks, and its code.
struct ContentsScreen: Sendable {
    /// What is shown.
    enum View: Int, CaseIterable { case list, page, code }

    let page: GuardedPage
    let issuer: String
    let picture: PagePicture?
    var view = View.list
    var left = 0
    var top = 0

    init(page: GuardedPage, issuer: String) {
        self.page = page
        self.issuer = issuer
        picture = PagePicture(png: page.png)
    }

    /// Whether there is anything else to see than the list.
    private var views: [View] {
        guard let picture else { return [.list] }
        return picture.code == nil ? [.list, .page] : View.allCases
    }

    mutating func press(_ key: Key) {
        switch key {
        case .tab, .character("v"), .character("V"), .character(" "):
            let index = views.firstIndex(of: view) ?? 0
            view = views[(index + 1) % views.count]
            (left, top) = (0, 0)
        case .up: top = max(0, top - 4)
        case .down: top = min(400, top + 4)
        case .pageUp: top = max(0, top - 16)
        case .pageDown: top = min(400, top + 16)
        case .left: left = max(0, left - 8)
        case .right: left = min(200, left + 8)
        default: break
        }
    }

    func draw(_ canvas: inout Canvas, _ area: Area, _ texts: Texts) {
        switch view {
        case .list: drawList(&canvas, area, texts)
        case .page: drawPage(&canvas, area, texts)
        case .code: drawCode(&canvas, area, texts)
        }
    }

    private func drawList(_ canvas: inout Canvas, _ area: Area, _ texts: Texts) {
        canvas.centre(texts[.contentsTitle], area, area.y, Style(Theme.navy, on: Theme.paper, bold: true))
        let lead = Area(x: area.x + 2, y: area.y + 1, width: area.width - 4, height: 2)
        let leadRows = canvas.paragraph(texts[.contentsLead], lead, Style(Theme.red, on: Theme.paper), centred: true)
        let body = Area(x: area.x + 2, y: lead.y + leadRows, width: area.width - 4, height: area.height - 1 - leadRows)
        var listX = body.x
        if let picture {
            let thumb = picture.fit(Area(x: body.x + 1, y: body.y, width: body.width * 2 / 5, height: body.height))
            let place = Area(x: body.x + 1, y: body.y, width: thumb.width, height: thumb.height)
            canvas.fill(Area(x: place.x + 1, y: place.y, width: place.width, height: place.height), Style(250, on: 250))
            picture.draw(&canvas, in: place, columns: place.width, from: 0)
            listX = place.x + place.width + 2
        }
        let panel = Area(x: listX, y: body.y, width: body.x + body.width - listX, height: body.height)
        canvas.box(panel, Theme.card)
        drawFields(&canvas, panel.inset(2, 1), texts)
    }

    private func born(_ date: BirthDate, _ texts: Texts) -> String {
        guard date.day == nil else { return date.description }
        return texts(date.month == nil ? .contentsMonthUnknown : .contentsDayUnknown, ["date": date.description])
    }

    private func drawFields(_ canvas: inout Canvas, _ area: Area, _ texts: Texts) {
        let manifest = page.manifest
        var y = area.y
        func field(_ label: TextKey, _ value: String, _ style: Style = Theme.card) {
            guard y < area.y + area.height else { return }
            canvas.write(texts[label], area.x, y, Theme.quiet)
            canvas.write(value, area.x + 13, y, style, limit: area.width - 13)
            y += 1
        }
        field(.contentsName, manifest.name, Theme.card.bold)
        if let romaji = manifest.romajiName { field(.contentsRomajiName, romaji, Theme.card.bold) }
        field(.contentsBirthDate, born(manifest.birthDate, texts), Theme.card.bold)
        field(.contentsMunicipality, issuer)
        field(.contentsKind, texts.name(of: manifest.kind))
        field(.contentsIssuedOn, manifest.issuedOn.description)
        field(.contentsID, manifest.certificateID.text)
        // Each dose has one row, or two if there is room.
        let room = area.y + area.height - y - 1
        let tall = room >= page.doses.count * 2
        if room > page.doses.count * 2 { y += 1 }
        for (index, dose) in page.doses.enumerated() where y < area.y + area.height - 1 {
            let number = texts(.contentsDose, ["number": String(dose.number ?? index + 1)])
            let lot = dose.lot.map { texts(.contentsLot, ["lot": $0]) } ?? ""
            canvas.write(number, area.x, y, Theme.quiet)
            canvas.write("\(dose.date ?? "")  \(dose.product ?? "")", area.x + 8, y, Theme.card, limit: area.width - 8)
            if tall {
                y += 1
                canvas.write("\(dose.maker ?? "")  \(lot)", area.x + 20, y, Theme.quiet, limit: area.width - 20)
            } else {
                let taken = CharacterWidth.of("\(dose.date ?? "")  \(dose.product ?? "")") + 10
                canvas.write(lot, area.x + taken, y, Theme.quiet, limit: area.width - taken)
            }
            y += 1
        }
        canvas.write(
            "✓ " + texts(.contentsCodes, ["count": String(page.codes)]), area.x, area.y + area.height - 1, Theme.good,
            limit: area.width)
    }

    private func drawPage(_ canvas: inout Canvas, _ area: Area, _ texts: Texts) {
        guard let picture else { return }
        canvas.centre(texts[.contentsPage], area, area.y, Style(Theme.navy, on: Theme.paper, bold: true))
        let place = Area(x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 1)
        let columns = min(place.width, 120)
        let rows = picture.rows(columns: columns)
        let first = min(top, max(0, rows - place.height))
        let shown = Area(
            x: place.x + (place.width - columns) / 2, y: place.y, width: columns, height: min(place.height, rows))
        picture.draw(&canvas, in: shown, columns: columns, from: first)
    }

    private func drawCode(_ canvas: inout Canvas, _ area: Area, _ texts: Texts) {
        guard let code = picture?.code else { return }
        canvas.centre(texts[.contentsCodeTitle], area, area.y, Style(Theme.navy, on: Theme.paper, bold: true))
        let quiet = 4
        let side = code.size + 2 * quiet
        let place = Area(x: area.x, y: area.y + 2, width: area.width, height: area.height - 3)
        let (columns, rows) = (min(place.width, side), min(place.height, (side + 1) / 2))
        let (x0, y0) = (min(left, side - columns), min(top, (side + 1) / 2 - rows))
        let at = Area(x: place.x + (place.width - columns) / 2, y: place.y, width: columns, height: rows)
        // One module is one column wide and half a row high: square, and as a whole readable by a phone.
        for row in 0..<rows {
            for column in 0..<columns {
                let (x, y) = (x0 + column - quiet, 2 * (y0 + row) - quiet)
                let sign = code.isDark(x, y) ? (code.isDark(x, y + 1) ? "█" : "▀") : code.isDark(x, y + 1) ? "▄" : " "
                canvas.write(sign, at.x + column, at.y + row, Style(16, on: 231))
            }
        }
        if columns < side || rows * 2 < side {
            canvas.centre(texts[.contentsLarger], area, area.y + 1, Style(Theme.grey, on: Theme.paper))
        }
    }
}
