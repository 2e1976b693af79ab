/// The routes of the operators' interface, the same for who answers and who asks: without a value each is a template.
package enum OperatorRoute {
    /// All terminals; to enrol one.
    package static let terminals = "/inner/v1/terminals"
    /// What is out of service; to suspend and to resume.
    package static let suspensions = "/inner/v1/suspensions"
    /// To clear a halt of issuing.
    package static let resumeIssuing = "/inner/v1/issuing/resume"
    /// To put on the stop list and to take off it.
    package static let stopList = "/inner/v1/stop-list"

    /// To give a terminal a new certificate.
    package static func renewTerminal(_ id: String = ":id") -> String { "\(terminals)/\(id)/renew" }

    /// To shut a terminal out.
    package static func revokeTerminal(_ id: String = ":id") -> String { "\(terminals)/\(id)/revoke" }

    /// A region's certificates.
    package static func certificates(in municipality: String = ":municipality") -> String {
        "/inner/v1/certificates/\(municipality)"
    }

    /// To void a certificate.
    package static func voidCertificate(_ id: String = ":id", in municipality: String = ":municipality") -> String {
        "\(certificates(in: municipality))/\(id)/void"
    }

    /// To revoke a certificate.
    package static func revokeCertificate(_ id: String = ":id", in municipality: String = ":municipality") -> String {
        "\(certificates(in: municipality))/\(id)/revoke"
    }

    /// A region's log, or the one of what operators set, in place of a municipality ``control``.
    package static func log(of municipality: String = ":municipality") -> String { "/inner/v1/log/\(municipality)" }

    /// To log that somebody looked at a break and restored what was there to restore.
    package static func restored(_ log: String = ":municipality") -> String { "\(Self.log(of: log))/restored" }

    /// The last signed root over the heads of all logs.
    package static let root = "/inner/v1/root"

    /// The name of the control log.
    package static let control = "control"
}
