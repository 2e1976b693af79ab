"""Makes HC1 codes with one or two mutations each, properly signed unless the signature is what is changed."""

import copy
import zlib

import base45
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from . import values
from .cborwriter import Chunks, Float, Long, Pairs, Raw, Tagged, write
from .signers import NOW, ORDER, Authority, Signer, distinguished, ec_key, extended, issue, pem, unknown_extension, usage

DAY = 86_400
EKU, ARC0 = "1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1."


class Issuers:
    """Every signer, and the trust folder that holds them."""

    def __init__(self, random, folder):
        self.random, self.authority = random, Authority(random, "SAMPLE REFERENCE CSCA")
        place, test = folder / "dcc", folder / "test/dcc"
        place.mkdir(parents=True), test.mkdir(parents=True)
        plain = {
            "plain": {}, "vaccination": {"use": [EKU + "2"]}, "test": {"use": [EKU + "1"]},
            "recovery": {"use": [EKU + "3"]}, "vaccination-arc-0": {"use": [ARC0 + "2"]}, "test-arc-0": {"use": [ARC0 + "1"]},
            "test-and-recovery": {"use": [EKU + "1", ARC0 + "3"]}, "all": {"use": [EKU + "1", EKU + "2", EKU + "3"]},
            "server": {"use": ["1.3.6.1.5.5.7.3.1"]}, "any": {"use": ["2.5.29.37.0"]},
            "server-and-test": {"use": ["1.3.6.1.5.5.7.3.1", EKU + "1"]},
            "expired": {"end": -1}, "ends-now": {"end": 0}, "future": {"start": 1}, "starts-now": {"start": 0},
            "young": {"start": -DAY}, "ends-soon": {"end": DAY}, "no-usage": {"bits": None},
            "other-usage": {"bits": ["key_encipherment"]}, "critical": {"more": [(unknown_extension(), True)]},
            "not-critical": {"more": [(unknown_extension(), False)]}, "no-country": {"countries": ()},
            "other-country": {"countries": ("DE",)}, "p384": {"curve": ec.SECP384R1}, "p521": {"curve": ec.SECP521R1},
            "rsa": {"rsa": 2048}, "rsa3072": {"rsa": 3072},
        }
        self.signers = {label: self.make(label, **what) for label, what in plain.items()}
        for label, signer in self.signers.items():
            (place / f"{label}.pem").write_bytes(pem(signer.certificate))
        self.signers["unknown"] = self.make("unknown")
        self.signers["for-tests"] = self.make("for-tests")
        (test / "signer.pem").write_bytes(pem(self.signers["for-tests"].certificate))

    def make(self, label, use=None, start=-365 * DAY, end=365 * DAY, bits=("digital_signature",), more=(),
             countries=("JP",), curve=ec.SECP256R1, rsa=None):
        key = rsa_key(rsa) if rsa else ec_key(self.random, curve)
        extensions = list(more)
        if use:
            extensions.append((extended(*use), False))
        if bits is not None:
            extensions.append((usage(*bits), True))
        certificate = issue(self.random, distinguished(f"SAMPLE {label}", countries), key, self.authority.name,
                            self.authority.key, start, end, extensions)
        return Signer(label, key, certificate)


def rsa_key(bits):
    return rsa.generate_private_key(65537, bits)


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
        hash = hashes.SHA256() if not self.signer.is_rsa else None
        signature = self.change_signature(self.signer.sign(signed, hash))
        message = write(self.array([protected, self.outside, payload, signature]))
        for tag in reversed(self.tags):
            message = write(Tagged(tag, Raw(message)))
        return self.encode(self.compress(self.message_bytes(message)))


# ---- the content

def structure(random, case):
    """Any member becomes something else, anywhere in the certificate."""
    values.mutate_anywhere(random, case.dcc)


def entry_member(random, case):
    name = random.choice(list(case.entry))
    case.entry[name] = random.choice(values.OTHER_KINDS)(random, case.entry[name])


