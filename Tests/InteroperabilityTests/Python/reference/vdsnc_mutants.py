"""Makes VDS-NC codes with one or two mutations each, properly signed unless the signature is what is changed."""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from . import maker, strictjson, values
from .common import Refused
from .jsonwriter import PLAIN, Pairs, Raw, random_style
from .signers import HASHES, ORDER, raw_ecdsa
from .vdsnc_issuers import Issuers

ALGORITHM = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
NAMES = ["MIHON  HANAKO", "SAMPLE  TARO JOHN", "A", "VAN DER MIHON  ANNA MARIA", "MIHON"]


def url(data, padded=False):
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


class Case:
    """All that a code is made of, before it is one."""

    def __init__(self, random, issuers):
        self.issuers, self.signer = issuers, issuers.signers["plain"]
        self.sure = True
        dates = sorted(values.date(random) for _ in range(random.randint(1, 4)))
        doses = [{"dvc": date, "seq": at + 1, "ctr": "JPN", "adm": "MHLW_Gov_of_JAPAN",
            "lot": f"L{random.getrandbits(20):X}"}
                 for at, date in enumerate(dates)]
        if random.random() < 0.3:
            doses[-1]["dvn"] = values.date(random)
        names = ["COMIRNATY", "SPIKEVAX", "見本ワクチン", "Nuvaxovid é"]
        if random.random() < 0.5:
            events = [{"des": "XM68M6", "nam": random.choice(names), "vd": doses}]
        else:
            events = [{"des": "XM0GQ8", "nam": random.choice(names), "dis": "RA01.0", "vd": [dose]} for dose in doses]
        person = {"n": random.choice(NAMES), "dob": values.date(random, 1930, 2010), "sex": random.choice("MFX"),
                  "i": f"TK{random.randrange(10**7):07d}"}
        for name in random.choice([[], [], ["sex"], ["i"], ["dob"]]):
            del person[name]
        self.data = {"hdr": {"t": "icao.vacc", "v": 1, "is": "JPN"},
                     "msg": {"uvci": f"J{random.randrange(10**9):09d}", "pid": person, "ve": events}}
        self.style = PLAIN
        self.top = lambda members: members
        self.sig = lambda sig: sig
        self.algorithm = None
        self.hash = None
        self.change_signature = lambda signature: signature
        self.change_der = lambda der: der
        self.change_text = lambda text: text
        self.padded = random.random() < 0.2
        self.data_text = None

    @property
    def person(self):
        return self.data["msg"]["pid"]

    def dose(self, random):
        event = random.choice(self.data["msg"]["ve"])
        return random.choice(event["vd"])

    def sign_by(self, label):
        self.signer = self.issuers.signers[label]

    def text(self):
        data = self.data_text or self.style.write(self.data)
        try:
            signed = strictjson.canonical(strictjson.read(data))
        except Refused:  # what has no canonical form is signed as it stands
            signed = data.encode("utf-8", "surrogatepass")
        curve = self.signer.key.curve.name
        signature = self.change_signature(raw_ecdsa(self.signer.key, signed, self.hash or HASHES[curve]))
        sig = {"alg": self.algorithm or ALGORITHM[curve], "cer": url(self.change_der(self.signer.der), self.padded),
               "sigvl": url(signature, self.padded)}
        return self.change_text(self.style.write(self.top({"data": Raw(data), "sig": self.sig(sig)})))


# ---- the content

def structure(random, case):
    values.mutate_anywhere(random, case.data, values.JSON_KINDS)


def member(random, case):
    place = random.choice([case.data["hdr"], case.data["msg"], case.person, case.person, case.dose(random),
        case.dose(random),
                           random.choice(case.data["msg"]["ve"])])
    name = random.choice(list(place))
    place[name] = random.choice(values.JSON_KINDS)(random, place[name])


def missing(random, case):
    place = random.choice([case.data, case.data["hdr"], case.data["msg"], case.person, case.person, case.dose(random),
                           random.choice(case.data["msg"]["ve"])])
    for _ in range(random.choice([1, 1, 2])):
        if place:
            del place[random.choice(list(place))]


