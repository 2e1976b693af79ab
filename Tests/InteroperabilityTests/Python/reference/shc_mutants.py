"""Makes SMART Health Cards with one or two mutations each, properly signed unless the signature is what is changed."""

import base64
import json
import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from jwcrypto import jwk

from . import values
from .jsonwriter import PLAIN, Pairs, Raw, random_style
from .signers import NOW, ORDER, ec_key, raw_ecdsa

DAY = 86_400
MAIN, SECOND, TESTS = (f"https://sample.invalid/{name}" for name in ("main", "second", "tests"))
CVX = "http://hl7.org/fhir/sid/cvx"
CODES = ["207", "208", "210", "211", "212", "217", "218", "219", "229", "300", "301", "213", "999"]


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
            keys["other-id"].public | {"kid": keys["other-id"].id}, {"kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB"},
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
        self.patient = {"resourceType": "Patient", "name": [{"family": random.choice(values.FAMILIES), "given": [random.choice(values.GIVENS)]}],
                        "birthDate": values.date(random, 1930, 2010)}
        if random.random() < 0.2:
            self.patient["name"][0]["use"] = random.choice(["usual", "official"])
        if random.random() < 0.2:
            self.patient["gender"] = random.choice(["male", "female", "other", "unknown"])
        self.doses = []
        for date in sorted(values.date(random) for _ in range(random.randint(1, 3))):
            dose = {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"coding": [{"system": CVX, "code": random.choice(CODES)}]},
                    "patient": {"reference": "resource:0"}, "occurrenceDateTime": date, "lotNumber": f"L{random.getrandbits(20):X}",
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


HEALTH_CARD = "https://smarthealth.cards#health-card"


def deflate(data, level=9, strategy=0):
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    return deflater.compress(data) + deflater.flush()


def digits(token):
    return "shc:/" + "".join(f"{ord(character) - 45:02d}" if 45 <= ord(character) <= 122 else "99" for character in token)


# ---- the content

def structure(random, case):
    values.mutate_anywhere(random, case.payload, values.JSON_KINDS)


def resource_member(random, case):
    resource = random.choice([case.patient, *case.doses, *case.doses])
    name = random.choice(list(resource))
    choice = random.random()
    if choice < 0.3:
        del resource[name]
    else:
        resource[name] = random.choice(values.JSON_KINDS)(random, resource[name])


def lists(random, case):
    """Objects for lists and lists for objects, with the same members."""
    dose, name = random.choice(case.doses), case.patient["name"][0]

    def as_object(value):
        return dict((str(at), one) for at, one in enumerate(value))

    choice = random.randrange(12)
    if choice == 0:
        name["given"] = random.choice([as_object(name["given"]), name["given"][0], {"Taro": 1}, [name["given"]], [None], [], {}, name["given"] + [None], name["given"] + [""]])
    elif choice == 1:
        case.bundle["entry"] = random.choice([as_object(case.bundle["entry"]), case.bundle["entry"][0], [case.bundle["entry"]], [], None, case.bundle["entry"] + [None], case.bundle["entry"] + [{}]])
    elif choice == 2:
        dose["vaccineCode"]["coding"] = random.choice([dose["vaccineCode"]["coding"][0], as_object(dose["vaccineCode"]["coding"]), [], [None], [{}], None, [dose["vaccineCode"]["coding"]]])
    elif choice == 3:
        dose["vaccineCode"] = random.choice([[dose["vaccineCode"]], {}, None, "208", dose["vaccineCode"]["coding"], {"text": "vaccine"}])
    elif choice == 4:
        case.patient["name"] = random.choice([name, as_object(case.patient["name"]), [], [None], [{}], None, "MIHON", [[name]], ["MIHON"], [name, None], [name, {}]])
    elif choice == 5:
        name["family"] = random.choice([["MIHON"], {"MIHON": 1}, None, "", 1])
    elif choice == 6:
        case.vc["type"] = random.choice([HEALTH_CARD, {"0": HEALTH_CARD}, {HEALTH_CARD: True}, [[HEALTH_CARD]], [], None, [HEALTH_CARD, None], [HEALTH_CARD, 1], [HEALTH_CARD], ["x", HEALTH_CARD], ["x"], [HEALTH_CARD.upper()],
                                         [HEALTH_CARD + "/"], ["VerifiableCredential", HEALTH_CARD, HEALTH_CARD]])
    elif choice == 7:
        case.vc["credentialSubject"] = random.choice([[case.vc["credentialSubject"]], None, {}, [], "x", list(case.vc["credentialSubject"].values())])
    elif choice == 8:
        case.payload["vc"] = random.choice([[case.vc], None, {}, "x", list(case.vc.values())])
    elif choice == 9:
        case.vc["credentialSubject"]["fhirBundle"] = random.choice([[case.bundle], None, {}, "x", case.bundle["entry"]])
    elif choice == 10:
        entry = random.choice(case.bundle["entry"])
        entry["resource"] = random.choice([[entry["resource"]], None, {}, "x", list(entry["resource"].values())])
    else:
        dose["performer"] = random.choice([{"actor": {"display": "X"}}, [], [{}], [None], None, "X", [{"actor": "X"}], [{"actor": {}}], [{"actor": [{"display": "X"}]}], [{"actor": {"display": 1}}], [{"actor": {"display": ""}}]])