def missing(random, case):
    place = random.choice([case.dcc, case.dcc["nam"], case.entry, case.entry])
    for _ in range(random.choice([1, 1, 2])):
        if place:
            del place[random.choice(list(place))]


def groups(random, case):
    other = random.choice([group for group in "vtr" if group != case.group])
    choice = random.randrange(6)
    if choice == 0:
        case.dcc[other] = random.choice([None, [], "", {}, 0, [None], [{}]])
    elif choice == 1:
        case.dcc[other] = [dict(case.entry)]
    elif choice == 2:
        case.dcc[case.group] = case.dcc[case.group] * 2
    elif choice == 3:
        case.dcc[case.group] = random.choice([None, [], "", {}, [None], [[case.entry]], case.entry, {"0": case.entry}])
    elif choice == 4:
        del case.dcc[case.group]
    else:
        case.dcc[other] = case.dcc.pop(case.group)
        case.group = other


def dates(random, case):
    names = [name for name in ("dt", "sc", "fr", "df", "du") if name in case.entry] + ["dob"]
    name = random.choice(names)
    place = case.dcc if name == "dob" else case.entry
    place[name] = values.odd_time(random) if name == "sc" and random.random() < 0.8 else values.odd_date(random)
    if random.random() < 0.1:
        place[name] = Tagged(random.choice([0, 0, 1, 1004]), place[name])


def texts(random, case):
    place = random.choice([case.dcc["nam"], case.dcc["nam"], case.entry])
    name = random.choice([key for key in place if type(place[key]) is str] or ["x"])
    place[name] = values.odd_text(random)


def standard_names(random, case):
    name = case.dcc["nam"]
    for key in random.sample(["fn", "gn", "fnt", "gnt"], random.randint(1, 3)):
        name.pop(key, None)
    if random.random() < 0.5:
        name[random.choice(["fnt", "gnt"])] = random.choice(
            ["", "<", "A" * 80, "A" * 81, "a", "A B", "A<<B", "A\n", "\nA", "Ä", "A1", "A<B<<C<", "<A"])
    if random.random() < 0.3:
        name[random.choice(["fn", "gn"])] = random.choice(["", " ", "A", "\u3000", "\u200b", "A ", " A"])


def versions(random, case):
    case.dcc["ver"] = random.choice(
        ["1.0.0", "1.3.3", "9.9.9", "1.3", "1.3.3.3", "1a3b3", "1\n3\n3", "1.3.3\n", "١.٣.٣", "", "1.3.3-rc", "01.03.003",
         " 1.3.3", "123", "12345", "1.3.x", "-1.3.3", "1..3", "10.20.30"])


def countries(random, case):
    case.entry["co"] = random.choice(
        ["", "J", "JPN", "jp", "jP", "ABCDEFGHIJKL", "日本", "1", "JP ", "\u00c9", "A" * 100, "Ω", "a1Zb", "ＪＰ", " "])


def numbers(random, case):
    if case.group != "v":
        return entry_member(random, case)
    case.entry[random.choice(["dn", "dn", "sd"])] = random.choice([
        0, 1, 9, 10, 99, 255, 65536, 2**31, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -1, -2**63, 2**64,
        1.0, 2.0, 1.5, 0.5, 0.0, float("nan"), float("inf"), 1e300, True, False, "1", None, [1], Float(3.0, 2),
        Float(1.0, 4), Long(2, 8), Long(2, 1), Tagged(2, b"\x01"), Float(float("nan"), 2), -0.0])


def identifiers(random, case):
    case.entry["ci"] = random.choice(
        ["", "X", "A" * 80, "A" * 81, "URN:UVCI:01:NL:187/37512422923", "URN:UVCI:01:NL:187/37512422923#Z",
         "URN:UVCI:01:NL:187/37512422923#A", "e\u0301" * 40, "e\u0301" * 41, "\U0001F468\u200d\U0001F469" * 16, "𠮷" * 80, "𠮷" * 81,
         "é" * 80, "é" * 81])


