package import HTTPTypes

extension HTTPField.Name {
    /// `Akashi-Inquiry`.
    package static var inquiry: HTTPField.Name { akashiInquiry }
    /// `Akashi-Terminal`: the terminal's id for logs; never trusted.
    package static var terminal: HTTPField.Name { akashiTerminal }
    /// `Akashi-Page-Forms`: the formats a page is wanted in.
    package static var pageFormats: HTTPField.Name { akashiPageFormats }
}

// The names are literals of the right form; `accept` stands in for the compiler's sake only.
private let akashiInquiry = HTTPField.Name(InquiryNumber.header) ?? .accept
private let akashiTerminal = HTTPField.Name("Akashi-Terminal") ?? .accept
private let akashiPageFormats = HTTPField.Name(PageFormat.header) ?? .accept
