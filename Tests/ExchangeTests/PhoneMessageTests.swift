import Crypto
import Exchange
import Foundation
import TestSupport
import Testing

/// A phone's smaller messages: what comes in as JSON when a device enrols, and queries whether a certificate is current.
@Suite struct PhoneMessageTests {
    private static let token = [UInt8](repeating: 5, count: 57)
    private static let code = "0123-4567-89AB-CDEF"

    private func read<T: Decodable>(_ type: T.Type, _ text: String) -> T? {
        try? JSONDecoder().decode(type, from: Data(text.utf8))
    }

    private static func base64(_ count: Int) -> String { Data(repeating: 1, count: count).base64EncodedString() }

    @Test(arguments: [
        (15, 600, false), (16, 600, true), (256, 600, true), (257, 600, false), (57, 0, false), (57, 1, true),
        (57, 3600, true), (57, 3601, false), (57, -1, false),
    ])
    func `a token has its bounds`(_ count: Int, _ seconds: Int, _ isRight: Bool) {
        let text = #"{"token":"\#(Self.base64(count))","validSeconds":\#(seconds)}"#
        #expect((read(DeviceToken.self, text) != nil) == isRight)
    }

    @Test(arguments: [
        ("android", 57, 1, 1, true), ("", 57, 1, 1, false), ("a phone of somebody", 57, 1, 1, false),
        ("an\\u0000droid", 57, 1, 1, false), ("android", 15, 1, 1, false), ("android", 257, 1, 1, false),
        ("android", 57, 0, 1, false), ("android", 57, 16_384, 512, true), ("android", 57, 16_385, 1, false),
        ("android", 57, 1, 0, false), ("android", 57, 1, 513, false),
    ])
    func `an enrolment has its bounds`(
        _ platform: String, _ token: Int, _ attestation: Int, _ proof: Int, _ isRight: Bool
    ) {
        let bytes = [token, attestation, proof].map { Self.base64($0) }
        let text =
            #"{"platform":"\#(platform)","token":"\#(bytes[0])","attestation":"\#(bytes[1])","proof":"\#(bytes[2])"}"#
        #expect((read(DeviceEnrolment.self, text) != nil) == isRight)
    }

    @Test(arguments: [
        (code, true), ("0123456789abcdef", true), ("o123 4567 89ab cdeI", true), ("", false),
        ("0123-4567-89AB-CDE", false), ("0123-4567-89AB-CDEFG", false), ("0123-4567-89AB-CDEU", false),
        ("0123-4567-89AB-CDEı", false), (String(repeating: "-", count: 49) + "0123456789ABCDEF", false),
    ])
    func `a revocation code is sixteen letters, however they are written`(_ code: String, _ isRight: Bool) throws {
        let json = String(decoding: try JSONEncoder().encode(DeviceRevocation(code: code)), as: UTF8.self)
        #expect((read(DeviceRevocation.self, json) != nil) == isRight)
        let answer = EnrolledDeviceAnswer(certificate: [1], revocationCode: code)
        let text = String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
        #expect((read(EnrolledDeviceAnswer.self, text) != nil) == isRight)
    }

    /// What was read, if it could be, which comes back when it is written.
    private static func again<T: Codable & Equatable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T? {
        guard let value = try? JSONDecoder().decode(type, from: Data(bytes)) else { return nil }
        #expect(try JSONDecoder().decode(type, from: JSONEncoder().encode(value)) == value)
        return value
    }

    @Test func `bad messages of enrolment never trap, and what is read is within its bounds and written again`()
        async throws
    {
        let encoder = JSONEncoder()
        let samples = [
            try encoder.encode(DeviceToken(token: Self.token, validSeconds: 600)),
            try encoder.encode(
                DeviceEnrolment(platform: "android", token: Self.token, attestation: [1, 2, 3], proof: [4])),
            try encoder.encode(DeviceEnrolment(platform: "ios", token: Self.token, attestation: [1], proof: nil)),
            try encoder.encode(EnrolledDeviceAnswer(certificate: [0x30, 0], revocationCode: Self.code)),
            try encoder.encode(DeviceRevocation(code: Self.code)),
        ].map { Array($0) }
        await BadInput.run("messages of enrolment", samples: samples) { bytes in
            if let token = try Self.again(DeviceToken.self, bytes) { #expect((16...256).contains(token.token.count)) }
            if let enrolment = try Self.again(DeviceEnrolment.self, bytes) {
                #expect((1...16_384).contains(enrolment.attestation.count))
            }
            if let answer = try Self.again(EnrolledDeviceAnswer.self, bytes) {
                #expect((1...2048).contains(answer.certificate.count))
            }
            if let revocation = try Self.again(DeviceRevocation.self, bytes) {
                #expect(DeviceRevocation.letters(of: revocation.code)?.count == 16)
            }
        }
    }

    @Test func `bad queries and replies are none, and a query in plain is written in one way`() async throws {
        let sample = try PhoneSample()
        let stated = try #require(sample.statement.keys(statedBy: [sample.pinned.publicKey], at: PhoneSample.now))
        let sent = try #require(try CurrentQuery.seal(token: Self.token, to: stated))
        let opened = try #require(CurrentQuery.Opened(opening: sent.bytes, by: sample.uploadKey))
        #expect(opened.token == Self.token)
        #expect(CurrentQuery.Opened.statementHash(of: sent.bytes) == sample.statement.hash)
        let key = sample.uploadKey
        await BadInput.run("sealed queries", samples: [sent.bytes], cases: BadInput.casesWithSignatures) { bytes in
            let isOpened = CurrentQuery.Opened(opening: bytes, by: key) != nil
            // Which statement a query names is bound by nothing: it only says which key opens it.
            #expect(!isOpened || bytes.dropFirst(32) == sent.bytes.dropFirst(32))
        }
        let reply = try opened.reply(.corrected)
        #expect(sent.answer(in: reply) == .corrected)
        await BadInput.run("sealed replies", samples: [reply]) { bytes in
            let isOpened = sent.answer(in: bytes) != nil
            #expect(!isOpened || bytes == reply)
        }
        let plain = try #require(CurrentQuery.plain(of: Self.token))
        await BadInput.run("queries in plain", samples: [plain]) { bytes in
            let token = try CurrentQuery.token(inPlain: bytes)
            #expect(CurrentQuery.plain(of: token) == bytes)
        }
    }
}
