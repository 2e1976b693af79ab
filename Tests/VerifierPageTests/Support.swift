import CredentialIssuing
import Credentials
import IssuerSupport

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
