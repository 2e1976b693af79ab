import CFuzzer
import Foundation

/// `AKASHI_FUZZ_TARGET=NAME akashi-fuzz [libFuzzer's arguments]`: feeds one decoder what libFuzzer makes up.
///
/// `make fuzz TARGET=NAME SECONDS=N` builds and runs it; `akashi-fuzz --list` names the decoders.
@main
enum Fuzz {
    static func main() {
        if CommandLine.arguments.contains("--list") {
            for decoder in Decoder.all { print(decoder.name) }
            return
        }
        guard chosen != nil else {
            print("AKASHI_FUZZ_TARGET names none of: " + Decoder.all.map(\.name).joined(separator: " "))
            exit(2)
        }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { data, size in Fuzz.take(data, size) })
    }

    private static let chosen = ProcessInfo.processInfo.environment["AKASHI_FUZZ_TARGET"].flatMap { name in
        Decoder.all.first { $0.name == name }
    }

    private static func take(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
        let bytes = Array(UnsafeBufferPointer(start: data, count: size))
        // What a decoder refuses is its own affair; that it neither traps nor lies is tested here.
        do { try chosen?.run(bytes) } catch { return 0 }
        return 0
    }
}

/// Ends the run if something that must hold does not, so that libFuzzer keeps the input.
func require(_ condition: Bool, _ what: String) {
    guard !condition else { return }
    FileHandle.standardError.write(Data("broken promise: \(what)\n".utf8))
    abort()
}
