"""The signers of EU certificates, and all that a code of theirs is made of."""

import zlib

import base45
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import values
from .cborwriter import Raw, Tagged, write
from .signers import NOW, Authority, Signer, distinguished, ec_key, extended, issue, pem, unknown_extension, usage

DAY = 86_400
SMALL_PRIMES = [number for number in range(3, 2000, 2) if all(number % other for other in range(3, number, 2))]
EKU, ARC0 = "1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1."


class Issuers:
    """Every signer, and the trust folder that holds them."""

    def __init__(self, random, folder):
        self.random, self.authority = random, Authority(random, "SAMPLE REFERENCE CSCA")
        place, test = folder / "dcc", folder / "test/dcc"
        place.mkdir(parents=True), test.mkdir(parents=True)
        plain = {
            "plain": {}, "vaccination": {"use": [EKU + "2"]}, "test": {"use": [EKU + "1"]},
            "recovery": {"use": [EKU + "3"]}, "vaccination-arc-0": {"use": [ARC0 + "2"]},
            "test-arc-0": {"use": [ARC0 + "1"]},
            "test-and-recovery": {"use": [EKU + "1", ARC0 + "3"]}, "all": {"use": [EKU + "1", EKU + "2", EKU + "3"]},
            "server": {"use": ["1.3.6.1.5.5.7.3.1"]}, "any": {"use": ["2.5.29.37.0"]},
            "server-and-test": {"use": ["1.3.6.1.5.5.7.3.1", EKU + "1"]},
            "expired": {"end": -1}, "ends-now": {"end": 0}, "future": {"start": 1}, "starts-now": {"start": 0},
            "young": {"start": -DAY}, "ends-soon": {"end": DAY}, "no-usage": {"bits": None},
            "other-usage": {"bits": ["key_encipherment"]}, "critical": {"more": [(unknown_extension(), True)]},
            "not-critical": {"more": [(unknown_extension(), False)]}, "no-country": {"countries": ()},
            "other-country": {"countries": ("DE",)}, "p384": {"curve": ec.SECP384R1}, "p521": {"curve": ec.SECP521R1},
            "rsa": {"rsa_bits": 2048},
        }
        self.signers = {label: self.make(label, **what) for label, what in plain.items()}
        for label, signer in self.signers.items():
            (place / f"{label}.pem").write_bytes(pem(signer.certificate))
        self.signers["unknown"] = self.make("unknown")
        (test / "both.pem").write_bytes(pem(self.signers["young"].certificate))
        self.signers["for-tests"] = self.make("for-tests")
        (test / "signer.pem").write_bytes(pem(self.signers["for-tests"].certificate))

    def make(self, label, use=None, start=-365 * DAY, end=365 * DAY, bits=("digital_signature",), more=(),
             countries=("JP",), curve=ec.SECP256R1, rsa_bits=None):
        key = rsa_key(self.random, rsa_bits) if rsa_bits else ec_key(self.random, curve)
        extensions = list(more)
        if use:
            extensions.append((extended(*use), False))
        if bits is not None:
            extensions.append((usage(*bits), True))
        certificate = issue(self.random, distinguished(f"SAMPLE {label}", countries), key, self.authority.name,
                            self.authority.key, start, end, extensions)
        return Signer(label, key, certificate)


def prime(random, bits):
    """A number that is prime but for a chance too small to matter, and one more than no multiple of 65537."""
    while True:
        number = random.getrandbits(bits) | 3 << bits - 2 | 1
        if all(number % small for small in SMALL_PRIMES) and number % 65537 != 1 and pow(2, number - 1, number) == 1:
            return number


def rsa_key(random, bits):
    """An RSA key that the seed decides."""
    p, q = prime(random, bits // 2), prime(random, bits // 2)
    public = rsa.RSAPublicNumbers(65537, p * q)
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public)
    return numbers.private_key()


class Case:
    """All that a code is made of, before it is one."""

    def __init__(self, random, issuers):
        self.issuers = issuers
        self.group = random.choice("vvvvtr")
        self.signer = issuers.signers["plain"]
        identifier = f"URN:UVCI:01:JP:{random.getrandbits(40):X}"
        entry = {
            "v": {"tg": "840539006", "vp": "1119349007", "mp": random.choice(values.EU_PRODUCTS),
                  "ma": random.choice(values.EU_MAKERS), "dn": random.randint(1, 5), "sd": random.randint(1, 5),
                  "dt": values.date(random)},
            "t": {"tg": "840539006", "tt": random.choice(["LP6464-4", "LP217198-3"]), "nm": "SAMPLE NAA", "ma": "1232",
                  "sc": values.date(random) + "T10:11:12Z", "tr": random.choice(["260415000", "260373001"]),
                  "tc": "SAMPLE"},
            "r": {"tg": "840539006", "fr": values.date(random), "df": "2025-10-01", "du": "2026-04-01"},
        }[self.group]
        entry |= {"co": "JP", "is": "SAMPLE", "ci": identifier}
        self.dcc = {
            "ver": "1.3.3", "dob": values.date(random, 1930, 2010), self.group: [entry],
            "nam": {"fn": random.choice(values.FAMILIES), "fnt": "SAMPLE<FAMILY", "gn": random.choice(values.GIVENS),
                    "gnt": "GIVEN"},
        }
        self.claims = {1: "JP", 4: NOW + DAY, 6: NOW - DAY, -260: {1: self.dcc}}
        self.algorithm = -7
        self.protected, self.outside = {1: -7, 4: self.signer.key_id}, {}
        self.form = lambda payload: payload  # of the claims, before they are written
        self.tags, self.parts = [18], 4
        self.hash, self.rsa_padding = hashes.SHA256(), None
        self.change_signature = lambda signature: signature
        self.protected_bytes = lambda data: data
        self.message_bytes = lambda data: data
        self.compress = lambda data: zlib.compress(data, random.choice([1, 6, 9]))
        self.encode = lambda data: "HC1:" + base45.b45encode(data).decode()
        self.payload_bytes = lambda data: data
        self.array = lambda parts: parts

    @property
    def entry(self):
        return self.dcc[self.group][0]

    def sign_by(self, label):
        self.signer = self.issuers.signers[label]
        self.algorithm = -37 if self.signer.is_rsa else -7
        self.protected = {1: self.algorithm, 4: self.signer.key_id}

    def text(self):
        protected = self.protected_bytes(write(self.protected))
        payload = self.payload_bytes(write(self.form(self.claims)))
        signed = write(["Signature1", protected, b"", payload])
        signature = self.change_signature(self.signer.sign(signed, self.hash, self.rsa_padding))
        message = write(self.array([protected, self.outside, payload, signature]))
        for tag in reversed(self.tags):
            message = write(Tagged(tag, Raw(message)))
        return self.encode(self.compress(self.message_bytes(message)))
