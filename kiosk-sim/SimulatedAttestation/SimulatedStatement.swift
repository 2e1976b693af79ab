/// A made-up statement of Android's hardware about a key (`KeyDescription`), right in everything until a test changes it.
package struct SimulatedStatement: Sendable {
    /// An app in a statement.
    package struct Package: Sendable {
        /// The package's name and version code.
        package var name: String
        package var version: Int

        /// An app.
        package init(name: String, version: Int) { (self.name, self.version) = (name, version) }
    }

    /// 1 to 4 of Keymaster, 100 to 400 of KeyMint.
    package var version = 400
    /// 0 software, 1 trusted environment, 2 StrongBox.
    package var attestationLevel = 2
    package var keyLevel = 2
    /// What it was made for.
    package var challenge: [UInt8]
    /// The apps, and SHA-256 of the certificates that signed them; no entry if there is no app.
    package var packages: [Package]
    package var signers: [[UInt8]]
    /// What started the device; no entry without it.
    package var isLocked = true
    package var bootState = 0
    package var hasRootOfTrust = true
    /// Entries of both lists by their tags, values in DER. Root of trust and application are written besides.
    package var hardware: [Int: [UInt8]]
    package var software: [Int: [UInt8]]
    /// Whether the root of trust stands in the list that software wrote.
    package var isRootOfTrustInSoftware = false
    /// An entry that stands in the hardware's list a second time.
    package var repeated: Int?

    /// A statement about a key that an app's hardware made for signing alone.
    package init(challenge: [UInt8], package: Package, signer: [UInt8]) {
        self.challenge = challenge
        packages = [package]
        signers = [signer]
        hardware = [
            1: DERWriter.integers([2]), 2: DERWriter.integer(3), 3: DERWriter.integer(256),
            5: DERWriter.integers([4]), 10: DERWriter.integer(1), 503: DERWriter.value(0x05, []),
            702: DERWriter.integer(0), 705: DERWriter.integer(160_000), 706: DERWriter.integer(202_511),
            716: DERWriter.value(0x04, Array("Mihon".utf8)), 717: DERWriter.value(0x04, Array("Mihon 1".utf8)),
            718: DERWriter.integer(20_251_105), 719: DERWriter.integer(20_251_101),
        ]
        software = [
            701: DERWriter.integer(1_764_000_000_000), 724: DERWriter.value(0x04, Array(repeating: 7, count: 32)),
        ]
    }

    /// The value of the extension.
    package var encoded: [UInt8] {
        var (hardware, software) = (hardware, software)
        if hasRootOfTrust {
            let state = DERWriter.integer(bootState, tag: 0x0A)
            let hash = version >= 3 ? DERWriter.value(0x04, Array(repeating: 9, count: 32)) : []
            let root = DERWriter.value(
                0x30,
                DERWriter.value(0x04, Array(repeating: 8, count: 32)) + DERWriter.value(0x01, [isLocked ? 0xFF : 0])
                    + state + hash)
            if isRootOfTrustInSoftware { software[704] = root } else { hardware[704] = root }
        }
        if !packages.isEmpty {
            let names = packages.flatMap {
                DERWriter.value(0x30, DERWriter.value(0x04, Array($0.name.utf8)) + DERWriter.integer($0.version))
            }
            let application = DERWriter.value(
                0x30,
                DERWriter.value(0x31, names) + DERWriter.value(0x31, signers.flatMap { DERWriter.value(0x04, $0) }))
            software[709] = DERWriter.value(0x04, application)
        }
        return DERWriter.value(
            0x30,
            DERWriter.integer(version) + DERWriter.integer(attestationLevel, tag: 0x0A) + DERWriter.integer(version)
                + DERWriter.integer(keyLevel, tag: 0x0A) + DERWriter.value(0x04, challenge)
                + DERWriter.value(0x04, []) + list(software) + list(hardware, repeated: repeated))
    }

    private func list(_ entries: [Int: [UInt8]], repeated: Int? = nil) -> [UInt8] {
        let sorted = entries.sorted { $0.key < $1.key }.flatMap { DERWriter.context($0.key, $0.value) }
        let again = repeated.flatMap { tag in entries[tag].map { DERWriter.context(tag, $0) } } ?? []
        return DERWriter.value(0x30, sorted + again)
    }
}
