import Crypto
package import Foundation
import MutualTLS
import Signing
package import Vaccination

/// Makes every key of an installation in production, region keys included, and what has to be sent elsewhere for a signature.
/// What is there is never written over: the same command with one more operator or region makes what is missing.
package struct ProductionKeys: Sendable {
    /// Whose keys they are, and which hosts they are for.
    package struct Installation: Sendable {
        /// The organisation that certificates name, 1 to 64 characters.
        package var organisation: String
        /// The issuing country, two capital letters.
        package var country: String
        /// Names and addresses by which the centre and operators reach `vrs`.
        package var recordSystemHosts: [String]
        /// Names and addresses by which terminals reach the centre.
        package var centreHosts: [String]
        /// Names and addresses by which phones reach the mobile back end; empty where phones are not served.
        package var walletHosts: [String]
        /// The operators' names: 1 to 32 letters, digits, `-` and `_`.
        package var operators: [String]
        /// The regions.
        package var regions: [MunicipalityCode]

        /// An installation from its parts; `nil` if one is out of its bounds.
        package init?(
            organisation: String, country: String, recordSystemHosts: [String], centreHosts: [String],
            walletHosts: [String] = [], operators: [String], regions: [MunicipalityCode]
        ) {
            let isName = operators.allSatisfy { name in
                (1...32).contains(name.utf8.count)
                    && name.utf8.allSatisfy { byte in
                        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                            || byte == 0x2D || byte == 0x5F
                    }
            }
            guard (1...64).contains(organisation.count), !DevelopmentMark.isOn(commonName: organisation),
                country.utf8.count == 2, country.utf8.allSatisfy({ (0x41...0x5A).contains($0) }), isName,
                Set(operators).count == operators.count, !operators.isEmpty,
                (recordSystemHosts + centreHosts + walletHosts).allSatisfy({ (1...253).contains($0.utf8.count) }),
                !recordSystemHosts.isEmpty, !centreHosts.isEmpty
            else { return nil }
            self.organisation = organisation
            self.country = country
            self.recordSystemHosts = recordSystemHosts
            self.centreHosts = centreHosts
            self.walletHosts = walletHosts
            self.operators = operators
            self.regions = regions
        }
    }

    /// What was made, or has to be done with what was made: where a file goes, and what becomes of it.
    package struct Direction: Sendable {
        /// The file or folder, below the folder of all.
        package let path: String
        /// Program, file and key that name it; what else is to be done.
        package let english: String
        /// The same in Japanese.
        package let japanese: String
    }

    private let folder: String
    private let now: Date

    /// Keys below a folder.
    package init(folder: String, now: Date) {
        self.folder = folder
        self.now = now
    }

    /// Makes what is missing, and gives the paths made.
    package func make(_ installation: Installation) throws -> [String] {
        var writer = KeyWriter(
            folder: folder, now: now, organisation: installation.organisation, isDevelopment: false)
        // Before anything is made.
        try writer.refuseHalf("vrs/answer.key.pem", "terminals/answer.pub.pem")
        try writer.refuseHalf("vrs/phone-statement.pem", "phones/statement.pub.pem")
        let services = try writer.authority(
            at: "offline/services-ca", commonName: "Akashi services",
            copies: ["centre", "operators", "terminals", "wallet", "phones"].map { "\($0)/services-ca.pem" })
        for (name, commonName) in [
            ("vrs/centre-listener", "vrs for centres"), ("vrs/operator-listener", "vrs for operators"),
        ] {
            try writer.server(by: services, at: name, commonName: commonName, hosts: installation.recordSystemHosts)
        }
        try writer.server(by: services, at: "centre/server", commonName: "centre", hosts: installation.centreHosts)
        let centres = try writer.authority(
            at: "offline/centres-ca", commonName: "Akashi centres", copies: ["vrs/centres-ca.pem"])
        try writer.client(by: centres, at: "centre/client", commonName: "centre")
        if !installation.walletHosts.isEmpty { try phones(installation, services, &writer) }
        let operators = try writer.authority(
            at: "offline/operators-ca", commonName: "Akashi operators", copies: ["vrs/operators-ca.pem"])
        for name in installation.operators {
            try writer.client(by: operators, at: "operators/\(name)", commonName: name)
        }
        _ = try writer.authority(
            at: "vrs/terminals-ca", commonName: "Akashi terminals", copies: ["centre/terminals-ca.pem"])
        try writer.clientList(
            at: "vrs/clients.yaml",
            [(.centre, "centre", "centre/client")]
                + (installation.walletHosts.isEmpty ? [] : [(.wallet, "wallet", "wallet/client")])
                + installation.operators.map { (.operator, $0, "operators/\($0)") })
        for (authority, places) in [
            ("services-ca", ["centre", "operators", "terminals"]), ("centres-ca", ["vrs"]), ("operators-ca", ["vrs"]),
        ] {
            let pem = try String(contentsOfFile: writer.path("offline/\(authority).pem"), encoding: .utf8)
            for place in places { try writer.write("\(place)/\(authority).pem", isPrivate: false, pem) }
        }
        let shops = try String(contentsOfFile: writer.path("vrs/terminals-ca.pem"), encoding: .utf8)
        try writer.write("centre/terminals-ca.pem", isPrivate: false, shops)

        try writer.signingKey(at: "vrs/shc-signing.pem")
        let root = try writer.signingKey(at: "vrs/root-signing.pem")
        try writer.write(
            "verifiers/publisher.pub.pem", isPrivate: false, root.publicKey.pemRepresentation + "\n")
        for (name, commonName) in [("vdsnc", "VDS-NC signer"), ("dcc", "DCC signer")] {
            try writer.signingKey(at: "vrs/\(name)-signing.pem")
            let path = writer.path("vrs/\(name)-signing.pem")
            guard let key = try PEMFile.privateKey(path) else { throw FileKey.Failure.malformed(path: path) }
            try writer.write(
                "vrs/\(name)-signer.csr", isPrivate: false,
                IssuingAuthority.request(
                    commonName: commonName, country: installation.country,
                    organisation: installation.organisation, key: key))
        }
        try writer.answerKey(at: "vrs/answer.key.pem", publicPart: "terminals/answer.pub.pem")
        try writer.challengeKey(at: "vrs/challenge.key")
        let master = try writer.masterKey(at: "vrs/master.key", besides: "vrs/regions")
        try writer.regionKeys(at: "vrs/regions", installation.regions, wrappedBy: master)
        return writer.made
    }

    /// What phones are served with.
    private func phones(
        _ installation: Installation, _ services: IssuingAuthority, _ writer: inout KeyWriter
    ) throws {
        try writer.server(
            by: services, at: "vrs/wallet-listener", commonName: "vrs for mobile back ends",
            hosts: installation.recordSystemHosts)
        try writer.server(
            by: services, at: "wallet/server", commonName: "mobile back end", hosts: installation.walletHosts)
        let wallets = try writer.authority(
            at: "offline/wallets-ca", commonName: "Akashi mobile back ends", copies: ["vrs/wallets-ca.pem"])
        try writer.client(by: wallets, at: "wallet/client", commonName: "wallet")
        _ = try writer.authority(
            at: "vrs/devices-ca", commonName: "Akashi devices", copies: ["wallet/devices-ca.pem"])
        for (authority, copies) in [
            ("offline/services-ca.pem", ["wallet/services-ca.pem", "phones/services-ca.pem"]),
            ("offline/wallets-ca.pem", ["vrs/wallets-ca.pem"]), ("vrs/devices-ca.pem", ["wallet/devices-ca.pem"]),
        ] {
            let pem = try String(contentsOfFile: writer.path(authority), encoding: .utf8)
            for copy in copies { try writer.write(copy, isPrivate: false, pem) }
        }
        let statement = try writer.signingKey(at: "vrs/phone-statement.pem")
        try writer.write(
            "phones/statement.pub.pem", isPrivate: false, statement.publicKey.pemRepresentation + "\n")
        // Phones learn its public part from the statement of a day.
        try writer.answerKey(at: "vrs/phone-answer.key.pem", publicPart: nil)
        try writer.challengeKey(at: "vrs/phone-master.key")
    }

    /// Where everything that is there goes, in the order of an installation.
    package var directions: [Direction] {
        Self.directions.filter { direction in
            let first = direction.path.prefix { $0 != "," }
            return FileManager.default.fileExists(atPath: "\(folder)/\(first)")
        }
    }

    /// Where everything goes that there may be.
    package static let directions: [Direction] = [
        Direction(
            path: "offline/", english: "authorities' keys: off every network; back up in two safes",
            japanese: "認証局の鍵。ネットワークから切り離し、2か所の金庫に保管"),
        Direction(
            path: "vrs/centre-listener.pem, .key.pem", english: "vrs.yaml listen.centre.certificate, key",
            japanese: "vrs.yaml の listen.centre.certificate と key"),
        Direction(
            path: "vrs/operator-listener.pem, .key.pem", english: "vrs.yaml listen.inner.certificate, key",
            japanese: "vrs.yaml の listen.inner.certificate と key"),
        Direction(
            path: "vrs/centres-ca.pem, operators-ca.pem",
            english: "vrs.yaml listen.centre.clientAuthorities, listen.inner.clientAuthorities",
            japanese: "vrs.yaml の listen.centre.clientAuthorities と listen.inner.clientAuthorities"),
        Direction(
            path: "vrs/wallet-listener.pem, .key.pem", english: "vrs.yaml listen.wallet.certificate, key",
            japanese: "vrs.yaml の listen.wallet.certificate と key"),
        Direction(
            path: "vrs/wallets-ca.pem", english: "vrs.yaml listen.wallet.clientAuthorities",
            japanese: "vrs.yaml の listen.wallet.clientAuthorities"),
        Direction(
            path: "vrs/clients.yaml", english: "vrs.yaml clients; add who comes later by hand",
            japanese: "vrs.yaml の clients。後から加わる相手は手で追加"),
        Direction(
            path: "vrs/terminals-ca.pem, .key.pem",
            english:
                "vrs.yaml terminals.authorities, and terminals.issuing if vrs issues terminals' certificates; back up",
            japanese: "vrs.yaml の terminals.authorities。vrs が端末証明書を発行するなら terminals.issuing にも。要バックアップ"),
        Direction(
            path: "vrs/shc-signing.pem",
            english: "vrs.yaml issuer.key; back up, or make another and list this one's public part",
            japanese: "vrs.yaml の issuer.key。要バックアップ"),
        Direction(
            path: "vrs/vdsnc-signer.csr, dcc-signer.csr",
            english:
                "to the country's authority (CSCA); its certificates go beside the keys: vrs.yaml seal.certificate, dcc.certificate",
            japanese: "国の認証局（CSCA）へ送る。戻った証明書は鍵の隣に置く（vrs.yaml の seal.certificate と dcc.certificate）"),
        Direction(
            path: "vrs/vdsnc-signing.pem, dcc-signing.pem", english: "vrs.yaml seal.key, dcc.key; back up",
            japanese: "vrs.yaml の seal.key と dcc.key。要バックアップ"),
        Direction(
            path: "vrs/root-signing.pem", english: "vrs.yaml records.rootKey: signs roots and exports; back up",
            japanese: "vrs.yaml の records.rootKey。要バックアップ"),
        Direction(
            path: "verifiers/publisher.pub.pem",
            english:
                "verifier trust import --key, and terminal.yaml publisher.key: whoever checks certificates pins it",
            japanese: "検証側で verifier trust import --key、端末で publisher.key に指定"),
        Direction(
            path: "vrs/answer.key.pem", english: "vrs.yaml answers.key; back up",
            japanese: "vrs.yaml の answers.key。要バックアップ"),
        Direction(
            path: "vrs/challenge.key", english: "vrs.yaml challenges.key, the same at every instance; no backup",
            japanese: "vrs.yaml の challenges.key（全インスタンス共通）。バックアップ不要"),
        Direction(
            path: "vrs/devices-ca.pem, .key.pem",
            english: "vrs.yaml phones.devices.authorities, certificate, key; back up, or every app has to enrol again",
            japanese: "vrs.yaml の phones.devices の authorities・certificate・key。要バックアップ（失うと全アプリが再登録）"),
        Direction(
            path: "vrs/phone-statement.pem",
            english: "vrs.yaml phones.statementKey; back up: every app has its public part pinned",
            japanese: "vrs.yaml の phones.statementKey。要バックアップ（公開部分を全アプリが固定）"),
        Direction(
            path: "vrs/phone-answer.key.pem",
            english: "vrs.yaml phones.answerKey, the same at every instance; no backup: a day's statement names it",
            japanese: "vrs.yaml の phones.answerKey（全インスタンス共通）。バックアップ不要（日々のステートメントで通知）"),
        Direction(
            path: "vrs/phone-master.key",
            english:
                "vrs.yaml phones.masterKey, the same at every instance; back up: without it nobody can ask whether a certificate is current",
            japanese: "vrs.yaml の phones.masterKey（全インスタンス共通）。要バックアップ（失うと発行済みの証明書の照会ができない）"),
        Direction(
            path: "vrs/regions/",
            english: "vrs.yaml records.keys; without them the records are lost: back up",
            japanese: "vrs.yaml の records.keys。失うと記録を読めない。要バックアップ"),
        Direction(
            path: "vrs/master.key",
            english: "vrs.yaml records.masterKey: opens vrs/regions; back up apart from these and from the records",
            japanese: "vrs.yaml の records.masterKey（vrs/regions を開く鍵）。vrs/regions や記録とは別の場所にバックアップ"),
        Direction(
            path: "centre/",
            english:
                "centre.yaml listen.terminal, vrs; terminals-ca.pem is listen.terminal.clientAuthorities, services-ca.pem vrs.authorities",
            japanese:
                "centre.yaml の listen.terminal と vrs（terminals-ca.pem は clientAuthorities、services-ca.pem は vrs.authorities）"
        ),
        Direction(
            path: "wallet/",
            english:
                """
                wallet.yaml listen.phone (server), vrs (client; services-ca.pem is vrs.authorities), devices.authorities \
                (devices-ca.pem)
                """,
            japanese:
                "wallet.yaml の listen.phone（server）、vrs（client。services-ca.pem は vrs.authorities）、devices.authorities（devices-ca.pem）"
        ),
        Direction(
            path: "phones/",
            english:
                "to the app's makers: statement.pub.pem is pinned, services-ca.pem vouches for the mobile back end",
            japanese: "アプリの開発者へ。statement.pub.pem をアプリに固定し、services-ca.pem で電子交付サーバーを確認"),
        Direction(
            path: "operators/", english: "operator.yaml of each operator, on a machine of its own",
            japanese: "各運用者の operator.yaml"),
        Direction(
            path: "terminals/",
            english:
                """
                terminal.yaml ca; publisher.key is verifiers/publisher.pub.pem, or by hand answerSealingKey; each terminal makes \
                its own key and request (vrs terminal enrol)
                """,
            japanese:
                "terminal.yaml の ca。publisher.key は verifiers/publisher.pub.pem（手動なら answerSealingKey）。端末の鍵は端末で作る（vrs terminal enrol）"
        ),
    ]
}
