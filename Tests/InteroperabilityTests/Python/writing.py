"""Makes certificates that Akashi is to verify: keys, signatures and encodings are other people's code alone."""

import json
import random
import zlib
from datetime import datetime, timedelta, timezone

import base45
import cbor2
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from cwt import COSE, COSEKey
from joserfc import jws
from joserfc.jwk import ECKey

import codes
from reading import HEADERS

NOW = 1_767_225_600
ISSUER = "https://sample.invalid/python"
FAMILIES = ["見本", "𠮷田", "髙橋", "MIHON", "Šample-Ünïcode", 'quoted "見本"', "back\\slash"]
GIVENS = ["花子", "太郎 ポール", "HANAKO", "é", "\u007f"]


def certificate(subject, key, issuer, issuer_key, extensions):
    start = datetime.fromtimestamp(NOW, timezone.utc) - timedelta(days=30)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start).not_valid_after(start + timedelta(days=700))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())


def name(common):
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


class Issuers:
    def __init__(self, folder):
        trust = folder / "trust"
        for format in ("shc", "dcc", "vdsnc"):
            (trust / format).mkdir(parents=True)
        self.card_key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, private=True)
        self.card_key_id = self.card_key.thumbprint()
        public = {**self.card_key.as_dict(private=False), "kid": self.card_key_id}
        issuer = {"issuer": ISSUER, "name": "Python", "jwks": {"keys": [public]}}
        (trust / "shc/python.json").write_text(json.dumps(issuer, indent=2), encoding="utf-8")

        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority_name = name("SAMPLE PYTHON CSCA")
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        authority = certificate(
            authority_name, authority_key, authority_name, authority_key,
            [(x509.BasicConstraints(ca=True, path_length=0), True), (usage, True)],
        )
        (trust / "vdsnc/csca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self.seal_key = ec.generate_private_key(ec.SECP256R1())
        self.seal_certificate = certificate(
            name("SAMPLE PYTHON SEALS"), self.seal_key, authority_name, authority_key,
            [
                (x509.ExtendedKeyUsage([x509.ObjectIdentifier("2.23.136.1.1.14.2")]), True),
                (x509.UnrecognizedExtension(
                    x509.ObjectIdentifier("2.23.136.1.1.6.2"), bytes.fromhex("3009020100310413024e56")), False),
            ],
        ).public_bytes(serialization.Encoding.DER)

        key = ec.generate_private_key(ec.SECP256R1())
        signer = certificate(
            name("SAMPLE PYTHON DSC"), key, authority_name, authority_key,
            [(x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.4.1.1847.2021.1.2")]), False)],
        )
        (trust / "dcc/signer.pem").write_bytes(signer.public_bytes(serialization.Encoding.PEM))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.hcert_key_id = signer.fingerprint(hashes.SHA256())[:8]
        self.hcert_key = COSEKey.from_pem(pem, alg="ES256", kid=self.hcert_key_id)


def person(random):
    count = random.randint(1, 5)
    return {
        "family": random.choice(FAMILIES), "given": random.choice(GIVENS),
        "birthDate": f"{random.randint(1920, 2020)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}",
        "doses": [
            {"date": f"{2021 + number // 2}-{random.randint(1, 12):02d}-01", "lot": f"PY{random.randint(0, 99999):05d}"}
            for number in range(count)
        ],
    }


def health_card(issuers, someone, random):
    entries = [{"resourceType": "Patient", "name": [{"family": someone["family"], "given": [someone["given"]]}],
                "birthDate": someone["birthDate"]}]
    for dose in someone["doses"]:
        entries.append({
            "resourceType": "Immunization", "status": "completed",
            "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "208"}]},
            "patient": {"reference": "resource:0"}, "occurrenceDateTime": dose["date"], "lotNumber": dose["lot"]})
    payload = {
        "iss": ISSUER, "nbf": NOW - random.choice([0, 0.5, 86_400.123, 1]),
        "vc": {
            "type": ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"],
            "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": {
                "resourceType": "Bundle", "type": "collection",
                "entry": [{"fullUrl": f"resource:{at}", "resource": one} for at, one in enumerate(entries)]}}}}
    # Escaped or not, with or without white space: readers take any JSON.
    text = json.dumps(payload, ensure_ascii=random.random() < 0.5, indent=random.choice([None, None, 1]))
    deflater = zlib.compressobj(level=random.choice([1, 6, 9]), wbits=-15)
    body = deflater.compress(text.encode()) + deflater.flush()
    header = {"alg": "ES256", "zip": "DEF", "kid": issuers.card_key_id}
    token = jws.serialize_compact(header, body, issuers.card_key, algorithms=["ES256"], registry=HEADERS)
    return "shc:/" + codes.to_digits(token)


def hcert(issuers, someone, random):
    dose = someone["doses"][-1]
    identifier = f"URN:UVCI:01:JP:PY{random.randint(0, 10**9)}"
    someone["id"] = identifier + "#" + codes.uvci_checksum(identifier)
    entry = {"tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215",
             "dn": len(someone["doses"]), "sd": len(someone["doses"]), "dt": dose["date"], "co": "JP",
             "is": "SAMPLE", "ci": someone["id"]}
    claims = {1: "JP", 4: NOW + 86_400, 6: NOW - 60, -260: {1: {
        "ver": "1.3.3", "dob": someone["birthDate"], "v": [entry],
        "nam": {"fn": someone["family"], "fnt": "SAMPLE", "gn": someone["given"], "gnt": "PYTHON"}}}}
    if random.random() < 0.3:  # some issuers write times as floats
        claims[4], claims[6] = float(claims[4]), float(claims[6])
    signer = COSE.new()
    protected, unprotected = {1: -7, 4: issuers.hcert_key_id}, {}
    if random.random() < 0.3:  # and some put the key's identifier outside
        protected, unprotected = {1: -7}, {4: issuers.hcert_key_id}
    message = signer.encode_and_sign(
        cbor2.dumps(claims), issuers.hcert_key, protected=protected, unprotected=unprotected
    )
    return "HC1:" + base45.b45encode(zlib.compress(message, random.choice([1, 6, 9]))).decode()


def seal(issuers, someone, random):
    someone["family"], someone["given"] = "MIHON  PYTHON", ""
    someone["id"] = f"PY{random.randint(0, 10**9):010d}"
    data = {"hdr": {"t": "icao.vacc", "v": 1, "is": "JPN"}, "msg": {
        "uvci": someone["id"], "pid": {"n": someone["family"], "dob": someone["birthDate"], "i": "PY1234567"},
        "ve": [{"des": "XM68M6", "nam": "見本 vaccine é", "vd": [
            {"dvc": dose["date"], "seq": number + 1, "ctr": "JPN", "adm": "SAMPLE", "lot": dose["lot"]}
            for number, dose in enumerate(someone["doses"])]}]}}
    r, s = decode_dss_signature(issuers.seal_key.sign(rfc8785.dumps(data), ec.ECDSA(hashes.SHA256())))
    value = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    sig = {"alg": "ES256", "cer": codes.b64url(issuers.seal_certificate), "sigvl": codes.b64url(value)}
    if random.random() < 0.3:
        sig = {key: text + "=" * (-len(text) % 4) if key != "alg" else text for key, text in sig.items()}
    # Members in another order and with white space: what is signed is the canonical form.
    members = [("sig", sig), ("data", data)]
    random.shuffle(members)
    return json.dumps(dict(members), ensure_ascii=random.random() < 0.5)


def write(folder, count, seed):
    source = random.Random(seed)
    issuers = Issuers(folder)
    makers = {"shc": health_card, "dcc": hcert, "vdsnc": seal}
    with open(folder / "codes.jsonl", "w", encoding="utf-8") as file:
        for number in range(count):
            kind = list(makers)[number % 3]
            someone = person(source)
            text = makers[kind](issuers, someone, source)
            file.write(json.dumps({"format": kind, "text": text, "expected": someone}) + "\n")
