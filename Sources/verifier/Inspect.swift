import ArgumentParser
import CommandFrame
import Checking
import Credentials

/// `verifier inspect`: every layer of a code, whether valid or not.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows every layer of codes without checking them. 検証せずにコードの中身を表示します。",
        discussion: "Exit status: 0 every layer was read, 1 some layer cannot be read, 2 a file cannot be read.")

    @Argument(help: ArgumentHelp("What to show; as for check.", valueName: "file"))
    var files: [String]

    func run() throws {
        var isComplete = true
        for file in files {
            let texts: [String]
            do { texts = try CodeFile.texts(file, program: Program.path) } catch {
                complain(error.explanation(file))
                throw ExitCode.usage
            }
            print("検証していません。 / Not checked: this is what the code says, not what is so.\n")
            for text in texts {
                for layer in Inspection(text).layers {
                    isComplete = isComplete && layer.isReadable
                    print("── \(layer.name)\n\(Printable.lines(layer.text))\n")
                }
            }
        }
        if !isComplete { throw ExitCode.no }
    }
}
