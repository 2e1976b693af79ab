import Foundation
import Testing

/// The boundaries between the modules, as the package itself declares them.
@Suite struct PackageTests {
    private let package: PackageDescription

    init() throws { package = try PackageDescription.read() }

    /// What stores, signs, issues or draws certificates.
    private static let guarded: Set<String> = ["Records", "PostgreSQL", "Signing", "CredentialIssuing", "Rendering"]

    /// Who may reach none of it: the terminal, the centre, and what only checks.
    private static let barred = [
        "Terminal", "TerminalConsole", "LoadGenerator", "kiosk-sim", "printer-sim", "HolderGuard", "PhoneApp",
        "phone-sim", "CentreService", "centre", "WalletService", "wallet",
        "Checking", "VerifierService", "verifier", "Credentials", "TrustFolder", "TrustImport", "Scanning", "Exchange",
        "MutualTLS", "HTTPServer", "ExchangeServer", "Attestation", "TravelDocument",
    ]

    /// Who may declare which of this package's modules; shims of C libraries apart.
    private static let allowed: [String: Set<String>] = [
        "Vaccination": [], "CardChip": [], "Scanning": [], "CheckedConfiguration": [], "Waiting": [],
        "CommandFrame": ["CheckedConfiguration"],
        "MutualTLS": ["CheckedConfiguration", "Vaccination", "Waiting"],
        "HTTPServer": ["CheckedConfiguration", "MutualTLS", "Waiting"],
        "Credentials": ["Vaccination"],
        "CredentialIssuing": ["Credentials", "Vaccination"],
        "Attestation": ["Credentials"],
        "Checking": ["Credentials", "Scanning", "Vaccination"],
        "PKCS11": [],
        "PostgreSQL": [],
        "Signing": ["CredentialIssuing", "Credentials", "MutualTLS", "PKCS11", "Vaccination"],
        "Exchange": ["CardChip", "Vaccination"],
        "ExchangeServer": [
            "CardChip", "CheckedConfiguration", "Exchange", "HTTPServer", "MutualTLS", "Vaccination", "Waiting",
        ],
        "Records": ["PostgreSQL", "Vaccination", "Waiting"],
        "Rendering": ["Vaccination"],
        "TravelDocument": ["Credentials", "Vaccination"],
        "TrustFolder": ["Credentials"],
        "TrustImport": ["Credentials", "TrustFolder", "Waiting"],
        "RecordService": [
            "Attestation", "CardChip", "CheckedConfiguration", "CredentialIssuing", "Credentials", "Exchange",
            "ExchangeServer", "HTTPServer", "MutualTLS", "PKCS11", "Records", "Rendering", "Signing",
            "TravelDocument", "TrustFolder", "Vaccination", "Waiting",
        ],
        "CentreService": [
            "CardChip", "CheckedConfiguration", "Exchange", "ExchangeServer", "HTTPServer", "MutualTLS", "Vaccination",
            "Waiting",
        ],
        "WalletService": [
            "Attestation", "CardChip", "CheckedConfiguration", "Exchange", "ExchangeServer", "HTTPServer", "MutualTLS",
            "Vaccination", "Waiting",
        ],
        "VerifierService": [
            "CheckedConfiguration", "Checking", "Credentials", "HTTPServer", "MutualTLS", "Scanning", "TrustFolder",
            "TrustImport",
        ],
        "CardReader": ["CardChip"],
        "SimulatedCard": ["CardChip", "Vaccination"],
        "SimulatedAttestation": ["Credentials"],
        "PassportReader": ["CardChip", "TravelDocument"],
        "SimulatedPassport": ["CardChip", "PassportReader", "SimulatedCard", "TravelDocument", "Vaccination"],
        "HolderGuard": ["CardChip", "Credentials", "Exchange", "TrustFolder", "Vaccination"],
        "PrintStream": [],
        "Terminal": [
            "CardChip", "CheckedConfiguration", "Credentials", "Exchange", "HolderGuard", "MutualTLS", "PrintStream",
            "Scanning", "TrustFolder", "Vaccination", "Waiting",
        ],
        "PhoneApp": [
            "Attestation", "CardChip", "CheckedConfiguration", "Credentials", "Exchange", "HolderGuard", "MutualTLS",
            "PassportReader", "TravelDocument", "Vaccination", "Waiting",
        ],
        "TerminalConsole": ["CardChip", "Credentials", "Exchange", "Scanning", "Terminal", "Vaccination", "Waiting"],
        "LoadGenerator": [
            "CardChip", "Exchange", "HolderGuard", "MutualTLS", "PhoneApp", "SimulatedCard", "Terminal", "Vaccination",
        ],
        "kiosk-sim": [
            "CardChip", "CardReader", "CommandFrame", "Exchange", "LoadGenerator", "Scanning", "SimulatedCard",
            "Terminal", "TerminalConsole", "Vaccination",
        ],
        "phone-sim": [
            "Attestation", "CardChip", "CardReader", "CheckedConfiguration", "CommandFrame", "Exchange", "HolderGuard",
            "LoadGenerator", "MutualTLS", "PhoneApp", "SimulatedAttestation", "SimulatedCard", "SimulatedPassport",
            "TravelDocument", "Vaccination",
        ],
        "printer-sim": ["CommandFrame", "PrintStream"],
        "vrs": ["CheckedConfiguration", "CommandFrame", "Exchange", "Records", "RecordService", "Vaccination"],
        "centre": ["CentreService", "CommandFrame", "Exchange", "HTTPServer"],
        "wallet": ["CommandFrame", "Exchange", "HTTPServer", "WalletService"],
        "verifier": [
            "Checking", "CommandFrame", "Credentials", "Scanning", "TrustFolder", "TrustImport", "VerifierService",
        ],
    ]

