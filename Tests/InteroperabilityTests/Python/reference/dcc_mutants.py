"""Makes HC1 codes with one or two mutations each, properly signed unless the signature is what is changed."""

import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from . import dcc_content as content
from . import dcc_encoding as encoding
from . import maker
from .cborwriter import Chunks, Float, Pairs, Raw, Tagged, write
from .dcc_case import DAY, Case, Issuers
from .signers import NOW, ORDER


def algorithms(random, case):
    if random.random() < 0.3:
        case.sign_by(random.choice(["rsa", "p384", "p521"]))
    choice = random.randrange(5)
    value = random.choice([-7, -37, -35, -36, -38, -257, -8, 0, None, "ES256", b"\x26", [], -7.0, True, 5, -2**63,
        2**64 - 1, Tagged(2, b"\x06")])
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
        (None, right), (None, None), (right, other), (other, right), (random.choice(odd), right),
        (right, random.choice(odd)),
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
        case.protected = random.choice([[], None, list(case.protected.items()),
            Tagged(random.choice([24, 18]), case.protected),
                                        Chunks(case.protected)])


def times(random, case):
    near = random.choice([-86_400, -3600, -61, -60, -59, -2, -1, -0.5, 0, 0.25, 0.5, 1, 2, 59, 59.5, 60, 60.25, 61, 120,
        3600])
    key = random.choice([4, 4, 5, 6, 6])
    value = NOW + near
    if random.random() < 0.3:
        value = random.choice([float(value), Float(value, 8), Float(float(value), 4)])
    case.claims[key] = value


def odd_times(random, case):
    key = random.choice([4, 5, 6])
    case.claims[key] = random.choice([
        None, "1767225600", "2026-01-01T00:00:00Z", b"\x00", [], {}, True, False, float("nan"), float("inf"),
        -float("inf"), Float(float("nan"), 2),
        Float(float("inf"), 2), -1, 0, 2**63, 2**64 - 1, -2**64, -2**63, 1e300, -1e300, Tagged(1, NOW),
        Tagged(1, NOW + DAY), Tagged(2, b"\x7f" * 8),
        Raw(b"\xf7"), 1.5, 2**53 + 1, 1e19, Tagged(4, [0, NOW])])
    return "odd_times"


def claims(random, case):
    choice = random.randrange(6)
    if choice == 0:
        del case.claims[random.choice(list(case.claims))]
    elif choice == 1:
        case.claims[1] = random.choice([None, 1, b"JP", "", "DE", "jp", "JPN", "日本", [], True, "JP\n",
            "https://x.invalid", {}, "A" * 200, Chunks("JP", 1)])
    elif choice == 2:
        case.claims[-260] = random.choice([None, [], {}, "", case.dcc, {"1": case.dcc}, {2: case.dcc}, [case.dcc],
            {1: None}, {1: []}, {1: [case.dcc]},
                                           {0: case.dcc}, {1: case.dcc, 2: case.dcc}, write({1: case.dcc}),
                                           {1: write(case.dcc)}])
    elif choice == 3:
        case.claims = random.choice([None, [], "x", 0, {}, list(case.claims.values())])
    elif choice == 4:
        case.claims[random.choice([b"x", None, Float(4.0), "4", "exp"])] = NOW - DAY
    else:
        key = random.choice([4, 6, 1])
        case.claims[str(key)] = case.claims.pop(key)


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
        lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s, lambda s: bytes(64), lambda s: s[:32] + bytes(32),
        lambda s: b"",
        lambda s: bytes([s[0] ^ 1]) + s[1:], lambda s: s[32:] + s[:32],
        lambda s: s[:32] + ((ORDER - int.from_bytes(s[32:64], "big")) % 2**256).to_bytes(32, "big"),
        lambda s: encode_dss_signature(int.from_bytes(s[:32], "big"), int.from_bytes(s[32:64], "big"))][choice]


