"""Checks this implementation against the bytes of the article with the worked example."""

import re

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import card
import fields
import hpke
import keys
import messages
from centre import ARTICLES
from reader import file_length


def values() -> dict[str, bytes]:
    text = (ARTICLES / "WorkedExample.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^`(\w+)`.*\n\n```text\n([0-9a-f\n]+)```", text, re.MULTILINE)
    return {name: bytes.fromhex(digits) for name, digits in blocks}


def _chip_verifies(file: bytes, signature: bytes, message: bytes) -> None:
    """The public key of EF 0007 verifies what the chip signed."""
    start = file.index(bytes.fromhex("91820100")) + 4
    key = rsa.RSAPublicNumbers(65_537, int.from_bytes(file[start:start + 256], "big")).public_key()
    key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())


def check() -> None:
    example = values()
    terminal = keys.private(example["terminalPrivateKey"])
    session = messages.SessionKeys(
        keys.private(example["kemPrivateKey"]), keys.private(example["signingPrivateKey"]))
    assert keys.point(session.kem.public_key()) == example["kemPublicKey"]
    assert keys.point(session.signing.public_key()) == example["signingPublicKey"]
    assert messages.sha256(example["terminalCertificate"]) == example["terminalCertificateHash"]

    files = [example[name] for name in ("file0001", "file0002", "file0003", "file0004", "file0007")]
    assert card.tlv(0xFF10, b"999900000011") + b"\xFF\xFF" == files[0]
    made_up = card.Person("999900000011", "見本　花子", "見本県見本市中央町２－２－２", "19850401", "2")
    assert card.attributes_file(made_up) == files[1] and file_length(files[1]) == len(files[1])

    challenge = fields.Reader(example["transcript"], messages.APPLICATION).field(16, 256)
    draft = messages.Draft(
        challenge, example["kemPublicKey"], example["signingPublicKey"], example["terminalCertificateHash"],
        "990019", "domestic", 2)
    assert draft.transcript(files) == example["transcript"]
    assert messages.sha256(example["transcript"]) == example["transcriptHash"]
    command = bytes.fromhex("802A000033") + card.DIGEST_INFO + example["transcriptHash"] + b"\x00"
    assert command == example["internalAuthenticate"]
    _chip_verifies(files[4], example["chipSignature"], example["transcript"])
    assert keys.verifies(terminal.public_key(), example["terminalSignature"], example["transcript"])
    application = draft.application(files, example["chipSignature"], example["terminalSignature"])
    assert application == example["application"]

    answer_key = keys.private(example["answerPrivateKey"]).public_key()
    assert keys.point(answer_key) == example["answerPublicKey"]
    info = messages.answer_info(example["transcriptHash"])
    assert info == example["info"]
    assert hpke.open_sealed(example["sealedAnswer"], session.kem, answer_key, info) == example["answer"]
    answer = messages.read_answer(example["answer"])
    assert messages.is_certificate_id(answer.manifest["certificateID"])
    assert answer.manifest["pdfHash"] == messages.sha256(answer.pdf).hex()

    assert hpke.open_sealed(example["sealedRefusal"], session.kem, answer_key, info) == example["refusal"]
    assert messages.read_refusal(example["refusal"]) == messages.Refusal("person.not_found", False)
    assert len(example["sealedRefusal"]) == 337

    signature = example["outcome"][-64:]
    printed = messages.outcome(example["transcriptHash"], "990019", "printed", lambda _: signature)
    assert printed == example["outcome"]
    assert keys.verifies(session.signing.public_key(), signature, printed[:-68])
