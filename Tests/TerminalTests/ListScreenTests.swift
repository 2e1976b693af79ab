import Terminal
import TerminalConsole
import TestSupport
import Testing

struct ListScreenTests {
    private func list(_ count: Int, obstacles: Set<Int> = []) -> ListScreen {
        ListScreen(
            title: "t",
            items: (0..<count).map { .init(title: "item-\($0 + 1).", obstacle: obstacles.contains($0) ? "no" : nil) })
    }

    @Test(
        arguments: [
            (1, [Key.enter], 0), (3, [.down, .enter], 1), (3, [.up, .enter], 2), (3, [.character("3")], 2),
            (12, [.character("9")], 8), (12, [.character("1"), .character("2")], 11),
            (12, [.character("1"), .enter], 0),
            (1741, [.character("1"), .character("7"), .character("4"), .character("1")], 1740),
            (40, [.pageDown, .down, .enter], 11),
            (40, [.end, .up, .enter], 38),
        ] as [(Int, [Key], Int)])
    func `keys and numbers choose`(_ count: Int, _ keys: [Key], _ expected: Int) {
        var list = list(count)
        let effects = keys.map { list.press($0, page: 10) }
        #expect(effects.last == .chosen(expected))
        #expect(effects.dropLast().allSatisfy { $0 == .none })
    }

    @Test func `what has an obstacle cannot be chosen, by no key`() {
        var list = list(3, obstacles: [0, 2])
        #expect(list.selected == 1)
        for key in [Key.character("1"), .up, .enter, .character("3"), .enter] {
            let effect = list.press(key, page: 10)
            #expect(effect == .none)
        }
    }

    @Test(arguments: [1, 4, 5, 9, 10, 47, 1741])
    func `the selected item is always seen, at any size`(_ count: Int) {
        var random = Seeded("list")
        var list = list(count)
        for _ in 0..<40 {
            let key =
                [Key.up, .down, .pageUp, .pageDown, .home, .end, .character("5")].randomElement(using: &random) ?? .up
            _ = list.press(key, page: 10)
            let (width, height) = (Int.random(in: 80...200, using: &random), Int.random(in: 24...70, using: &random))
            var canvas = Canvas(width: width, height: height, style: Style(0, on: 255))
            list.draw(&canvas, Area(x: 0, y: 2, width: width, height: height - 3))
            #expect(canvas.plain.contains { $0.contains("item-\(list.selected + 1).") })
        }
    }

    @Test func `an empty list has nothing to choose`() {
        var list = list(0)
        let effect = list.press(.enter, page: 10)
        #expect(effect == .none)
    }
}
