"""Checks certificates that Akashi issued."""

import json
import zlib
from datetime import datetime, timezone

import base45
import cbor2
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cwt import COSEKey, CWT
from joserfc import jws
from joserfc.jwk import ECKey

import codes

# SMART Health Cards' `zip` is no header of JWS itself (RFC 7515), so the library has to be told of it.
HEADERS = jws.JWSRegistry(strict_check_header=False)


class Trust:
    def __init__(self, folder):
        issuer = json.loads((folder / "trust/shc/issuer.json").read_text(encoding="utf-8"))
        self.issuer = issuer["issuer"]
        self.keys = {key["kid"]: ECKey.import_key(key) for key in issuer["jwks"]["keys"]}
        self.authority = x509.load_der_x509_certificate((folder / "trust/vdsnc/csca.der").read_bytes())
        signer = x509.load_der_x509_certificate((folder / "trust/dcc/signer.der").read_bytes())
        self.hcert_key_id = signer.fingerprint(hashes.SHA256())[:8]
        pem = signer.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.hcert_key = COSEKey.from_pem(pem, alg="ES256", kid=self.hcert_key_id)


def same(found, expected, what):
    assert found == expected, f"{what}: {found!r}, not {expected!r}"


def health_card(case, trust):
    text, expected = case["text"], case["expected"]
    token = codes.from_digits(text.removeprefix("shc:/"))
    key_id = json.loads(codes.unb64url(token.split(".")[0]))["kid"]
    key = trust.keys[key_id]
    same(key.thumbprint(), key_id, "thumbprint (RFC 7638)")
    card = jws.deserialize_compact(token, key, algorithms=["ES256"], registry=HEADERS)
    same(dict(card.protected), {"zip": "DEF", "alg": "ES256", "kid": key_id}, "header")
    inflater = zlib.decompressobj(wbits=-15)
    payload = inflater.decompress(card.payload) + inflater.flush()
    assert inflater.eof and not inflater.unused_data, "not one raw DEFLATE stream"
    best = zlib.compressobj(level=9, wbits=-15)
    assert len(card.payload) <= len(best.compress(payload) + best.flush()), "longer than zlib's best level makes it"
    claims = json.loads(payload)
    same(json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode(), payload, "minified payload")
    same(claims["iss"], trust.issuer, "issuer")
    same(claims["nbf"], expected["time"], "nbf")
    credential = claims["vc"]
    assert "https://smarthealth.cards#health-card" in credential["type"]
    same(credential["rid"], expected["id"], "rid")
    patient, *doses = [entry["resource"] for entry in credential["credentialSubject"]["fhirBundle"]["entry"]]
    name = patient["name"][0]
    same(name["family"], expected["family"], "family name")
    same(" ".join(name.get("given", [])), expected["given"], "given names")
    same(patient["birthDate"], expected["birthDate"], "birth date")
    same(
        [(dose["occurrenceDateTime"], dose["lotNumber"], dose["vaccineCode"]["coding"]) for dose in doses],
        [
            (dose["date"], dose["lot"], [{"system": dose["vaccineSystem"], "code": dose["vaccineCode"]}])
            for dose in expected["doses"]
        ],
        "doses",
    )


def hcert(case, trust):
    text, expected = case["text"], case["expected"]
    compressed = base45.b45decode(text.removeprefix("HC1:"))
    assert compressed[0] == 0x78, "zlib's header is not the one that readers look for"
    message = zlib.decompress(compressed)
    # The made-up times lie anywhere: their distance from this clock is allowed, their forms are checked.
    claims = CWT.new(leeway=100 * 365 * 86_400).decode(message, trust.hcert_key)
    tag = cbor2.loads(message)
    same(tag.tag, 18, "COSE_Sign1's tag")
    protected, unprotected, payload, signature = tag.value
    same((unprotected, len(signature)), ({}, 64), "unprotected header and length of the signature")
    for part in (protected, payload):
        same(cbor2.dumps(cbor2.loads(part), canonical=True), part, "canonical CBOR")
    same(cbor2.loads(protected), {1: -7, 4: trust.hcert_key_id}, "protected header")
    same((claims[1], claims[6]), ("JP", expected["time"]), "iss and iat")
    assert claims[4] > claims[6]
    certificate = claims[-260][1]
    same((certificate["ver"], certificate["dob"]), ("1.3.3", expected["birthDate"]), "version and birth date")
    same(
        (certificate["nam"]["fn"], certificate["nam"].get("gn", "")), (expected["family"], expected["given"]), "name"
    )
    (entry,) = certificate["v"]
    dose = expected["doses"][-1]
    same(
        (entry["dt"], entry["mp"], entry["ma"], entry["dn"], entry["co"], entry["tg"]),
        (dose["date"], dose["euProduct"], dose["euMaker"], dose["number"], "JP", "840539006"),
        "entry",
    )
    identifier, checksum = entry["ci"].split("#")
    same(identifier, "URN:UVCI:01:JP:" + expected["id"], "identifier")
    same(checksum, codes.uvci_checksum(identifier), "identifier's checksum")


def seal(case, trust):
    text, expected = case["text"], case["expected"]
    document = json.loads(text)
    same(rfc8785.dumps(document), text.encode("utf-8"), "canonical JSON (RFC 8785)")
    same(document["sig"]["alg"], "ES256", "algorithm")
    signer = x509.load_der_x509_certificate(codes.unb64url(document["sig"]["cer"]))
    signer.verify_directly_issued_by(trust.authority)
    moment = datetime.fromtimestamp(expected["time"], timezone.utc)
    assert signer.not_valid_before_utc <= moment <= signer.not_valid_after_utc
    usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert usage.critical
    same([one.dotted_string for one in usage.value], ["2.23.136.1.1.14.2"], "key usage")
    types = signer.extensions.get_extension_for_oid(x509.ObjectIdentifier("2.23.136.1.1.6.2"))
    same(types.value.value.hex(), "3009020100310413024e56", "document types")
    value = codes.unb64url(document["sig"]["sigvl"])
    same(len(value), 64, "length of the signature")
    der = encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
    signer.public_key().verify(der, rfc8785.dumps(document["data"]), ec.ECDSA(hashes.SHA256()))
    same(document["data"]["hdr"], {"t": "icao.vacc", "v": 1, "is": "JPN"}, "header")
    message = document["data"]["msg"]
    same(message["uvci"], expected["id"], "identifier")
    person = message["pid"]
    # A VDS-NC has whole dates only: one of which a part is unknown is left out.
    whole = expected["birthDate"] if len(expected["birthDate"]) == 10 else None
    same((person.get("dob"), person["i"]), (whole, expected["documentNumber"]), "person")
    assert len(person["n"]) <= 39 and person["n"].split("  ")[0] == expected["family"].replace("-", " ")
    doses = [(dose["dvc"], dose["lot"], dose["seq"]) for event in message["ve"] for dose in event["vd"]]
    same(
        sorted(doses, key=lambda dose: dose[2]),
        [(dose["date"], dose["lot"], dose["number"]) for dose in expected["doses"]],
        "doses",
    )