def references(random, case):
    dose = random.choice(case.doses)
    choice = random.randrange(12)
    if choice == 0:
        dose["patient"] = random.choice([
            {"reference": "resource:9"}, {"reference": "resource:1"}, {"reference": ""}, {"reference": None}, {}, None, "resource:0", ["resource:0"], [{"reference": "resource:0"}], {"reference": ["resource:0"]},
            {"reference": 0}, {"display": "MIHON"}, {"identifier": {"value": "1"}}, {"reference": "Resource:0"}, {"reference": "resource:00"}, {"reference": "resource:0 "}, {"reference": "resource:"},
            {"reference": "#resource:0"}, {"reference": {"reference": "resource:0"}}, {"reference": "resource:0", "type": "Patient", "display": "x"}])
    elif choice == 1:
        del dose["patient"]
    elif choice == 2:  # another patient, whose the dose is
        number = len(case.bundle["entry"])
        case.bundle["entry"].append({"fullUrl": f"resource:{number}", "resource": {"resourceType": "Patient", "name": [{"family": "OTHER"}], "birthDate": "1990-01-01"}})
        if random.random() < 0.5:
            dose["patient"] = {"reference": f"resource:{number}"}
    elif choice == 3:
        case.bundle["entry"] = [entry for entry in case.bundle["entry"] if entry["resource"] is not case.patient]
    elif choice == 4:  # other names of the resources, consistent
        names = [random.choice(["urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "https://sample.invalid/fhir/Patient/1", "resource:77", "resource:a"])] \
            + [f"resource:{at}" for at in range(1, len(case.bundle["entry"]))]
        for entry, name in zip(case.bundle["entry"], names):
            entry["fullUrl"] = name
        for one in case.doses:
            one["patient"] = {"reference": names[0]}
    elif choice == 5:
        entry = random.choice(case.bundle["entry"])
        if random.random() < 0.5:
            del entry["fullUrl"]
        else:
            entry["fullUrl"] = random.choice([None, "", 0, ["resource:0"], "resource:0", "resource:1", "Resource:0", {}])
    elif choice == 6:  # the order of the entries says nothing
        random.shuffle(case.bundle["entry"])
    elif choice == 7:
        case.bundle["entry"].append({"fullUrl": "resource:50", "resource": {
            "resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "94558-4"}]},
            "subject": random.choice([{"reference": "resource:0"}, {"reference": "resource:0"}, {"reference": "resource:9"}, {"reference": "resource:1"}, None, "resource:0"]), "effectiveDateTime": "2025-05-05"}})
    elif choice == 8:
        case.bundle["entry"].append(random.choice([
            {"fullUrl": "resource:51", "resource": {"resourceType": "Organization", "name": "SAMPLE"}}, {"fullUrl": "resource:51", "resource": {"resourceType": "Location"}},
            {"fullUrl": "resource:51", "resource": {"resourceType": "Condition", "subject": {"reference": random.choice(["resource:0", "resource:8"])}}},
            {"resource": {"resourceType": "Organization", "name": "SAMPLE"}}, {"fullUrl": "resource:51"}, {"fullUrl": "resource:51", "resource": {"name": "x"}}, {"fullUrl": "resource:51", "resource": {"resourceType": 1}}]))
    elif choice == 9:  # no doses, or an observation alone
        case.bundle["entry"] = case.bundle["entry"][:1]
        if random.random() < 0.5:
            case.bundle["entry"].append({"fullUrl": "resource:1", "resource": {"resourceType": "Observation", "status": "final", "code": {"coding": [{"code": "94558-4"}]},
                                                                               "subject": {"reference": "resource:0"}}})
    elif choice == 10:
        case.bundle["entry"].append(dict(random.choice(case.bundle["entry"])))
    else:
        for one in case.doses:
            one["patient"] = {"reference": random.choice(["resource:0", "resource:0", "resource:5"])}


def names(random, case):
    name = case.patient["name"][0]
    current = [{"family": "NOW", "given": ["HANAKO"]}, {"use": "usual", "family": "NOW"}, {"use": "official", "given": ["HANAKO"]},
               {"family": "NOW", "period": {"start": "2020-01-01"}}, {"family": "NOW", "period": {"end": "2030"}}]
    former = [{"use": "old", "family": "OLD"}, {"use": "old", "family": "OLD", "given": ["HANAKO"]}, {"use": "maiden", "family": "MAIDEN"},
              {"family": "OLD", "period": {"end": "2020-01-01"}}, {"use": "usual", "family": "OLD", "period": {"start": "1990", "end": "2025-12-30"}},
              {"use": "official", "family": "LATER", "period": {"start": "2027-01-01T00:00:00Z"}}]
    choice = random.randrange(7)
    if choice == 0:
        case.patient["name"] = [random.choice(former), random.choice(current)]
    elif choice == 1:
        case.patient["name"] = [random.choice(current), random.choice(former)]
    elif choice == 2:
        case.patient["name"] = [random.choice(former)]
    elif choice == 3:
        for member in random.sample(["family", "given"], random.randint(1, 2)):
            name.pop(member, None)
        name[random.choice(["text", "use", "prefix", "suffix"])] = random.choice(["x", "usual", ["x"], None, 1, ""])
    elif choice == 4:
        name["use"] = random.choice(["usual", "official", "nickname", "anonymous", "temp", "Usual", "x", "", None, 1, ["usual"]])
    elif choice == 5:
        name["period"] = random.choice([{"start": "2020"}, {"end": "2099-12-31"}, {}, None, "2020", {"start": None}, {"start": "x"}, {"end": "2020-02-30"}, {"start": "2020-01-01T00:00:00Z"}, ["2020"]])
    else:
        name["given"] = random.choice([["A", "B"], ["A B"], ["A", "B", "C", "D"], ["\u200d"], ["A\u200cB"], ["A" * 300], ["A"] * 30, ["A "], [" "]])


def dates(random, case):
    if random.random() < 0.4:
        case.patient["birthDate"] = values.odd_date(random)
    else:
        dose = random.choice(case.doses)
        dose["occurrenceDateTime"] = values.odd_time(random) if random.random() < 0.4 else values.odd_date(random)
        if random.random() < 0.1:
            dose["occurrenceString"] = "in spring"
            if random.random() < 0.5:
                del dose["occurrenceDateTime"]


def texts(random, case):
    odd = values.odd_text(random)
    choice = random.randrange(6)
    if choice == 0:
        case.patient["name"][0]["family"] = odd
    elif choice == 1:
        case.patient["name"][0]["given"][0] = odd
    elif choice == 2:
        random.choice(case.doses)["lotNumber"] = odd
    elif choice == 3:
        random.choice(case.doses)["vaccineCode"]["coding"][0]["code"] = odd
    elif choice == 4:
        random.choice(case.doses)["vaccineCode"]["coding"][0]["system"] = odd
    else:
        case.patient["gender"] = random.choice(["male", "Male", "m", "", "x", None, 1, odd])


def vaccines(random, case):
    dose = random.choice(case.doses)
    right = dose["vaccineCode"]["coding"][0]
    other = {"system": random.choice(["http://snomed.info/sct", "http://id.who.int/icd/release/11/mms", "http://hl7.org/fhir/sid/CVX", "urn:oid:2.16.840.1.113883.12.292"]),
             "code": random.choice(["1119349007", "XM68M6", "207"])}
    dose["vaccineCode"]["coding"] = random.choice([
        [right, other], [other, right], [other], [{"code": "208"}], [{"system": CVX}], [right, {"system": CVX, "code": "207"}], [right | {"display": "x", "version": "1"}], [right | {"code": 208}],
        [right | {"code": "208 "}], [right | {"code": " 208"}], [right | {"code": "0208"}], [right, None], [right, {}], [right, "x"], [right | {"userSelected": True}], [right | {"version": 1}]])
    if random.random() < 0.2:
        dose["manufacturer"] = random.choice([{"display": "SAMPLE"}, {}, None, "SAMPLE", {"identifier": {"system": "http://hl7.org/fhir/sid/mvx", "value": "PFR"}}, [{"display": "x"}]])
    if random.random() < 0.2:
        dose["protocolApplied"] = random.choice([[{"doseNumberPositiveInt": 2}], [{"doseNumberString": "2"}]])


def statuses(random, case):
    random.choice(case.doses)["status"] = random.choice(["completed", "not-done", "entered-in-error", "Completed", "final", "", None, 1, ["completed"], "completed "])


def versions(random, case):
    subject = case.vc["credentialSubject"]
    subject["fhirVersion"] = random.choice(["", "4.0.1", "4.0.0", "4.3.0", "5.0.0", "4.0", "4", "x", None, 4, [], "4.0.1 ", "4.0.*", "v4.0.1", ["4.0.1"], "4.0.1-ballot"])


def bundles(random, case):
    case.bundle[random.choice(["type", "resourceType"])] = random.choice(["collection", "batch", "document", "x", "", None, 1, "Collection", "bundle", "Bundle", ["collection"]])


def rids(random, case):
    case.vc["rid"] = random.choice(["revoked_01", "timed-01", "revoked_02", "future01", "timed-01", "future01", "revoked_0", "REVOKED_01", "", None, 1, ["revoked_01"], "A" * 24, "A" * 25, "a b", "a.b", "a+b/", "日本",
                                    "revoked_01 ", "revoked_01=", "timed-01.5"])
    if random.random() < 0.5:
        case.payload["nbf"] = NOW + random.choice([-DAY, -DAY - 1, -DAY + 1, -DAY - 0.5, -DAY + 0.5, -2 * DAY, 0])


def extra(random, case):
    place = random.choice([case.payload, case.vc, case.vc["credentialSubject"], case.bundle, case.patient, case.doses[0], case.patient["name"][0], case.bundle["entry"][0]])
    place[random.choice(["x", "@context", "meta", "日本", "id", "extension"])] = random.choice(
        [1, "x", {"a": 1}, [1], True, 1.5, {"security": [{"code": "IAL2"}]}, Raw("1e5"), Raw("123456789012345678901234567890"), [{"a": [{"b": [1]}]}]])


# ---- JSON

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
        "NaN", "Infinity", "'x'", "undefined", "01", ".5", "1.", "0x10", '"\\x41"', '"\\u12"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"a\tb"', '"a\x01b"', '"\\u0000"', "[1,]", '{"a":1,}', "/**/1",
        "True", "[,]", '"', "{a:1}", "- 1", "1e", "--1", "+1", '"\\u00e9"', "nul", "[1 2]", '{"a" 1}', "1_000", "٣"]))
    choice = random.randrange(5)
    tail = random.choice([b"}", b",", b"x", b"{}", b" 1", b"\xc2\xa0", b"\xef\xbb\xbf", b"\x00", b"\x0c", b" ", b"\n", b"\t", b"\xff", b"null"])
    if choice == 0:
        case.payload["x"] = odd
    elif choice == 1:
        random.choice([case.patient["name"][0], case.patient])[random.choice(["family", "birthDate"])] = odd
    elif choice == 2:
        case.payload_bytes = random.choice([lambda data: data + tail, lambda data: tail + data, lambda data: data[:-1], lambda data: data.replace(b"collection", b"coll\xffction"),
                                            lambda data: data.replace(b"SAMPLE", b"SAM\xc0\x80PLE"), lambda data: data.decode().encode("utf-16"), lambda data: b"", lambda data: b"[" + data + b"]"])
    elif choice == 3:
        case.header_bytes = random.choice([lambda data: data + tail, lambda data: tail + data, lambda data: data[:-1], lambda data: b"[" + data + b"]", lambda data: b"", lambda data: b"  " + data])
    else:
        case.header["x"] = odd


