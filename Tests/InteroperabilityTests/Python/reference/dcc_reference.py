"""Judges HC1 codes: RFC 9285, 1950, 8949, 9052, 8392, EU DCC schema 1.3.3, the EU's trust framework, RFC 5280."""

import math
import os
import zlib
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from . import dcc_schema, products, strictcbor, trust
from .cborwriter import write
from .common import ALLOWANCE, DEEP, LARGE, need, refuse
from .strictcbor import Map, Tag

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
VALUE = {character: number for number, character in enumerate(ALPHABET)}
KINDS = {"t": "1", "v": "2", "r": "3"}
ARCS = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")
UNDERSTOOD = {"2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.35", "2.5.29.14"}
DATES = {"dt", "sc", "fr", "df", "du", "dob"}


def unbase45(text):
    need(len(text) % 3 != 1, "RFC 9285, 4: a length that cannot be")
    need(all(character in VALUE for character in text), "RFC 9285, 4.2: a character of another alphabet")
    digits, data = [VALUE[character] for character in text], bytearray()
    for at in range(0, len(digits) - 2, 3):
        number = digits[at] + 45 * digits[at + 1] + 2025 * digits[at + 2]
        need(number < 1 << 16, "RFC 9285, 4.2: a group above what it stands for")
        data += number.to_bytes(2, "big")
    if len(digits) % 3 == 2:
        number = digits[-2] + 45 * digits[-1]
        need(number < 1 << 8, "RFC 9285, 4.2: a group above what it stands for")
        data.append(number)
    return bytes(data)


def inflate(data):
    inflater = zlib.decompressobj()
    try:
        message = inflater.decompress(data) + inflater.flush()
    except zlib.error:
        refuse("RFC 1950: no zlib stream")
    need(inflater.eof, "RFC 1950: it ends too early")
    need(not inflater.unused_data, "RFC 1950: bytes behind the stream")
    return message


def header(item, where):
    """A header map of COSE (RFC 9052, 1.5 and 3.1: the CDDL of Generic_Headers)."""
    need(type(item) is Map, f"RFC 9052, 3: the {where} header is no map")
    need(all(type(key) in (int, str) for key in item.keys()), "RFC 9052, 1.5: a label is an integer or a text")
    kinds = {1: (int, str), 3: (int, str), 4: (bytes,), 5: (bytes,), 6: (bytes,)}
    for label, allowed in kinds.items():
        need(not item.has(label) or type(item.get(label)) in allowed, f"RFC 9052, 3.1: header {label} of another kind")
    need(not (item.has(5) and item.has(6)), "RFC 9052, 3.1: IV and Partial IV")
    return item