def codes(random, case):
    if case.group == "v":
        name = random.choice(["mp", "ma", "vp", "tg"])
        case.entry[name] = random.choice(
            values.EU_PRODUCTS + values.EU_MAKERS + ["", "X", "A" * 200, "EU/1/20/1528 ", "eu/1/20/1528", "ORG-100030215"])
    else:
        name = random.choice([key for key in ("tt", "tr", "ma", "nm", "tc", "tg", "is") if key in case.entry])
        case.entry[name] = random.choice(["", "A" * 80, "A" * 81, "260373001", "260415000", "LP6464-4", None])


def extra(random, case):
    place = random.choice([case.dcc, case.dcc["nam"], case.entry, case.claims, case.claims[-260]])
    key = random.choice(["x", "extra", "", "日本", "V"]) if place is not case.claims else random.choice([7, 2, 3, 100, "x", -1])
    place[key] = random.choice([1, "x", [1, 2], {"a": 1}, 1.5, True, b"x", "a" * 300])


# ---- CBOR

def equal_keys(random, case):
    """A key twice, in another encoding."""
    place, choice = random.choice(["claims", "dcc", "nam", "entry", "protected", "outside", "unknown"]), random.randrange(5)

    def twice(pairs):
        pairs = list(pairs)
        key, value = random.choice(pairs)
        other = [key, Long(key, random.choice([1, 2, 4, 8])), Long(key, 8),
                 Chunks(key, random.choice([1, 2, 50])) if type(key) is str else Long(key, 1), key][choice]
        pairs.insert(random.randint(0, len(pairs)), (other, random.choice([value, value, None, 0, "x"])))
        return Pairs(pairs)

    if place == "claims":
        case.form = lambda claims: twice(claims.items())
    elif place == "dcc":
        case.claims[-260] = {1: twice(case.dcc.items())}
    elif place == "nam":
        case.dcc["nam"] = twice(case.dcc["nam"].items())
    elif place == "entry":
        case.dcc[case.group] = [twice(case.entry.items())]
    elif place == "protected":
        case.protected = twice(case.protected.items())
    elif place == "outside":
        case.outside = twice({random.choice([4, 99, "x"]): b"x"}.items())
    else:
        case.claims[99] = twice([(random.choice([1, "k", b"k", Float(1.0, 2), -5]), 1), ("other", 2)])
    return f"equal_keys.{place}"


def near_keys(random, case):
    """Keys that look equal and are not, which is allowed."""
    case.claims[99] = Pairs(random.choice([
        [(1, 0), (Float(1.0, 2), 0)], [("a", 0), (b"a", 0)], [(1, 0), ("1", 0)], [("é", 0), ("e\u0301", 0)],
        [(-1, 0), (1, 0)], [(0, 0), (False, 0)], [([1], 0), (1, 0)], [(Float(0.0, 2), 0), (Float(-0.0, 2), 0)],
        [(Tagged(1, 1), 0), (1, 0)],
        # and some that are equal
        [(Float(1.5, 2), 0), (Float(1.5, 8), 0)], [([1], 0), ([Long(1, 2)], 0)], [(None, 0), (None, 1)],
        [({"a": 1}, 0), ({"a": 1}, 1)], [(Tagged(1, 1), 0), (Tagged(1, Long(1, 1)), 0)]]))


