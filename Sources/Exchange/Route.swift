package import HTTPTypes

/// A route between two parties: what whoever serves it and whoever asks must agree on.
package struct Route: Hashable, Sendable {
    /// What a body is, and how large it may be.
    package struct Content: Hashable, Sendable {
        /// The media type.
        package let mediaType: String
        /// The maximum of bytes that are read of it.
        package let maximumBytes: Int

        /// A body of a media type.
        package init(_ mediaType: String, maximumBytes: Int) {
            self.mediaType = mediaType
            self.maximumBytes = maximumBytes
        }

        /// A JSON value.
        package static func json(maximumBytes: Int) -> Content {
            Content("application/json", maximumBytes: maximumBytes)
        }

        /// No body at all.
        package static let none = Content("", maximumBytes: 0)

        /// No body is meant; what comes all the same is read and not looked at.
        package static let nothing = Content("", maximumBytes: 4096)
    }

    /// The method.
    package let method: HTTPRequest.Method
    /// The path; a part that begins with a colon stands for a value.
    package let template: String
    /// The names that its query may have, each at most once.
    package let parameters: Set<String>
    /// What is sent.
    package let request: Content
    /// What comes back when it was done.
    package let answer: Content

    /// A route; nothing is sent and nothing comes back unless it is said.
    package init(
        _ method: HTTPRequest.Method, _ template: String, parameters: Set<String> = [], request: Content = .none,
        answer: Content = .none
    ) {
        self.method = method
        self.template = template
        self.parameters = parameters
        self.request = request
        self.answer = answer
    }

    /// The last part of the path, for logs and metrics.
    package var name: String { template.split(separator: "/").last.map(String.init) ?? "" }

    /// The path of a request; its values must need no escape.
    ///
    /// - Parameters:
    ///   - values: what stands in place of the parts with a colon, by their names.
    ///   - query: parameters in their order; those that are `nil` are left out.
    package func path(_ values: [String: String] = [:], query: KeyValuePairs<String, String?> = [:]) -> String {
        let parts = template.split(separator: "/").map { part in
            part.first == ":" ? values[String(part.dropFirst())] ?? "" : String(part)
        }
        let parameters = query.compactMap { name, value in value.map { "\(name)=\($0)" } }
        return "/" + parts.joined(separator: "/") + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
    }

    /// The parameter of a long poll: the revision that is known already.
    package static let after = "after"

    /// The path of a long poll that returns as soon as there is another revision than `revision`, or at once without one.
    package func path(after revision: Int64?) -> String { path(query: [Self.after: revision.map(String.init)]) }
}

/// What a terminal may ask of the centre.
package enum TerminalRoute {
    /// What the terminal may offer; with `after` a long poll.
    package static let menu = Route(
        .get, "/v1/menu", parameters: [Route.after], answer: .json(maximumBytes: 4 << 20))
    /// A challenge for a ``CertificateRequest``.
    package static let challenge = Route(
        .post, "/v1/challenge", request: .json(maximumBytes: 1024), answer: .json(maximumBytes: 4096))
    /// The sealed answer to an application.
    package static let application = Route(
        .post, "/v1/application", request: Application.content, answer: SealedAnswer.content)
    /// An outcome's report.
    package static let outcome = Route(.post, "/v1/outcome", request: Outcome.content, answer: .nothing)
    /// What the terminal trusts, a ``SignedTerminalTrust``; nothing where none is published.
    package static let trust = Route(.get, "/v1/trust", answer: SignedTerminalTrust.content)
}

/// What the centre may ask of `vrs`.
package enum CentreRoute {
    /// What operators have set, an ``AccessState``; with `after` a long poll.
    package static let access = Route(
        .get, "/centre/v1/gate", parameters: [Route.after], answer: .json(maximumBytes: AccessState.maximumBytes))
    /// What terminals trust, a ``SignedTerminalTrust``; with `after` a long poll by its counter. Nothing where none is
    /// published.
    package static let trust = Route(
        .get, "/centre/v1/trust", parameters: [Route.after], answer: SignedTerminalTrust.content)
    /// Whether `vrs` answers; asked often.
    package static let alive = Route(.get, "/centre/v1/alive", answer: .nothing)
    /// A challenge.
    package static let challenge = Route(.post, "/centre/v1/challenge", answer: .json(maximumBytes: 4096))
    /// The sealed answer to an application.
    package static let application = Route(
        .post, "/centre/v1/application", request: Application.content, answer: SealedAnswer.content)
    /// An outcome's report.
    package static let outcome = Route(.post, "/centre/v1/outcome", request: Outcome.content, answer: .nothing)
}

