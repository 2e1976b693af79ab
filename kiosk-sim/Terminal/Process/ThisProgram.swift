import Glibc

/// The file of the program that runs, to start it once more.
package enum ThisProgram {
    /// Why it cannot be started again: `/proc/self/exe` cannot be read.
    package struct Missing: Error, CustomStringConvertible {
        package var description: String {
            "/proc/self/exe cannot be read: mount /proc / /proc/self/exe を読めません。/proc をマウントしてください。"
        }
    }

    /// Its path. Ask before the process closes itself to others of the same user, its own /proc entries included.
    package static func path() throws(Missing) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { throw Missing() }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