def encodings(random, case):
    """The same content in other forms of CBOR, all of them valid."""
    def again(value, depth=0):
        if random.random() < 0.3:
            if type(value) in (str, bytes, dict, list) and random.random() < 0.5:
                return Chunks(inner(value, depth), random.choice([1, 2, 7, 100]))
            if type(value) in (str, bytes, dict, list, int):
                return Long(inner(value, depth), random.choice([1, 2, 4, 8]))
        return inner(value, depth)

    def inner(value, depth):
        if type(value) is dict:
            pairs = [(again(key, depth + 1), again(one, depth + 1)) for key, one in value.items()]
            random.shuffle(pairs)
            return Pairs(pairs)
        if type(value) is list:
            return [again(one, depth + 1) for one in value]
        return value

    if random.random() < 0.7:
        case.form = again
    if random.random() < 0.5:
        case.protected = again(case.protected)
    if random.random() < 0.3:
        case.array = lambda parts: again(parts)


def broken_cbor(random, case):
    """Bytes that are no CBOR, or more than one item, in a place of the content."""
    raw = random.choice([
        b"\x1c", b"\x3d\x00", b"\x5c", b"\x7e", b"\x9e", b"\xbd", b"\xdf", b"\xfc", b"\xfd", b"\xfe", b"\xff", b"\xf8\x00", b"\xf8\x1f",
        b"\xf8\x18", b"\xf8\x14", b"\x7f\x41a\xff", b"\x5f\x61a\xff", b"\x5f\x5f\xff\xff", b"\x7f\x61\xc3\x61\xa9\xff", b"\x62\xc3\x28", b"\x61\xff",
        b"\x63\xed\xa0\x80", b"\x1f", b"\x3f", b"\xdf\x01", b"\xbf\x61a\xff", b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", b"\x7b\x80\x00\x00\x00\x00\x00\x00\x00", b"\xa1\xff", b"\x81\xff", b"\xc1\xff", b"\xf4\x00", b"",
        # well-formed, and only other kinds
        b"\xf8\x20", b"\xf8\xff", b"\xe0", b"\xf3", b"\xf7", b"\x5f\xff", b"\x7f\xff", b"\x9f\xff", b"\xbf\xff", b"\xf9\x7e\x00", b"\xf9\xfc\x00"])
    choice = random.randrange(5)
    if choice == 0:
        case.claims[99] = Raw(raw)
    elif choice == 1:
        case.dcc["extra"] = Raw(raw)
    elif choice == 2:
        case.entry[random.choice(list(case.entry))] = Raw(raw)
    elif choice == 3:
        case.payload_bytes = lambda data: data + random.choice([raw, b"\x00", b"\xf6"])
    else:
        case.payload_bytes = lambda data: data[:-random.randint(1, 40)]


def content_tags(random, case):
    """Tags where nobody writes them."""
    tag = random.choice([0, 1, 2, 18, 21, 24, 32, 37, 61, 100, 1004, 55799])
    choice = random.randrange(7)
    if choice == 0:
        case.form = lambda claims: Tagged(tag, claims)
    elif choice == 1:
        key = random.choice([1, 4, 6])
        case.claims[key] = Tagged(tag, case.claims[key])
    elif choice == 2:
        case.claims[-260] = Tagged(tag, case.claims[-260])
    elif choice == 3:
        case.claims[-260] = {1: Tagged(tag, case.dcc)}
    elif choice == 4:
        name = random.choice(list(case.entry))
        case.entry[name] = Tagged(tag, case.entry[name])
    elif choice == 5:
        name = random.choice(list(case.dcc))
        case.dcc[name] = Tagged(tag, case.dcc[name])
    else:
        case.dcc["nam"][random.choice(["fn", "gn", "fnt"])] = Tagged(tag, "SAMPLE")


def message_tags(random, case):
    case.tags = random.choice([[], [61, 18], [61], [18, 18], [61, 61, 18], [18, 61], [55799, 18], [55799], [98], [17], [16], [97],
                               [61, 98], [0], [55799, 61, 18], [61, 18, 18], [18], [61, 18]])


