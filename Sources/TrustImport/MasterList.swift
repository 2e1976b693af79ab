import COpenSSL
import Credentials
import Foundation

/// A signed message (CMS SignedData, RFC 5652) with one signer, whose signature is right.
struct SignedData {
    let content: [UInt8]
    let signer: Certificate

    enum Failure: Error { case malformed, signatureInvalid }

    /// Whether DER looks like a CMS SignedData: its first member is that identifier (1.2.840.113549.1.7.2).
    static func isOne(_ der: [UInt8]) -> Bool {
        let identifier: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02]
        guard der.count > 20, der[0] == 0x30 else { return false }
        let head = der[1] < 0x80 ? 2 : 2 + Int(der[1] & 0x7F)
        return head < 8 && der.dropFirst(head).starts(with: identifier)
    }

    /// Reads a message with content of a type, and checks its signature.
    init(_ der: [UInt8], type: String) throws(Failure) {
        var kind = [CChar](repeating: 0, count: 128)
        var content: UnsafeMutablePointer<UInt8>?
        var signer: UnsafeMutablePointer<UInt8>?
        var contentLength = 0
        var signerLength: Int32 = 0
        let result = der.withUnsafeBufferPointer { buffer in
            akashi_cms_signed(
                buffer.baseAddress, buffer.count, &kind, Int32(kind.count), &content, &contentLength, &signer,
                &signerLength)
        }
        defer {
            CRYPTO_free(content, nil, 0)
            CRYPTO_free(signer, nil, 0)
            ERR_clear_error()
        }
        guard result != 0 else { throw .malformed }
        let name = String(decoding: kind.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard name == type else { throw .malformed }
        guard result == 2, let content, let signer else { throw .signatureInvalid }
        guard
            let certificate = Certificate(
                der: Array(UnsafeBufferPointer(start: signer, count: Int(signerLength))))
        else { throw .malformed }
        self.signer = certificate
        self.content = Array(UnsafeBufferPointer(start: content, count: contentLength))
    }
}

// Master lists of countries' authorities (ICAO Doc 9303-12 section 9).
extension TrustImporter {
    /// The type of a master list's content.
    static let masterListType = "2.23.136.1.1.2"

    mutating func takeMasterList(_ der: [UInt8], _ input: String) {
        let signed: SignedData
        do { signed = try SignedData(der, type: Self.masterListType) } catch {
            return refuse(error == .malformed ? .malformed : .signatureInvalid, input)
        }
        guard let all = Self.authorities(signed.content) else { return refuse(.malformed, input) }
        guard all.count <= Self.maximumEntries else { return refuse(.tooMany, input) }
        guard signed.signer.extendedKeyUsage?.contains("2.23.136.1.1.3") ?? false else {
            return refuse(.wrongUse, input, about: Self.id(signed.signer))
        }
        if revoked.contains(signed.signer) {
            return refuse(.signerRevoked, input, about: Self.id(signed.signer))
        }
        guard vouched(signed.signer, all, input) else {
            return refuse(.signerUntrusted, input, about: Self.id(signed.signer))
        }
        if now > signed.signer.notAfter { note(.signerExpired, input, about: Self.id(signed.signer)) }
        for der in all {
            guard let certificate = Certificate(der: der) else {
                refuse(.certificateMalformed, input)
                continue
            }
            guard certificate.isAuthority else {
                refuse(.wrongUse, input, about: Self.id(certificate))
                continue
            }
            take(certificate, as: .authority, input)
        }
    }

    private mutating func vouched(_ signer: Certificate, _ all: [[UInt8]], _ input: String) -> Bool {
        // Whoever pins a key is not asked whether an expired signer will do.
        if options.publisher != nil, now < signer.notBefore || now > signer.notAfter { return false }
        if let publisher { return publisher.vouches(for: signer) }
        // Its publisher's manifest names it.
        if options.publisher != nil { return true }
        if authorities.contains(where: { signer.isIssued(by: $0) }) { return true }
        guard all.lazy.compactMap({ Certificate(der: $0) }).contains(where: { signer.isIssued(by: $0) }) else {
            return false
        }
        note(.selfVouched, input, about: Self.id(signer))
        return true
    }

    /// `SEQUENCE { version INTEGER, certList SET OF Certificate }`.
    static func authorities(_ content: [UInt8]) -> [[UInt8]]? {
        var outer = DER(content)
        guard var list = outer.enter(0x30), outer.isAtEnd, list.content(0x02) == [0], var set = list.enter(0x31),
            list.isAtEnd
        else { return nil }
        var result: [[UInt8]] = []
        while !set.isAtEnd {
            guard let body = set.content(0x30) else { return nil }
            result.append([0x30] + length(body.count) + body)
        }
        return result
    }

    // The shortest form, which is the only one that the reader takes.
    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        let all: [UInt8] = [UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        let bytes = Array(all.drop { $0 == 0 })
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}
