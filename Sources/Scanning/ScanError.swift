/// Why no codes could be looked for in a file.
public enum ScanError: Error, Hashable, Sendable {
    /// The bytes begin like no PNG, JPEG or PDF.
    case unknownFormat
    /// The file is longer than ``Scanning/maximumBytes``.
    case tooManyBytes(limit: Int)
    /// The picture claims more pixels than ``Scanning/maximumPixels``, or a side longer than 32,767; nothing was decoded.
    case tooManyPixels(limit: Int)
    /// The document has more pages than ``Scanning/maximumPages``.
    case tooManyPages(limit: Int)
    /// The picture is broken or cut off.
    case brokenPicture
    /// The document is broken, encrypted, or a page has no usable size.
    case brokenDocument
    /// Memory ran out.
    case outOfMemory
    /// Reading took longer, or more memory, than a worker may use: see ``IsolatedScanner``.
    case workerEnded
    /// No worker could be started.
    case workerMissing

    /// Every refusal, with the limits in force.
    static let all: [ScanError] = [
        .unknownFormat, .tooManyBytes(limit: Scanning.maximumBytes), .tooManyPixels(limit: Scanning.maximumPixels),
        .tooManyPages(limit: Scanning.maximumPages), .brokenPicture, .brokenDocument, .outOfMemory, .workerEnded,
        .workerMissing,
    ]

    /// The stable code of this refusal.
    public var code: String {
        switch self {
        case .unknownFormat: "scan.unknown_format"
        case .tooManyBytes: "scan.too_many_bytes"
        case .tooManyPixels: "scan.too_many_pixels"
        case .tooManyPages: "scan.too_many_pages"
        case .brokenPicture: "scan.broken_picture"
        case .brokenDocument: "scan.broken_document"
        case .outOfMemory: "scan.out_of_memory"
        case .workerEnded: "scan.timed_out"
        case .workerMissing: "scan.no_worker"
        }
    }
}
