import Foundation
import CheckedConfiguration
import TestSupport
import Testing

/// What a small service would read.
private struct Sample {
    static let good = """
        name: a service
        port: 8443
        count: 3
        wait: 10
        flag: true
        url: https://127.0.0.1:8444
        list: [a, b]
        inner:
          key: value
        many:
          - key: one
          - key: two
        """

    @discardableResult
    init(_ text: String) throws {
        let root = try ConfigurationFile(text: text, name: "test.yaml").root
        _ = try root.string("name", 1...20)
        _ = try root.port("port")
        _ = try root.integer("count", 1...5, unit: "pieces")
        _ = try root.seconds("wait", 1...60)
        _ = try root.boolean("flag")
        _ = try root.serviceURL("url")
        _ = try root.texts("list", Expectation(english: "a list of words", japanese: "語のリスト"))
        _ = try root.section("inner").string("key")
        for section in try root.sections("many") { _ = try section.string("key") }
        try root.refuseUnknownKeys()
    }
}

/// A configuration is right, or names what is wrong.
@Suite struct ConfigurationTests {
    @Test func `the sample is taken as it is`() throws {
        let root = try ConfigurationFile(text: Sample.good, name: "test.yaml").root
        #expect(try root.string("name", 1...20) == "a service")
        #expect(try root.port("port") == 8443)
        #expect(try root.integer("count", 1...5, unit: "pieces") == 3)
        #expect(try root.seconds("wait", 1...60) == .seconds(10))
        #expect(try root.boolean("flag"))
        #expect(try root.serviceURL("url") == "https://127.0.0.1:8444")
        #expect(try root.texts("list", Expectation(english: "a list of words", japanese: "語のリスト")) == ["a", "b"])
        #expect(try root.section("inner").string("key") == "value")
        #expect(try root.sections("many").map { try $0.string("key") } == ["one", "two"])
        try root.refuseUnknownKeys()
    }

    @Test(arguments: [
        ("port: 8443", "port: 70000", "port"), ("port: 8443", "port: -1", "port"),
        ("port: 8443", "port: http", "port"),
        ("port: 8443", "prot: 8443", "prot"), ("port: 8443", "port: [1]", "port"),
        ("count: 3", "count: 0", "count"),
        ("count: 3", "count: 6", "count"), ("count: 3", "count: 3.0", "count"), ("wait: 10", "wait: 10s", "wait"),
        ("flag: true", "flag: yes", "flag"), ("flag: true", "flag: \"\"", "flag"),
        ("name: a service", "name: \"\"", "name"),
        ("name: a service", "name: a name with far too many characters", "name"),
        ("name: a service", "name: \"two\\nlines\"", "name"), ("name: a service", "name: {a: b}", "name"),
        ("https:", "http:", "url"), ("8444", "8444/path", "url"), ("127.0.0.1:", "user@127.0.0.1:", "url"),
        ("list: [a, b]", "list: a", "list"), ("list: [a, b]", "list: [a, [b]]", "list"),
        ("inner:\n  key: value", "inner: value", "inner"),
        ("inner:\n  key: value", "inner:\n  key: [v]", "inner.key"),
        ("inner:\n  key: value", "inner:\n  key: value\n  kye: value", "inner.kye"),
        ("- key: two", "- kye: two", "many[1].kye"), ("- key: two", "- two", "many[1]"),
        ("count: 3", "count: 3\nextra: 1", "extra"), ("count: 3", "count: 3\n[a]: 1", ""),
    ])
    func `each single flaw is refused with file, key and both languages`(
        _ from: String, _ to: String, _ keyPath: String
    ) throws {
        let text = Sample.good.replacing(from, with: to, maxReplacements: 1)
        #expect(text != Sample.good)
        let error = try #require(throws: ConfigurationError.self) { try Sample(text) }
        #expect(error.keyPath == keyPath)
        #expect(error.description.hasPrefix("test.yaml:"))
        #expect(error.japanese.unicodeScalars.contains { (0x3040...0x30FF).contains($0.value) })
        #expect(error.english.utf8.count > 5)
    }

