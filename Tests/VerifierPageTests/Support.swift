import CredentialIssuing
import Credentials
import Foundation
import IssuerSupport
import TestSupport

/// What drives the page.
enum Browser {
    /// Whether Chromium and its driver are there.
    static let isInstalled = ["/usr/bin/chromium", "/usr/bin/chromedriver"]
        .allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }

    /// Python with what drives them; `nil` where it cannot be made.
    static let python = Programs.python("VerifierPageTests")

    static let script = Programs.root + "/Tests/VerifierPageTests/Python/page.py"
}

extension Issuers {
    /// An EU certificate with spaces in its code's text, which press buttons when a person types them.
    func hcertWithSpaces(_ person: Person) async throws -> DCC {
        struct NoSample: Error {}
        for number in 0..<100 {
            let dcc = try await dcc(person, id: "URN:UVCI:01:JP:MIHON\(number)")
            if dcc.text.contains(" ") { return dcc }
        }
        throw NoSample()
    }
}
