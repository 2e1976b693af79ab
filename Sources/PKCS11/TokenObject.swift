import CPKCS11

/// The name of a key in a token, as a PKCS#11 URI says it (RFC 7512): `pkcs11:object=shc-2026`, or with `id=` beside or
/// instead of the label, and `token=` where the URI also names the token.
package struct TokenObject: Hashable, Sendable {
    /// The URI's scheme with its colon.
    package static let scheme = "pkcs11:"

    /// The token that the URI names, if it does.
    package let token: String?
    /// The key's label (`CKA_LABEL`); empty if only its identifier is given.
    let label: [UInt8]
    /// The key's identifier (`CKA_ID`); empty if only its label is given.
    let id: [UInt8]
    private let text: String

    /// The object that a URI names; `nil` if it is no PKCS#11 URI, names no object, or says more than label, identifier,
    /// type and token: what is not looked at must not stand there as if it were.
    package init?(uri: String) {
        var parts = akashi_uri()
        guard uri.utf8.count <= 1024, !uri.utf8.contains(0), akashi_uri_parse(uri, &parts) == 0 else { return nil }
        guard parts.has_class == 0 || [3, 4].contains(parts.object_class) else { return nil }
        label = withUnsafeBytes(of: parts.label) { Array($0.prefix(parts.label_count)) }
        id = withUnsafeBytes(of: parts.id) { Array($0.prefix(parts.id_count)) }
        guard !label.isEmpty || !id.isEmpty else { return nil }
        let name = withUnsafeBytes(of: parts.token) { Array($0.prefix { $0 != 0 }) }
        token = name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
        text = uri
    }

    /// The object with a label; `nil` unless it has 1 to 64 letters, digits, `-`, `_` or `.`.
    package init?(label: String) {
        let isName = label.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_.".utf8.contains(byte)
        }
        guard (1...64).contains(label.utf8.count), isName else { return nil }
        token = nil
        self.label = Array(label.utf8)
        id = []
        text = Self.scheme + "object=" + label
    }

    func withName<Value, E>(
        id given: [UInt8]? = nil, _ body: (UnsafePointer<akashi_object_name>) throws(E) -> Value
    ) throws(E) -> Value {
        let id = given ?? id
        // The pointers live as long as the arrays, which both closures hold.
        return try label.withUnsafeBufferPointer { (label) throws(E) -> Value in
            try id.withUnsafeBufferPointer { (id) throws(E) -> Value in
                var name = akashi_object_name(
                    label: label.baseAddress, label_count: label.count, id: id.baseAddress, id_count: id.count)
                return try withUnsafePointer(to: &name) { (name) throws(E) -> Value in try body(name) }
            }
        }
    }
}

extension TokenObject: CustomStringConvertible {
    /// The URI.
    package var description: String { text }
}
