// swift-tools-version: 6.2
import PackageDescription

// A package of somebody else's, that checks codes with the library: what `make library` builds and runs.
let package = Package(
    name: "Library",
    dependencies: [.package(name: "Akashi", path: "../..")],
    targets: [
        .executableTarget(
            name: "check", dependencies: [.product(name: "Credentials", package: "Akashi")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