    @Test(arguments: ["&a 3", "&a [3]", "&a {b: 3}"])
    func `a value with a name for repeating it is refused with its line`(_ value: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Sample(Sample.good.replacing("count: 3", with: "count: \(value)"))
        }
        #expect(error.line == 3)
        #expect(error.english.contains("anchors"))
    }

    @Test func `an ampersand in a comment or in quotes is only an ampersand`() throws {
        let text = Sample.good.replacing("name: a service", with: "name: \"a &service\"  # of Smith &Co")
        #expect(try ConfigurationFile(text: text, name: "test.yaml").root.string("name", 1...20) == "a &service")
    }

    @Test func `a wrong value's line is told`() throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Sample(Sample.good.replacing("count: 3", with: "count: x"))
        }
        #expect(error.line == 3)
        #expect(error.description.hasPrefix("test.yaml:3:count: "))
    }

    @Test(arguments: ["a: b\n\"a\": c", "1: b\n\"1\": c", "true: b\n'true': c", "~: b\n\"~\": c"])
    func `a key that stands twice is refused, also where quotation marks make it another one for YAML`(text: String) {
        let error = #expect(throws: ConfigurationError.self) { _ = try ConfigurationFile(text: text, name: "a.yaml") }
        #expect(error?.english.contains("not well-formed YAML") == true)
    }

    @Test(arguments: ["", "just text", "- a\n- b", "a: b\na: c", "a: [", "\ta: b", "a: *unknown"])
    func `what is no mapping of keys is refused as a whole`(_ text: String) {
        #expect(throws: ConfigurationError.self) { try ConfigurationFile(text: text, name: "test.yaml") }
    }

    /// What stands in place of a key, its line, and the key that is meant; none where nothing is near.
    @Test(
        arguments: [
            ("count: 3", "conut: 3", 3, "count"), ("count: 3", "Count: 3", 3, "count"),
            ("wait: 10", "waits: 10", 4, "wait"),
            ("  key: value", "  kye: value", 9, "key"), ("inner:", "iner:", 8, "inner"),
            ("count: 3", "count: 3\nmanny: 1", 4, nil), ("count: 3", "count: 3\ncolour: 1", 4, nil),
        ] as [(String, String, Int, String?)])
    func `a misspelt key is named at its line with the one that is meant`(
        from: String, to: String, line: Int, meant: String?
    ) throws {
        let text = Sample.good.replacing(from, with: to, maxReplacements: 1)
        let error = try #require(throws: ConfigurationError.self) { try Sample(text) }
        #expect(error.line == line, "\(error)")
        #expect(error.english.contains("did you mean") == (meant != nil))
        if let meant {
            #expect(error.english.contains("did you mean \(meant)?"))
            #expect(error.japanese.contains("\(meant) の書き間違い"))
        }
    }

    @Test(arguments: ["", "\n\n", "# a remark alone\n"])
    func `an empty file is called empty`(text: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try ConfigurationFile(text: text, name: "test.yaml")
        }
        #expect(error.english.contains("empty") && error.japanese.contains("空"))
        try withFolder { folder in
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/c.yaml"))
            let read = try #require(throws: ConfigurationError.self) {
                try ConfigurationFile(path: folder + "/c.yaml")
            }
            #expect(read.english == error.english)
        }
    }

    @Test func `what another version of a file says otherwise is named by its keys`() throws {
        let good = try ConfigurationFile(text: Sample.good, name: "a").outline
        let other = Sample.good.replacing("count: 3", with: "count: 4").replacing("key: two", with: "key: 2")
            .replacing("flag: true\n", with: "").replacing("[a, b]", with: "[a, b, c]")
        let changed = try ConfigurationFile(text: other, name: "b").outline
        #expect(good.keysChanged(in: changed) == ["count", "flag", "list[2]", "many[1].key"])
        #expect(good.keysChanged(in: try ConfigurationFile(text: Sample.good + "\n# more\n", name: "c").outline) == [])
        let error = good.error("inner.key", english: "e", japanese: "j")
        #expect(error.description == "a:9:inner.key: e / j")
    }

    @Test func `what is only worth knowing is collected and refuses nothing`() throws {
        let root = try ConfigurationFile(text: Sample.good, name: "test.yaml").root
        let inner = try root.section("inner")
        inner.warn("key", english: "ends soon", japanese: "もうすぐ期限です")
        #expect(root.warnings.map(\.description) == ["test.yaml:9:inner.key: ends soon / もうすぐ期限です"])
    }

    @Test func `a configuration of more than a mebibyte is not parsed`() {
        let text = "a: " + String(repeating: "x", count: ConfigurationFile.maximumBytes)
        #expect(throws: ConfigurationError.self) { try ConfigurationFile(text: text, name: "test.yaml") }
    }

    @Test func `a missing file is named`() {
        #expect(throws: ConfigurationError.self) { try ConfigurationFile(path: "/nowhere/centre.yaml") }
    }

    @Test func `relative paths are relative to the configuration's folder`() throws {
        try withFolder { folder in
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/x.pem"))
            try Data("here: x.pem\nnot: y.pem\nup: .".utf8).write(to: URL(fileURLWithPath: folder + "/c.yaml"))
            let root = try ConfigurationFile(path: folder + "/c.yaml").root
            #expect(try root.file("here") == folder + "/x.pem")
            #expect(try root.folder("up") == folder + "/.")
            #expect(throws: ConfigurationError.self) { try root.file("not") }
            #expect(throws: ConfigurationError.self) { try root.folder("here") }
            #expect(throws: ConfigurationError.self) { try root.file("up") }
        }
    }

    @Test func `bad YAML never traps`() async {
        let nested = String(repeating: "[", count: 400)
        await BadInput.run(
            "configuration", samples: [Array(Sample.good.utf8), Array("a: &x [1]\nb: *x\n\(nested)".utf8)]
        ) {
            bytes in
            try Sample(String(decoding: bytes, as: UTF8.self))
        }
    }
}