# ---- header, times, issuers

def headers(random, case):
    choice = random.randrange(5)
    if choice == 0:
        case.header["alg"] = random.choice(["none", "es256", "ES384", "HS256", "", None, ["ES256"], "ES256 ", 1, "ES256K"])
    elif choice == 1:
        case.header["zip"] = random.choice(["def", "", None, "GZIP", ["DEF"], True, "DEF "])
    elif choice == 2:
        case.header["kid"] = random.choice([None, "", case.key.id + "=", case.key.id[:-1], case.key.id.upper(), [case.key.id], 1, case.issuers.keys["second"].id, case.issuers.keys["earlier"].id, "rsa", "x", " " + case.key.id])
    elif choice == 3:
        del case.header[random.choice(list(case.header))]
    else:
        case.header[random.choice(["typ", "cty", "x", "crit", "crit", "jku", "x5c", "jwk", "x5u", "x5t"])] = random.choice(["JWT", [], ["exp"], ["zip"], None, 1, {}, "x", ["x"], case.issuers.keys["unknown"].public])


def times(random, case):
    near = random.choice([-DAY, -3600, -61, -60, -59, -1, -0.5, 0, 0.25, 0.5, 1, 2, 59, 59.5, 60, 60.25, 61, 120, DAY])
    case.payload[random.choice(["nbf", "nbf", "exp"])] = random.choice([NOW + near, NOW + near, float(NOW + near)])


