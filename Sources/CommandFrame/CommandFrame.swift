package import ArgumentParser
package import CheckedConfiguration
import Foundation
import Glibc

/// What every program does around its commands: files that only its owner can read, errors in words, one set of exit
/// statuses.
package enum CommandFrame {
    /// Runs what the arguments ask for and ends the process.
    package static func run(_ program: any ParsableCommand.Type) async -> Never {
        keepFilesPrivate()
        do {
            var command = try program.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exit(ExitStatus.done.rawValue)
        } catch {
            exit(end(program, error))
        }
    }

    /// From here on new files are of mode 0600 and new folders 0700, those of the programs started from here too. Whatever
    /// is published says so where it is written.
    package static func keepFilesPrivate() { umask(0o077) }

    /// Says why a command ended, on standard error unless it was asked for, and gives the exit status.
    static func end(_ program: any ParsableCommand.Type, _ error: any Error) -> Int32 {
        switch error {
        case let code as ExitCode: return code.rawValue
        case let error as any ExplainedError:
            say("\(program._commandName): \((error as? any LocalizedError)?.errorDescription ?? error.description)")
            return error.exitStatus.rawValue
        default: break
        }
        let status = program.exitCode(for: error)
        let text = program.fullMessage(for: error)
        if status == .success {
            print(text)
            return ExitStatus.done.rawValue
        }
        say(text)
        return (status == .validationFailure ? ExitStatus.usage : .fault).rawValue
    }

    /// Writes a line to standard error.
    package static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// A command line that cannot be followed, in both languages.
package struct WrongUse: ExplainedError {
    package let english: String
    package let japanese: String
    package var exitStatus: ExitStatus { .usage }

    package init(_ english: String, _ japanese: String) {
        self.english = english
        self.japanese = japanese
    }
}

extension ExitCode {
    /// Done, and the answer is no.
    package static let no = ExitCode(ExitStatus.no.rawValue)
    /// What was to be read cannot be read.
    package static let usage = ExitCode(ExitStatus.usage.rawValue)
}
