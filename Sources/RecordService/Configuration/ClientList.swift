import CardChip
package import CheckedConfiguration
package import MutualTLS
import Synchronization

/// What a client of `vrs` may be.
package enum ClientRole: String, Sendable, CaseIterable {
    /// A certificate issuing centre, at the listener `centre`.
    case centre
    /// An operator, at the listener `inner`.
    case `operator`
}

/// Centres and operators, one by one, by their certificates: an authority's word is not enough, since what it issued once
/// it cannot take back here.
///
/// The file is read again while the service runs. One that cannot be read changes nothing; one with a mistake lets nobody
/// in, and whoever is not in it any more is out, so that a slip in one line keeps nobody who was struck off another.
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

    /// Reads the list that a key of the configuration names.
    package convenience init(_ section: ConfigurationSection, _ key: String) throws(ConfigurationError) {
        try self.init(path: section.file(key))
    }

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
                    clients = clients.filter { hash, client in lines.contains { $0.mayBe(client, hash) } }
                }
            }
            throw error
        }
        return clients.withLock { clients in
            guard fresh != clients else { return nil }
            clients = fresh
            return fresh.count
        }
    }

    /// One entry, as far as it can be read.
    private struct Line {
        let hash: [UInt8]?
        let name: String?
        let role: ClientRole?

        /// Whether it may speak of a client; without a certificate that can be read, of any of its name.
        func mayBe(_ client: Client, _ certificate: [UInt8]) -> Bool {
            guard (role ?? client.role) == client.role else { return false }
            return hash.map { $0 == certificate } ?? ((name ?? client.name) == client.name)
        }
    }

    /// The entries of a list with a mistake; `nil` if it is no list.
    private static func lines(_ path: String) -> [Line]? {
        guard let root = try? ConfigurationFile(path: path).root, root.has("clients"),
            let sections = try? root.sections("clients")
        else { return nil }
        return sections.map { Line(hash: try? hash($0), name: try? name($0), role: try? role($0)) }
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
            "role", Expectation(english: "centre or operator", japanese: "centre または operator")
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