def odd_times(random, case):
    case.payload[random.choice(["nbf", "exp", "exp"])] = random.choice([
        None, str(NOW), "2026-01-01T00:00:00Z", [], [NOW], {}, True, False, -1, 0, 1.5, 2**53 + 1, 2**63, 2**64, 1e300, -1e300, Raw("1.7672256e9"), Raw("17672256E2"), Raw("1767225600.0"), Raw("1767225600.9"),
        Raw("-0"), Raw("1e10"), Raw("1767225600000e-3"), Raw("99999999999999999999999999999999")])


def claims(random, case):
    choice = random.randrange(4)
    if choice == 0:
        del case.payload[random.choice(list(case.payload))]
    elif choice == 1:
        place = random.choice([case.vc, case.vc["credentialSubject"], case.bundle])
        del place[random.choice(list(place))]
    elif choice == 2:
        case.payload["iss"] = random.choice([MAIN + "/", MAIN.upper(), "http://sample.invalid/main", "", None, 1, [MAIN], MAIN + "#", MAIN + "?x", " " + MAIN, SECOND, TESTS, "https://sample.invalid", MAIN + "/x", "HTTPS://sample.invalid/main",
                                             "https://sample.invalid:443/main", "https://SAMPLE.invalid/main"])
    else:
        case.payload = random.choice([[case.payload], [], "x", 1, None, list(case.payload.values())])


