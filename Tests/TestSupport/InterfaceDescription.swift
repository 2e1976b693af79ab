public import Foundation

/// A description of an HTTP interface in OpenAPI, to compare with what a service does.
public struct InterfaceDescription: Sendable {
    /// What a service answered.
    public struct Answer: Sendable {
        /// Method and path as the description has it, such as `GET /v1/menu`.
        public let operation: String
        /// The status.
        public let status: Int
        /// The media type; `nil` without a body.
        public let mediaType: String?
        /// The body, looked at if it is JSON.
        public let body: Data

        /// An answer.
        public init(_ operation: String, status: Int, mediaType: String?, body: Data) {
            self.operation = operation
            self.status = status
            self.mediaType = mediaType
            self.body = body
        }
    }

    /// Every operation, such as `GET /v1/menu`.
    public let operations: Set<String>
    private let path: String

    /// The description in a file of the repository.
    public init(_ path: String) throws {
        self.path = Programs.root + "/" + path
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: self.path)))
        let paths = (document as? [String: Any])?["paths"] as? [String: [String: Any]] ?? [:]
        operations = Set(paths.flatMap { path, methods in methods.keys.map { "\($0.uppercased()) \(path)" } })
    }

    /// The same, of answers that together come from every operation that is described; throws also when one is missing.
    public func checkAll(_ answers: [Answer]) throws {
        let missing = operations.symmetricDifference(answers.map(\.operation))
        guard missing.isEmpty else { throw TestFailure("\(path): asked and described differ in \(missing.sorted())") }
        try check(answers)
    }

    /// Throws unless the description is valid OpenAPI, and each answer has a status, a media type and a body, to the
    /// last member, that it describes. Needs ``Python/interfaceDescription``.
    public func check(_ answers: [Answer]) throws {
        let folder = try TemporaryFolder()
        let values = answers.map { answer in
            var value: [String: Any] = ["operation": answer.operation, "status": answer.status]
            if let mediaType = answer.mediaType { value["mediaType"] = mediaType }
            if answer.mediaType?.hasSuffix("json") == true,
                let body = try? JSONSerialization.jsonObject(with: answer.body)
            {
                value["body"] = body
            }
            return value
        }
        try folder.write("answers.json", JSONSerialization.data(withJSONObject: values))
        try Python.interfaceDescription.run("TestSupport/Python/openapi.py", [path, folder.file("answers.json")])
    }
}
