/// The media types of the files that are served.
enum MediaType {
    /// The type for a file's name; `nil` if the extension is none that a web page is made of.
    static func page(_ name: String) -> String? {
        switch ending(name) {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "webmanifest": "application/manifest+json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/vnd.microsoft.icon"
        case "woff2": "font/woff2"
        case "txt": "text/plain; charset=utf-8"
        default: nil
        }
    }

    /// The type of a published key, certificate or revocation list (RFC 2585 section 4, RFC 8555 section 9.1).
    static func published(_ name: String) -> String {
        switch ending(name) {
        case "json": "application/json"
        case "cer", "crt", "der": "application/pkix-cert"
        case "crl": "application/pkix-crl"
        case "pem": "application/pem-certificate-chain"
        case "txt": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }

    private static func ending(_ name: String) -> String {
        name.contains(".") ? name.split(separator: ".").last.map { $0.lowercased() } ?? "" : ""
    }
}