def lists(random, case):
    """Objects for lists and lists for objects, with the same members."""
    message = case.data["msg"]
    event = random.choice(message["ve"])
    choice = random.randrange(9)
    if choice == 0:
        event["vd"] = event["vd"][0]
    elif choice == 1:
        event["vd"] = dict((str(at), one) for at, one in enumerate(event["vd"]))
    elif choice == 2:
        event["vd"] = random.choice([[None], [], None, [[]], [{}], [event["vd"]], event["vd"] + [None], event["vd"] * 5,
            ["x"]])
    elif choice == 3:
        message["ve"] = random.choice([message["ve"][0], dict((str(at), one) for at, one in enumerate(message["ve"])),
            [], None,
                                       [None], [message["ve"]], message["ve"] + [{}]])
    elif choice == 4:
        message["pid"] = random.choice([[case.person], None, [], list(case.person.values()), {"0": case.person}])
    elif choice == 5:
        case.data["msg"] = random.choice([[message], None, list(message.values())])
    elif choice == 6:
        case.data["hdr"] = random.choice([[case.data["hdr"]], list(case.data["hdr"].values()), None, {}])
    elif choice == 7:
        dose = case.dose(random)
        dose[random.choice(list(dose))] = random.choice([[], {}, [1], None])
    else:
        case.data = [case.data]


def dates(random, case):
    if random.random() < 0.4:
        case.person["dob"] = values.odd_date(random)
    else:
        case.dose(random)[random.choice(["dvc", "dvc", "dvn"])] = values.odd_date(random)


def texts(random, case):
    place = random.choice([case.person, case.person, case.dose(random), random.choice(case.data["msg"]["ve"]),
        case.data["msg"]])
    name = random.choice([key for key in place if type(place[key]) is str and key not in ("dob", "dvc", "dvn", "ctr")])
    place[name] = values.odd_text(random)


def lengths(random, case):
    limits = {"n": 39, "i": 11, "ai": 24, "sex": 1, "uvci": 12, "des": 6, "dis": 6, "adm": 20, "lot": 20}
    name = random.choice(list(limits))
    place = case.person if name in ("n", "i", "ai", "sex") else case.data["msg"] if name == "uvci" \
        else random.choice(case.data["msg"]["ve"]) if name in ("des", "dis") else case.dose(random)
    place[name] = random.choice(["A", "é", "e\u0301", "𠮷"]) * (limits[name] + random.choice([-1, 0, 0, 1, 1, 2, 50]))


def numbers(random, case):
    case.dose(random)["seq"] = random.choice([
        0, 1, 9, 10, 99, 100, -1, 1.0, 2.0, 1.5, 99.0, 99.5, "1", "01", "99", "100", "0", "", " 1", "1 ", "1.0", "one",
        "+1", "-1", "１", [1], ["1"], [], [1, 2], {},
        None, True, False, 2**53, 2**63, 2**64, 1e300, Raw("1e0"), Raw("10e-1"), Raw("1E+1"), Raw("0.1e1"), Raw("-0"),
        Raw("1e400"), Raw("01"), Raw("1."), Raw("+1")])


def countries(random, case):
    odd = random.choice(["", "J", "JP", "jpn", "JPNN", "JP1", "日本国", "UTO", "XXA", "D", "D<<", "DEU", "AUS", "JPN ",
        "ＪＰＮ", "J\u0301N"])
    if random.random() < 0.5:
        case.data["hdr"]["is"] = odd
    else:
        case.dose(random)["ctr"] = odd


def headers(random, case):
    if random.random() < 0.5:
        case.data["hdr"]["t"] = random.choice(["icao.test", "ICAO.VACC", "icao.vacc ", "", "icao", None, 1,
            ["icao.vacc"], "icao.dta"])
    else:
        case.data["hdr"]["v"] = random.choice([0, 2, 1.0, 1.5, "1", None, True, [1], -1, 10, Raw("1e0"), Raw("1.00"),
            2**64, Raw("0.1e1")])


def sexes(random, case):
    case.person["sex"] = random.choice(["M", "F", "X", "<", "m", "U", "O", "", "MF", "男", None, 1, "\u200b", " "])


def who(random, case):
    for name in random.sample(["dob", "i", "sex", "ai", "n"], random.randint(1, 3)):
        if random.random() < 0.6:
            case.person.pop(name, None)
        else:
            case.person[name] = random.choice(["", " ", None, "X"])


def deep(random, case):
    """Nested, or large, where nobody reads."""
    value = 1
    for _ in range(random.choice([3, 6, 10, 20, 40, 70, 200, 3000])):
        value = [value] if random.random() < 0.7 else {"a": value}
    value = random.choice([value, value, "A" * random.choice([100, 1_000, 5_000, 20_000, 300_000])])
    place = random.choice([case.data, case.person, case.data["msg"]])
    place["x"] = value


