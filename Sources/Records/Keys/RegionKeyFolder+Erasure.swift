import Foundation
package import Vaccination

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// The end of a region: without its keys nobody reads its records, wherever a copy of them lies.
extension RegionKeyFolder {
    /// A file beside the keys that says that they were destroyed, so that none are made anew for a region that is still
    /// configured: `CODE.erased`.
    func erasureMark(_ name: String) -> String { "\(path)/\(name).erased" }

    /// Whether a region's keys were destroyed here.
    package func isErased(_ region: MunicipalityCode) -> Bool {
        FileManager.default.fileExists(atPath: erasureMark(region.digits))
    }

    /// Whether there are keys of a region.
    func hasKeys(of region: MunicipalityCode) -> Bool {
        FileManager.default.fileExists(atPath: file(region.digits))
    }

    /// Says, durably, that a region's keys were destroyed: it is served no more, and keeps no other from it.
    package func markErased(_ region: MunicipalityCode) throws {
        let mark = erasureMark(region.digits)
        guard
            FileManager.default.createFile(
                atPath: mark, contents: Data("\(region.digits)\n".utf8), attributes: [.posixPermissions: 0o600])
        else { throw StoreError.keyMissing("cannot write \(mark)") }
        try synchronise()
    }

    /// Destroys a region's keys, those before among them: writes over them, and removes them. What an earlier copy of the folder
    /// holds is for whoever keeps that copy to destroy; a disk that writes elsewhere than it is told may keep the bytes until it
    /// needs the room, which is why the files are wrapped by a master key where that matters.
    /// - Throws: ``StoreError/locked(_:)`` while somebody changes keys; ``StoreError/keyMissing(_:)`` if they cannot be removed.
    func destroy(_ region: MunicipalityCode) throws {
        let turn = try rotationTurn()
        defer { turn.end() }
        let name = region.digits
        let refusal = StoreError.keyMissing("cannot destroy \(file(name))")
        // First of all, so that no keys are made anew in between.
        try markErased(region)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for leftover in names
        where leftover.hasPrefix(".\(name).") || leftover.hasPrefix("\(name).") && leftover != "\(name).erased" {
            try Self.overwrite("\(path)/\(leftover)", refusal)
            guard unlink("\(path)/\(leftover)") == 0 || errno == ENOENT else { throw refusal }
        }
        try synchronise()
    }

    private static func overwrite(_ path: String, _ refusal: StoreError) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            // Who cannot write it may still remove it.
            return
        }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<max(0, min(size, 65_536))).map { _ in UInt8.random(in: 0...255, using: &generator) }
        guard pwrite(descriptor, noise, noise.count, 0) == noise.count, fsync(descriptor) == 0 else { throw refusal }
    }
}
