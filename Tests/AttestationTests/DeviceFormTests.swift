import Attestation
import Credentials
import Crypto
import Foundation
import SimulatedAttestation
import Testing

/// A certificate written field by field, so that each can be wrong alone.
private struct WrittenCertificate {
    static let algorithm: [UInt8] = [
        0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02,
    ]
    static let now = Date(timeIntervalSince1970: 1_790_000_000)

    var version = DERWriter.value(0xA0, [0x02, 0x01, 0x02])
    var serial = DERWriter.value(0x02, [0x01])
    var algorithmInside = Self.algorithm
    var algorithmOutside = Self.algorithm
    var issuer = Self.name("MIHON devices")
    var validity = Self.time(0x17, "200101000000Z") + Self.time(0x17, "491231235959Z")
    var subject = Self.name("device")
    var curve: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    var point: [UInt8]
    var extensions: [[UInt8]]
    var behindExtensions: [UInt8] = []
    var behind: [UInt8] = []
    var unusedBits: UInt8 = 0

    static func name(_ commonName: String) -> [UInt8] {
        let attribute = [0x06, 0x03, 0x55, 0x04, 0x03] + DERWriter.value(0x0C, Array(commonName.utf8))
        return DERWriter.value(0x30, DERWriter.value(0x31, DERWriter.value(0x30, attribute)))
    }

    static func time(_ tag: UInt8, _ text: String) -> [UInt8] { DERWriter.value(tag, Array(text.utf8)) }

    static func `extension`(_ last: UInt8, critical: [UInt8] = [], _ value: [UInt8]) -> [UInt8] {
        DERWriter.value(0x30, [0x06, 0x03, 0x55, 0x1D, last] + critical + DERWriter.value(0x04, value))
    }

    static let critical: [UInt8] = [0x01, 0x01, 0xFF]
    static let names = Self.extension(
        17,
        DERWriter.value(0x30, DERWriter.value(0x86, Array("urn:akashi:device:platform=android;level=tee;app=a.b".utf8)))
    )

    func der(by key: P256.Signing.PrivateKey) throws -> [UInt8] {
        let keyAlgorithm = DERWriter.value(0x30, [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01] + curve)
        let info = DERWriter.value(0x30, keyAlgorithm + DERWriter.value(0x03, [0x00] + point))
        let fields =
            version + serial + algorithmInside + issuer + DERWriter.value(0x30, validity) + subject + info
            + DERWriter.value(0xA3, DERWriter.value(0x30, extensions.flatMap { $0 })) + behindExtensions
        let signed = DERWriter.value(0x30, fields)
        let signature = try key.signature(for: signed).derRepresentation
        return DERWriter.value(
            0x30, signed + algorithmOutside + DERWriter.value(0x03, [unusedBits] + signature)) + behind
    }
}

/// One flaw of a device's certificate, right in everything else and signed by the authority.
private struct Flaw: CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout WrittenCertificate) -> Void

    init(_ text: String, _ change: @escaping @Sendable (inout WrittenCertificate) -> Void) {
        (testDescription, self.change) = (text, change)
    }
}

@Suite struct DeviceFormTests {
    private let authorityKey = P256.Signing.PrivateKey()
    private let key = P256.Signing.PrivateKey()
    private let authorities: DeviceAuthorities

    init() throws {
        authorities = try #require(DeviceAuthorities(der: [try Self.authority(authorityKey)]))
    }

    private static func authority(
        _ key: P256.Signing.PrivateKey, named name: String = "MIHON devices", until: String = "20990101000000Z"
    ) throws -> [UInt8] {
        var own = WrittenCertificate(
            point: Array(key.publicKey.x963Representation),
            extensions: [
                WrittenCertificate.extension(19, critical: WrittenCertificate.critical, [0x30, 0x03, 0x01, 0x01, 0xFF])
            ])
        (own.issuer, own.subject) = (WrittenCertificate.name(name), WrittenCertificate.name(name))
        own.validity = WrittenCertificate.time(0x17, "200101000000Z") + WrittenCertificate.time(0x18, until)
        return try own.der(by: key)
    }

    private func certificate(_ change: (inout WrittenCertificate) -> Void = { _ in }) throws -> [UInt8] {
        var written = WrittenCertificate(
            point: Array(key.publicKey.x963Representation),
            extensions: [
                WrittenCertificate.extension(19, critical: WrittenCertificate.critical, [0x30, 0x00]),
                WrittenCertificate.extension(15, critical: WrittenCertificate.critical, [0x03, 0x02, 0x07, 0x80]),
                WrittenCertificate.names,
            ])
        change(&written)
        return try written.der(by: authorityKey)
    }

    private func read(_ der: [UInt8], at now: Date = WrittenCertificate.now) -> DeviceCertificate? {
        DeviceCertificate(der: der, issuedBy: authorities, at: now)
    }

