@testable import Attestation
import Credentials
import Crypto
import Foundation
import SimulatedAttestation
import TestSupport
import Testing

/// No bytes of strangers trap what reads them, and none of them pass.
@Suite struct BadInputTests {
    @Test func `bad chains are refused, never trapped upon`() async throws {
        let fixture = try AndroidFixture()
        let chains = try [fixture.chain(), fixture.chain { $0.version = 1 }].map { Array($0.joined()) }
        let checker = AttestationChecker(policy: try fixture.policy(), status: AndroidFixture.status())
        let proof = try fixture.proof()
        await BadInput.run("Android attestations", samples: chains, cases: BadInput.casesWithSignatures) { bytes in
            for platform in [AttestationPlatform.android, .development] {
                _ = try? checker.check(
                    Attestation(platform: platform, bytes: bytes), challenge: fixture.challenge, proof: proof,
                    at: AndroidFixture.now)
            }
        }
    }

    @Test func `bad statements are refused, never trapped upon`() async throws {
        let fixture = try AndroidFixture()
        let rules = AndroidRules(try #require(fixture.policy().android))
        let samples = [
            fixture.statement(),
            fixture.statement {
                $0.packages = []; $0.hasRootOfTrust = false
            },
        ]
        await BadInput.run("Android statements", samples: samples.map(\.encoded)) { bytes in
            guard let statement = KeyDescription(bytes) else { return }
            _ = rules.refusals(statement, challenge: fixture.challenge.bytes)
        }
    }

    @Test func `bad Apple attestations are refused, never trapped upon`() async throws {
        let fixture = try AppleFixture()
        let sample = try fixture.attestation()
        let checker = AttestationChecker(policy: try fixture.policy(), status: nil)
        await BadInput.run("Apple attestations", samples: [sample], cases: BadInput.casesWithSignatures) { bytes in
            _ = try checker.check(
                Attestation(platform: .ios, bytes: bytes), challenge: fixture.challenge, proof: nil,
                at: AppleFixture.now)
        }
        await BadInput.run("authenticator data", samples: [fixture.statement().authenticatorData]) { bytes in
            _ = AuthenticatorData(attestation: bytes)
            _ = AuthenticatorData(assertion: bytes)
        }
    }

    @Test func `bad assertions are refused, never trapped upon`() async throws {
        let fixture = try AppleFixture()
        let message = DeviceProof.message(overTranscript: [UInt8](repeating: 5, count: 32))
        let sample = try SimulatedAppAttest.assertion(
            fixture.key, app: AppleFixture.app, clientDataHash: [UInt8](repeating: 1, count: 32), counter: 1)
        let keys = AttestationPlatform.allCases.map {
            DeviceProofKey(platform: $0, publicKey: fixture.key.publicKey, app: AppleFixture.app)
        }
        await BadInput.run("assertions", samples: [sample]) { bytes in
            for key in keys {
                // None is over this message.
                #expect(throws: AttestationRefusal.self) { try key.check(bytes, of: message) }
            }
        }
    }

    @Test func `bad device certificates are none, and what one says is written in one way`() async throws {
        let fixture = try AndroidFixture()
        let key = try fixture.check(fixture.chain()).get()
        let issuer = try DeviceIssuer()
        let (good, authorities) = (try issuer.certificate(of: key), try issuer.authorities())
        let read = try #require(DeviceCertificate(der: good, issuedBy: authorities, at: AndroidFixture.now))
        #expect(read.facts == key.facts && read.level == key.level)
        let samples = [good, try issuer.certificate(of: key, saying: "urn:akashi:device:platform=ios;level=x;app=")]
        await BadInput.run("device certificates", samples: samples, cases: BadInput.casesWithSignatures) { bytes in
            let isRead = DeviceCertificate(der: bytes, issuedBy: authorities, at: AndroidFixture.now) != nil
            #expect(!isRead || bytes == good)
        }
        let uris = [
            DeviceCertificate.uri(of: key),
            "urn:akashi:device:platform=ios;level=secure-enclave;app=A1B2C3D4E5.jp.example",
            "urn:akashi:device:platform=android;level=tee;app=a.b;version=12;patches=202511;model=Mihon%2FMihon%201",
        ]
        await BadInput.run("what device certificates say", samples: uris.map { Array($0.utf8) }) { bytes in
            guard let content = DeviceCertificate.Content(String(decoding: bytes, as: UTF8.self)) else { return }
            #expect(Array(content.text.utf8) == bytes)
        }
    }

    @Test(arguments: [
        "app=a.b;platform=android;level=tee", "platform=android;level=tee;app=a.b;version=+12",
        "platform=android;level=tee;app=a.b;version=012", "platform=android;level=tee;app=%61.b",
        "platform=android;level=tee;app=a.b;model=Mihon%2fMihon", "platform=android;level=tee;app=a.b;colour=red",
        "platform=android;level=tee;app=a.b;app=a.b", "platform=android;level=tee;app=", "platform=android;level=tee",
        "platform=android;level=tee;app=a.b;", "platform=android;level=tee;app=a.b;patches=",
    ])
    func `a second form of what a certificate says is none`(_ members: String) {
        #expect(DeviceCertificate.Content("urn:akashi:device:platform=android;level=tee;app=a.b") != nil)
        #expect(DeviceCertificate.Content("urn:akashi:device:" + members) == nil)
    }

    @Test func `bad lists are none, never trapped upon`() async {
        let samples = [
            #"{"entries":{"2c8cdddfd5e03bfc":{"status":"REVOKED","reason":"KEY_COMPROMISE"},"6681152659205225093":{"status":"SUSPENDED"}}}"#,
            #"{"entries":{}}"#,
        ]
        await BadInput.run("status lists", samples: samples.map { Array($0.utf8) }) { bytes in
            guard let list = AndroidStatusList(bytes, fetched: AndroidFixture.now) else { return }
            #expect(list.count <= AndroidStatusList.maximumEntries)
        }
    }
}
