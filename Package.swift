// swift-tools-version: 6.2
import PackageDescription

// One target for each concern; what a target may import is a security line, not a convenience: the centre, the
// terminal and the verifier reach neither Records nor Signing, CredentialIssuing or Rendering, so they cannot store or
// sign. Who may import whom is a table in Tests/PackageTests. Lists are in order: modules of this package, then products
// of others. Build with `--explicit-target-dependency-import-check error` (the Makefile does) so that an undeclared
// import is an error.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

func library(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    resources: [Resource]? = nil
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: path, exclude: exclude, resources: resources,
        swiftSettings: strict)
}
func program(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource]? = nil)
    -> Target
{
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, resources: resources,
        swiftSettings: strict)
}

let package = Package(
    name: "Akashi",
    products: [
        .library(name: "Credentials", targets: ["Credentials", "Vaccination"]),
        .library(name: "CredentialIssuing", targets: ["CredentialIssuing", "Credentials", "Vaccination"]),
        .executable(name: "vrs", targets: ["vrs"]),
        .executable(name: "centre", targets: ["centre"]),
        .executable(name: "wallet", targets: ["wallet"]),
        .executable(name: "verifier", targets: ["verifier"]),
        .executable(name: "kiosk-sim", targets: ["kiosk-sim"]),
        .executable(name: "phone-sim", targets: ["phone-sim"]),
        .executable(name: "printer-sim", targets: ["printer-sim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // System libraries and shims.
        .systemLibrary(
            name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CPCSC", path: "Sources/CPCSC", pkgConfig: "libpcsclite", providers: [.apt(["libpcsclite-dev"])]),
        .systemLibrary(
            name: "CQREncode", path: "Sources/CQREncode", pkgConfig: "libqrencode",
            providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(
            name: "CPango", path: "Sources/CPango", pkgConfig: "pangocairo", providers: [.apt(["libpango1.0-dev"])]),
        .systemLibrary(
            name: "CDeflate", path: "Sources/CDeflate", pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZip", path: "Sources/CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CP11Kit", path: "Sources/CP11Kit", pkgConfig: "p11-kit-1", providers: [.apt(["libp11-kit-dev"])]),
        .systemLibrary(
            name: "CPostgreSQL", path: "Sources/CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CPoppler", path: "Sources/CPoppler", pkgConfig: "poppler-glib",
            providers: [.apt(["libpoppler-glib-dev"])]),
        .systemLibrary(
            name: "CZXingLibrary", path: "Sources/CZXingLibrary", pkgConfig: "zxing",
            providers: [.apt(["libzxing-dev"])]),
        .target(name: "CZXing", dependencies: ["CZXingLibrary"], path: "Sources/CZXing"),
        .target(name: "CPKCS11", dependencies: ["CP11Kit"], path: "Sources/CPKCS11"),
        .target(name: "CPNG", path: "Sources/CPNG", linkerSettings: [.linkedLibrary("png16")]),
        .target(
            name: "CGlyphs", dependencies: ["CPango"], path: "Sources/CGlyphs",
            linkerSettings: [.linkedLibrary("pangoft2-1.0"), .linkedLibrary("fontconfig"), .linkedLibrary("freetype")]),
        .target(name: "CJPEG", path: "Sources/CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CWorker", path: "Sources/CWorker", linkerSettings: [.linkedLibrary("seccomp")]),
        .target(name: "CLinux", path: "Sources/CLinux"),

        // The domain and the modules.
        library("Vaccination"),
        library("CardChip", [crypto, cryptoExtras]),
        library("Credentials", ["CDeflate", "COpenSSL", "CZlib", "Vaccination", crypto, cryptoExtras]),
        library("CredentialIssuing", ["Credentials", "Vaccination", crypto]),
        library("Attestation", ["Credentials", crypto]),
        library("Checking", ["Credentials", "Scanning", "Vaccination"]),
        library("TravelDocument", ["Credentials", "Vaccination", crypto]),
        library("TrustFolder", ["Credentials"]),
        library("TrustImport", ["CLinux", "Credentials", "TrustFolder", "Waiting", crypto]),
        library("PKCS11", ["CPKCS11"]),
        library("PostgreSQL", ["CPostgreSQL"]),
        library(
            "Signing",
            ["CredentialIssuing", "Credentials", "MutualTLS", "PKCS11", "Vaccination", asn1, crypto, x509]),
        library(
            "Records", ["CZip", "CZlib", "Vaccination", "Waiting", crypto, grdb, sqlite], exclude: ["SampleData"]),
        library("Rendering", ["CGlyphs", "CPango", "CPNG", "CQREncode", "Vaccination"]),
        library("Scanning", ["CJPEG", "CPNG", "CPoppler", "CWorker", "CZXing"]),
        library("Exchange", ["CardChip", "Vaccination", crypto, httpTypes]),
        library("CheckedConfiguration", [yams]),
        library("CommandFrame", ["CheckedConfiguration", arguments]),
        library("Waiting"),
        library(
            "MutualTLS",
            [
                "CheckedConfiguration", "Vaccination", "Waiting", asn1, crypto, httpClient, httpTypes, lifecycle,
                nioCore, nioHTTP1, nioPosix, nioSSL, x509,
            ]),
        library(
            "HTTPServer",
            [
                "CheckedConfiguration", "MutualTLS", "Waiting", httpTypes, hummingbird, hummingbirdCore, lifecycle,
                logging, metrics, nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS, signals,
            ]),
        library(
            "ExchangeServer",
            [
                "CardChip", "CheckedConfiguration", "Exchange", "HTTPServer", "MutualTLS", "Vaccination", "Waiting",
                httpTypes, hummingbird, lifecycle, logging, metrics, nioCore,
            ]),
        library(
            "RecordService",
            [
                "Attestation", "CardChip", "CheckedConfiguration", "CLinux", "CredentialIssuing", "Credentials",
                "Exchange", "ExchangeServer", "HTTPServer", "MutualTLS", "PKCS11", "Records", "Rendering", "Signing",
                "TravelDocument", "TrustFolder", "Vaccination", "Waiting", asn1, crypto, httpTypes, hummingbird,
                lifecycle, logging, metrics, nioCore,
                nioPosix, x509,
            ],
            exclude: ["OpenAPI"]),
        library(
            "CentreService",
            [
                "CardChip", "CheckedConfiguration", "Exchange", "ExchangeServer", "HTTPServer", "MutualTLS",
                "Vaccination", "Waiting", httpTypes, hummingbird, lifecycle, logging, metrics, nioCore,
            ],
            exclude: ["OpenAPI"]),
        library(
            "WalletService",
            [
                "Attestation", "CardChip", "CheckedConfiguration", "Exchange", "ExchangeServer", "HTTPServer",
                "MutualTLS", "Vaccination", "Waiting", crypto, httpTypes, hummingbird, lifecycle, logging, metrics,
                nioCore,
            ],
            exclude: ["OpenAPI"]),
        library(
            "VerifierService",
            [
                "CheckedConfiguration", "Checking", "Credentials", "HTTPServer", "MutualTLS", "Scanning",
                "TrustFolder", "TrustImport", crypto, httpTypes, hummingbird, lifecycle, logging, nioCore, nioPosix,
                nioSSL,
            ],
            resources: [.copy("Page"), .copy("OpenAPI")]),

        // The terminal.
        library("CardReader", path: "kiosk-sim/CardReader", ["CardChip", "CPCSC"]),
        library("SimulatedCard", path: "kiosk-sim/SimulatedCard", ["CardChip", "COpenSSL", "Vaccination", crypto]),
        library(
            "SimulatedAttestation", path: "kiosk-sim/SimulatedAttestation",
            ["Credentials", asn1, crypto, cryptoExtras, x509]),
        library(
            "PassportReader", path: "kiosk-sim/PassportReader", ["CardChip", "COpenSSL", "TravelDocument", crypto]),
        library(
            "SimulatedPassport", path: "kiosk-sim/SimulatedPassport",
            ["CardChip", "PassportReader", "SimulatedCard", "TravelDocument", "Vaccination", crypto]),
        library(
            "HolderGuard", path: "kiosk-sim/HolderGuard",
            ["CardChip", "Credentials", "Exchange", "TrustFolder", "Vaccination"]),
        library("PrintStream", path: "kiosk-sim/PrintStream"),
        library(
            "Terminal", path: "kiosk-sim/Terminal",
            [
                "CardChip", "CheckedConfiguration", "CLinux", "Credentials", "Exchange", "HolderGuard", "MutualTLS",
                "PrintStream", "Scanning", "TrustFolder", "Vaccination", "Waiting", crypto, httpTypes, nioCore,
            ],
            resources: [.copy("Languages")]),
        library(
            "PhoneApp", path: "kiosk-sim/PhoneApp",
            [
                "Attestation", "CardChip", "CheckedConfiguration", "Credentials", "Exchange", "HolderGuard",
                "MutualTLS", "PassportReader", "TravelDocument", "Vaccination", "Waiting", crypto, httpTypes, nioCore,
            ]),
        library(
            "TerminalConsole", path: "kiosk-sim/TerminalConsole",
            ["CardChip", "CLinux", "Credentials", "Exchange", "Scanning", "Terminal", "Vaccination", "Waiting"]),
        library(
            "LoadGenerator", path: "kiosk-sim/LoadGenerator",
            [
                "CardChip", "Exchange", "HolderGuard", "MutualTLS", "PhoneApp", "SimulatedCard", "Terminal",
                "Vaccination", arguments, crypto, nioCore,
            ]),
        program(
            "kiosk-sim", path: "kiosk-sim/Main",
            [
                "CardChip", "CardReader", "CommandFrame", "Exchange", "LoadGenerator", "Scanning", "SimulatedCard",
                "Terminal", "TerminalConsole", "Vaccination", arguments,
            ]),
        program(
            "phone-sim", path: "kiosk-sim/Phone",
            [
                "Attestation", "CardChip", "CardReader", "CheckedConfiguration", "CommandFrame", "Exchange",
                "HolderGuard", "LoadGenerator", "MutualTLS", "PhoneApp", "SimulatedAttestation", "SimulatedCard",
                "SimulatedPassport", "TravelDocument", "Vaccination", arguments, crypto,
            ]),
        program("printer-sim", path: "kiosk-sim/Printer", ["CommandFrame", "PrintStream", arguments]),

        // The programs: thin mains.
        program(
            "vrs",
            ["CheckedConfiguration", "CommandFrame", "Exchange", "Records", "RecordService", "Vaccination", arguments]),
        program(
            "centre",
            ["CentreService", "CLinux", "CommandFrame", "Exchange", "HTTPServer", arguments, logging, metrics]),
        program(
            "wallet",
            ["CLinux", "CommandFrame", "Exchange", "HTTPServer", "WalletService", arguments, logging, metrics]),
        program(
            "verifier",
            [
                "Checking", "CommandFrame", "Credentials", "Scanning", "TrustFolder", "TrustImport", "VerifierService",
                arguments, logging,
            ]),

        // Tests and benchmarks.
        .target(name: "TestSupport", path: "Tests/TestSupport", exclude: ["Python"], swiftSettings: strict),
        .target(
            name: "IssuerSupport",
            dependencies: ["CredentialIssuing", "Credentials", "Signing", "TestSupport", "Vaccination", crypto],
            path: "Tests/IssuerSupport", swiftSettings: strict),
        .target(
            name: "ExchangeSupport",
            dependencies: [
                "Exchange", "MutualTLS", "TestSupport", asn1, crypto, nioCore, nioHTTP1, nioPosix, nioSSL, x509,
            ],
            path: "Tests/ExchangeSupport", swiftSettings: strict),
        .target(
            name: "RecordSupport",
            dependencies: ["Records", "Vaccination", crypto, grdb],
            path: "Tests/RecordSupport", swiftSettings: strict),
        .target(
            name: "StackSupport",
            dependencies: [
                "CardChip", "Exchange", "ExchangeSupport", "HolderGuard", "MutualTLS", "PhoneApp", "RecordSupport",
                "SimulatedCard", "SimulatedPassport", "TestSupport", "TravelDocument", "Vaccination", crypto,
                httpClient, nioCore, nioHTTP1, nioPosix, nioSSL,
            ],
            path: "Tests/StackSupport", swiftSettings: strict),
        .target(
            name: "CredentialFixtures",
            dependencies: [
                "COpenSSL", "CredentialIssuing", "Credentials", "Signing", "TestSupport", "Vaccination", asn1, crypto,
                x509,
            ],
            path: "Tests/CredentialFixtures", swiftSettings: strict),
        tests("VaccinationTests", ["Vaccination"]),
        tests("CardChipTests", ["CardChip", "CardReader", "SimulatedCard", crypto]),
        tests(
            "CredentialsTests",
            [
                "CredentialFixtures", "CredentialIssuing", "Credentials", "Signing", "TrustFolder", "Vaccination",
                asn1, crypto, cryptoExtras, x509,
            ]),
        tests(
            "CredentialIssuingTests",
            ["CredentialFixtures", "CredentialIssuing", "Credentials", "Signing", "Vaccination", crypto]),
        tests(
            "AttestationTests",
            ["Attestation", "Credentials", "Exchange", "SimulatedAttestation", "Vaccination", crypto]),
        tests(
            "TravelDocumentTests",
            [
                "CardChip", "Credentials", "PassportReader", "SimulatedCard", "SimulatedPassport", "TravelDocument",
                "TrustFolder", "Vaccination", crypto,
            ]),
        tests("CheckingTests", ["Checking", "CredentialFixtures", "Credentials"]),
        tests(
            "TrustImportTests",
            [
                "COpenSSL", "CredentialIssuing", "Credentials", "IssuerSupport", "Signing", "TrustFolder",
                "TrustImport",
                "Vaccination", "Waiting", crypto, x509,
            ]),
        tests(
            "RecordsTests", ["Records", "RecordSupport", "Vaccination", "Waiting", crypto, grdb], exclude: ["Python"]),
        tests("RenderingTests", ["CWorker", "Rendering", "Scanning", "Vaccination"]),
        tests("ExchangeTests", ["CardChip", "Exchange", "SimulatedCard", "Vaccination", crypto]),
        tests("CheckedConfigurationTests", ["CheckedConfiguration"]),
        tests("WaitingTests", ["Waiting"]),
        tests("PKCS11Tests", ["PKCS11", crypto]),
        tests("PostgreSQLTests", ["PostgreSQL"]),
        tests("SigningTests", ["CredentialIssuing", "MutualTLS", "PKCS11", "Signing", asn1, crypto, x509]),
        tests("MutualTLSTests", ["CheckedConfiguration", "MutualTLS", "Signing", "Vaccination", asn1, crypto, x509]),
        tests(
            "HTTPServerTests",
            [
                "CheckedConfiguration", "Exchange", "ExchangeServer", "HTTPServer", "MutualTLS", "Signing", crypto,
                httpTypes, hummingbird, lifecycle, logging, metrics, nioCore, nioPosix, nioSSL,
            ]),
        tests(
            "RecordServiceTests",
            [
                "Attestation", "CardChip", "CheckedConfiguration", "CredentialIssuing", "Credentials", "Exchange",
                "ExchangeServer",
                "ExchangeSupport", "HTTPServer", "MutualTLS", "Records", "RecordService", "RecordSupport", "Scanning",
                "Signing", "SimulatedAttestation", "SimulatedCard", "SimulatedPassport", "TravelDocument",
                "TrustImport", "Vaccination", asn1, crypto, httpTypes, hummingbird, lifecycle, logging, nioCore, x509,
            ]),
        tests(
            "CentreServiceTests",
            [
                "CardChip", "CentreService", "CheckedConfiguration", "Exchange", "ExchangeServer", "ExchangeSupport",
                "HTTPServer", "MutualTLS", "Signing", "SimulatedCard", "Vaccination", crypto, httpTypes, hummingbird,
                lifecycle, logging, nioCore,
            ]),
        tests(
            "WalletServiceTests",
            [
                "Attestation", "CardChip", "CheckedConfiguration", "Exchange", "ExchangeServer",
                "HTTPServer", "MutualTLS", "Signing", "SimulatedAttestation", "SimulatedCard", "Vaccination",
                "WalletService", crypto, httpTypes, hummingbird, lifecycle, logging, nioCore, nioPosix,
                nioSSL,
            ]),
        tests(
            "TerminalTests",
            [
                "CardChip", "CheckedConfiguration", "CredentialIssuing", "Credentials", "Exchange", "ExchangeSupport",
                "HolderGuard", "MutualTLS", "PrintStream", "Rendering", "Signing", "SimulatedCard", "Terminal",
                "TerminalConsole", "Vaccination", "Waiting", crypto, nioCore, nioPosix,
            ]),
        tests(
            "PhoneAppTests",
            [
                "Attestation", "CardChip", "CheckedConfiguration", "CredentialIssuing", "Credentials", "Exchange",
                "ExchangeSupport", "HolderGuard", "IssuerSupport", "PhoneApp", "SimulatedAttestation",
                "SimulatedCard", "SimulatedPassport", "TravelDocument", "Vaccination", crypto,
            ]),
        tests("PackageTests", []),
        tests("PackagingTests", ["Terminal", crypto]),
        tests("InstallationTests", ["StackSupport", "Vaccination", httpClient, nioCore]),
        tests("ReferenceTests", ["CheckedConfiguration", "Exchange", "ExchangeServer", httpTypes]),
        tests(
            "EndToEndTests",
            [
                "CardChip", "Exchange", "ExchangeSupport", "MutualTLS", "PhoneApp", "Scanning", "Signing",
                "SimulatedCard", "SimulatedPassport", "StackSupport", "Vaccination", crypto, httpClient, nioCore,
                nioHTTP1,
            ],
            exclude: ["Python"]),
        tests(
            "OperationTests",
            [
                "CheckedConfiguration", "CommandFrame", "Exchange", "MutualTLS", "RecordSupport", "Signing",
                "StackSupport", "Vaccination", "Waiting", crypto, httpClient, httpTypes, nioCore,
            ],
            exclude: ["Fixtures", "Python"]),
        tests(
            "InteroperabilityTests",
            ["CredentialIssuing", "Credentials", "IssuerSupport", "Rendering", "Vaccination"],
            exclude: ["Python"]),
        tests(
            "VerifierServiceTests",
            [
                "CredentialIssuing", "Credentials", "IssuerSupport", "Rendering", "Scanning", "Vaccination",
                "VerifierService", asn1, crypto, httpClient, nioCore, nioHTTP1, nioSSL, x509,
            ],
            exclude: ["Python"]),
        tests(
            "VerifierPageTests",
            ["CredentialFixtures", "CredentialIssuing", "Credentials", "IssuerSupport", "Rendering", "Vaccination"],
            exclude: ["Python"]),
        .executableTarget(
            name: "akashi-bench",
            dependencies: [
                "Attestation", "CardChip", "CQREncode", "CredentialIssuing", "Credentials", "CZlib", "CZXing",
                "Exchange",
                "ExchangeServer", "HTTPServer", "MutualTLS", "PKCS11", "Records", "RecordSupport", "Rendering",
                "Scanning", "Signing", "SimulatedAttestation", "SimulatedCard", "SimulatedPassport", "TravelDocument",
                "Vaccination", crypto, cryptoExtras, httpTypes, hummingbird, lifecycle, logging, nioCore, sqlite,
            ],
            path: "Tests/Benchmarks", swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx20
)

// Fuzzing wants every module built with a sanitizer: `make fuzz` asks for it, and nothing else builds it.
if Context.environment["AKASHI_FUZZ"] != nil {
    package.targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "akashi-fuzz",
            dependencies: [
                "Attestation", "CardChip", "CFuzzer", "Credentials", "Exchange", "PassportReader", "Records",
                "RecordService", "Scanning", "SimulatedPassport", "TravelDocument", "TrustImport", "Vaccination",
                "WalletService", crypto,
            ],
            path: "Tests/Fuzz", exclude: ["CFuzzer", "Seeds", "Dictionaries", "run"], swiftSettings: strict),
    ]
}
