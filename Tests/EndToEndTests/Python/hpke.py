"""HPKE (RFC 9180), mode Auth, single-shot: P-256 with HKDF-SHA256, HKDF-SHA256, AES-256-GCM."""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import keys

KEM = b"KEM" + bytes.fromhex("0010")
SUITE = b"HPKE" + bytes.fromhex("001000010002")
MODE_AUTH = b"\x02"


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    block = hmac.digest(secret, labeled + b"\x01", hashlib.sha256)
    return block[:length]  # no output here is longer than one block


def _key_and_nonce(
    shared: bytes, encapsulated: bytes, recipient: bytes, sender: bytes, info: bytes
) -> tuple[bytes, bytes]:
    kem_secret = _expand(
        KEM, _extract(KEM, b"", b"eae_prk", shared), b"shared_secret", encapsulated + recipient + sender, 32)
    context = MODE_AUTH + _extract(SUITE, b"", b"psk_id_hash", b"") + _extract(SUITE, b"", b"info_hash", info)
    secret = _extract(SUITE, kem_secret, b"secret", b"")
    return _expand(SUITE, secret, b"key", context, 32), _expand(SUITE, secret, b"base_nonce", context, 12)


def open_sealed(
    sealed: bytes, recipient: ec.EllipticCurvePrivateKey, sender: ec.EllipticCurvePublicKey, info: bytes
) -> bytes:
    """What an encapsulated key of 65 bytes and the ciphertext behind it hold."""
    encapsulated, ciphertext = sealed[:65], sealed[65:]
    shared = recipient.exchange(ec.ECDH(), keys.public(encapsulated)) + recipient.exchange(ec.ECDH(), sender)
    key, nonce = _key_and_nonce(
        shared, encapsulated, keys.point(recipient.public_key()), keys.point(sender), info)
    return AESGCM(key).decrypt(nonce, ciphertext, None)