def extra(random, case):
    place = random.choice([case.data, case.data["hdr"], case.data["msg"], case.person, case.dose(random),
                           random.choice(case.data["msg"]["ve"])])
    place[random.choice(["x", "\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6", "</script>", "", "Z",
        "é", "e\u0301", "\ue000", "𝒳"])] = random.choice([
        1, "x", [1, 2], {"b": 1, "a": [None, True]}, None, False, [], {}, Raw("333333333.33333329"), Raw("1E30"),
        Raw("4.50"), Raw("2e-3"), Raw("1e21"),
        Raw("0.000000000000000000000000001"), Raw("-0"), Raw("-0.0"), Raw("9007199254740993"), Raw("1e-7"),
        Raw("5e-324"), Raw("1.7976931348623157e308"), Raw("123456789012345678901234567890"),
        Raw("0.1e-6"), Raw("1e-400"), "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", "\u2028\u2029\u0085\u007f\u009f",
        "\ufeff\uffff\U0010ffff"])
    if random.random() < 0.5:
        case.style = random_style(random)


# ---- JSON

def forms(random, case):
    """The same in other forms of JSON, all of them valid."""
    case.style = random_style(random)


def twice(random, case):
    """A name twice in an object, escaped otherwise too."""
    place = random.choice(["data", "hdr", "msg", "pid", "dose", "event", "top", "sig", "extra"])

    def double(value):
        pairs = list(value.items())
        name, one = random.choice(pairs)
        pairs.insert(random.randint(0, len(pairs)), (name, random.choice([one, one, None, "x", 1])))
        return Pairs(pairs)

    if random.random() < 0.5:
        case.style = random_style(random)
        case.style.shuffled = 0
    if place == "data":
        case.data = double(case.data)
    elif place in ("hdr", "msg"):
        case.data[place] = double(case.data[place])
    elif place == "pid":
        case.data["msg"]["pid"] = double(case.person)
    elif place == "dose":
        event = random.choice(case.data["msg"]["ve"])
        event["vd"] = [double(event["vd"][0])]
    elif place == "event":
        case.data["msg"]["ve"] = [double(case.data["msg"]["ve"][0])]
    elif place == "top":
        case.top = double
    elif place == "sig":
        case.sig = double
    else:
        case.data["msg"]["x"] = double({"a": 1, "b": 2})
    return f"twice.{place}"


def broken_json(random, case):
    odd = random.choice([
        Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e999"), Raw("-1e999"), Raw("'x'"), Raw("undefined"),
        Raw("01"), Raw(".5"), Raw("1."), Raw("0x10"), Raw('"\\x41"'), Raw('"\\u12"'),
        Raw('"\\ud800"'), Raw('"\\udc00\\ud800"'), Raw('"\\ud83d\\ude00"'), Raw('"a\tb"'), Raw('"a\x01b"'),
        Raw('"\\u0000"'), Raw("[1,]"), Raw('{"a":1,}'), Raw("/**/1"), Raw("True"), Raw("[,]"), Raw('"'),
        Raw("{a:1}"), Raw("- 1"), Raw("1e"), Raw("--1"), Raw("+1"), Raw('"\\u00e9"'), Raw("nul"), Raw("[1 2]"),
        Raw('{"a" 1}'), Raw("1_000"), Raw("٣")])
    choice = random.randrange(4)
    if choice == 0:
        case.data["msg"]["x"] = odd
    elif choice == 1:
        case.person[random.choice(["n", "ai"])] = odd
    elif choice == 2:
        case.top = lambda members: members | {"x": odd}
    else:
        tail = random.choice(["}", ",", "x", "{}", " 1", "\u00a0", "\u3000", "\ufeff", "\x00", "\f", "\v", "[]",
            "null"])
        case.change_text = random.choice([lambda text: text + tail, lambda text: tail + text, lambda text: text[:-1],
            lambda text: text[1:]])


def top_members(random, case):
    choice = random.randrange(6)
    if choice == 0:
        case.top = lambda members: members | {random.choice(["x", "DATA", "Sig"]): random.choice([1, {}, None,
            members["sig"]])}
    elif choice == 1:
        case.top = lambda members: {name: one for name, one in members.items() if name != random.choice(["data",
            "sig"])}
    elif choice == 2:
        case.top = lambda members: random.choice([[members], list(members.values()),
            {"data": [members["data"]], "sig": members["sig"]}])
    elif choice == 3:
        case.top = lambda members: members | {"sig": random.choice([None, [], [members["sig"]], "x",
            list(members["sig"].values()), {}])}
    elif choice == 4:
        case.top = lambda members: {"sig": members["sig"], "data": members["data"]}
    else:
        case.top = lambda members: {"data": members}


