import CheckedConfiguration
import Foundation
import RecordService
import Records
import SimulatedCard
import TestSupport
import Testing
import Vaccination

/// The keys of an installation in production, as the command makes them.
@Suite struct ProductionKeysTests {
    private let folder: TemporaryFolder
    private var keys: String { folder.path + "/keys" }

    init() throws { folder = try TemporaryFolder() }

    private func installation(
        organisation: String = "見本省 Example Ministry", country: String = "JP", operators: [String] = ["op1"],
        hosts: [String] = ["localhost", "127.0.0.1"], servesPhones: Bool = true,
        regions: [MunicipalityCode] = [Stack.mihon.code]
    ) -> ProductionKeys.Installation? {
        ProductionKeys.Installation(
            organisation: organisation, country: country, recordSystemHosts: hosts, centreHosts: hosts,
            walletHosts: servesPhones ? hosts : [], operators: operators, regions: regions)
    }

    private func make(_ installation: ProductionKeys.Installation?) throws -> [String] {
        try ProductionKeys(folder: keys, now: .now).make(try #require(installation))
    }

    private func files() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for path in try #require(FileManager.default.enumerator(atPath: keys)).compactMap({ $0 as? String }) {
            contents[path] = FileManager.default.contents(atPath: "\(keys)/\(path)")
        }
        return contents
    }

    /// The blocks of commands of a page that hold a text.
    private func commands(_ page: String, with text: String) throws -> String {
        let blocks = try MarkdownPage(page).text.components(separatedBy: "\n```")
        let found = blocks.first { $0.hasPrefix("sh ") && $0.contains(text) }
        return String(try #require(found).drop { $0 != "\n" })
    }

    @Test func `a second run writes over nothing, and one more operator and region come to what is there`() throws {
        let made = try make(installation())
        #expect(!made.isEmpty && Set(made).count == made.count)
        let before = try files()
        #expect(try make(installation()).isEmpty)
        #expect(try files() == before)
        let more = try make(installation(operators: ["op1", "op2"], regions: [Stack.mihon.code, Stack.rei.code]))
        #expect(
            Set(more) == [
                "\(keys)/operators/op2.key.pem", "\(keys)/operators/op2.pem",
                "\(keys)/vrs/regions/\(Stack.rei.code).json",
            ])
        #expect(try files().filter { before[$0.key] != nil } == before)
    }

    @Test func `without hosts of a mobile back end nothing is made for phones, and with them what is missing`() throws {
        let before = try make(installation(servesPhones: false))
        #expect(!before.contains { $0.contains("phone") || $0.contains("wallet") || $0.contains("device") })
        let keys = ProductionKeys(folder: keys, now: .now)
        #expect(!keys.directions.contains { $0.path.contains("phone") || $0.path.contains("wallet") })
        #expect(keys.directions.count + 8 == ProductionKeys.directions.count)
        let more = try make(installation())
        let names = Set(more.map { String($0.dropFirst(self.keys.count + 1)) })
        #expect(
            names == [
                "vrs/wallet-listener.pem", "vrs/wallet-listener.key.pem", "vrs/wallets-ca.pem", "vrs/devices-ca.pem",
                "vrs/devices-ca.key.pem", "vrs/phone-statement.pem", "vrs/phone-answer.key.pem", "vrs/phone-master.key",
                "offline/wallets-ca.pem", "offline/wallets-ca.key.pem", "wallet/server.pem", "wallet/server.key.pem",
                "wallet/client.pem", "wallet/client.key.pem", "wallet/services-ca.pem", "wallet/devices-ca.pem",
                "phones/statement.pub.pem", "phones/services-ca.pem",
            ])
        #expect(keys.directions.count == ProductionKeys.directions.count)
    }

    @Test(arguments: [
        "offline", "offline/operators-ca.key.pem", "operators/op1.pem", "terminals/answer.pub.pem", "wallet/client.pem",
        "vrs/phone-statement.pem", "phones/statement.pub.pem", "offline/wallets-ca.pem", "vrs/devices-ca.key.pem",
    ])
    func `what was taken away is asked for, and nothing that does not fit is made in its place`(gone: String) throws {
        _ = try make(installation())
        try FileManager.default.moveItem(atPath: "\(keys)/\(gone)", toPath: folder.file("away"))
        let before = try files()
        #expect(throws: KeyFolderError.self) { try make(installation(operators: ["op1", "op2"])) }
        #expect(try files() == before)
        try FileManager.default.moveItem(atPath: folder.file("away"), toPath: "\(keys)/\(gone)")
        #expect(try make(installation(operators: ["op1", "op2"])).count == 2)
    }

    @Test func `every private key is its owner's alone, bears no development mark, and is said where to go`() throws {
        for path in try make(installation()) {
            let content = try String(contentsOfFile: path, encoding: .utf8)
            #expect(!content.contains(DevelopmentMark.keyLine) && !content.contains("\"development\""), "\(path)")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            let isPrivate =
                content.contains("PRIVATE KEY") || path.contains("/regions/") || path.hasSuffix("challenge.key")
                || path.hasSuffix("master.key")
            #expect(mode.map { $0 & 0o077 == 0 } == isPrivate, "\(path)")
            let name = path.dropFirst(keys.count + 1)
            let top = name.split(separator: "/")[0]
            #expect(ProductionKeys.directions.contains { $0.path.hasPrefix(top) }, "\(name)")
        }
    }

    @Test(arguments: [
        "organisation", "an organisation of development", "country", "an operator's name", "an operator twice",
        "no operator", "no host",
    ])
    func `what certificates cannot name is refused`(what: String) {
        let refused =
            switch what {
            case "organisation": installation(organisation: "")
            case "an organisation of development": installation(organisation: DevelopmentMark.name)
            case "country": installation(country: "jp")
            case "an operator's name": installation(operators: ["a/b"])
            case "an operator twice": installation(operators: ["a", "a"])
            case "no operator": installation(operators: [])
            default: installation(hosts: [])
            }
        #expect(refused == nil)
    }

    @Test func `with certificates made by the written recipe they are a configuration for production`() async throws {
        _ = try make(installation())
        // A country's authority, for this test alone.
        let authority = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout csca.key.pem -out csca.pem \
                -days 3650 -subj '/C=JP/O=Example/CN=Example CSCA' -addext 'keyUsage=critical,keyCertSign,cRLSign'
            """
        let recipe = try commands("Sources/vrs/vrs.docc/Production.md", with: "vdsnc.ext")
        let run = try await Program.run(
            "/bin/sh", ["-ec", authority + "\n" + recipe], folder: keys + "/vrs")
        #expect(run.status == 0, "\(run.errors)")
        try FileManager.default.createDirectory(atPath: keys + "/cards", withIntermediateDirectories: true)
        let card = Array("REAL-AUTHORITY-1".utf8).map { String(format: "%02x", $0) }.joined()
        try TestCards.authority.publicPEM().write(
            toFile: "\(keys)/cards/\(card).pem", atomically: true, encoding: .utf8)
        let text = """
            listen:
              centre: {address: 127.0.0.1, port: 0, certificate: \(keys)/vrs/centre-listener.pem, \
            key: \(keys)/vrs/centre-listener.key.pem, clientAuthorities: [\(keys)/vrs/centres-ca.pem]}
              inner: {address: 127.0.0.1, port: 0, certificate: \(keys)/vrs/operator-listener.pem, \
            key: \(keys)/vrs/operator-listener.key.pem, clientAuthorities: [\(keys)/vrs/operators-ca.pem]}
              wallet: {address: 127.0.0.1, port: 0, certificate: \(keys)/vrs/wallet-listener.pem, \
            key: \(keys)/vrs/wallet-listener.key.pem, clientAuthorities: [\(keys)/vrs/wallets-ca.pem]}
              operations: {port: 0}
            records: {folder: \(folder.path)/records, journal: \(folder.path)/journal, keys: \(keys)/vrs/regions, \
            masterKey: \(keys)/vrs/master.key, rootKey: \(keys)/vrs/root-signing.pem}
            regions:
              - {code: "\(Stack.mihon.code)", prefecture: 見本県, name: 見本市, prefectureEnglish: Mihon-ken, \
            nameEnglish: Mihon-shi, kinds: [domestic, overseas]}
            issuer: {url: "https://issuer.example", name: Example, key: \(keys)/vrs/shc-signing.pem}
            seal: {key: \(keys)/vrs/vdsnc-signing.pem, certificate: \(keys)/vrs/vdsnc-signer.pem, \
            authorities: [\(keys)/vrs/csca.pem]}
            dcc: {key: \(keys)/vrs/dcc-signing.pem, certificate: \(keys)/vrs/dcc-signer.pem, country: JP, issuer: Example}
            answers: {key: \(keys)/vrs/answer.key.pem}
            challenges: {key: \(keys)/vrs/challenge.key}
            clients: \(keys)/vrs/clients.yaml
            terminals: {authorities: [\(keys)/vrs/terminals-ca.pem], issuing: {certificate: \(keys)/vrs/terminals-ca.pem, \
            key: \(keys)/vrs/terminals-ca.key.pem}}
            cards: {authorities: \(keys)/cards, acceptReal: true}
            phones:
              statementKey: \(keys)/vrs/phone-statement.pem
              answerKey: \(keys)/vrs/phone-answer.key.pem
              uploadKeys: \(folder.path)/upload-keys
              masterKey: \(keys)/vrs/phone-master.key
              devices: {authorities: [\(keys)/vrs/devices-ca.pem], certificate: \(keys)/vrs/devices-ca.pem, \
            key: \(keys)/vrs/devices-ca.key.pem}
              attestation: {ios: {apps: [{team: A1B2C3D4E5, bundle: jp.example.akashi}], roots: [\(keys)/vrs/csca.pem]}}
            templates: \(Stack.repository)/templates
            """
        let file = try ConfigurationFile(text: text, name: "vrs.yaml", folder: folder.path)
        let configuration = try await VRSConfiguration(file, development: false, now: .now)
        #expect(configuration.warnings.isEmpty, "\(configuration.warnings)")
        _ = try configuration.openStore(mayBegin: true)
    }

    @Test func `regions' keys are wrapped by the master key, and stay plain where they were plain before`() throws {
        _ = try make(installation())
        let wrapped = try folder.text("keys/vrs/regions/\(Stack.mihon.code).json")
        #expect(wrapped.contains("\"wrapped\"") && !wrapped.contains("dataKey"))
        // As an installation made before there was a master key.
        try FileManager.default.removeItem(atPath: keys + "/vrs/master.key")
        for name in ["control", Stack.mihon.code.digits] {
            try FileManager.default.removeItem(atPath: "\(keys)/vrs/regions/\(name).json")
        }
        try RegionKeyFolder(path: keys + "/vrs/regions", allowDevelopment: false)
            .createMissing(for: [Stack.mihon.code], development: false)
        let more = try make(installation(regions: [Stack.mihon.code, Stack.rei.code]))
        #expect(more == ["\(keys)/vrs/regions/\(Stack.rei.code).json"])
        #expect(try folder.text("keys/vrs/regions/\(Stack.rei.code).json").contains("dataKey"))
    }

    @Test func `a master key that was taken away is asked for`() throws {
        _ = try make(installation())
        try FileManager.default.moveItem(atPath: keys + "/vrs/master.key", toPath: folder.file("away"))
        let before = try files()
        let error = #expect(throws: KeyFolderError.self) {
            try make(installation(regions: [Stack.mihon.code, Stack.rei.code]))
        }
        #expect(error?.english.contains("master.key") == true)
        #expect(try files() == before)
    }
}