def message_shape(random, case):
    choice = random.randrange(9)
    if choice == 0:
        case.array = lambda parts: parts[:random.randint(0, 3)]
    elif choice == 1:
        case.array = lambda parts: parts + [random.choice([b"", None, {}])]
    elif choice == 2:
        at, other = random.randrange(4), random.choice([None, {}, [], "", 0, b"", True, Raw(b"\xf7"), Chunks(b"abc")])
        case.array = lambda parts: parts[:at] + [other] + parts[at + 1:]
    elif choice == 3:
        case.array = lambda parts: dict(enumerate(parts))
    elif choice == 4:
        case.array = lambda parts: [parts]
    elif choice == 5:
        case.array = lambda parts: Raw(write(parts) + random.choice([b"\x00", b"\xf6", b"\x80", write(parts)]))
    elif choice == 6:
        case.array = lambda parts: [write(parts[0])] + parts[1:]
    elif choice == 7:
        case.array = lambda parts: parts[:2] + [write(parts[2])] + parts[3:]
    else:
        case.array = lambda parts: random.sample(parts, 4)


# ---- header and times

def algorithms(random, case):
    if random.random() < 0.3:
        case.sign_by(random.choice(["rsa", "rsa3072", "p384", "p521"]))
    choice = random.randrange(5)
    value = random.choice([-7, -37, -35, -36, -38, -257, -8, 0, None, "ES256", b"\x26", [], -7.0, True, 5, -2**63, 2**64 - 1, Tagged(2, b"\x06")])
    if choice == 0:
        case.protected.pop(1, None)
        case.outside[1] = case.algorithm
    elif choice == 1:
        case.outside[1] = value
    elif choice == 2:
        case.protected[1] = value
    elif choice == 3:
        case.protected.pop(1, None)


def key_ids(random, case):
    right = case.signer.key_id
    odd = [None, "x", right.hex(), right + b"\0", right[:7], b"", [right], 0, True, Tagged(24, right),
           case.signer.certificate.fingerprint(hashes.SHA256()), Chunks(right, 3)]
    inside, outside = case.protected.pop(4, None), None
    choice = random.randrange(8)
    other = case.issuers.signers[random.choice(["all", "unknown", "vaccination"])].key_id
    inside, outside = [
        (None, right), (None, None), (right, other), (other, right), (random.choice(odd), right), (right, random.choice(odd)),
        (None, random.choice(odd)), (random.choice(odd), None)][choice]
    absent = [(0,), (0, 1), (), (), (), (), (0,), (1,)][choice]
    if 0 not in absent:
        case.protected[4] = inside
    if 1 not in absent:
        case.outside[4] = outside


def headers(random, case):
    place = random.choice([case.protected, case.outside])
    choice = random.randrange(8)
    if choice == 0:
        place[2] = random.choice([[4], [1], [1, 4], [99], ["x"], [], None, 4, [5], [2], [[4]], {}])
        if random.random() < 0.3:
            place[99] = 1
    elif choice == 1:
        place[3] = random.choice([0, 60, "application/cbor", None, b"x", [], 65535, "", {}])
    elif choice == 2:
        place[5] = random.choice([b"", b"123", "x", None, 1])
        if random.random() < 0.3:
            place[6] = b"1"
    elif choice == 3:
        place[random.choice([99, "x", -70001, 33, 7, 9, 11])] = random.choice([b"x", "x", 1, [], {}, None])
    elif choice == 4:
        place[random.choice([b"x", None, Float(1.0), (1,), True])] = 1
        if place is case.protected:
            case.protected = Pairs((list(key) if type(key) is tuple else key, value) for key, value in place.items())
        else:
            case.outside = Pairs((list(key) if type(key) is tuple else key, value) for key, value in place.items())
    elif choice == 5:
        case.protected_bytes = lambda data: data + random.choice([b"\x00", b"\xf6", b"\xa0"])
    elif choice == 6:
        case.outside.update(case.protected)
        case.protected_bytes = lambda data: random.choice([b"", b"\xa0", b"\xf6", b"\x80", write(data)])
    else:
        case.protected = random.choice([[], None, list(case.protected.items()), Tagged(random.choice([24, 18]), case.protected),
                                        Chunks(case.protected)])


