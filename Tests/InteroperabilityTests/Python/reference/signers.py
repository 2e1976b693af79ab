"""Keys and certificates of signers, made from a seeded source, in every state that a verifier has to judge."""

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

NOW = 1_767_225_600
# The order of P-256's group.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HASHES = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}


def ec_key(random, curve=ec.SECP256R1):
    return ec.derive_private_key(random.getrandbits(curve.key_size - 8) | 1, curve())


def moment(seconds):
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)


def distinguished(common, countries=("JP",)):
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, one, _validate=False) for one in countries]
        + [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


USAGE = {"digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"}


def usage(*bits):
    return x509.KeyUsage(**{bit: bit in bits for bit in USAGE})


class Authority:
    def __init__(self, random, common, countries=("JP",), start=-900 * 86_400, end=1_800 * 86_400, curve=ec.SECP256R1,
                 ca=True, bits=("key_cert_sign", "crl_sign")):
        self.random, self.key = random, ec_key(random, curve)
        self.name = distinguished(common, countries)
        self.extensions = extensions = [(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False)]
        if ca is not None:
            extensions.append((x509.BasicConstraints(ca=ca, path_length=0 if ca else None), True))
        if bits is not None:
            extensions.append((usage(*bits), True))
        self.renew(start, end)

    def renew(self, start, end):
        """The same key with another certificate."""
        self.certificate = issue(
            self.random, self.name, self.key, self.name, self.key, start, end, self.extensions)


class Signer:
    """A key with its certificate; what it signs is right."""

    def __init__(self, label, key, certificate):
        self.label, self.key, self.certificate = label, key, certificate
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.key_id = certificate.fingerprint(hashes.SHA256())[:8]

    @property
    def is_rsa(self):
        return isinstance(self.key, rsa.RSAPrivateKey)

    def sign(self, data, hash=None, rsa_padding=None):
        if self.is_rsa:
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            return self.key.sign(data, rsa_padding or pss, hash or hashes.SHA256())
        return raw_ecdsa(self.key, data, hash)


def raw_ecdsa(key, data, hash=None):
    hash = hash or HASHES[key.curve.name]
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hash, deterministic_signing=True)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def issue(random, subject, key, issuer, issuer_key, start, end, extensions=()):
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(random.getrandbits(63) | 1)
        .not_valid_before(moment(NOW + start)).not_valid_after(moment(NOW + end))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, HASHES[issuer_key.curve.name], ecdsa_deterministic=True)


def unknown_extension():
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")


def extended(*identifiers):
    return x509.ExtendedKeyUsage([x509.ObjectIdentifier(one) for one in identifiers])


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)
