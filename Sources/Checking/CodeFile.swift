import Foundation

/// What a file holds, as codes' texts.
package enum CodeFile {
    /// Why a file gives no text: what, where, and what to do.
    package enum Failure: Error {
        /// It is not there, or cannot be read.
        case missing
        /// It is larger than this many bytes.
        case tooLarge(limit: Int)
        /// It holds nothing.
        case empty
        /// It is neither text nor a picture or PDF; the byte at this offset is no text.
        case notText(offset: Int)
        /// It is a picture without a code.
        case noCode
        /// It is a picture or PDF that cannot be read; a stable code says why.
        case picture(String)

        /// The same for a person, in Japanese and English.
        package func explanation(_ file: String) -> String {
            switch self {
            case .missing:
                """
                \(file): 読めません。ファイル名とアクセス権を確認してください。
                \(file): cannot be read. Check the name and your rights to it.
                """
            case .tooLarge(let limit):
                """
                \(file): 大きすぎます（上限 \(limit >> 20) MiB）。コードの部分だけの画像か、文字で渡してください。
                \(file): too large (limit \(limit >> 20) MiB). Give a picture of the code alone, or its text.
                """
            case .empty:
                """
                \(file): 空です。コードの文字、または画像を渡してください。
                \(file): is empty. Give a code's text, or a picture of it.
                """
            case .notText(let offset):
                """
                \(file): \(offset) バイト目が文字（UTF-8）ではなく、PNG、JPEG、PDF でもありません。
                \(file): byte \(offset) is not text (UTF-8), and the file is no PNG, JPEG or PDF.
                """
            case .noCode:
                """
                \(file): 画像にコードが見つかりません。明るい所で、コード全体が入るように撮り直してください。
                \(file): no code was found in the picture. Take it again in good light, with the whole code in it.
                """
            case .picture(let code):
                """
                \(file): 画像または PDF を読めません（\(code)）。別の形式で保存し直してください。
                \(file): the picture or PDF cannot be read (\(code)). Save it again in another format.
                """
            }
        }
    }

    /// The largest file of any kind.
    static let maximumFileBytes = 32 << 20
    /// The largest text file.
    static let maximumTextBytes = 4 << 20

    /// The texts in a file, or in standard input for `-`.
    ///
    /// - Parameter program: this program, which is started anew to read pictures.
    package static func texts(_ file: String, program: String) throws(Failure) -> [String] {
        try groups(file, program: program).flatMap { $0 }
    }

    /// The texts in a file, or in standard input for `-`, by what was shown together: a picture or document is one group,
    /// a line of text is one of its own.
    package static func groups(_ file: String, program: String) throws(Failure) -> [[String]] {
        let bytes = try read(file)
        guard !bytes.isEmpty else { throw .empty }
        if Pictures.isPicture(bytes) { return [try Pictures.texts(bytes, program: program)] }
        guard bytes.count <= maximumTextBytes else { throw .tooLarge(limit: maximumTextBytes) }
        return try lines(bytes).map { [$0] }
    }

    private static func read(_ file: String) throws(Failure) -> [UInt8] {
        guard let handle = file == "-" ? .standardInput : FileHandle(forReadingAtPath: file) else { throw .missing }
        var bytes: [UInt8] = []
        do {
            while bytes.count <= maximumFileBytes, let block = try handle.read(upToCount: 1 << 20), !block.isEmpty {
                bytes += block
            }
        } catch { throw .missing }
        guard bytes.count <= maximumFileBytes else { throw .tooLarge(limit: maximumFileBytes) }
        return bytes
    }

    private static func lines(_ bytes: [UInt8]) throws(Failure) -> [String] {
        do { return try CodeTexts.lines(bytes) } catch {
            switch error {
            case .empty: throw .empty
            case .notText(let offset): throw .notText(offset: offset)
            }
        }
    }
}
