import Credentials

/// What a statement of Android's hardware is judged by. Each rule is asked, so that a test sees all that one statement breaks.
struct AndroidRules {
    let apps: [AndroidApp]
    let levels: Set<KeyLevel>
    var minimumOSVersion: Int?
    var minimumPatchLevel: Int?
    var isModelRequired = false

    init(_ policy: AndroidPolicy) {
        apps = policy.apps
        levels = policy.levels
        minimumOSVersion = policy.minimumOSVersion
        minimumPatchLevel = policy.minimumPatchLevel
        isModelRequired = policy.isModelRequired
    }

    /// In development a statement has the same form, and software wrote it.
    init(_ policy: DevelopmentPolicy) {
        apps = policy.apps
        levels = [.software]
    }

    /// Everything that a statement breaks, the most telling first.
    func refusals(_ statement: KeyDescription, challenge: [UInt8]) -> [AttestationRefusal] {
        var result: [AttestationRefusal] = []
        func rule(_ holds: Bool, _ refusal: AttestationRefusal) { if !holds { result.append(refusal) } }
        let (hardware, software) = (statement.hardware, statement.software)
        rule(statement.challenge == challenge, .challengeDiffers)
        rule(statement.level.map(levels.contains) ?? false, .levelNotTaken)
        // Only what hardware vouches for: an app's process can write nothing there, the system can write in the other list.
        rule(hardware.rootOfTrust?.bootState == 0, .bootUnverified)
        rule(hardware.rootOfTrust?.isLocked == true, .deviceUnlocked)
        rule(hardware.origin == 0, .keyNotGenerated)
        rule(hardware.purposes == [2] && (software.purposes ?? [2]) == [2], .keyPurpose)
        rule(isType(hardware), .keyType)
        rule(!hardware.isForAllApplications && !software.isForAllApplications, .keyShared)
        result += appRefusals(software.application)
        if let minimum = minimumOSVersion { rule(hardware.osVersion.map { $0 >= minimum } ?? false, .systemTooOld) }
        if let minimum = minimumPatchLevel { rule(hardware.patchLevel.map { $0 >= minimum } ?? false, .patchesTooOld) }
        if isModelRequired { rule(model(statement) != nil, .modelMissing) }
        return result
    }

    /// The app that a statement names.
    func app(_ application: AndroidApplication?) -> (app: AndroidApp, version: Int)? {
        guard let application, application.packages.count == 1, let package = application.packages.first,
            let app = apps.first(where: { package.name.elementsEqual($0.package.utf8) })
        else { return nil }
        return (app, package.version)
    }

    /// The model, if hardware vouches for maker and model.
    func model(_ statement: KeyDescription) -> DeviceModel? {
        guard let manufacturer = statement.hardware.manufacturer, let model = statement.hardware.model else {
            return nil
        }
        return DeviceModel(manufacturer: manufacturer, model: model)
    }

    // P-256 however it is said, and SHA-256 if digests are listed. That the certified key is of that curve is checked of the
    // key itself.
    private func isType(_ list: AuthorizationList) -> Bool {
        list.algorithm == 3 && (list.curve ?? 1) == 1 && (list.keySize ?? 256) == 256
            && (list.digests?.contains(4) ?? true)
    }

    // The key store of the verified system notes which app asked for the key; hardware copies it into the statement.
    private func appRefusals(_ application: AndroidApplication?) -> [AttestationRefusal] {
        guard let application, let (app, version) = app(application) else { return [.appUnknown] }
        var result: [AttestationRefusal] = []
        if application.signers.count != 1 || !application.signers.allSatisfy(app.signers.contains) {
            result.append(.appSigner)
        }
        if version < app.minimumVersion { result.append(.appTooOld) }
        return result
    }
}
