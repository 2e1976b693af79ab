// swift-tools-version: 6.2
import PackageDescription

// One target for each concern; what a target may import is a security line, not a convenience:
// the centre and the terminal link neither Records nor Signing nor Rendering, so they cannot
// store or sign. Build with `--explicit-target-dependency-import-check error` (the Makefile does)
// so that an undeclared import is an error.

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
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
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
        .executable(name: "verifier", targets: ["verifier"]),
        .executable(name: "kiosk-sim", targets: ["kiosk-sim"]),
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
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
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
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CPoppler", path: "Sources/CPoppler", pkgConfig: "poppler-glib",
            providers: [.apt(["libpoppler-glib-dev"])]),
        .systemLibrary(
            name: "CZXingLibrary", path: "Sources/CZXingLibrary", pkgConfig: "zxing",
            providers: [.apt(["libzxing-dev"])]),
        .target(name: "CZXing", dependencies: ["CZXingLibrary"], path: "Sources/CZXing"),
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
        library("Credentials", ["Vaccination", "CZlib", "COpenSSL", crypto, cryptoExtras]),
        library("CredentialIssuing", ["Credentials", "Vaccination", crypto]),
        library("Checking", ["Credentials", "Scanning", "Vaccination"]),
        library("TrustFolder", ["Credentials"]),
        library("TrustImport", ["Credentials", "TrustFolder", "COpenSSL", "CLinux", crypto]),
        library("Signing", ["CredentialIssuing", "Credentials", "MutualTLS", crypto, x509, asn1]),
        library("Records", ["Vaccination", grdb, crypto], exclude: ["SampleData"]),
        library("Rendering", ["Vaccination", "CQREncode", "CPNG", "CPango", "CGlyphs"]),
        library("Scanning", ["CZXing", "CPNG", "CJPEG", "CPoppler", "CWorker"]),
        library("Exchange", ["Vaccination", "CardChip", crypto]),
        library("CheckedConfiguration", [yams]),
        library("Waiting"),
        library(
            "MutualTLS",
            [
                "CheckedConfiguration", "Waiting", httpClient, httpTypes, nioCore, nioPosix, nioHTTP1, nioSSL,
                lifecycle,
                crypto, x509, asn1,
            ]),
        library(
            "HTTPServer",
            [
                "CheckedConfiguration", "MutualTLS", "Waiting", hummingbird, hummingbirdCore, nioCore, nioPosix,
                nioHTTP1,
                nioTLS, nioSSL, httpTypes, logging, metrics, lifecycle, signals,
            ]),
        library(
            "ExchangeServer", ["Exchange", "HTTPServer", "MutualTLS", hummingbird, httpTypes, nioCore]),
        library(
            "RecordService",
            [
                "Vaccination", "CardChip", "CredentialIssuing", "Credentials", "Exchange", "Signing", "Records",
                "Rendering", "CheckedConfiguration", "ExchangeServer", "HTTPServer", "MutualTLS", "Waiting",
                hummingbird,
                httpTypes, httpClient, nioCore, nioPosix, nioSSL, logging, metrics, lifecycle, crypto,
                cryptoExtras, x509, asn1,
            ], exclude: ["OpenAPI"]),
        library(
            "CentreService",
            [
                "Vaccination", "CardChip", "CheckedConfiguration", "Exchange", "ExchangeServer", "HTTPServer",
                "MutualTLS", "Waiting", hummingbird, httpTypes, nioCore, logging, metrics, lifecycle, crypto, x509,
            ], exclude: ["OpenAPI"]),

        library(
            "VerifierService",
            [
                "Checking", "Credentials", "HTTPServer", "TrustFolder", "TrustImport", "Scanning", "Vaccination",
                hummingbird,
                httpTypes, nioCore, nioPosix, nioSSL, lifecycle, logging, crypto,
            ],
            resources: [.copy("Page"), .copy("OpenAPI")]),

        // The terminal.
        library("CardReader", path: "kiosk-sim/CardReader", ["CardChip", "CPCSC"]),
        library("SimulatedCard", path: "kiosk-sim/SimulatedCard", ["CardChip", "COpenSSL", crypto]),
        library("PrintStream", path: "kiosk-sim/PrintStream"),
        library(
            "Terminal", path: "kiosk-sim/Terminal",
            [
                "Vaccination", "CardChip", "Credentials", "TrustFolder", "Exchange", "Scanning", "CLinux",
                "PrintStream", "CheckedConfiguration", "MutualTLS", "Waiting", nioCore, nioPosix, httpTypes, crypto,
            ],
            resources: [.copy("Languages")]),
        library(
            "TerminalConsole", path: "kiosk-sim/TerminalConsole",
            ["Terminal", "Vaccination", "CardChip", "Credentials", "Exchange", "Scanning", "Waiting", "CLinux"]),
        library(
            "LoadGenerator", path: "kiosk-sim/LoadGenerator",
            ["Terminal", "SimulatedCard", "CardChip", "Exchange", "MutualTLS", "Vaccination", crypto]),
        program(
            "kiosk-sim", path: "kiosk-sim/Main",
            [
                "Terminal", "TerminalConsole", "LoadGenerator", "SimulatedCard", "CardReader", "CardChip", "Exchange",
                "Vaccination", arguments,
            ]),
        program("printer-sim", path: "kiosk-sim/Printer", ["PrintStream", arguments]),

        // The programs: thin mains.
        program(
            "vrs",
            [
                "RecordService", "CheckedConfiguration", "HTTPServer", "Records", "Vaccination", "CLinux", arguments,
                logging, lifecycle,
            ]),
        program("centre", ["CentreService", "HTTPServer", "CLinux", arguments, logging, metrics]),
        program(
            "verifier",
            [
                "Checking", "Credentials", "Scanning", "TrustFolder", "TrustImport", "VerifierService", arguments,
                logging,
            ]),

        // Tests and benchmarks.
        .target(name: "TestSupport", path: "Tests/TestSupport", exclude: ["Python"], swiftSettings: strict),
        .target(
            name: "IssuerSupport",
            dependencies: ["CredentialIssuing", "Credentials", "Signing", "TestSupport", "Vaccination", crypto],
            path: "Tests/IssuerSupport", swiftSettings: strict),
        .target(
            name: "RecordSupport", dependencies: ["Records", "Vaccination"], path: "Tests/RecordSupport",
            swiftSettings: strict),
        .target(
            name: "CredentialFixtures",
            dependencies: [
                "COpenSSL", "CredentialIssuing", "Credentials", "Signing", "TestSupport", "Vaccination", asn1, crypto,
                x509,
            ],
            path: "Tests/CredentialFixtures", swiftSettings: strict),
        tests("VaccinationTests", ["Vaccination"]),
        tests("CardChipTests", ["CardChip", "SimulatedCard", "CardReader", crypto, cryptoExtras]),
        tests(
            "CredentialsTests",
            [
                "CredentialFixtures", "CredentialIssuing", "Credentials", "Signing", "TrustFolder", "Vaccination",
                crypto, cryptoExtras, x509,
            ]),
        tests(
            "CredentialIssuingTests",
            ["CredentialFixtures", "CredentialIssuing", "Credentials", "Signing", "Vaccination", crypto]),
        tests(
            "TrustImportTests",
            [
                "TrustImport", "TrustFolder", "CredentialIssuing", "Credentials", "Signing", "COpenSSL", "Vaccination",
                crypto, x509, asn1,
            ]),
        tests("RecordsTests", ["Records", "RecordSupport", "Vaccination", grdb, crypto]),
        tests("RenderingTests", ["CWorker", "Rendering", "Scanning", "Vaccination"]),
        tests("ExchangeTests", ["Exchange", "Vaccination", "CardChip", "SimulatedCard", crypto]),
        tests("CheckedConfigurationTests", ["CheckedConfiguration"]),
        tests("WaitingTests", ["Waiting"]),
        tests("SigningTests", ["Signing", "MutualTLS", crypto, x509]),
        tests("MutualTLSTests", ["MutualTLS", "CheckedConfiguration", "Signing", crypto, x509]),
        tests(
            "HTTPServerTests",
            [
                "HTTPServer", "CheckedConfiguration", "Exchange", "ExchangeServer", "MutualTLS", "Signing", hummingbird,
                httpTypes, nioCore, nioPosix, nioSSL, logging, metrics, lifecycle, crypto, x509,
            ]),
        tests(
            "RecordServiceTests",
            [
                "RecordService", "Records", "RecordSupport", "Exchange", "CardChip", "CredentialIssuing", "Credentials",
                "Vaccination", "SimulatedCard", "Signing", "CheckedConfiguration", "ExchangeServer", "HTTPServer",
                "MutualTLS", "Rendering", hummingbird, hummingbirdTesting, httpTypes, nioCore, crypto, logging,
            ]),
        tests(
            "CentreServiceTests",
            [
                "CentreService", "Exchange", "CardChip", "SimulatedCard", "Vaccination", "CheckedConfiguration",
                "ExchangeServer",
                "HTTPServer", "MutualTLS", "Signing", hummingbird, httpTypes, nioCore, logging, lifecycle, crypto,
            ]),
        tests(
            "TerminalTests",
            [
                "Terminal", "TerminalConsole", "PrintStream", "SimulatedCard", "CardChip", "CredentialIssuing",
                "Exchange", "Vaccination", "CheckedConfiguration", "Credentials", "MutualTLS", "Rendering", "Signing",
                nioCore, nioPosix, nioHTTP1, nioSSL, crypto, x509, asn1,
            ]),
        tests("ReferenceTests", ["Exchange", "ExchangeServer", httpTypes]),
        tests(
            "EndToEndTests",
            [
                "Exchange", "CardChip", "Credentials", "Scanning", "SimulatedCard", "Vaccination", httpClient, nioCore,
                nioPosix, nioHTTP1, nioSSL, crypto,
            ],
            exclude: ["Python"]),
        tests(
            "InteroperabilityTests", ["CredentialIssuing", "Credentials", "IssuerSupport", "Rendering", "Vaccination"],
            exclude: ["Python"]),
        tests(
            "VerifierServiceTests",
            [
                "VerifierService", "CredentialIssuing", "Credentials", "IssuerSupport", "Rendering", "Scanning",
                "Vaccination", httpClient,
                nioCore, nioHTTP1, nioSSL, logging, crypto, x509, asn1,
            ],
            exclude: ["Python"]),
        tests(
            "VerifierPageTests", ["CredentialIssuing", "Credentials", "IssuerSupport", "Rendering", "Vaccination"],
            exclude: ["Python"]),
        .executableTarget(
            name: "akashi-bench",
            dependencies: [
                "Vaccination", "CardChip", "CredentialIssuing", "Credentials", "Exchange", "Signing", "Rendering",
                "Scanning",
                "SimulatedCard", "CZlib", "CZXing", "CQREncode", crypto, cryptoExtras,
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
            name: "akashi-fuzz", dependencies: ["CFuzzer", "CardChip", "Credentials", "Exchange", "Scanning", crypto],
            path: "Tests/Fuzz", exclude: ["CFuzzer", "Seeds", "Dictionaries", "run"], swiftSettings: strict),
    ]
}
