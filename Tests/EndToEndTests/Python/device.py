"""A made-up phone: its key, what attests it, and its proofs."""

import datetime
import hashlib
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyasn1.codec.der import encoder
from pyasn1.type import tag, univ

import fields
import keys

KEY_DESCRIPTION = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")
SOFTWARE = 0


def _sequence(*members: univ.base.Asn1Type) -> univ.Sequence:
    sequence = univ.Sequence()
    for index, member in enumerate(members):
        sequence.setComponentByPosition(index, member)
    return sequence


def _set(*members: univ.base.Asn1Type) -> univ.SetOf:
    set_ = univ.SetOf()
    set_.extend(members)
    return set_


def _tagged(number: int, value: univ.base.Asn1Type) -> univ.Any:
    """The value behind an explicit tag."""
    explicit = tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, number)
    return univ.Any(encoder.encode(value)).subtype(explicitTag=explicit)


@dataclass(frozen=True)
class Attester:
    """Who attests made-up devices."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate
    package: str
    signer: bytes  # SHA-256 of the certificate that signed the app

    def statement(self, challenge: bytes) -> bytes:
        """Android's KeyDescription, as software makes it."""
        app = _sequence(
            _set(_sequence(univ.OctetString(self.package.encode()), univ.Integer(1))),
            _set(univ.OctetString(self.signer)))
        by_system = _sequence(_tagged(709, univ.OctetString(encoder.encode(app))))
        boot = _sequence(
            univ.OctetString(bytes(32)), univ.Boolean(True), univ.Enumerated(0), univ.OctetString(bytes(32)))
        by_hardware = _sequence(
            _tagged(1, _set(univ.Integer(2))), _tagged(2, univ.Integer(3)), _tagged(702, univ.Integer(0)),
            _tagged(704, boot))
        return bytes(encoder.encode(_sequence(
            univ.Integer(200), univ.Enumerated(SOFTWARE), univ.Integer(200), univ.Enumerated(SOFTWARE),
            univ.OctetString(challenge), univ.OctetString(b""), by_system, by_hardware)))

    def attest(self, key: ec.EllipticCurvePublicKey, challenge: bytes) -> bytes:
        """The certificate of a key and the root, one behind the other."""
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Android Keystore Key")]))
            .issuer_name(self.root.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .add_extension(x509.UnrecognizedExtension(KEY_DESCRIPTION, self.statement(challenge)), critical=False)
            .sign(self.key, hashes.SHA256()))
        der = serialization.Encoding.DER
        return certificate.public_bytes(der) + self.root.public_bytes(der)


def enrolment_challenge(token: bytes, platform: str) -> bytes:
    return hashlib.sha256(fields.join(b"akashi/enrol/v1", [token, platform.encode()])).digest()


@dataclass
class Device:
    """A phone with one key; what enrolment gave it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=keys.generate)
    certificate: bytes = b""
    revocation_code: str = ""

    def sign(self, message: bytes) -> bytes:
        """Android's proof: ECDSA with SHA-256 in DER."""
        return self.key.sign(message, ec.ECDSA(hashes.SHA256()))

    def prove_enrolment(self, challenge: bytes) -> bytes:
        return self.sign(b"akashi/enrol-proof/v1" + challenge)

    def prove(self, transcript_hash: bytes) -> bytes:
        return self.sign(b"akashi/device-proof/v2" + transcript_hash)
