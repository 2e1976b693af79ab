"""Mutations of an EU certificate's CBOR: equal keys, forms, tags, and what is no CBOR at all."""

from .cborwriter import Chunks, Float, Long, Pairs, Raw, Tagged, write


def equal_keys(random, case):
    """A key twice, in another encoding."""
    place, choice = random.choice(["claims", "dcc", "nam", "entry", "protected", "outside",
        "unknown"]), random.randrange(5)

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
        b"\x1c", b"\x3d\x00", b"\x5c", b"\x7e", b"\x9e", b"\xbd", b"\xdf", b"\xfc", b"\xfd", b"\xfe", b"\xff",
        b"\xf8\x00", b"\xf8\x1f",
        b"\xf8\x18", b"\xf8\x14", b"\x7f\x41a\xff", b"\x5f\x61a\xff", b"\x5f\x5f\xff\xff", b"\x7f\x61\xc3\x61\xa9\xff",
        b"\x62\xc3\x28", b"\x61\xff",
        b"\x63\xed\xa0\x80", b"\x1f", b"\x3f", b"\xdf\x01", b"\xbf\x61a\xff", b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", b"\x7b\x80\x00\x00\x00\x00\x00\x00\x00", b"\xa1\xff", b"\x81\xff",
        b"\xc1\xff", b"\xf4\x00", b"",
        # well-formed, and only other kinds
        b"\xf8\x20", b"\xf8\xff", b"\xe0", b"\xf3", b"\xf7", b"\x5f\xff", b"\x7f\xff", b"\x9f\xff", b"\xbf\xff",
            b"\xf9\x7e\x00", b"\xf9\xfc\x00"])
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
    case.tags = random.choice([[], [61, 18], [61], [18, 18], [61, 61, 18], [18, 61], [55799, 18], [55799], [98], [17],
        [16], [97],
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
