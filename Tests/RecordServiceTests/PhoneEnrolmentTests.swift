import Attestation
import CardChip
import Crypto
import Exchange
import Foundation
import MutualTLS
import RecordService
import RecordSupport
import Records
import SimulatedAttestation
import TestSupport
import Testing

/// Device certificates: what an attestation gets, once.
@Suite struct PhoneEnrolmentTests {
    private func code(_ body: () async throws -> Void) async -> ProblemCode? {
        do {
            try await body()
            return nil
        } catch { return error as? ProblemCode }
    }

    @Test func `an attested key gets a certificate that says what was attested, for ninety days`() async throws {
        let stack = try await Stack(servesPhones: true)
        let phone = try await TestPhone.enrolled(stack)
        let folder = stack.folder + "/keys/vrs/devices-ca.pem"
        let authorities = try #require(
            DeviceAuthorities(der: PEMFile.certificates(folder).map { try $0.der }))
        let device = try #require(
            DeviceCertificate(der: phone.certificate, issuedBy: authorities, at: stack.clock.now))
        #expect(device.facts.keyHash == DeviceProofKey.hash(of: phone.key.publicKey))
        #expect(device.facts.app == TestMakers.package && device.facts.appVersion == 12)
        #expect(device.level == .software && device.proofKey.platform == .development)
        let days = device.notAfter.timeIntervalSince(stack.clock.now) / 86_400
        #expect((89.9...90.1).contains(days))
        let later = stack.clock.now.addingTimeInterval(91 * 86_400)
        #expect(DeviceCertificate(der: phone.certificate, issuedBy: authorities, at: later) == nil)
        #expect(phone.revocationCode.split(separator: "-").map(\.count) == [4, 4, 4, 4])
    }

    @Test func `the same enrolment again gives the same certificate and code, also with a certificate in between`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let phone = TestPhone(stack)
        let enrolment = try phone.enrolment()
        let first = try await phone.enrol(enrolment)
        _ = try await TestPhone.enrolled(stack)
        #expect(try await phone.enrol(enrolment) == first)
    }

    @Test func `a token is good for one key, for ten minutes, and for no other purpose`() async throws {
        let stack = try await Stack(servesPhones: true)
        let token = Array(try stack.enrolling().token().token)
        let first = TestPhone(stack)
        _ = try await first.enrol(try first.enrolment(token: token))
        let second = TestPhone(stack)
        #expect(await code { _ = try await second.enrol(try second.enrolment(token: token)) } == .enrolmentToken)
        let late = try second.enrolment()
        stack.clock.advance(601)
        #expect(await code { _ = try await second.enrol(late) } == .enrolmentToken)
        let challenge = Array(try stack.system.issuing.phoneChallenge().challenge)
        #expect(await code { _ = try await second.enrol(try second.enrolment(token: challenge)) } == .enrolmentToken)
        var flipped = Array(try stack.enrolling().token().token)
        flipped[flipped.count - 1] ^= 1
        #expect(await code { _ = try await second.enrol(try second.enrolment(token: flipped)) } == .enrolmentToken)
    }

    @Test func `more enrolments or queries at once than phones may have are busy, and applications go on`() async throws
    {
        let stack = try await Stack(limits: "{applicationsUnderWay: 2}", servesPhones: true)
        let (phone, person) = (try await TestPhone.enrolled(stack), TestPerson(1))
        try await stack.write(person)
        let enrolling = try stack.enrolling()
        let current = try #require(stack.system.current)
        let query = [UInt8](repeating: 1, count: CurrentQuery.sealedBytes)
        let refused = try await enrolling.places.admit {
            await code { _ = try await phone.enrol(try phone.enrolment()) }
        }
        #expect(refused == .serviceBusy)
        // Four times as many queries as applications.
        @Sendable func asked(beside others: Int) async throws -> ProblemCode? {
            if others > 0 { return try await current.places.admit { try await asked(beside: others - 1) } }
            do {
                _ = try await current.reply(to: query)
                return nil
            } catch { return error as? ProblemCode }
        }
        #expect(try await asked(beside: 7) == .statementUnknown)
        #expect(try await asked(beside: 8) == .serviceBusy)
        let issued = try await enrolling.places.admit { try await phone.refusal(phone.application(person)) }
        #expect(issued == nil)
    }

    @Test func `an enrolment in its token's last second is repeated for ten minutes, and gives the same`() async throws
    {
        let stack = try await Stack(servesPhones: true)
        let (phone, other) = (TestPhone(stack), TestPhone(stack))
        let token = Array(try stack.enrolling().token().token)
        let (enrolment, others) = (try phone.enrolment(token: token), try other.enrolment(token: token))
        stack.clock.advance(599)
        let first = try await phone.enrol(enrolment)
        stack.clock.advance(599)
        #expect(try await phone.enrol(enrolment) == first)
        #expect(await code { _ = try await other.enrol(others) } == .enrolmentToken)
        stack.clock.advance(1)
        #expect(await code { _ = try await phone.enrol(enrolment) } == .enrolmentToken)
    }

    @Test func `an enrolment that is repeated behind its token's end gives nothing to a device that was revoked`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let phone = TestPhone(stack)
        let enrolment = try phone.enrolment()
        stack.clock.advance(599)
        let enrolled = try await phone.enrol(enrolment)
        try await stack.enrolling().revoke(DeviceRevocation(code: enrolled.revocationCode))
        stack.clock.advance(60)
        #expect(await code { _ = try await phone.enrol(enrolment) } == .deviceRevoked)
    }

    enum Flaw: CaseIterable {
        case otherApp, otherSigner, oldApp, otherChallenge, usedAsHardware, otherPlatform, noProof, wrongProof, garbage

        var code: ProblemCode {
            switch self {
            case .otherApp, .otherSigner: .attestationApp
            case .oldApp: .attestationOutdated
            case .otherChallenge, .wrongProof: .attestationStale
            case .usedAsHardware: .attestationDevice
            case .otherPlatform: .attestationUntrusted
            case .noProof, .garbage: .attestationMalformed
            }
        }
    }

    @Test(arguments: Flaw.allCases)
    func `an attestation with one flaw is refused with what its holder can do about it`(_ flaw: Flaw) async throws {
        let stack = try await Stack(servesPhones: true)
        let phone = TestPhone(stack)
        var enrolment = try phone.enrolment { statement in
            switch flaw {
            case .otherApp: statement.packages = [.init(name: "jp.example.other", version: 12)]
            case .otherSigner: statement.signers[0][0] ^= 1
            case .oldApp: statement.packages = [.init(name: TestMakers.package, version: 9)]
            case .otherChallenge: statement.challenge[0] ^= 1
            case .usedAsHardware: (statement.attestationLevel, statement.keyLevel) = (2, 2)
            case .otherPlatform, .noProof, .wrongProof, .garbage: break
            }
        }
        let (token, attestation) = (Array(enrolment.token), Array(enrolment.attestation))
        switch flaw {
        case .otherPlatform:
            enrolment = DeviceEnrolment(
                platform: "android", token: token, attestation: attestation, proof: enrolment.proof.map { Array($0) })
        case .noProof:
            enrolment = DeviceEnrolment(
                platform: enrolment.platform, token: token, attestation: attestation, proof: nil)
        case .wrongProof:
            let other = try P256.Signing.PrivateKey().signature(for: token).derRepresentation
            enrolment = DeviceEnrolment(
                platform: enrolment.platform, token: token, attestation: attestation, proof: Array(other))
        case .garbage:
            enrolment = DeviceEnrolment(
                platform: enrolment.platform, token: token, attestation: [0x30, 0x03, 1, 2, 3],
                proof: enrolment.proof.map { Array($0) })
        default: break
        }
        #expect(await code { _ = try await phone.enrol(enrolment) } == flaw.code)
    }

    @Test func `a holder revokes a lost phone with its code, however it is written, and it applies no more`()
        async throws
    {
        let stack = try await Stack(servesPhones: true)
        let (phone, other) = (try await TestPhone.enrolled(stack), try await TestPhone.enrolled(stack))
        let person = TestPerson(1)
        try await stack.write(person)
        let enrolling = try stack.enrolling()
        #expect(
            await code { try await enrolling.revoke(DeviceRevocation(code: "0000-0000-0000-0000")) } == .notFound)
        let written = phone.revocationCode.lowercased().replacing("-", with: " ")
        try await enrolling.revoke(DeviceRevocation(code: written))
        #expect(await phone.refusal(try await phone.application(person)) == .deviceRevoked)
        #expect(await other.refusal(try await other.application(person)) == nil)
        // Nor does its key enrol again.
        #expect(await code { _ = try await phone.enrol(try phone.enrolment()) } == .deviceRevoked)
        #expect(await stack.system.control.phoneAccess(after: nil, timeout: .zero).devices.count == 1)
    }

    @Test func `the mobile back end is told apart which devices are suspended and which are revoked`() async throws {
        let stack = try await Stack(servesPhones: true)
        let (lost, other) = (try await TestPhone.enrolled(stack), try await TestPhone.enrolled(stack))
        try await stack.enrolling().revoke(DeviceRevocation(code: lost.revocationCode))
        let hashes = [lost, other].map { DeviceProofKey.hash(of: $0.key.publicKey) }
        for hash in hashes { try await stack.store.suspend(.device(keyHash: hash), now: stack.clock.now) }
        try await stack.system.control.refresh()
        let access = await stack.system.control.phoneAccess(after: nil, timeout: .zero)
        #expect(access.devices == hashes.map { Hexadecimal.text($0) }.sorted())
        // What is revoked is so for good, suspended or not.
        #expect(access.suspendedDevices == [Hexadecimal.text(hashes[1])])
    }

    @Test func `logs say how enrolments ended, and nothing that names a device`() async throws {
        let stack = try await Stack(servesPhones: true)
        let phone = try await TestPhone.enrolled(stack)
        _ = await code { _ = try await phone.enrol(try phone.enrolment { $0.challenge[0] ^= 1 }) }
        let log = stack.logs.text
        #expect(log.contains("attestation.challenge_differs") && log.contains("enrolled"))
        for secret in [DeviceProofKey.hash(of: phone.key.publicKey), Array(phone.certificate.suffix(16))] {
            #expect(!log.contains(secret.map { String(format: "%02x", $0) }.joined()))
        }
        #expect(!log.contains(phone.revocationCode))
    }
}
