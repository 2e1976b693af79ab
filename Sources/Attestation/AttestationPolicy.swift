/// What a policy's value may not be.
package struct AttestationPolicyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which value.
    package enum Field: String, Sendable, CaseIterable {
        case package, signers, team, bundle, apps, version, levels, osVersion, patchLevel, roots, statusAge,
            environments,
            deviceKeys, developmentMode
    }

    /// Which value is wrong.
    package let field: Field
    /// What it has to be, in English.
    package let description: String

    init(_ field: Field, _ description: String) { (self.field, self.description) = (field, description) }
}

/// An Android app that may enrol: its package, who signs it, and how old it may be.
package struct AndroidApp: Hashable, Sendable {
    /// The package's name.
    package let package: String
    /// SHA-256 of each certificate that may have signed it: one, or more while a publisher changes its key.
    package let signers: Set<[UInt8]>
    /// The lowest version code.
    package let minimumVersion: Int

    /// An app.
    ///
    /// - Parameters:
    ///   - package: 1 to 255 letters, digits, `_` and `.`.
    ///   - signers: 1 to 8 digests of 32 bytes.
    ///   - minimumVersion: from 0.
    package init(
        package: String, signers: Set<[UInt8]>, minimumVersion: Int
    ) throws(AttestationPolicyError) {
        guard package.wholeMatch(of: /[A-Za-z0-9_.]{1,255}/) != nil else {
            throw AttestationPolicyError(.package, "1 to 255 letters, digits, _ and .")
        }
        guard (1...8).contains(signers.count), signers.allSatisfy({ $0.count == 32 }) else {
            throw AttestationPolicyError(.signers, "1 to 8 SHA-256 digests of signing certificates, 32 bytes each")
        }
        guard minimumVersion >= 0 else { throw AttestationPolicyError(.version, "from 0") }
        self.package = package
        self.signers = signers
        self.minimumVersion = minimumVersion
    }
}

/// Which Android devices and apps may enrol.
package struct AndroidPolicy: Sendable {
    /// The apps.
    package let apps: [AndroidApp]
    /// Where keys may live.
    package let levels: Set<KeyLevel>
    /// The lowest version of Android as MMmmss, such as 120000; `nil` for any.
    package let minimumOSVersion: Int?
    /// The oldest month of security updates as YYYYMM; `nil` for any.
    package let minimumPatchLevel: Int?
    /// Whether an attestation must name maker and model. Where models are revoked it should: else a device of a revoked model gets by
    /// with an attestation that does not say what it is.
    package let isModelRequired: Bool
    /// Whom chains end at.
    package let roots: [AttestationRoot]
    /// How old the list of revoked attestation keys may be, in seconds: past it nothing of Android is accepted.
    package let maximumStatusAge: Double

    /// A policy.
    ///
    /// - Parameters:
    ///   - apps: 1 to 8, each package once.
    ///   - levels: of `tee` and `strongBox` one or both.
    ///   - minimumOSVersion: 70000 to 999999.
    ///   - minimumPatchLevel: a month from 201501 to 209912.
    ///   - isModelRequired: see ``isModelRequired``.
    ///   - roots: 1 to 16, none for development.
    ///   - maximumStatusAge: an hour to 31 days, in seconds.
    package init(
        apps: [AndroidApp], levels: Set<KeyLevel>, minimumOSVersion: Int?, minimumPatchLevel: Int?,
        isModelRequired: Bool, roots: [AttestationRoot], maximumStatusAge: Double
    ) throws(AttestationPolicyError) {
        guard (1...8).contains(apps.count), Set(apps.map(\.package)).count == apps.count else {
            throw AttestationPolicyError(.apps, "1 to 8 apps, each package once")
        }
        guard !levels.isEmpty, levels.isSubset(of: [.tee, .strongBox]) else {
            throw AttestationPolicyError(.levels, "tee, strongbox or both")
        }
        if let minimum = minimumOSVersion, !(70_000...999_999).contains(minimum) {
            throw AttestationPolicyError(.osVersion, "MMmmss, such as 120000")
        }
        if let minimum = minimumPatchLevel, !DeviceRevocations.isMonth(minimum) {
            throw AttestationPolicyError(.patchLevel, "a month as YYYYMM, such as 202511")
        }
        guard (1...16).contains(roots.count), roots.allSatisfy({ !$0.isDevelopment }) else {
            throw AttestationPolicyError(.roots, "1 to 16 certificates of authorities, none of development")
        }
        guard (3600...2_678_400).contains(maximumStatusAge) else {
            throw AttestationPolicyError(.statusAge, "an hour to 31 days")
        }
        self.apps = apps
        self.levels = levels
        self.minimumOSVersion = minimumOSVersion
        self.minimumPatchLevel = minimumPatchLevel
        self.isModelRequired = isModelRequired
        self.roots = roots
        self.maximumStatusAge = maximumStatusAge
    }
}

