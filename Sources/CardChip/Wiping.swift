#if canImport(Glibc)
    import Glibc
#endif

extension [UInt8] {
    /// Overwrites the bytes with zeros, in a way the optimiser may not leave out, and empties the array.
    ///
    /// It reaches only this array's own storage: a copy that shares it is first made, so wipe the last holder.
    package mutating func wipe() {
        withUnsafeMutableBytes { buffer in
            guard let start = buffer.baseAddress else { return }
            explicit_bzero(start, buffer.count)
        }
        removeAll(keepingCapacity: false)
    }
}
