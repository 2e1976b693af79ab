"""Checks an answer: its manifest against what was asked for, the card, the page's bytes and the codes on the page."""

import datetime
import io

import zxingcpp
from PIL import Image

import messages
import people
from visit import Asked

JAPAN = datetime.timezone(datetime.timedelta(hours=9))
CODES = {"domestic": ("shc:/",), "overseas": ("{", "shc:/", "HC1:")}


def codes_on(png: bytes) -> list[str]:
    """The texts of the QR codes in a picture, in no order."""
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    return [bytes(code.bytes).decode() for code in found]


def check(answer: messages.Answer, asked: Asked, record: people.Record, forms: str = "pdf, png") -> None:
    manifest = answer.manifest
    assert messages.is_certificate_id(manifest["certificateID"]), manifest
    assert manifest["municipality"] == asked.municipality and manifest["kind"] == asked.kind, manifest
    assert manifest["birthDate"] == record.columns["birth_date"], manifest
    assert people.same_name(manifest["name"], record.on_card().name), manifest
    assert manifest["issuedOn"] in {
        (datetime.datetime.now(JAPAN) - datetime.timedelta(minutes=minutes)).date().isoformat() for minutes in (0, 3)
    }, manifest
    assert manifest["doses"] == min(record.doses, 5), manifest
    assert manifest["isSample"] is True, manifest
    is_overseas = asked.kind == "overseas"
    assert manifest.get("documentNumber") == (record.columns["passport_number"] if is_overseas else None), manifest
    assert bool(manifest.get("romajiName")) == is_overseas, manifest

    assert manifest["pdfHash"] == messages.sha256(answer.pdf).hex()
    assert manifest["pngHash"] == messages.sha256(answer.png).hex()
    assert answer.pdf[:5] == (b"%PDF-" if "pdf" in forms else b"")
    assert answer.png[:8] == (b"\x89PNG\r\n\x1a\n" if "png" in forms else b"")
    assert answer.codes == [], "codes outside the page"
    assert len(manifest["codeHashes"]) == len(CODES[asked.kind]), manifest
    if answer.png:
        texts = {messages.sha256(text.encode()).hex(): text for text in codes_on(answer.png)}
        assert set(texts) == set(manifest["codeHashes"]), "the codes on the page are not the manifest's"
        beginnings = zip(manifest["codeHashes"], CODES[asked.kind])
        assert all(texts[hash_].startswith(beginning) for hash_, beginning in beginnings), "the codes' order"
