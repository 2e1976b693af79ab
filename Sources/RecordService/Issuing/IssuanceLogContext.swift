import Exchange
import Logging
import Vaccination

/// What may be said of an application in a log.
struct IssuanceLogContext {
    let inquiry: InquiryNumber
    var terminal: String?
    var certificate: CertificateID?
    var isRedelivery = false

    init(inquiry: InquiryNumber) { self.inquiry = inquiry }

    func metadata(code: ProblemCode? = nil, cause: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["inquiry": "\(inquiry.text)", "outcome": "\(code?.rawValue ?? "issued")"]
        if let terminal { metadata["terminal"] = "\(terminal)" }
        if let certificate { metadata["certificate"] = "\(certificate.text)" }
        if isRedelivery { metadata["redelivery"] = "true" }
        if let cause { metadata["cause"] = "\(cause)" }
        return metadata
    }
}