class Reference:
    def __init__(self, folder, at):
        self.at = at
        self.signers = {}
        for place, test in trust.parts(Path(folder), "dcc"):
            for certificate in trust.certificates(place):
                key = certificate.fingerprint(hashes.SHA256())[:8]
                self.signers.setdefault(key, []).append((certificate, test))
        path = Path(os.environ.get("AKASHI_CONFORMANCE") or Path(__file__).parents[5] / "shared/conformance")
        path = path / "dcc-schema/DCC.combined-schema.json"
        self.official = dcc_schema.Official(path) if path.is_file() else None

    def judge(self, text, found):
        """Refuses, or fills in what is signed."""
        need(text.startswith("HC1:"), "HCERT 1, 4: the context identifier")
        message_bytes = inflate(unbase45(text[4:]))
        message = strictcbor.read(message_bytes)
        if type(message) is Tag and message.number == 61:  # RFC 8392, 6: only in front of a tagged message
            message = message.value
            need(type(message) is Tag and message.number == 18, "RFC 8392, 6: the CWT tag without COSE's")
        if type(message) is Tag and message.number == 18:
            message = message.value
        need(type(message) is list and len(message) == 4, "RFC 9052, 4.2: no COSE_Sign1")
        protected, outside, payload, signature = message
        need(type(protected) is bytes and type(payload) is bytes and type(signature) is bytes, "RFC 9052, 4.2: kinds")
        inside = header(strictcbor.read(protected) if protected else Map([]), "protected")
        outside = header(outside, "unprotected")
        self.critical(inside, outside, found)
        need(inside.has(1), "RFC 9052, 3.1: alg is protected")
        algorithm = inside.get(1)
        need(type(algorithm) is int and algorithm in (-7, -37), "HCERT 1, 3.3.2: ES256 or PS256")
        key = inside.get(4) if inside.has(4) else outside.get(4)
        need(type(key) is bytes, "HCERT 1, 3.3.3: no kid")
        need(key in self.signers, "no signer of this kid")
        signed = write(["Signature1", protected, b"", payload])
        signers = [one for one in self.signers[key] if verifies(one[0], algorithm, signature, signed)]
        found["forged"] = not signers
        need(signers, "RFC 9052, 4.4: the signature")
        certificate, _ = min(signers, key=lambda one: one[1])
        # A signer that stands in both parts of the trust folder is a test signer that strayed.
        found["test"] = any(test for _, test in signers)
        found["length"] = max(len(message_bytes), len(text))
        self.content(strictcbor.read(payload), certificate, found)

    def critical(self, inside, outside, found):
        need(not outside.has(2), "RFC 9052, 3.1: crit is protected")
        if inside.has(2):
            found["critical"] = True
            labels = inside.get(2)
            need(type(labels) is list and labels, "RFC 9052, 3.1: crit is a list of one or more")
            for label in labels:
                need(type(label) is int and label in (1, 2, 4) and inside.has(label), "RFC 9052, 3.1: crit not known")

    def content(self, claims, certificate, found):
        need(type(claims) is Map, "RFC 8392, 1.1: the claims are a map")
        need(all(type(key) in (int, str) for key in claims.keys()), "RFC 8392, 1.1: a claim's key")
        need(not claims.has(1) or type(claims.get(1)) is str, "RFC 8392, 3.1.1: iss is a text")
        for key in (4, 5, 6):
            if claims.has(key):
                need(type(claims.get(key)) in (int, float) and math.isfinite(claims.get(key)),
                    "RFC 8392, 2: NumericDate")
        need(claims.has(4), "HCERT 1, 3.3.5: exp")
        need(claims.has(6), "HCERT 1, 3.3.6: iat")
        container = claims.get(-260)
        need(type(container) is Map, "HCERT 1, 3.3.7: hcert")
        need(container.has(1), "HCERT 1, 3.3.7: 1 is the DCC")
        opened, found["malformed"] = [], True
        document = plain(container.get(1), opened)
        broken = dcc_schema.fault(document)
        if self.official:
            assert self.official.accepts(document) == (broken is None), f"our table and the official schema: {document}"
        need(broken is None, f"DCC schema 1.3.3: {broken}")
        group = next(group for group in KINDS if group in document)
        entry = document[group][0]
        found.update(shown(document, group), sound=True, malformed=False, issuer=claims.get(1),
            open=opened[0] if opened else None)
        if any(type(claims.get(key)) is Tag for key in claims.keys()):
            found["open"] = "RFC 8949, 3.4: whether a tag matters where nobody reads is the application's choice"
        if depth(container) > DEEP or depth(claims) > DEEP:
            found["open"] = "RFC 8949, 10: a reader sets limits to the depth"
        if found["length"] > LARGE:
            found["open"] = "RFC 8949, 10: a reader sets limits to the size"
        if any(type(entry.get(name)) is int and entry[name] >= 1 << 63 for name in ("dn", "sd")):
            found["open"] = "RFC 8259, 6: a reader sets limits to the range of numbers"
        if any(str(entry.get(name)).startswith("0000") for name in DATES):
            found["open"] = "RFC 3339, 5.6 has a year 0000, ISO 8601 (4.3.2) by agreement alone"
        if str(entry.get("sc"))[10:11] == " ":
            found["open"] = "RFC 3339, 5.6, NOTE: applications may take a space for the T"
        if str(entry.get("sc"))[17:19] == "60":
            found["open"] = "RFC 3339, 5.7: whether there was a leap second, only a list of them says"
        if not found["holder"]["name"]:
            found["open"] = "DCC schema 1.3.3: a name of two empty texts has its form and names nobody"
        if found.get("critical"):
            found["open"] = "RFC 9052, 3.1: labels from 0 to 7 SHOULD be left out of crit; of readers nothing is said"
        if float in (type(entry.get("dn")), type(entry.get("sd"))):
            found["open"] = "JSON Schema 2020-12, 4.2.3 takes 1.0 for an integer; in CBOR (RFC 8949, 2) it is a float"
        # All that follows is no fault of the content: it is shown, and not valid.
        need(claims.get(4) >= self.at, "HCERT 1, 3.3.5: expired")
        for key in (5, 6):
            need(not claims.has(key) or claims.get(key) <= self.at + ALLOWANCE,
                "RFC 8392, 3.1.5 and 3.1.6: in the future")
        start, end = (one.timestamp() for one in (certificate.not_valid_before_utc, certificate.not_valid_after_utc))
        need(start <= self.at <= end, "RFC 5280, 4.1.2.5: the signer's validity")
        if not start <= claims.get(6) <= end:
            found["warnings"].add("signer.outside_validity")
        need(not trust.critical_unknown(certificate, UNDERSTOOD), "RFC 5280, 4.2: an unknown critical extension")
        use = trust.extension(certificate, x509.ExtendedKeyUsage)
        kinds = {one.dotted_string[len(arc):] for one in use or [] for arc in ARCS if one.dotted_string.startswith(arc)}
        need(not kinds or KINDS[group] in kinds, "trust framework 2: the signer is for other kinds")


