"""HPKE (RFC 9180), modes Auth and Base, single-shot: P-256 with HKDF-SHA256, HKDF-SHA256, AES-256-GCM."""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import keys

KEM = b"KEM" + bytes.fromhex("0010")
SUITE = b"HPKE" + bytes.fromhex("001000010002")
MODE_BASE = b"\x00"
MODE_AUTH = b"\x02"


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    block = hmac.digest(secret, labeled + b"\x01", hashlib.sha256)
    return block[:length]  # no output here is longer than one block


@dataclass(frozen=True)
class Context:
    """What both sides derive: for one message, and for what is exported."""

    key: bytes
    nonce: bytes
    exporter: bytes

    def export(self, context: bytes, length: int) -> bytes:
        return _expand(SUITE, self.exporter, b"sec", context, length)


def _context(mode: bytes, shared: bytes, kem_context: bytes, info: bytes) -> Context:
    kem_secret = _expand(KEM, _extract(KEM, b"", b"eae_prk", shared), b"shared_secret", kem_context, 32)
    context = mode + _extract(SUITE, b"", b"psk_id_hash", b"") + _extract(SUITE, b"", b"info_hash", info)
    secret = _extract(SUITE, kem_secret, b"secret", b"")
    return Context(
        _expand(SUITE, secret, b"key", context, 32), _expand(SUITE, secret, b"base_nonce", context, 12),
        _expand(SUITE, secret, b"exp", context, 32))


def open_sealed(
    sealed: bytes, recipient: ec.EllipticCurvePrivateKey, sender: ec.EllipticCurvePublicKey, info: bytes
) -> bytes:
    """What an encapsulated key of 65 bytes and the ciphertext behind it hold."""
    encapsulated, ciphertext = sealed[:65], sealed[65:]
    shared = recipient.exchange(ec.ECDH(), keys.public(encapsulated)) + recipient.exchange(ec.ECDH(), sender)
    context = _context(
        MODE_AUTH, shared, encapsulated + keys.point(recipient.public_key()) + keys.point(sender), info)
    return AESGCM(context.key).decrypt(context.nonce, ciphertext, None)


def seal(plaintext: bytes, recipient: bytes, info: bytes) -> tuple[bytes, Context]:
    """Seals in mode Base: the encapsulated key of 65 bytes and the ciphertext behind it; and what an answer's key is of."""
    ephemeral = keys.generate()
    encapsulated = keys.point(ephemeral.public_key())
    shared = ephemeral.exchange(ec.ECDH(), keys.public(recipient))
    context = _context(MODE_BASE, shared, encapsulated + recipient, info)
    return encapsulated + AESGCM(context.key).encrypt(context.nonce, plaintext, None), context
