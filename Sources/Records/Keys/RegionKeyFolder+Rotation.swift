import Crypto
import Waiting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

package import Vaccination

// The file's part of a rotation (<doc:KeyRotation>): next keys beside those before, until no row is under these any more.
extension RegionKeyFolder {
    /// Whether a region's file still holds the keys before: a rotation goes on, or was broken off.
    package func isRotating(_ region: MunicipalityCode) throws -> Bool {
        try generations(for: region).previous != nil
    }

    /// Puts new keys into the file, with those before beside them.
    /// - Parameter keepsIndexKey: for a region that does not know everybody's number: their hashes cannot be made anew.
    func beginRotation(of region: MunicipalityCode, keepsIndexKey: Bool) throws {
        try replace(region.digits) { before in
            guard before.previous == nil else { throw StoreError.conflict("the keys of \(region) rotate already") }
            var next = Self.randomKeys()
            if keepsIndexKey { next.indexKey = before.indexKey }
            next.previous = [before]
            next.log =
                before.log
                ?? before.dataKey.map {
                    RegionLogKeys(
                        derivedFrom: SymmetricKey(data: $0), indexKey: SymmetricKey(data: before.indexKey)
                    ).stored
                }
            return next
        }
        try synchronise()
    }

    /// Takes the keys before out of the file: no row is under them any more. Nothing is written if there are none.
    func endRotation(of region: MunicipalityCode) throws {
        guard try isRotating(region) else { return }
        try replace(region.digits) { keys in
            var keys = keys
            keys.previous = nil
            return keys
        }
        try synchronise()
    }

    /// The right to change keys of regions.
    /// - Throws: ``StoreError/locked(_:)`` at once if another process has it.
    func rotationTurn() throws -> KeyFolderTurn { try KeyFolderTurn(path, within: .zero) }
}

/// The right to write key files anew, of one process at a time. Who only reads them does not wait: a file is replaced whole.
struct KeyFolderTurn {
    private let descriptor: Int32

    /// Waits for the folder's lock.
    init(_ folder: String, within limit: Duration = FileLock.limit) throws(StoreError) {
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .keyMissing("cannot open \(folder)") }
        do throws(FileLock.Failure) { try FileLock.take(descriptor, of: folder, within: limit) } catch {
            close(descriptor)
            throw StoreError(error, folder)
        }
    }

    func end() { close(descriptor) }
}
