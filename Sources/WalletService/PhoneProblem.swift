import Exchange
import ExchangeServer
package import Foundation
package import HTTPServer
package import HTTPTypes

/// A refusal as a phone is told it: problem details with sentences for people.
package struct PhoneProblem: ServiceProblem {
    /// Which.
    let refusal: ProblemCode
    package let retryAfterSeconds: Int?

    /// - Parameter retryAfterSeconds: where more is known of it than whether the code is a transient one.
    init(_ refusal: ProblemCode, retryAfterSeconds: Int? = nil) {
        self.refusal = refusal
        self.retryAfterSeconds = retryAfterSeconds ?? refusal.retryAfterSeconds
    }

    package init(_ fault: RequestFault) { self.init(ProblemCode(fault)) }

    package init(ending error: any Error) { self = (error as? PhoneProblem) ?? .init(ProblemCode(ending: error)) }

    package var code: String { refusal.code }
    package var status: HTTPResponse.Status { refusal.status }
    package var isTransient: Bool { refusal.isTransient }

    package func details(status: Int, notes: RequestNotes?) throws -> Data {
        let text = refusal.phoneText
        return try JSONEncoder().encode(
            Details(
                problem: Problem(refusal, status: status, inquiry: notes?.inquiry),
                texts: ["ja": text.japanese, "en": text.english]))
    }

    /// The members of the problem, and `texts` beside them.
    private struct Details: Encodable {
        let problem: Problem
        let texts: [String: String]

        enum CodingKeys: CodingKey { case texts }

        func encode(to encoder: any Encoder) throws {
            try problem.encode(to: encoder)
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(texts, forKey: .texts)
        }
    }
}