    @Test(arguments: [
        Flaw("as it is") { _ in },
        Flaw("a serial number of twenty bytes with its zero") {
            $0.serial = DERWriter.value(0x02, [0x00] + [UInt8](repeating: 0xFF, count: 20))
        },
        Flaw("times with four digits of the year") {
            $0.validity =
                WrittenCertificate.time(0x18, "20200101000000Z") + WrittenCertificate.time(0x18, "20500101000000Z")
        },
        Flaw("neither constraints nor key usage") { $0.extensions = [WrittenCertificate.names] },
    ])
    private func `what our authority writes is read, and says what OpenSSL finds in it`(_ form: Flaw) throws {
        let der = try certificate(form.change)
        let device = try #require(read(der))
        let other = try #require(Certificate(der: der))
        #expect(device.notBefore.timeIntervalSince1970 == other.notBefore)
        #expect(device.notAfter.timeIntervalSince1970 == other.notAfter)
        #expect(device.proofKey.publicKey.x963Representation == other.p256Key?.x963Representation)
        #expect(DeviceCertificate.isAbout(key.publicKey, on: .android, der: der))
        #expect(device.isValid(at: WrittenCertificate.now, issuedBy: authorities))
        #expect(!device.isValid(at: device.notAfter + 1, issuedBy: authorities))
        #expect(read(der, at: device.notBefore) != nil && read(der, at: device.notAfter) != nil)
        #expect(read(der, at: device.notBefore - 1) == nil && read(der, at: device.notAfter + 1) == nil)
    }

    @Test(arguments: [
        Flaw("a first version") { $0.version = DERWriter.value(0xA0, [0x02, 0x01, 0x00]) },
        Flaw("no version") { $0.version = [] },
        Flaw("a negative serial number") { $0.serial = DERWriter.value(0x02, [0x80]) },
        Flaw("a serial number that is too long") {
            $0.serial = DERWriter.value(0x02, [UInt8](repeating: 1, count: 22))
        },
        Flaw("another algorithm inside") { $0.algorithmInside[11] = 0x03 },
        Flaw("another algorithm outside") { $0.algorithmOutside[11] = 0x03 },
        Flaw("parameters behind the algorithm") {
            $0.algorithmOutside = DERWriter.value(
                0x30, Array(WrittenCertificate.algorithm.dropFirst(2)) + [0x05, 0x00])
        },
        Flaw("another issuer's name") { $0.issuer = WrittenCertificate.name("MIHON others") },
        Flaw("a third time") { $0.validity += WrittenCertificate.time(0x17, "491231235959Z") },
        Flaw("a time without its zone") {
            $0.validity =
                WrittenCertificate.time(0x17, "2001010000000") + WrittenCertificate.time(0x17, "491231235959Z")
        },
        Flaw("a day that no month has") {
            $0.validity =
                WrittenCertificate.time(0x17, "200230000000Z") + WrittenCertificate.time(0x17, "491231235959Z")
        },
        Flaw("another curve") { $0.curve[9] = 0x01 },
        Flaw("a point off the curve") { $0.point[64] ^= 1 },
        Flaw("a compressed point") { $0.point = [0x02] + $0.point[1...32] },
        Flaw("the same extension twice") { $0.extensions.append(WrittenCertificate.names) },
        Flaw("an unknown critical extension") {
            $0.extensions.append(WrittenCertificate.extension(54, critical: WrittenCertificate.critical, [0x05, 0x00]))
        },
        Flaw("a critical flag that is not true") {
            $0.extensions[2] = WrittenCertificate.extension(17, critical: [0x01, 0x01, 0x00], [0x30, 0x00])
        },
        Flaw("no name") { $0.extensions.removeLast() },
        Flaw("an authority's constraints") {
            $0.extensions[0] = WrittenCertificate.extension(19, [0x30, 0x03, 0x01, 0x01, 0xFF])
        },
        Flaw("a key for other uses") { $0.extensions[1] = WrittenCertificate.extension(15, [0x03, 0x02, 0x05, 0x20]) },
        Flaw("something behind the extensions") { $0.behindExtensions = [0x05, 0x00] },
        Flaw("unused bits in the signature") { $0.unusedBits = 1 },
        Flaw("something behind it") { $0.behind = [0x00] },
    ])
    private func `a certificate that our authority would not write is none, though its key signed it`(_ flaw: Flaw)
        throws
    {
        #expect(read(try certificate()) != nil)
        #expect(read(try certificate(flaw.change)) == nil)
    }

    @Test func `a certificate counts by an authority that is still one of ours, and by its own key alone`() throws {
        let der = try certificate()
        let device = try #require(read(der))
        let others = try #require(DeviceAuthorities(der: [try Self.authority(P256.Signing.PrivateKey())]))
        #expect(DeviceCertificate(der: der, issuedBy: others, at: WrittenCertificate.now) == nil)
        #expect(!device.isValid(at: WrittenCertificate.now, issuedBy: others))
    }

    @Test func `an authority that is renewed, or has a second name for its key, goes on`() throws {
        let der = try certificate()
        let (old, ended) = (
            try Self.authority(authorityKey), try Self.authority(authorityKey, until: "20250101000000Z")
        )
        let renamed = try Self.authority(authorityKey, named: "MIHON devices 2")
        let device = try #require(read(der))
        for list in [[renamed, old], [ended, old], [old, ended]] {
            let authorities = try #require(DeviceAuthorities(der: list))
            #expect(DeviceCertificate(der: der, issuedBy: authorities, at: WrittenCertificate.now) != nil)
            #expect(device.isValid(at: WrittenCertificate.now, issuedBy: authorities))
            #expect(authorities.include(try Self.authority(authorityKey, until: "20980101000000Z")))
        }
        for list in [[renamed], [ended]] {
            let authorities = try #require(DeviceAuthorities(der: list))
            #expect(DeviceCertificate(der: der, issuedBy: authorities, at: WrittenCertificate.now) == nil)
            #expect(!device.isValid(at: WrittenCertificate.now, issuedBy: authorities))
        }
        #expect(try #require(DeviceAuthorities(der: [renamed])).include(old) == false)
        #expect(authorities.include(renamed) == false)
    }
}