def verifies(certificate, algorithm, signature, signed):
    key = certificate.public_key()
    try:
        if algorithm == -7:
            if not (isinstance(key,
                ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1" and len(signature) == 64):
                return False
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        else:
            if not isinstance(key, rsa.RSAPublicKey):
                return False
            key.verify(signature, signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def plain(item, opened, name=None):
    """As JSON has it (RFC 8949, 6.1), but bytes and other tags stay what they are, which the schema takes nowhere."""
    if type(item) is Map:
        if not all(type(key) is str for key in item.keys()):
            opened.append("RFC 8949, 6.1: a key that is no text has no form in JSON, of which the schema speaks")
        return {key: plain(value, opened, key) for key, value in item.pairs if type(key) is str}
    if type(item) is list:
        return [plain(one, opened) for one in item]
    if type(item) is Tag and item.number == 0 and name in DATES:
        need(type(item.value) is str, "RFC 8949, 3.4.1: tag 0 is for a text")
        return item.value
    if type(item) is Tag:
        opened.append("RFC 8949, 3.4: whether a tag matters where nobody reads is the application's choice")
    return item


def depth(item):
    if type(item) is Map:
        return 1 + max((max(depth(key), depth(value)) for key, value in item.pairs), default=0)
    if type(item) is list:
        return 1 + max(map(depth, item), default=0)
    return 1 + depth(item.value) if type(item) is Tag else 0


def shown(document, group):
    name, entry = document["nam"], document[group][0]
    parts = [name.get("fn") or name.get("fnt", ""), name.get("gn") or name.get("gnt", "")]
    doses = []
    if group == "v":
        doses = [{"date": entry["dt"], "product": products.EU_PRODUCTS.get(entry["mp"], entry["mp"]),
                  "maker": products.EU_MAKERS.get(entry["ma"], entry["ma"]), "number": int(entry["dn"]),
                  "country": entry["co"], "performer": entry["is"]}]
    return {
        "holder": {"name": " ".join(part for part in parts if part), "birthDate": document["dob"]},
        "doses": doses, "subject": {"v": "vaccination", "t": "test", "r": "recovery"}[group],
        "certificateId": entry["ci"],
    }
