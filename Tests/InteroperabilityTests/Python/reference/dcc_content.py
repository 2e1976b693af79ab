"""Mutations of an EU certificate's content (its schema), each of a case that is not signed yet."""

from . import values
from .cborwriter import Float, Long, Tagged


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
        ["1.0.0", "1.3.3", "9.9.9", "1.3", "1.3.3.3", "1a3b3", "1\n3\n3", "1.3.3\n", "١.٣.٣", "", "1.3.3-rc",
        "01.03.003",
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
         "URN:UVCI:01:NL:187/37512422923#A", "e\u0301" * 40, "e\u0301" * 41, "\U0001F468\u200d\U0001F469" * 16,
         "𠮷" * 80, "𠮷" * 81,
         "é" * 80, "é" * 81])


def codes(random, case):
    if case.group == "v":
        name = random.choice(["mp", "ma", "vp", "tg"])
        case.entry[name] = random.choice(
            values.EU_PRODUCTS + values.EU_MAKERS + ["", "X", "A" * 200, "EU/1/20/1528 ", "eu/1/20/1528",
            "ORG-100030215"])
    else:
        name = random.choice([key for key in ("tt", "tr", "ma", "nm", "tc", "tg", "is") if key in case.entry])
        case.entry[name] = random.choice(["", "A" * 80, "A" * 81, "260373001", "260415000", "LP6464-4", None])


def deep(random, case):
    """Nested, or large, where nobody reads."""
    value = 1
    for _ in range(random.choice([3, 6, 10, 20, 40, 70, 200, 3000])):
        value = [value] if random.random() < 0.7 else {"a": value}
    value = random.choice([value, value, "A" * random.choice([100, 1_000, 5_000, 20_000, 300_000])])
    place = random.choice([case.claims, case.dcc, case.entry])
    place["x"] = value


def extra(random, case):
    place = random.choice([case.dcc, case.dcc["nam"], case.entry, case.claims, case.claims[-260]])
    key = random.choice(["x", "extra", "", "日本", "V"]) if place is not case.claims else random.choice([7, 2, 3, 100,
        "x", -1])
    if place is not case.claims and random.random() < 0.1:
        key = random.choice([1, -1, b"x"])
    place[key] = random.choice([Tagged(random.choice([0, 1, 24, 55799]), "x"), 1, "x", [1, 2], {"a": 1}, 1.5, True,
        b"x", "a" * 300])