    /// Shims of C libraries, which any module may use.
    private var shims: Set<String> {
        Set(
            package.targets.filter { $0.name.hasPrefix("C") && $0.folder == "Sources/" + $0.name && !hasSwift($0) }
                .map(\.name))
    }

    private func hasSwift(_ target: PackageDescription.Target) -> Bool {
        ((try? Imports.of(target)) ?? []).isEmpty == false
    }

    @Test
    func
        `what stores, signs, issues or draws is out of reach of the terminal, the centre, the wallet and the verifier`()
    {
        for name in Self.barred {
            #expect(package.declared[name] != nil, "there is no target \(name)")
            #expect(package.reached(from: name).isDisjoint(with: Self.guarded), "\(name) reaches what it may not")
        }
    }

    @Test func `each module declares only what the table allows it`() {
        let (declared, shims) = (package.declared, shims)
        for target in package.targets
        where target.type != "test" && target.type != "system" && !target.folder.hasPrefix("Tests/")
            && !shims.contains(target.name)
        {
            guard let allowed = Self.allowed[target.name] else {
                Issue.record("\(target.name) is not in the table")
                continue
            }
            let more = (declared[target.name] ?? []).subtracting(shims).subtracting(allowed)
            #expect(more.isEmpty, "\(target.name) may not declare \(more.sorted())")
        }
    }

    @Test func `a database server is talked to through Records alone`() {
        for target in package.targets where target.type != "test" && !target.folder.hasPrefix("Tests/") {
            let mayUse = target.name == "Records" || target.name == "PostgreSQL"
            let uses = package.declared[target.name]?.isDisjoint(with: ["PostgreSQL", "CPostgreSQL"]) == false
            #expect(!uses || mayUse, "\(target.name) may not use it")
        }
    }

    @Test func `each other package is one that some target uses`() {
        let used = Set(package.targets.flatMap(\.dependencies).compactMap { $0.package?.lowercased() })
        let declared = package.dependencies.compactMap(\.identity)
        #expect(declared.count == package.dependencies.count)
        // What writes the documentation is a plug-in, which no target names.
        #expect(Set(declared).subtracting(used) == ["swift-docc-plugin"])
    }

    @Test func `what a target declares it imports, and what it imports of this package it declares`() throws {
        let own = Set(package.targets.map(\.name))
        for target in package.targets where target.type != "system" && hasSwift(target) {
            let (declared, imported) = (Set(target.dependencies.compactMap(\.name)), try Imports.of(target))
            // Every test target is given the tests' support.
            let unused = declared.subtracting(imported).subtracting(target.type == "test" ? ["TestSupport"] : [])
            #expect(unused.isEmpty, "\(target.name) declares \(unused.sorted()) and imports none of it")
            let undeclared = imported.intersection(own).subtracting(declared)
            #expect(undeclared.isEmpty, "\(target.name) imports \(undeclared.sorted()) and does not declare it")
        }
    }
}
