import Foundation
import TestSupport
import Testing

/// What a newcomer reads leads to what is there.
@Suite struct MapTests {
    private static let pages =
        [
            "README.md", "Sources/README.md", "Sources/Reference.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md",
            "keys/README.md", "Tests/README.md",
        ]
        + ["vrs", "Production", "Alarms", "Backup", "Drills", "Upgrades", "DataFiles", "Logs"].map {
            "Sources/vrs/vrs.docc/\($0).md"
        }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Programs.root + "/" + path)
    }

    /// Where a path of the map is: from the root, or from one of the folders of modules.
    private static func place(_ path: String) -> String? {
        ["", "Sources/", "kiosk-sim/"].map { $0 + path }.first(where: exists)
    }

    @Test func `every file and folder that the map names is there`() throws {
        let paths = MarkdownPage.quoted(try MarkdownPage("Sources/README.md").prose).filter {
            $0.wholeMatch(of: /[A-Za-z.][\w.+-]*(\/[\w.+-]+)+/) != nil && !$0.hasPrefix("regions/")
        }
        #expect(paths.count > 60)
        for path in Set(paths) { #expect(Self.place(path) != nil, "\(path)") }
    }

    @Test func `every step of a request's way names a type that its file declares`() throws {
        let rows = try MarkdownPage("Sources/README.md").rows(below: "## The way of a request").dropFirst()
        #expect(rows.count > 20)
        for row in rows {
            let (file, type) = (
                try #require(MarkdownPage.quoted(row[2]).first), try #require(MarkdownPage.quoted(row[3]).first)
            )
            let path = try #require(Self.place(file), "\(file)")
            let text = try String(contentsOfFile: Programs.root + "/" + path, encoding: .utf8)
            let declares = ["struct", "class", "actor", "enum", "extension"].contains { keyword in
                [" ", ":", ",", "<", "\n"].contains { text.contains("\(keyword) \(type)\($0)") }
            }
            #expect(declares, "\(type) in \(file)")
        }
    }

    @Test func `every module is in the map's table`() throws {
        var names: [String] = []
        for folder in ["Sources", "kiosk-sim"] {
            let modules = try FileManager.default.contentsOfDirectory(atPath: Programs.root + "/" + folder)
            // System libraries and shims begin with a C of their own.
            names += modules.filter { !$0.hasPrefix(".") && $0.wholeMatch(of: /.*\.md|C[A-Z].*/) == nil }
                .map { "\(folder)/\($0)" }
        }
        #expect(names.count > 20)
        let table = Set(try MarkdownPage("Sources/README.md").names(below: "## The modules"))
        for name in names { #expect(table.contains(name), "\(name)") }
    }

    @Test func `the map's table has what each module declares of this package's modules`() throws {
        let manifest = try MarkdownPage("Package.swift").text
        var declared: [String: String] = [:]
        let targets = /(?:library|program)\(\s*"([\w-]+)"(?:,\s*path: "([\w\/-]+)")?(?:,\s*\[([^\]]*)\])?/
        for target in manifest.matches(of: targets) {
            let names = (target.3 ?? "").matches(of: /"(\w+)"/).map { String($0.1) }
            let modules = names.filter { $0.wholeMatch(of: /C[A-Z].*/) == nil }
            let folder = target.2.map { String($0) } ?? "Sources/\(target.1)"
            declared[folder] = modules.isEmpty ? "–" : modules.joined(separator: ", ")
        }
        #expect(declared.count > 25)
        for row in try MarkdownPage("Sources/README.md").rows(below: "## The modules").dropFirst() {
            for folder in MarkdownPage.quoted(row[0]) {
                guard let modules = declared[folder] else { continue }
                #expect(row[2] == modules, "\(folder)")
            }
        }
    }

    @Test(arguments: pages)
    func `every link between pages of the repository leads somewhere`(page: String) throws {
        let document = try MarkdownPage(page)
        let folder = URL(fileURLWithPath: "/" + page).deletingLastPathComponent()
        for link in document.prose.matches(of: /\]\(([^)\s]+)\)/).map({ String($0.1) }) where !link.contains("://") {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let target =
                parts[0].isEmpty ? page : String(folder.appending(path: parts[0]).standardized.path.dropFirst())
            #expect(Self.exists(target), "\(link)")
            guard parts.count == 2 else { continue }
            let headings = try MarkdownPage(target).prose.matches(of: /(?m)^#+ (.+)$/).map { match in
                String(match.1).lowercased().replacing(" ", with: "-").filter {
                    $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_"
                }
            }
            #expect(headings.contains(parts[1]), "\(link)")
        }
    }
}