/// What a phone may ask of the mobile back end.
package enum PhoneRoute {
    /// What the app may offer, a ``Menu``; with `after` a long poll.
    package static let menu = Route(
        .get, "/v1/menu", parameters: [Route.after], answer: .json(maximumBytes: 4 << 20))
    /// The keys of `vrs` for this day, a ``KeyStatement``.
    package static let keys = Route(.get, "/v1/keys", answer: KeyStatement.content)
    /// A token that one enrolment uses up, a ``DeviceToken``.
    package static let token = Route(.post, "/v1/enrolment/token", answer: .json(maximumBytes: 4096))
    /// An enrolment, a ``DeviceEnrolment``; the answer is an ``EnrolledDeviceAnswer``.
    package static let enrolment = Route(
        .post, "/v1/enrolment", request: .json(maximumBytes: DeviceEnrolment.maximumBytes),
        answer: .json(maximumBytes: 8192))
    /// A challenge for a ``CertificateRequest``.
    package static let challenge = Route(
        .post, "/v1/challenge", request: .json(maximumBytes: 1024), answer: .json(maximumBytes: 4096))
    /// The sealed answer to an application.
    package static let application = Route(
        .post, "/v1/application", request: PhoneApplication.content, answer: PhoneAnswer.content)
    /// An outcome's report.
    package static let outcome = Route(.post, "/v1/outcome", request: Outcome.content, answer: .nothing)
    /// Whether a certificate is still current: a ``CurrentQuery``, sealed, and its reply.
    package static let current = Route(
        .post, "/v1/current", request: CurrentQuery.content, answer: CurrentQuery.replyContent)
    /// A device's holder revokes it, a ``DeviceRevocation``.
    package static let revocation = Route(.post, "/v1/device/revocation", request: .json(maximumBytes: 1024))
}

/// What the mobile back end may ask of `vrs`.
package enum WalletRoute {
    /// What operators have set, a ``PhoneAccess``; with `after` a long poll.
    package static let access = Route(
        .get, "/wallet/v1/gate", parameters: [Route.after], answer: .json(maximumBytes: AccessState.maximumBytes))
    /// Whether `vrs` answers; asked often.
    package static let alive = Route(.get, "/wallet/v1/alive", answer: .nothing)
    /// The statements that phones may work by, see ``KeyStatement/statements(_:)``.
    package static let keys = Route(.get, "/wallet/v1/keys", answer: KeyStatement.listContent)
    /// A token.
    package static let token = Route(.post, "/wallet/v1/enrolment/token", answer: .json(maximumBytes: 4096))
    /// An enrolment.
    package static let enrolment = Route(
        .post, "/wallet/v1/enrolment", request: .json(maximumBytes: DeviceEnrolment.maximumBytes),
        answer: .json(maximumBytes: 8192))
    /// A challenge.
    package static let challenge = Route(.post, "/wallet/v1/challenge", answer: .json(maximumBytes: 4096))
    /// The sealed answer to an application.
    package static let application = Route(
        .post, "/wallet/v1/application", request: PhoneApplication.content, answer: PhoneAnswer.content)
    /// An outcome's report.
    package static let outcome = Route(.post, "/wallet/v1/outcome", request: Outcome.content, answer: .nothing)
    /// Whether a certificate is still current.
    package static let current = Route(
        .post, "/wallet/v1/current", request: CurrentQuery.content, answer: CurrentQuery.replyContent)
    /// A device's holder revokes it.
    package static let revocation = Route(.post, "/wallet/v1/device/revocation", request: .json(maximumBytes: 1024))
}

extension Application {
    static let content = Route.Content(mediaType, maximumBytes: maximumBytes)
}

extension SealedAnswer {
    static let content = Route.Content(mediaType, maximumBytes: maximumBytes)
}

extension SignedTerminalTrust {
    static let content = Route.Content(mediaType, maximumBytes: TerminalTrust.maximumBytes)
}

extension Outcome {
    static let content = Route.Content(mediaType, maximumBytes: maximumBytes)
}

extension PhoneApplication {
    static let content = Route.Content(mediaType, maximumBytes: maximumBytes)
}

extension PhoneAnswer {
    static let content = Route.Content(mediaType, maximumBytes: SealedAnswer.maximumBytes)
}

extension KeyStatement {
    static let content = Route.Content(mediaType, maximumBytes: encodedBytes)
    static let listContent = Route.Content(mediaType, maximumBytes: maximumAtOnce * encodedBytes)
}

extension CurrentQuery {
    static let content = Route.Content(mediaType, maximumBytes: sealedBytes)
    static let replyContent = Route.Content(replyMediaType, maximumBytes: sealedReplyBytes)
}
