// check ISSUER.json CODE: whether a code's text is valid by a SMART Health Card issuer's keys. The lines behind the mark
// stand in the library's documentation as well.
import Credentials
import Foundation

guard CommandLine.arguments.count == 3, let file = FileManager.default.contents(atPath: CommandLine.arguments[1]) else {
    print("usage: check ISSUER.json CODE")
    exit(2)
}
let (bytes, text) = ([UInt8](file), CommandLine.arguments[2])

// MARK: Snippet
let trust = TrustStore(files: [TrustFile(path: "shc/issuer.json", bytes: bytes)])
let verdicts = Verifier(trust: trust).check([text], at: Date())
for verdict in verdicts {
    if verdict.isValid && !verdict.isTest && verdict.subject == .vaccination {
        print("valid:", verdict.holder?.name ?? "", verdict.doses.count, "doses")
    } else {
        print("not valid:", verdict.reasons.map(\.code), verdict.reasons.map(\.messageJapanese))
    }
}