def times(random, case):
    near = random.choice([-86_400, -3600, -61, -60, -59, -2, -1, -0.5, 0, 0.25, 0.5, 1, 2, 59, 59.5, 60, 60.25, 61, 120, 3600])
    key = random.choice([4, 4, 5, 6, 6])
    value = NOW + near
    if random.random() < 0.3:
        value = random.choice([float(value), Float(value, 8), Float(float(value), 4)])
    case.claims[key] = value


def odd_times(random, case):
    key = random.choice([4, 5, 6])
    case.claims[key] = random.choice([
        None, "1767225600", "2026-01-01T00:00:00Z", b"\x00", [], {}, True, False, float("nan"), float("inf"), -float("inf"), Float(float("nan"), 2),
        Float(float("inf"), 2), -1, 0, 2**63, 2**64 - 1, -2**64, -2**63, 1e300, -1e300, Tagged(1, NOW), Tagged(1, NOW + DAY), Tagged(2, b"\x7f" * 8),
        Raw(b"\xf7"), 1.5, 2**53 + 1, 1e19, Tagged(4, [0, NOW])])
    return "odd_times"


def claims(random, case):
    choice = random.randrange(6)
    if choice == 0:
        del case.claims[random.choice(list(case.claims))]
    elif choice == 1:
        case.claims[1] = random.choice([None, 1, b"JP", "", "DE", "jp", "JPN", "日本", [], True, "JP\n", "https://x.invalid", {}, "A" * 200, Chunks("JP", 1)])
    elif choice == 2:
        case.claims[-260] = random.choice([None, [], {}, "", case.dcc, {"1": case.dcc}, {2: case.dcc}, [case.dcc], {1: None}, {1: []}, {1: [case.dcc]},
                                           {0: case.dcc}, {1: case.dcc, 2: case.dcc}, write({1: case.dcc}), {1: write(case.dcc)}])
    elif choice == 3:
        case.claims = random.choice([None, [], "x", 0, {}, list(case.claims.values())])
    elif choice == 4:
        case.claims[random.choice([b"x", None, Float(4.0), "4", "exp"])] = NOW - DAY
    else:
        key = random.choice([4, 6, 1])
        case.claims[str(key)] = case.claims.pop(key)


# ---- signers, signatures, the outer layers

def signers(random, case):
    label = random.choice([label for label in case.issuers.signers if label not in ("plain", "p384", "p521")])
    case.sign_by(label)
    if random.random() < 0.4 and 6 in case.claims:
        case.claims[6] = NOW + random.choice([-2 * DAY, -400 * DAY, -10])
    if random.random() < 0.2:
        case.claims[4] = NOW + 3 * 365 * DAY
    return f"signers.{label}"


def signatures(random, case):
    choice = random.randrange(10)
    if random.random() < 0.2:
        case.sign_by("rsa")
    case.change_signature = [
        lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s, lambda s: bytes(64), lambda s: s[:32] + bytes(32), lambda s: b"",
        lambda s: bytes([s[0] ^ 1]) + s[1:], lambda s: s[32:] + s[:32],
        lambda s: s[:32] + ((ORDER - int.from_bytes(s[32:64], "big")) % 2**256).to_bytes(32, "big"),
        lambda s: der(s)][choice]


def der(signature):
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"))


def wrong_key(random, case):
    signer = case.signer
    case.sign_by(random.choice(["all", "unknown", "vaccination"]))
    case.protected[4] = signer.key_id


