"""P-256 keys and signatures in the protocol's forms."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature


def generate() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed form of X9.63, 65 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def public(bytes_: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_)


def private(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """ECDSA with SHA-256 as r and s of 32 bytes each."""
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verifies(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(der, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return len(signature) == 64


def armour(file: Path) -> bytes:
    """A PEM file without the remarks before it."""
    text = file.read_bytes()
    return text[text.index(b"-----BEGIN "):]


def load_private(file: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(armour(file), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def load_public(file: Path) -> ec.EllipticCurvePublicKey:
    key = serialization.load_pem_public_key(armour(file))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def certificate_hash(file: Path) -> bytes:
    """SHA-256 of a certificate's DER: what a terminal is known by."""
    return x509.load_pem_x509_certificate(armour(file)).fingerprint(hashes.SHA256())


def other_signature(message: bytes) -> bytes:
    """A message that ends with a signature r, s, with r, n - s in its place: as right, and made without the key."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return message[:-32] + (order - int.from_bytes(message[-32:], "big")).to_bytes(32, "big")
