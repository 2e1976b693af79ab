"""A phone's messages: the statement of keys, application, sealed answer, and the query whether a certificate is current."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import fields
import hpke
import keys
from messages import MEGABYTES_4, Answer, Refusal, sha256

KEYS = b"akashi/vrs-keys/v1"
FILES = b"akashi/files/v2"
SEALED_FILES = b"akashi/sealed-files/v2"
APPLICATION = b"akashi/application/v2"
SEALED_ANSWER = b"akashi/sealed-answer/v2"
ANSWER = b"akashi/answer/v2"
QUERY = b"akashi/current-query/v1"
REPLY = b"akashi/current-reply/v1"
PADDED = {"domestic": 1_536, "overseas": 16_384}


@dataclass(frozen=True)
class Statement:
    """The keys of vrs for one day."""

    bytes_: bytes
    not_before: int
    not_after: int
    upload_key: bytes
    answer_key: ec.EllipticCurvePublicKey

    @property
    def hash(self) -> bytes:
        return sha256(self.bytes_)


def read_statement(body: bytes, pinned: ec.EllipticCurvePublicKey) -> Statement:
    """The statement, if the pinned key signed it and it holds now."""
    reader = fields.Reader(body, KEYS)
    not_before, not_after = (int.from_bytes(reader.field(8, 8), "big") for _ in range(2))
    upload, answer = reader.field(65, 65), reader.field(65, 65)
    signed = body[:len(body) - len(reader.rest)]
    signature = reader.field(64, 64)
    reader.end()
    if not keys.verifies(pinned, signature, signed):
        raise fields.Malformed("nobody's statement")
    if not not_before < not_after <= not_before + 86_400 or not not_before <= time.time() < not_after:
        raise fields.Malformed("a statement of another day")
    return Statement(body, not_before, not_after, upload, keys.public(answer))


def padded(message: bytes, length: int) -> bytes:
    assert len(message) <= length
    return message + bytes(length - len(message))


def seal_files(
    plain: Sequence[bytes], kind: str, statement: Statement, head: bytes
) -> bytes:
    """EF 0001, EF 0002, EF 0003, DG1 and SOD, sealed for this head alone."""
    content = padded(fields.join(FILES, plain), PADDED[kind])
    return hpke.seal(content, statement.upload_key, SEALED_FILES + sha256(head))[0]


def transcript_hash(head: bytes, sealed: bytes) -> bytes:
    return sha256(head + b"\x00\x00\x00\x20" + sha256(sealed))


def open_answer(
    sealed: bytes, kem: ec.EllipticCurvePrivateKey, statement: Statement, transcript: bytes
) -> tuple[Answer | Refusal, bytes]:
    """The certificate and its token, or the refusal."""
    plain = hpke.open_sealed(sealed, kem, statement.answer_key, SEALED_ANSWER + transcript)
    if len(plain) % 32_768:
        raise fields.Malformed("an answer's length")
    reader = fields.Reader(plain, ANSWER)
    status, body = reader.field(1, 1), reader.field(0, len(plain))
    if any(reader.rest) or len(reader.rest) >= 32_768:
        raise fields.Malformed("an answer's padding")
    inner = fields.Reader(body, b"")
    if status == b"\x01":
        refusal = Refusal(inner.field(1, 64).decode("ascii"), inner.field(1, 1) == b"\x01")
        inner.end()
        return refusal, b""
    if status != b"\x00":
        raise fields.Malformed("an answer's status")
    manifest = json.loads(inner.field(2, 16_384))
    pdf, png, token = inner.field(0, MEGABYTES_4), inner.field(0, MEGABYTES_4), inner.field(0, 256)
    count = inner.field(1, 1)[0]
    if count > 8:
        raise fields.Malformed("an answer's number of codes")
    codes = [inner.field(1, 8_192).decode() for _ in range(count)]
    inner.end()
    return Answer(manifest, pdf, png, codes), token


def current_query(token: bytes, statement: Statement) -> tuple[bytes, hpke.Context]:
    sealed, context = hpke.seal(padded(fields.join(QUERY, [token]), 512), statement.upload_key, QUERY)
    return statement.hash + sealed, context


def read_current_reply(body: bytes, context: hpke.Context) -> int:
    """The byte that says whether the certificate is current."""
    assert len(body) == 80, len(body)
    secret, salt = context.export(REPLY, 32), body[:32]
    key, nonce = (
        HKDF(hashes.SHA256(), length, salt, info).derive(secret) for info, length in ((b"key", 32), (b"nonce", 12)))
    plain = AESGCM(key).decrypt(nonce, body[32:], None)
    assert len(plain) == 32 and not any(plain[1:]), plain
    return plain[0]