# ---- the signature and who signed

def sig_members(random, case):
    choice = random.randrange(8)
    name = random.choice(["alg", "cer", "sigvl"])
    if choice == 0:
        case.sig = lambda sig: {key: one for key, one in sig.items() if key != name}
    elif choice == 1:
        case.sig = lambda sig: sig | {name: random.choice(values.JSON_KINDS[:-1])(random,
            sig[name]) if name == "alg" else random.choice([None, 1, [sig[name]], {}, "", True])}
    elif choice == 2:
        case.sig = lambda sig: sig | {random.choice(["x", "kid", "crit"]): random.choice([1, "x", None, []])}
    elif choice == 3:
        case.algorithm = random.choice(["ES256", "ES384", "ES512", "es256", "none", "HS256", "RS256", "ES256K", "",
            "ES256 ", "EdDSA", "SHA256withECDSA"])
    elif choice == 4:
        name = random.choice(["cer", "sigvl"])
        change = random.choice([
            lambda text: text + "=", lambda text: text + "==",
            lambda text: text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4),
            lambda text: text[:10] + "\n" + text[10:], lambda text: text + " ", lambda text: " " + text,
            lambda text: text.replace("-", "+").replace("_", "/"), lambda text: text[:-1], lambda text: text + "A",
            lambda text: text + "AAAA", lambda text: text[:5] + "=" + text[5:], lambda text: text[:5] + "*" + text[5:],
            lambda text: text[:-1] + chr(ord(text[-1]) + 1) if text[-1] != "=" else text, lambda text: "é" + text])
        case.sig = lambda sig: sig | {name: change(sig[name])}
    elif choice == 5:
        case.sign_by(random.choice(["p384", "p521"]))
        case.algorithm = random.choice(["ES256", "ES384", "ES512"])
    elif choice == 6:
        case.hash = random.choice([hashes.SHA384(), hashes.SHA512()])
    else:
        case.change_der = random.choice([lambda der: der + b"\0", lambda der: der[:-1], lambda der: b"",
            lambda der: b"\x30\x00", lambda der: der[4:], lambda der: der[:40] + bytes([der[40] ^ 1]) + der[41:],
                                         lambda der: b"-----BEGIN CERTIFICATE-----"])


def signatures(random, case):
    size = 32
    case.change_signature = random.choice([
        lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s, lambda s: bytes(64), lambda s: s[:32] + bytes(32),
        lambda s: b"", lambda s: bytes([s[0] ^ 1]) + s[1:], lambda s: s[32:] + s[:32],
        lambda s: s[:size] + ((ORDER - int.from_bytes(s[size:], "big")) % 2**256).to_bytes(32, "big"),
        lambda s: encode_dss_signature(int.from_bytes(s[:32], "big"), int.from_bytes(s[32:], "big")),
        lambda s: s[:32] + ((ORDER + int.from_bytes(s[32:], "big")) % 2**256).to_bytes(32, "big")])


def changed(random, case):
    """Something else than what was signed."""
    style, data = case.style, dict(case.data)
    signed = strictjson.canonical(strictjson.read(style.write(data)))
    place = random.choice([case.person, case.dose(random)])
    name = random.choice(list(place))
    place[name] = "X" if place[name] != "X" else "Y"
    signature = raw_ecdsa(case.signer.key, signed)
    case.change_signature = lambda other: signature


def wrong_key(random, case):
    signer = case.signer
    other = case.issuers.signers[random.choice(["by-second", "by-unknown", "by-german"])]
    case.signer = other
    case.change_der = lambda der: signer.der


def signers(random, case):
    label = random.choice([label for label in case.issuers.signers if label != "plain"])
    case.sign_by(label)
    if "german" in label and random.random() < 0.6:
        case.data["hdr"]["is"] = "DEU"
    if "french" in label and random.random() < 0.8:
        case.data["hdr"]["is"] = "FRA"
    return f"signers.{label}"


def nothing(random, case):
    pass


MUTATIONS = [
    (structure, 10), (member, 8), (missing, 6), (lists, 10), (dates, 8), (texts, 8), (lengths, 6), (numbers, 8),
    (countries, 5), (headers, 4), (sexes, 3),
    (who, 4), (extra, 8), (deep, 1), (forms, 6), (twice, 6), (broken_json, 6), (top_members, 3), (sig_members, 8),
    (signatures, 3),
    (changed, 2), (wrong_key, 1),
    (signers, 14), (nothing, 2),
]


class Maker(maker.Maker):
    issuers, case, mutations = Issuers, Case, MUTATIONS
