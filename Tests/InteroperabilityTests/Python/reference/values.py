"""Values that a member may be given: other kinds, odd dates and texts."""

import calendar

EU_PRODUCTS = ["EU/1/20/1528", "EU/1/20/1507", "EU/1/21/1529", "EU/1/20/1525", "EU/1/21/1618", "CVnCoV", "Sputnik-V",
    "Convidecia",
               "BBIBP-CorV", "Covishield", "NOT-A-PRODUCT"]
EU_MAKERS = ["ORG-100030215", "ORG-100031184", "ORG-100001699", "ORG-100001417", "ORG-100032020",
    "Gamaleya-Research-Institute",
             "NOT-A-MAKER"]
FAMILIES = ["見本", "𠮷田", "髙橋", "MIHON", "Šample-Ünïcode", 'quoted "見本"', "back\\slash", "رضا\u200cیی", "क्\u200dष",
    "O'Mihon"]
GIVENS = ["花子", "太郎 ポール", "HANAKO", "é", "e\u0301", "Ana María", "佐\U000E0100藤"]


def date(random, first=2020, last=2025):
    year, month = random.randint(first, last), random.randint(1, 12)
    return f"{year}-{month:02d}-{random.randint(1, calendar.monthrange(year, month)[1]):02d}"


def odd_date(random):
    return random.choice([
        "x", "", "2021-02-29", "2020-02-29", "2021-13-01", "2021-00-10", "2021-04-31", "2021-1-1", "20210101", "2021",
        "2021-05", "2021-05-00",
        "1999-12-31", "1899-12-31", "2100-01-01", "1900-02-29", "2000-02-29", "0000-01-01", "9999-12-31", "2021-05-05 ",
        " 2021-05-05", "2021-05-05\n",
        "２０２１-05-05", "٢٠٢١-٠٥-٠٥", "2021/05/05", "2021-05-05T10:00:00Z", "2021-W05-1", "2021-125", "-2021-05-05",
        "+2021-05-05", "2021-05-32",
        "1990-13-45", "19", "199", "1990-1", "2021-05-05\x00", "2021\u201005\u201005", "05-05-2021", "2021-6-31",
        "2099-12-31", date(random)])


def odd_time(random):
    day = random.choice(["2021-05-05", "2021-05-05", "2021-02-29", "2020-02-29", "2021-13-01", "0000-01-01",
        "9999-12-31"])
    return day + random.choice([
        "T10:11:12Z", "T10:11:12z", "t10:11:12Z", " 10:11:12Z", "T10:11:12", "T10:11Z", "T10:11:12+09:00",
        "T10:11:12-00:00", "T10:11:12+23:59",
        "T10:11:12+24:00", "T10:11:12+09:60", "T10:11:12+09", "T10:11:12+0900", "T10:11:12.5Z", "T10:11:12.123456789Z",
        "T10:11:12.Z", "T10:11:12,5Z",
        "T24:00:00Z", "T23:59:59Z", "T23:59:60Z", "T10:60:00Z", "T10:11:60Z", "T25:00:00Z", "T1:11:12Z", "T10:11:12ZZ",
        "T10:11:12 Z", "", "T", "Z",
        "_10:11:12Z", "T10:11:12.000+02:00", "T10:11:12\u22120:00", "T10:11:12-23:59", "T101112Z", "T10:11:12z "])


def odd_text(random):
    return random.choice([
        "", " ", "\t", "\n", "\u3000", "\u00a0", "\u200b", "\u200d", "\ufeff", "\u202e", "A\u200bB", "A\u200dB",
        "A\u200cB", "A\u202eB", "A\u0000B", "A\u0085B", "A\u2028B",
        "A\u2029B", "A\u009bB", "A\u007fB", "A\nB", " A", "A ", "A  B", "\u0301", "e\u0301", "é", "A" * 80, "A" * 81,
        "é" * 80, "é" * 81, "e\u0301" * 40, "e\u0301" * 41, "𠮷" * 80,
        "𠮷" * 81, "\U0001F468\u200d\U0001F469\u200d\U0001F467" * 16, "\U0001F468\u200d\U0001F469\u200d\U0001F467" * 17,
        "A" * 1000, "A,B", "A;B", "A/B", "null", "0",
        "\u2066A\u2069", "\ufff9", "\ufffd", "\uffff", "\U0010ffff", "\u1160", "\u3164", "\u00ad", "ﬁ", "Å", "\u212b",
        "ｶﾀｶﾅ", "葛\U000E0100", "<script>", "\\u0041", "a<b&c"])


def text_of_kind(random, value):
    return str(value) if type(value) in (int, float) else "x"


OTHER_KINDS = [
    lambda random, value: None, lambda random, value: [value], lambda random, value: {"0": value}, lambda random,
    value: {}, lambda random, value: [],
    lambda random, value: 0, lambda random, value: 1, lambda random, value: True, lambda random, value: "",
    lambda random, value: 1.5,
    lambda random, value: value.encode() if type(value) is str else "x", text_of_kind, lambda random, value: [None],
    lambda random, value: [[value]],
    lambda random, value: {"value": value}, lambda random, value: [value, value], lambda random,
    value: odd_text(random),
]

# In JSON there are no bytes.
JSON_KINDS = [
    lambda random, value, kind=kind: "x" if type(made := kind(random, value)) is bytes else made for kind in OTHER_KINDS
]


def places(node):
    """Every (container, key) below a node."""
    found = []
    if type(node) is dict:
        items = list(node.items())
    elif type(node) is list:
        items = list(enumerate(node))
    else:
        return found
    for key, value in items:
        found.append((node, key))
        found += places(value)
    return found


def mutate_anywhere(random, root, other_kinds=OTHER_KINDS):
    container, key = random.choice(places(root))
    value, choice = container[key], random.random()
    if choice < 0.15:
        del container[key]
    elif choice < 0.25 and type(value) is dict:
        container[key] = list(value.values())
    elif choice < 0.35 and type(value) is list:
        container[key] = random.choice([dict((str(at), one) for at, one in enumerate(value)),
            value[0] if value else None, value + value])
    elif choice < 0.4 and type(value) is dict:
        value[random.choice(["x", "extra"])] = 1
    else:
        container[key] = random.choice(other_kinds)(random, value)
