"""Makes SMART Health Cards with one or two mutations each, properly signed unless the signature is what is changed."""

import json
import zlib

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from . import maker
from . import shc_content as content
from .jsonwriter import Pairs, Raw, random_style
from .shc_case import DAY, MAIN, SECOND, TESTS, Case, Issuers, deflate, digits
from .signers import NOW, ORDER


def forms(random, case):
    case.style = random_style(random)
    case.style.numbers = 0.3
    if random.random() < 0.5:
        case.header_style = random_style(random)


def twice(random, case):
    """A name twice in an object."""
    def double(value):
        pairs = list(value.items())
        name, one = random.choice(pairs)
        pairs.insert(random.randint(0, len(pairs)), (name, random.choice([one, one, None, "x", 1])))
        return Pairs(pairs)

    if random.random() < 0.5:
        case.style = random_style(random)
        case.style.shuffled = 0
    place = random.choice(["payload", "vc", "subject", "bundle", "entry", "patient", "dose", "name", "header", "extra"])
    if place == "payload":
        case.payload = double(case.payload)
    elif place == "vc":
        case.payload["vc"] = double(case.vc)
    elif place == "subject":
        case.vc["credentialSubject"] = double(case.vc["credentialSubject"])
    elif place == "bundle":
        case.vc["credentialSubject"]["fhirBundle"] = double(case.bundle)
    elif place == "entry":
        case.bundle["entry"][0] = double(case.bundle["entry"][0])
    elif place == "patient":
        case.bundle["entry"][0]["resource"] = double(case.patient)
    elif place == "dose":
        case.bundle["entry"][1]["resource"] = double(case.doses[0])
    elif place == "name":
        case.patient["name"][0] = double(case.patient["name"][0])
    elif place == "header":
        case.header = double(case.header)
    else:
        case.payload["x"] = double({"a": 1, "b": 2})
    return f"twice.{place}"


def broken_json(random, case):
    odd = Raw(random.choice([
        "NaN", "Infinity", "'x'", "undefined", "01", ".5", "1.", "0x10", '"\\x41"', '"\\u12"', '"\\ud800"',
        '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"a\tb"', '"a\x01b"', '"\\u0000"', "[1,]", '{"a":1,}', "/**/1",
        "True", "[,]", '"', "{a:1}", "- 1", "1e", "--1", "+1", '"\\u00e9"', "nul", "[1 2]", '{"a" 1}', "1_000", "٣"]))
    choice = random.randrange(5)
    tail = random.choice([b"}", b",", b"x", b"{}", b" 1", b"\xc2\xa0", b"\xef\xbb\xbf", b"\x00", b"\x0c", b" ", b"\n",
        b"\t", b"\xff", b"null"])
    if choice == 0:
        case.payload["x"] = odd
    elif choice == 1:
        random.choice([case.patient["name"][0], case.patient])[random.choice(["family", "birthDate"])] = odd
    elif choice == 2:
        case.payload_bytes = random.choice([lambda data: data + tail, lambda data: tail + data, lambda data: data[:-1],
            lambda data: data.replace(b"collection", b"coll\xffction"),
                                            lambda data: data.replace(b"SAMPLE", b"SAM\xc0\x80PLE"),
                                            lambda data: data.decode().encode("utf-16"), lambda data: b"",
                                            lambda data: b"[" + data + b"]"])
    elif choice == 3:
        case.header_bytes = random.choice([lambda data: data + tail, lambda data: tail + data, lambda data: data[:-1],
            lambda data: b"[" + data + b"]", lambda data: b"", lambda data: b"  " + data])
    else:
        case.header["x"] = odd


def headers(random, case):
    choice = random.randrange(5)
    if choice == 0:
        case.header["alg"] = random.choice(["none", "es256", "ES384", "HS256", "", None, ["ES256"], "ES256 ", 1,
            "ES256K"])
    elif choice == 1:
        case.header["zip"] = random.choice(["def", "", None, "GZIP", ["DEF"], True, "DEF "])
    elif choice == 2:
        case.header["kid"] = random.choice([None, "", case.key.id + "=", case.key.id[:-1], case.key.id.upper(),
            [case.key.id], 1, case.issuers.keys["second"].id, case.issuers.keys["earlier"].id, "rsa", "x",
            " " + case.key.id])
    elif choice == 3:
        del case.header[random.choice(list(case.header))]
    else:
        case.header[random.choice(["typ", "cty", "x", "crit", "crit", "jku", "x5c", "jwk", "x5u",
            "x5t"])] = random.choice(["JWT", [], ["exp"], ["zip"], None, 1, {}, "x", ["x"],
            case.issuers.keys["unknown"].public])


