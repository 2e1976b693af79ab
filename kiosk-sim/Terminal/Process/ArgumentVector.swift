import Glibc

/// A program's arguments as C wants them.
package enum ArgumentVector {
    /// Calls `body` with the arguments, a null pointer behind them.
    package static func with<Result>(
        _ arguments: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { (pointers + index).initialize(to: strdup(argument)) }
        (pointers + arguments.count).initialize(to: nil)
        defer {
            for index in arguments.indices { free(pointers[index]) }
            pointers.deallocate()
        }
        return body(pointers)
    }
}