/// Which of Apple's two App Attest services vouched for a key.
package enum AppleEnvironment: String, Hashable, Sendable, CaseIterable {
    /// Apps of the App Store, TestFlight and enterprises.
    case production
    /// Builds that a developer runs.
    case development
}

/// An Apple app that may enrol.
package struct AppleApp: Hashable, Sendable {
    /// The ten characters of the developer's team.
    package let team: String
    /// The bundle's identifier.
    package let bundle: String
    /// What Apple calls the App ID.
    package var identifier: String { "\(team).\(bundle)" }

    /// An app.
    ///
    /// - Parameters:
    ///   - team: ten capital letters and digits.
    ///   - bundle: 1 to 155 letters, digits, `-` and `.`.
    package init(team: String, bundle: String) throws(AttestationPolicyError) {
        guard team.wholeMatch(of: /[A-Z0-9]{10}/) != nil else {
            throw AttestationPolicyError(.team, "10 capital letters and digits")
        }
        guard bundle.wholeMatch(of: /[A-Za-z0-9.-]{1,155}/) != nil else {
            throw AttestationPolicyError(.bundle, "1 to 155 letters, digits, - and .")
        }
        self.team = team
        self.bundle = bundle
    }
}

/// Which Apple devices and apps may enrol.
package struct ApplePolicy: Sendable {
    /// The apps.
    package let apps: [AppleApp]
    /// Which services may have vouched for a key.
    package let environments: Set<AppleEnvironment>
    /// Whom chains end at.
    package let roots: [AttestationRoot]

    /// A policy.
    ///
    /// - Parameters:
    ///   - apps: 1 to 8, each once.
    ///   - environments: one or both.
    ///   - roots: 1 to 16, none for development.
    package init(
        apps: [AppleApp], environments: Set<AppleEnvironment>, roots: [AttestationRoot]
    ) throws(AttestationPolicyError) {
        guard (1...8).contains(apps.count), Set(apps).count == apps.count else {
            throw AttestationPolicyError(.apps, "1 to 8 apps, each once")
        }
        guard !environments.isEmpty else {
            throw AttestationPolicyError(.environments, "production, development or both")
        }
        guard (1...16).contains(roots.count), roots.allSatisfy({ !$0.isDevelopment }) else {
            throw AttestationPolicyError(.roots, "1 to 16 certificates of authorities, none of development")
        }
        self.apps = apps
        self.environments = environments
        self.roots = roots
    }
}

/// Which made-up devices and apps may enrol, in development alone.
package struct DevelopmentPolicy: Sendable {
    /// The apps.
    package let apps: [AndroidApp]
    /// Whom chains end at.
    package let roots: [AttestationRoot]

    /// A policy.
    ///
    /// - Parameters:
    ///   - apps: 1 to 8, each package once.
    ///   - roots: 1 to 16, all with the development mark.
    ///   - isDevelopmentMode: whether development was asked for; without it there is no such policy.
    package init(
        apps: [AndroidApp], roots: [AttestationRoot], isDevelopmentMode: Bool
    ) throws(AttestationPolicyError) {
        guard isDevelopmentMode else {
            throw AttestationPolicyError(.developmentMode, "made-up devices are taken with --development alone")
        }
        guard (1...8).contains(apps.count), Set(apps.map(\.package)).count == apps.count else {
            throw AttestationPolicyError(.apps, "1 to 8 apps, each package once")
        }
        guard (1...16).contains(roots.count), roots.allSatisfy(\.isDevelopment) else {
            throw AttestationPolicyError(.roots, "1 to 16 certificates of authorities of development")
        }
        self.apps = apps
        self.roots = roots
    }
}

/// Everything by which attestations are judged. A platform without a policy is refused.
package struct AttestationPolicy: Sendable {
    package let android: AndroidPolicy?
    package let apple: ApplePolicy?
    package let development: DevelopmentPolicy?
    /// What an operator revoked; it counts on every platform, as far as the platform attests it.
    package let revocations: DeviceRevocations

    /// A policy of its parts.
    package init(
        android: AndroidPolicy?, apple: ApplePolicy?, development: DevelopmentPolicy?, revocations: DeviceRevocations
    ) {
        self.android = android
        self.apple = apple
        self.development = development
        self.revocations = revocations
    }
}