def times(random, case):
    near = random.choice([-DAY, -3600, -61, -60, -59, -1, -0.5, 0, 0.25, 0.5, 1, 2, 59, 59.5, 60, 60.25, 61, 120, DAY])
    case.payload[random.choice(["nbf", "nbf", "exp"])] = random.choice([NOW + near, NOW + near, float(NOW + near)])


def odd_times(random, case):
    case.payload[random.choice(["nbf", "exp", "exp"])] = random.choice([
        None, str(NOW), "2026-01-01T00:00:00Z", [], [NOW], {}, True, False, -1, 0, 1.5, 2**53 + 1, 2**63, 2**64, 1e300,
        -1e300, Raw("1.7672256e9"), Raw("17672256E2"), Raw("1767225600.0"), Raw("1767225600.9"),
        Raw("-0"), Raw("1e10"), Raw("1767225600000e-3"), Raw("99999999999999999999999999999999")])


def claims(random, case):
    choice = random.randrange(4)
    if choice == 0:
        del case.payload[random.choice(list(case.payload))]
    elif choice == 1:
        place = random.choice([case.vc, case.vc["credentialSubject"], case.bundle])
        del place[random.choice(list(place))]
    elif choice == 2:
        case.payload["iss"] = random.choice([MAIN + "/", MAIN.upper(), "http://sample.invalid/main", "", None, 1,
            [MAIN], MAIN + "#", MAIN + "?x", " " + MAIN, SECOND, TESTS, "https://sample.invalid", MAIN + "/x",
            "HTTPS://sample.invalid/main",
                                             "https://sample.invalid:443/main", "https://SAMPLE.invalid/main"])
    else:
        case.payload = random.choice([[case.payload], [], "x", 1, None, list(case.payload.values())])


def issuers(random, case):
    issuer, name = random.choice([(SECOND, "second"), (TESTS, "tests"), (MAIN, "earlier"), (MAIN, "second"),
        (SECOND, "main"), (MAIN, "unknown"), (TESTS, "main"), (MAIN, "tests"), (MAIN, "encryption"),
        (MAIN, "other-algorithm"),
                                  (MAIN, "other-id"), ("https://sample.invalid/unknown", "main"),
                                  ("https://sample.invalid/unknown", "unknown")])
    case.payload["iss"], case.key = issuer, case.issuers.keys[name]
    case.header["kid"] = case.key.id
    return f"issuers.{name}"


def signatures(random, case):
    case.change_signature = random.choice([
        lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s, lambda s: bytes(64), lambda s: s[:32] + bytes(32),
        lambda s: b"", lambda s: bytes([s[0] ^ 1]) + s[1:], lambda s: s[32:] + s[:32],
        lambda s: s[:32] + ((ORDER - int.from_bytes(s[32:], "big")) % 2**256).to_bytes(32, "big"),
        lambda s: encode_dss_signature(int.from_bytes(s[:32], "big"), int.from_bytes(s[32:], "big"))])


def wrong_key(random, case):
    case.key = case.issuers.keys[random.choice(["unknown", "second", "earlier"])]


def tokens(random, case):
    def part(number, change):
        def changed(token):
            parts = token.split(".")
            parts[number] = change(parts[number])
            return ".".join(parts)
        return changed

    number = random.randrange(3)
    case.token_text = random.choice([
        part(number, lambda text: text + "="), part(number, lambda text: text + "A"),
        part(number, lambda text: text[:-1]), part(number, lambda text: ""),
        part(number, lambda text: text[:5] + "-" + text[5:]),
        part(number, lambda text: text[:-1] + chr(ord(text[-1]) + 1)), lambda token: token + ".",
        lambda token: "." + token, lambda token: token.replace(".", "..", 1), lambda token: token.rsplit(".", 1)[0],
        lambda token: token + "." + token, lambda token: token.rsplit(".", 1)[0] + ".",
        part(number, lambda text: text.replace("-", "+").replace("_", "/"))])
    case.encode = random.choice([case.encode, lambda token: token])