def compression(random, case):
    choice = random.randrange(12)
    bits = random.choice([9, 10, 12, 14, 15])

    def stream(data, wbits=15, level=6, strategy=0):
        deflater = zlib.compressobj(level, zlib.DEFLATED, wbits, 8, strategy)
        return deflater.compress(data) + deflater.flush()

    def flushed(data):
        deflater = zlib.compressobj()
        return deflater.compress(data[:50]) + deflater.flush(zlib.Z_FULL_FLUSH) + deflater.compress(data[50:]) + deflater.flush()

    def dictionary(data):
        deflater = zlib.compressobj(zdict=b"SAMPLE")
        return deflater.compress(data) + deflater.flush()

    case.compress = [
        lambda data: stream(data, bits), lambda data: stream(data, level=0), lambda data: stream(data, strategy=zlib.Z_FIXED),
        flushed, lambda data: stream(data, -15), lambda data: stream(data, 31), lambda data: data, dictionary,
        lambda data: stream(data)[:-random.randint(1, 6)], lambda data: stream(data) + random.choice([b"\0", stream(data)]),
        lambda data: stream(data)[:-4] + bytes(4), lambda data: random.choice([b"\x78\x9d", b"\x88\x1c", b"\x78\xbb"]) + stream(data)[2:]][choice]


def outer_text(random, case):
    encode = case.encode
    choice = random.randrange(12)

    def put(text, character):
        at = random.randint(4, len(text))
        return text[:at] + character + text[at:]

    case.encode = [
        lambda data: encode(data)[4:], lambda data: encode(data).lower(), lambda data: encode(data)[:-1], lambda data: encode(data)[:-2],
        lambda data: encode(data) + random.choice(["0", "00", "ZZ", ":::", "::", "A"]), lambda data: put(encode(data), random.choice("abc_!=ｱ,")),
        lambda data: put(encode(data), " "), lambda data: "HC2:" + encode(data)[4:], lambda data: "HC1" + encode(data)[4:],
        lambda data: random.choice([" ", "\t", ""]) + encode(data), lambda data: encode(data) + " ",
        lambda data: "HC1:" + random.choice(["", ":::", "GGW", "000", "1", "12"])][choice]


def trailing_space(random, case):
    """Base45 that ends with a space: nothing may be trimmed. The code itself is right."""
    encode, compress = case.encode, case.compress
    for _ in range(60):
        case.dcc["ver"] = f"1.3.{random.randrange(10**6)}"
        text = case.text()
        if text.endswith(" "):
            case.text = lambda: text
            return
    case.encode, case.compress = encode, compress


def nothing(random, case):
    pass


MUTATIONS = [
    (structure, 14), (entry_member, 6), (missing, 5), (groups, 4), (dates, 10), (texts, 8), (standard_names, 4), (versions, 3),
    (countries, 3), (numbers, 5), (identifiers, 3), (codes, 4), (extra, 3), (equal_keys, 6), (near_keys, 2), (encodings, 5),
    (broken_cbor, 4), (content_tags, 5), (message_tags, 3), (message_shape, 3), (algorithms, 4), (key_ids, 4), (headers, 5), (times, 8),
    (odd_times, 4), (claims, 5), (signers, 8), (signatures, 3), (wrong_key, 1), (compression, 4), (outer_text, 3), (nothing, 3),
]
RARE = [(trailing_space, 1)]


class Maker:
    def __init__(self, random, folder):
        self.random, self.issuers = random, Issuers(random, folder)
        self.functions = [function for function, weight in MUTATIONS]
        self.weights = [weight for function, weight in MUTATIONS]

    def make(self):
        """A code's text and the kinds of what was done to it."""
        case, kinds = Case(self.random, self.issuers), []
        count = self.random.choices([1, 2], [4, 1])[0]
        if self.random.random() < 0.003:
            trailing_space(self.random, case)
            return case.text(), ["trailing_space"]
        for function in self.random.choices(self.functions, self.weights, k=count):
            try:
                kinds.append(function(self.random, case) or function.__name__)
            except (AttributeError, KeyError, TypeError, IndexError):
                continue  # what the first mutation took away cannot be changed by the second
        return case.text(), kinds or ["nothing"]