def issuers(random, case):
    issuer, name = random.choice([(SECOND, "second"), (TESTS, "tests"), (MAIN, "earlier"), (MAIN, "second"), (SECOND, "main"), (MAIN, "unknown"), (TESTS, "main"), (MAIN, "tests"), (MAIN, "encryption"), (MAIN, "other-algorithm"),
                                  (MAIN, "other-id"), ("https://sample.invalid/unknown", "main"), ("https://sample.invalid/unknown", "unknown")])
    case.payload["iss"], case.key = issuer, case.issuers.keys[name]
    case.header["kid"] = case.key.id
    return f"issuers.{name}"


# ---- signature and outer layers

def signatures(random, case):
    case.change_signature = random.choice([
        lambda s: s[:-1], lambda s: s + b"\0", lambda s: b"\0" + s, lambda s: bytes(64), lambda s: s[:32] + bytes(32), lambda s: b"", lambda s: bytes([s[0] ^ 1]) + s[1:], lambda s: s[32:] + s[:32],
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
        part(number, lambda text: text + "="), part(number, lambda text: text + "A"), part(number, lambda text: text[:-1]), part(number, lambda text: ""), part(number, lambda text: text[:5] + "-" + text[5:]),
        part(number, lambda text: text[:-1] + chr(ord(text[-1]) + 1)), lambda token: token + ".", lambda token: "." + token, lambda token: token.replace(".", "..", 1), lambda token: token.rsplit(".", 1)[0],
        lambda token: token + "." + token, lambda token: token.rsplit(".", 1)[0] + ".", part(number, lambda text: text.replace("-", "+").replace("_", "/"))])
    case.encode = random.choice([case.encode, lambda token: token])