def compression(random, case):
    def flushed(data):
        deflater = zlib.compressobj(wbits=-15)
        first = deflater.compress(data[:50]) + deflater.flush(zlib.Z_FULL_FLUSH)
        return first + deflater.compress(data[50:]) + deflater.flush()

    case.compress = random.choice([
        lambda data: deflate(data, 0), lambda data: deflate(data, 1), lambda data: deflate(data, 9, zlib.Z_FIXED),
        flushed, zlib.compress, lambda data: data, lambda data: zlib.compress(data)[2:],
        lambda data: deflate(data)[:-1], lambda data: deflate(data) + b"\0", lambda data: deflate(data) + deflate(data),
        lambda data: b"", lambda data: b"\x03\x00", lambda data: deflate(data, 9, zlib.Z_HUFFMAN_ONLY)])


def outer_text(random, case):
    def odd_digit(token):
        text = digits(token)
        at = random.randrange(5, len(text))
        return text[:at] + random.choice(["", "x", " ", "０", "9", "99", "78", "-", "١"]) + text[at:]

    case.encode = random.choice([
        lambda token: "SHC:/" + digits(token)[5:], lambda token: "Shc:/" + digits(token)[5:],
        lambda token: "shc:" + digits(token)[5:], lambda token: "shc://" + digits(token)[5:],
        lambda token: "shc:/1/1/" + digits(token)[5:],
        lambda token: "shc:/1/2/" + digits(token)[5:], lambda token: "shc:/2/2/" + digits(token)[5:],
        lambda token: "shc:/0/0/" + digits(token)[5:], lambda token: "shc:/1/" + digits(token)[5:],
        lambda token: "shc:/01/1/" + digits(token)[5:],
        lambda token: digits(token)[5:], lambda token: digits(token)[:-1], lambda token: digits(token)[:-2],
        lambda token: digits(token) + "0", lambda token: digits(token) + "00", lambda token: "shc:/", odd_digit,
        odd_digit,
        lambda token: "shc:/" + token, lambda token: "sch:/" + digits(token)[5:], lambda token: digits(token) + " ",
        lambda token: " " + digits(token), lambda token: "shc:/3/2/" + digits(token)[5:]])


def files(random, case):
    """A file's content on one line: one card, or several of one or of more people."""
    style = random_style(random)
    choice = random.randrange(9)
    other = Case(random, case.issuers)
    if random.random() < 0.3:  # doses of one day are no contradiction
        for dose in case.doses:
            dose["occurrenceDateTime"] = case.doses[0]["occurrenceDateTime"]

    def several(token):
        cards = [[token], [token, token], [token, other.token()], [other.token(), token], [], [token, 1], [None],
            [token, "x"], [token, token[:-4]]][choice]
        return style.write({"verifiableCredential": cards}).replace("\n", " ").replace("\r", " ")

    case.encode = several
    if random.random() < 0.1:
        case.encode = lambda token: json.dumps(random.choice([{"verifiableCredential": token}, [token],
            {"verifiableCredential": {"0": token}}, {"vc": [token]}, {}, {"verifiableCredential": [[token]]}]))


def nothing(random, case):
    pass



MUTATIONS = [
    (content.structure, 14), (content.resource_member, 10), (content.lists, 12), (content.references, 14),
    (content.names, 8), (content.dates, 10), (content.texts, 7), (content.vaccines, 6), (content.statuses, 3),
    (content.versions, 3), (content.bundles, 3), (content.rids, 5), (content.extra, 4), (content.deep, 1), (forms, 5),
    (twice, 6),
    (broken_json, 6), (headers, 6), (times, 7), (odd_times, 4), (claims, 5), (issuers, 5), (signatures, 3),
    (wrong_key, 1),
    (tokens, 4), (compression, 3), (outer_text, 4), (files, 3), (nothing, 2),
]


class Maker(maker.Maker):
    issuers, case, mutations = Issuers, Case, MUTATIONS
