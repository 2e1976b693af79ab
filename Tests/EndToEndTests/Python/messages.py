"""Transcript, application, sealed answer and outcome."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

import fields
import hpke
import keys

APPLICATION = b"akashi/application/v1"
SEALED_ANSWER = b"akashi/sealed-answer/v1"
ANSWER = b"akashi/answer/v1"
REFUSAL = b"akashi/refusal/v1"
OUTCOME = b"akashi/outcome/v1"
MEGABYTES_4 = 4_194_304
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@dataclass(frozen=True)
class Draft:
    """What an application says before the card signs it: fields 1 to 8."""

    challenge: bytes
    kem: bytes
    signing: bytes
    terminal: bytes
    municipality: str
    kind: str
    copies: int
    channel: str = "kiosk"

    def fields(self) -> list[bytes]:
        return [
            self.challenge, self.kem, self.signing, self.terminal, self.channel.encode(), self.municipality.encode(),
            self.kind.encode(), bytes([self.copies]),
        ]

    def transcript(self, files: Sequence[bytes]) -> bytes:
        return fields.join(APPLICATION, self.fields() + [sha256(file) for file in files])

    def application(self, files: Sequence[bytes], chip_signature: bytes, terminal_signature: bytes) -> bytes:
        return fields.join(APPLICATION, [*self.fields(), *files, chip_signature, terminal_signature])


@dataclass(frozen=True)
class SessionKeys:
    """The two key pairs of one customer's session."""

    kem: ec.EllipticCurvePrivateKey = field(default_factory=keys.generate)
    signing: ec.EllipticCurvePrivateKey = field(default_factory=keys.generate)


@dataclass(frozen=True)
class Answer:
    manifest: dict[str, Any]
    pdf: bytes
    png: bytes
    codes: list[str]


@dataclass(frozen=True)
class Refusal:
    code: str
    outcome_owed: bool


def answer_info(transcript_hash: bytes) -> bytes:
    return SEALED_ANSWER + transcript_hash


def open_answer(
    sealed: bytes, session: SessionKeys, answer_key: ec.EllipticCurvePublicKey, transcript_hash: bytes
) -> Answer | Refusal:
    plaintext = hpke.open_sealed(sealed, session.kem, answer_key, answer_info(transcript_hash))
    return read_refusal(plaintext) if plaintext.startswith(REFUSAL) else read_answer(plaintext)


def read_refusal(plaintext: bytes) -> Refusal:
    if len(plaintext) != 256:
        raise fields.Malformed("a refusal's length")
    reader = fields.Reader(plaintext, REFUSAL)
    code, owed, padding = reader.field(1, 64).decode("ascii"), reader.field(1, 1), reader.field(0, 256)
    if owed not in (b"\0", b"\1") or any(padding):
        raise fields.Malformed("a refusal's fields")
    reader.end()
    return Refusal(code, owed == b"\1")


def read_answer(plaintext: bytes) -> Answer:
    reader = fields.Reader(plaintext, ANSWER)
    manifest = json.loads(reader.field(2, 16_384))
    pdf, png = reader.field(0, MEGABYTES_4), reader.field(0, MEGABYTES_4)
    count = reader.field(1, 1)[0]
    if not isinstance(manifest, dict) or count > 4:
        raise fields.Malformed("an answer's manifest or number of codes")
    codes = [reader.field(1, 8_192).decode() for _ in range(count)]
    reader.end()
    return Answer(manifest, pdf, png, codes)


def outcome(
    transcript_hash: bytes, municipality: str, disposition: str, sign: Callable[[bytes], bytes]
) -> bytes:
    unsigned = fields.join(OUTCOME, [transcript_hash, municipality.encode(), disposition.encode()])
    signature = sign(unsigned)
    return unsigned + len(signature).to_bytes(4, "big") + signature


def is_certificate_id(text: str) -> bool:
    if len(text) != 12 or any(character not in ALPHABET for character in text):
        return False
    indices = [ALPHABET.index(character) for character in text]
    return sum(index * weight for index, weight in zip(indices, range(3, 24, 2))) % 32 == indices[11]


def municipality_code(five_digits: str) -> str:
    """A municipality's code with its check digit."""
    total = sum(int(digit) * weight for digit, weight in zip(five_digits, range(6, 1, -1)))
    return five_digits + str((11 - total % 11) % 10)
