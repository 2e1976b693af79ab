import CardChip
import Exchange
import Foundation
import Synchronization
import TestSupport
package import Vaccination

/// `wallet` as a started program beside the stack's `vrs`, started when a test first wants a phone.
extension Stack {
    /// Where phones reach it.
    package var wallet: String { "https://" + ports.withLock { $0.phone } }
    /// The port of the listener of `vrs` for it, `host:port`.
    package var walletListenerAddress: String { ports.withLock { $0.wallet } }
    /// The port of its figures, `host:port`.
    package var walletOperationsAddress: String { ports.withLock { $0.walletOperations } }
    /// Its process.
    package var walletPID: Int32? { walletProgram.withLock { $0?.pid } }

    /// Starts it and waits until it listens.
    package func startWallet() async throws {
        try write(try template("wallet.yaml", ["@VRS_WALLET@": walletListenerAddress]), "wallet.yaml")
        let program = try Program(
            Programs.path("wallet"), ["serve", "--config", folder + "/wallet.yaml", "--development"], folder: folder)
        walletProgram.withLock { $0 = program }
        outputs.withLock { $0.append(program) }
        let addresses = Self.addresses(try await program.line(beginning: "listening "))
        ports.withLock { ports in
            ports.phone = addresses["phone"] ?? ""
            ports.walletOperations = addresses["operations"] ?? ""
        }
    }

    /// Waits until it serves phones: it is started if it is not yet, reaches `vrs` and knows the access policy.
    package func untilWalletServes() async throws {
        if walletPID == nil { try await startWallet() }
        let client = asPhone()
        try await eventually("wallet serves") {
            let reply = try await client.send("GET", "/v1/menu")
            guard reply.status == 200 else { return false }
            let menu = try JSONDecoder().decode(Menu.self, from: Data(reply.body))
            let keys = try await client.send("GET", "/v1/keys")
            return menu.closed == nil && keys.status == 200
        }
    }

    /// A client as phones are.
    package func asPhone() -> TLSClient { TLSClient(base: wallet, authority: keys + "/ca.pem") }

    /// A client of `vrs` with the certificate of `wallet`.
    package func asWallet() throws -> TLSClient {
        try TLSClient(
            base: "https://" + walletListenerAddress, authority: keys + "/ca.pem",
            certificate: keys + "/wallet/client.pem", key: keys + "/wallet/client.key.pem")
    }

    /// An ordinary resident of the municipality that phones' tests have for themselves, of whom no passport is known.
    package func nextPersonWithPhone() throws -> SamplePerson {
        guard let municipality = municipalities.last else { throw TestFailure("the sample has no municipality") }
        let residents = people.filter {
            $0.municipality == municipality && $0.isOrdinary && $0.columns["passport_number"]?.isEmpty == true
        }
        let index = takenByPhones.withLock { taken in
            defer { taken += 1 }
            return taken
        }
        guard index < residents.count else {
            throw TestFailure("the sample has no further resident of \(municipality)")
        }
        return residents[index]
    }

    /// The identifiers of a municipality's certificates in each state.
    package func certificatesByState(in municipality: MunicipalityCode) async throws -> [String: Set<String>] {
        var all: [String: Set<String>] = [:]
        for state in ["signed", "printed", "voided", "unknown", "intended"] {
            all[state] = Set(try await certificates(state, in: municipality))
        }
        return all
    }
}
