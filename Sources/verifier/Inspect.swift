import ArgumentParser
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
            do { texts = try Input.texts(file) } catch {
                complain(error.explanation(file))
                throw ExitCode(2)
            }
            print("検証していません。 / Not checked: this is what the code says, not what is so.\n")
            for text in texts {
                for layer in Inspection(text).layers {
                    isComplete = isComplete && layer.isReadable
                    print("── \(layer.name)\n\(Printable.lines(layer.text))\n")
                }
            }
        }
        if !isComplete { throw ExitCode(1) }
    }
}

/// Text from outside, made safe to show.
enum Printable {
    /// What a certificate says may not steer the terminal it is shown on, nor turn the direction of writing.
    static func line(_ text: some StringProtocol) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }

    /// The same for text over several lines.
    static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line($0) }.joined(separator: "\n")
    }
}