def compression(random, case):
    def flushed(data):
        deflater = zlib.compressobj(wbits=-15)
        return deflater.compress(data[:50]) + deflater.flush(zlib.Z_FULL_FLUSH) + deflater.compress(data[50:]) + deflater.flush()

    case.compress = random.choice([
        lambda data: deflate(data, 0), lambda data: deflate(data, 1), lambda data: deflate(data, 9, zlib.Z_FIXED), flushed, zlib.compress, lambda data: data, lambda data: zlib.compress(data)[2:],
        lambda data: deflate(data)[:-1], lambda data: deflate(data) + b"\0", lambda data: deflate(data) + deflate(data), lambda data: b"", lambda data: b"\x03\x00", lambda data: deflate(data, 9, zlib.Z_HUFFMAN_ONLY)])


def outer_text(random, case):
    def odd_digit(token):
        text = digits(token)
        at = random.randrange(5, len(text))
        return text[:at] + random.choice(["", "x", " ", "０", "9", "99", "78", "-", "١"]) + text[at:]

    case.encode = random.choice([
        lambda token: "SHC:/" + digits(token)[5:], lambda token: "Shc:/" + digits(token)[5:], lambda token: "shc:" + digits(token)[5:], lambda token: "shc://" + digits(token)[5:], lambda token: "shc:/1/1/" + digits(token)[5:],
        lambda token: "shc:/1/2/" + digits(token)[5:], lambda token: "shc:/2/2/" + digits(token)[5:], lambda token: "shc:/0/0/" + digits(token)[5:], lambda token: "shc:/1/" + digits(token)[5:], lambda token: "shc:/01/1/" + digits(token)[5:],
        lambda token: digits(token)[5:], lambda token: digits(token)[:-1], lambda token: digits(token)[:-2], lambda token: digits(token) + "0", lambda token: digits(token) + "00", lambda token: "shc:/", odd_digit, odd_digit,
        lambda token: "shc:/" + token, lambda token: "sch:/" + digits(token)[5:], lambda token: digits(token) + " ", lambda token: " " + digits(token), lambda token: "shc:/3/2/" + digits(token)[5:]])


def files(random, case):
    """A file's content on one line: one card, or several of one or of more people."""
    style = random_style(random)
    choice = random.randrange(9)
    other = Case(random, case.issuers)

    def several(token):
        cards = [[token], [token, token], [token, other.token()], [other.token(), token], [], [token, 1], [None], [token, "x"], [token, token[:-4]]][choice]
        return style.write({"verifiableCredential": cards}).replace("\n", " ").replace("\r", " ")

    case.encode = several
    if random.random() < 0.1:
        case.encode = lambda token: json.dumps(random.choice([{"verifiableCredential": token}, [token], {"verifiableCredential": {"0": token}}, {"vc": [token]}, {}, {"verifiableCredential": [[token]]}]))


def nothing(random, case):
    pass


MUTATIONS = [
    (structure, 14), (resource_member, 10), (lists, 12), (references, 14), (names, 8), (dates, 10), (texts, 7), (vaccines, 6), (statuses, 3), (versions, 3), (bundles, 3), (rids, 5), (extra, 4), (forms, 5),
    (twice, 6), (broken_json, 6), (headers, 6), (times, 7), (odd_times, 4), (claims, 5), (issuers, 5), (signatures, 3), (wrong_key, 1), (tokens, 4), (compression, 3), (outer_text, 4), (files, 3), (nothing, 2),
]


class Maker:
    def __init__(self, random, folder):
        self.random, self.issuers = random, Issuers(random, folder)
        self.functions = [function for function, weight in MUTATIONS]
        self.weights = [weight for function, weight in MUTATIONS]

    def make(self):
        """A code's text and the kinds of what was done to it."""
        case, kinds = Case(self.random, self.issuers), []
        for function in self.random.choices(self.functions, self.weights, k=self.random.choices([1, 2], [4, 1])[0]):
            try:
                kinds.append(function(self.random, case) or function.__name__)
            except (AttributeError, KeyError, TypeError, IndexError, ValueError):
                continue  # what the first mutation took away cannot be changed by the second
        return case.text(), kinds or ["nothing"]
