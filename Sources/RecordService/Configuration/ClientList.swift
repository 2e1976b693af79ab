import CardChip
package import CheckedConfiguration
package import MutualTLS
import Synchronization

/// What a client of `vrs` may be.
package enum ClientRole: String, Sendable, CaseIterable {
    /// A certificate issuing centre, at the listener `centre`.
    case centre
    /// A mobile back end, at the listener `wallet`.
    case wallet
    /// An operator, at the listener `inner`.
    case `operator`
}

/// Centres and operators, one by one, by their certificates: an authority's word is not enough, since what it issued once
/// it cannot take back here.
///
/// The file is read again while the service runs. One of which nothing can be read changes nothing; one with a mistake lets
/// nobody in, and whoever's certificate does not stand in it any more is out, so that no slip keeps anybody who was struck off.
package final class ClientList: Sendable {
    /// One of them.
    package struct Client: Hashable, Sendable {
        /// What logs call it, 1 to 60 characters.
        package let name: String
        /// What it may be.
        package let role: ClientRole
    }

    private let path: String
    private let clients: Mutex<[[UInt8]: Client]>

    /// Reads a list.
    package init(path: String) throws(ConfigurationError) {
        self.path = path
        clients = Mutex(try Self.read(path))
    }

    /// The client with a certificate, if it is listed in a role.
    package func client(_ peer: PeerCertificate, as role: ClientRole) -> Client? {
        clients.withLock { $0[peer.hash] }.flatMap { $0.role == role ? $0 : nil }
    }

    /// Reads the file again; gives how many are listed if that changed anything.
    package func reload() throws(ConfigurationError) -> Int? {
        let fresh: [[UInt8]: Client]
        do throws(ConfigurationError) { fresh = try Self.read(path) } catch {
            if let lines = Self.lines(path) {
                clients.withLock { clients in
                    clients = clients.filter { hash, client in lines.contains { $0.isOf(client, hash) } }
                }
            }
            guard error.isOfWholeFile else { throw error }
            throw error.adding(
                english: "; NOTHING of the list was taken, and whoever was to be out is still in",
                japanese: "一覧は何も反映していません。外すはずの相手もまだ入れます。")
        }
        return clients.withLock { clients in
            guard fresh != clients else { return nil }
            clients = fresh
            return fresh.count
        }
    }

    /// One entry, as far as it can be read.
    private struct Line {
        let hash: [UInt8]
        /// `nil` if it is not said.
        let role: ClientRole?

        /// Whether it speaks of a client: its name alone does not say whose certificate is meant.
        func isOf(_ client: Client, _ certificate: [UInt8]) -> Bool {
            hash == certificate && (role ?? client.role) == client.role
        }
    }

    /// The entries of a list with a mistake whose certificate can be read; `nil` if nothing of the file can.
    private static func lines(_ path: String) -> [Line]? {
        guard let root = try? ConfigurationFile(path: path).root else { return nil }
        return root.readableSections("clients").compactMap { section in
            guard let hash = try? hash(section) else { return nil }
            guard section.has("role") else { return Line(hash: hash, role: nil) }
            // A role that is wrong is not the one of before.
            return (try? role(section)).map { Line(hash: hash, role: $0) }
        }
    }

    private static func hash(_ section: ConfigurationSection) throws(ConfigurationError) -> [UInt8] {
        try section.value(
            "certificate",
            Expectation(
                english: "SHA-256 of the certificate's DER form, 64 hexadecimal digits in quotes",
                japanese: "証明書（DER）のSHA-256、16進64桁（引用符で囲む）")
        ) { text in Hexadecimal.bytes(text.lowercased()).flatMap { $0.count == 32 ? $0 : nil } }
    }

    private static func name(_ section: ConfigurationSection) throws(ConfigurationError) -> String {
        try section.string("name", 1...60)
    }

    private static func role(_ section: ConfigurationSection) throws(ConfigurationError) -> ClientRole {
        try section.value(
            "role", Expectation(english: "centre, wallet or operator", japanese: "centre、wallet、operator のどれか")
        ) { ClientRole(rawValue: $0) }
    }

    private static func read(_ path: String) throws(ConfigurationError) -> [[UInt8]: Client] {
        let root = try ConfigurationFile(path: path).root
        var clients: [[UInt8]: Client] = [:]
        for section in try root.sections("clients") {
            let hash = try hash(section)
            let client = Client(name: try name(section), role: try role(section))
            guard clients.updateValue(client, forKey: hash) == nil else {
                throw section.error(
                    "certificate", english: "this certificate stands twice", japanese: "同じ証明書が2回あります。")
            }
        }
        try root.refuseUnknownKeys()
        return clients
    }
}