def schemes(random, case):
    """Another hash, salt or padding than the algorithm's."""
    sha256, mask = hashes.SHA256(), padding.MGF1(hashes.SHA256())
    if random.random() < 0.3:
        case.hash = random.choice([hashes.SHA384(), hashes.SHA512()])
        return
    case.sign_by("rsa")
    case.rsa_padding, case.hash = random.choice([
        (padding.PSS(mask, 32), sha256), (padding.PSS(mask, 20), sha256), (padding.PSS(mask, 0), sha256),
        (padding.PSS(mask, padding.PSS.MAX_LENGTH), sha256), (padding.PSS(padding.MGF1(hashes.SHA1()), 32), sha256),
        (padding.PSS(mask, 32), hashes.SHA384()), (padding.PKCS1v15(), sha256)])


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
        first = deflater.compress(data[:50]) + deflater.flush(zlib.Z_FULL_FLUSH)
        return first + deflater.compress(data[50:]) + deflater.flush()

    def dictionary(data):
        deflater = zlib.compressobj(zdict=b"SAMPLE")
        return deflater.compress(data) + deflater.flush()

    case.compress = [
        lambda data: stream(data, bits), lambda data: stream(data, level=0),
        lambda data: stream(data, strategy=zlib.Z_FIXED),
        flushed, lambda data: stream(data, -15), lambda data: stream(data, 31), lambda data: data, dictionary,
        lambda data: stream(data)[:-random.randint(1, 6)], lambda data: stream(data) + random.choice([b"\0",
        stream(data)]),
        lambda data: stream(data)[:-4] + bytes(4), lambda data: random.choice([b"\x78\x9d", b"\x88\x1c",
        b"\x78\xbb"]) + stream(data)[2:]][choice]


def outer_text(random, case):
    encode = case.encode
    choice = random.randrange(12)

    def put(text, character):
        at = random.randint(4, len(text))
        return text[:at] + character + text[at:]

    case.encode = [
        lambda data: encode(data)[4:], lambda data: encode(data).lower(), lambda data: encode(data)[:-1],
        lambda data: encode(data)[:-2],
        lambda data: encode(data) + random.choice(["0", "00", "ZZ", ":::", "::", "A"]),
        lambda data: put(encode(data), random.choice("abc_!=ｱ,")),
        lambda data: put(encode(data), " "), lambda data: "HC2:" + encode(data)[4:],
        lambda data: "HC1" + encode(data)[4:],
        lambda data: random.choice([" ", "\t", ""]) + encode(data), lambda data: encode(data) + " ",
        lambda data: "HC1:" + random.choice(["", ":::", "GGW", "000", "1", "12"])][choice]


def trailing_space(random, case):
    """Base45 that ends with a space: nothing may be trimmed. The code itself is right."""
    for _ in range(60):
        case.dcc["ver"] = f"1.3.{random.randrange(10**6)}"
        text = case.text()
        if text.endswith(" "):
            case.text = lambda: text
            return


def nothing(random, case):
    pass



MUTATIONS = [
    (content.structure, 14), (content.entry_member, 6), (content.missing, 5), (content.groups, 4), (content.dates, 10),
    (content.texts, 8), (content.standard_names, 4), (content.versions, 3), (content.countries, 3),
    (content.numbers, 5),
    (content.identifiers, 3), (content.codes, 4), (content.extra, 3), (content.deep, 1), (encoding.equal_keys, 6),
    (encoding.near_keys, 2),
    (encoding.encodings, 5), (encoding.broken_cbor, 4), (encoding.content_tags, 5), (encoding.message_tags, 3),
    (encoding.message_shape, 3), (algorithms, 4), (key_ids, 4), (headers, 5), (times, 8), (odd_times, 4), (claims, 5),
    (signers, 8), (signatures, 3), (schemes, 2), (wrong_key, 1), (compression, 4), (outer_text, 3),
    (trailing_space, 0.3),
    (nothing, 3),
]


class Maker(maker.Maker):
    issuers, case, mutations = Issuers, Case, MUTATIONS
