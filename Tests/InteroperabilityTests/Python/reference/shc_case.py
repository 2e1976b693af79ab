"""The issuers of SMART Health Cards, and all that a card of theirs is made of."""

import base64
import json
import zlib

from cryptography.hazmat.primitives import hashes
from jwcrypto import jwk

from . import products, values
from .jsonwriter import PLAIN
from .signers import NOW, ec_key, raw_ecdsa

DAY = 86_400
MAIN, SECOND, TESTS = (f"https://sample.invalid/{name}" for name in ("main", "second", "tests"))
HEALTH_CARD = "https://smarthealth.cards#health-card"
CVX = "http://hl7.org/fhir/sid/cvx"
CODES = [*products.CVX, "213", "999"]


def url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    def __init__(self, random):
        self.key = ec_key(random)
        public = jwk.JWK.from_pyca(self.key.public_key())
        self.id = public.thumbprint()
        self.public = json.loads(public.export_public()) | {"kid": self.id, "use": "sig", "alg": "ES256"}


class Issuers:
    """The issuers, and the trust folder that holds their keys."""

    def __init__(self, random, folder):
        self.keys = {name: Key(random) for name in (
            "main", "earlier", "second", "tests", "unknown", "encryption", "other-algorithm", "other-id")}
        place, test = folder / "shc", folder / "test/shc"
        place.mkdir(parents=True), test.mkdir(parents=True)
        keys = self.keys
        keys["other-id"].id = "x" * 43
        odd = [
            keys["encryption"].public | {"use": "enc"}, keys["other-algorithm"].public | {"alg": "ES384"},
            keys["other-id"].public | {"kid": keys["other-id"].id},
            {"kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB"},
            {"kty": "EC", "crv": "P-384", "kid": "x"}, {"kty": "oct"}, {}]
        lists = [{"kid": keys["main"].id, "method": "rid", "ctr": 3,
                  "rids": ["revoked_01", f"timed-01.{NOW - DAY}", "revoked_02.9999999999", f"future01.{NOW + DAY}"]}]
        main = keys["main"].public | {"crlVersion": 3}
        self.write(place / "main.json", MAIN, [*odd, main, keys["earlier"].public], lists)
        self.write(place / "second.json", SECOND, [keys["second"].public])
        self.write(test / "tests.json", TESTS, [keys["tests"].public])

    def write(self, path, issuer, keys, lists=()):
        document = {"issuer": issuer, "name": "SAMPLE", "jwks": {"keys": keys}}
        if lists:
            document["crls"] = list(lists)
        path.write_text(json.dumps(document), encoding="utf-8")


class Case:
    """All that a card is made of, before it is one."""

    def __init__(self, random, issuers):
        self.issuers, self.key = issuers, issuers.keys["main"]
        self.patient = {"resourceType": "Patient", "name": [{"family": random.choice(values.FAMILIES),
            "given": [random.choice(values.GIVENS)]}],
                        "birthDate": values.date(random, 1930, 2010)}
        if random.random() < 0.2:
            self.patient["name"][0]["use"] = random.choice(["usual", "official"])
        if random.random() < 0.2:
            self.patient["gender"] = random.choice(["male", "female", "other", "unknown"])
        self.doses = []
        for date in sorted(values.date(random) for _ in range(random.randint(1, 3))):
            dose = {"resourceType": "Immunization", "status": "completed",
                "vaccineCode": {"coding": [{"system": CVX, "code": random.choice(CODES)}]},
                    "patient": {"reference": "resource:0"}, "occurrenceDateTime": date,
                    "lotNumber": f"L{random.getrandbits(20):X}",
                    "performer": [{"actor": {"display": "SAMPLE"}}]}
            for name in random.choice([[], [], ["performer"], ["lotNumber"]]):
                del dose[name]
            self.doses.append(dose)
        self.bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": f"resource:{at}", "resource": one} for at, one in enumerate([self.patient, *self.doses])]}
        self.vc = {"type": [HEALTH_CARD, "https://smarthealth.cards#immunization"],
                   "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": self.bundle}}
        if random.random() < 0.3:
            self.vc["rid"] = url(random.randbytes(random.randint(3, 18)))
        self.payload = {"iss": MAIN, "nbf": NOW - random.choice([0, 1, 0.5, DAY, 86_400.123]), "vc": self.vc}
        self.header = {"alg": "ES256", "zip": "DEF", "kid": self.key.id}
        self.style, self.header_style = PLAIN, PLAIN
        self.payload_bytes = lambda data: data
        self.compress = deflate
        self.change_signature = lambda signature: signature
        self.header_bytes = lambda data: data
        self.token_text = lambda token: token
        self.encode = random.choice([digits, digits, lambda token: token])

    def token(self):
        header = self.header_bytes(self.header_style.write(self.header).encode("utf-8", "surrogatepass"))
        body = self.compress(self.payload_bytes(self.style.write(self.payload).encode("utf-8", "surrogatepass")))
        signed = f"{url(header)}.{url(body)}"
        signature = self.change_signature(raw_ecdsa(self.key.key, signed.encode(), hashes.SHA256()))
        return self.token_text(f"{signed}.{url(signature)}")

    def text(self):
        return self.encode(self.token())


def deflate(data, level=9, strategy=0):
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    return deflater.compress(data) + deflater.flush()


PAIRS = {chr(45 + number): f"{number:02d}" for number in range(78)}


def digits(token):
    """The digits of a token; two that no character has for what the alphabet lacks."""
    return "shc:/" + "".join(PAIRS.get(character, "99") for character in token)
