"""Mutations of a SMART Health Card's content (FHIR), each of a case that is not signed yet."""

from . import fhir, products, values
from .jsonwriter import Raw
from .shc_case import CVX, DAY, HEALTH_CARD
from .signers import NOW


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
        name["given"] = random.choice([as_object(name["given"]), name["given"][0], {"Taro": 1}, [name["given"]], [None],
            [], {}, name["given"] + [None], name["given"] + [""]])
    elif choice == 1:
        case.bundle["entry"] = random.choice([as_object(case.bundle["entry"]), case.bundle["entry"][0],
            [case.bundle["entry"]], [], None, case.bundle["entry"] + [None], case.bundle["entry"] + [{}]])
    elif choice == 2:
        dose["vaccineCode"]["coding"] = random.choice([dose["vaccineCode"]["coding"][0],
            as_object(dose["vaccineCode"]["coding"]), [], [None], [{}], None, [dose["vaccineCode"]["coding"]]])
    elif choice == 3:
        dose["vaccineCode"] = random.choice([[dose["vaccineCode"]], {}, None, "208", dose["vaccineCode"]["coding"],
            {"text": "vaccine"}])
    elif choice == 4:
        case.patient["name"] = random.choice([name, as_object(case.patient["name"]), [], [None], [{}], None, "MIHON",
            [[name]], ["MIHON"], [name, None], [name, {}]])
    elif choice == 5:
        name["family"] = random.choice([["MIHON"], {"MIHON": 1}, None, "", 1])
    elif choice == 6:
        case.vc["type"] = random.choice([HEALTH_CARD, {"0": HEALTH_CARD}, {HEALTH_CARD: True}, [[HEALTH_CARD]], [],
            None, [HEALTH_CARD, None], [HEALTH_CARD, 1], [HEALTH_CARD], ["x", HEALTH_CARD], ["x"],
            [HEALTH_CARD.upper()],
                                         [HEALTH_CARD + "/"], ["VerifiableCredential", HEALTH_CARD, HEALTH_CARD]])
    elif choice == 7:
        case.vc["credentialSubject"] = random.choice([[case.vc["credentialSubject"]], None, {}, [], "x",
            list(case.vc["credentialSubject"].values())])
    elif choice == 8:
        case.payload["vc"] = random.choice([[case.vc], None, {}, "x", list(case.vc.values())])
    elif choice == 9:
        case.vc["credentialSubject"]["fhirBundle"] = random.choice([[case.bundle], None, {}, "x", case.bundle["entry"]])
    elif choice == 10:
        entry = random.choice(case.bundle["entry"])
        entry["resource"] = random.choice([[entry["resource"]], None, {}, "x", list(entry["resource"].values())])
    else:
        dose["performer"] = random.choice([{"actor": {"display": "X"}}, [], [{}], [None], None, "X", [{"actor": "X"}],
            [{"actor": {}}], [{"actor": [{"display": "X"}]}], [{"actor": {"display": 1}}],
            [{"actor": {"display": ""}}]])


def references(random, case):
    dose = random.choice(case.doses)
    choice = random.randrange(12)
    if choice == 0:
        dose["patient"] = random.choice([
            {"reference": "resource:9"}, {"reference": "resource:1"}, {"reference": ""}, {"reference": None}, {}, None,
            "resource:0", ["resource:0"], [{"reference": "resource:0"}], {"reference": ["resource:0"]},
            {"reference": 0}, {"display": "MIHON"}, {"identifier": {"value": "1"}}, {"reference": "Resource:0"},
            {"reference": "resource:00"}, {"reference": "resource:0 "}, {"reference": "resource:"},
            {"reference": "#resource:0"}, {"reference": {"reference": "resource:0"}},
            {"reference": "resource:0", "type": "Patient", "display": "x"}])
    elif choice == 1:
        del dose["patient"]
    elif choice == 2:  # another patient, whose the dose is
        number = len(case.bundle["entry"])
        case.bundle["entry"].append({"fullUrl": f"resource:{number}",
            "resource": {"resourceType": "Patient", "name": [{"family": "OTHER"}], "birthDate": "1990-01-01"}})
        if random.random() < 0.5:
            dose["patient"] = {"reference": f"resource:{number}"}
    elif choice == 3:
        case.bundle["entry"] = [entry for entry in case.bundle["entry"] if entry["resource"] is not case.patient]
    elif choice == 4:  # other names of the resources, consistent
        names = [random.choice(["urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "https://sample.invalid/fhir/Patient/1", "resource:77", "resource:a"])] \
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
            entry["fullUrl"] = random.choice([None, "", 0, ["resource:0"], "resource:0", "resource:1", "Resource:0",
                {}])
    elif choice == 6:  # the order of the entries says nothing
        random.shuffle(case.bundle["entry"])
    elif choice == 7:
        case.bundle["entry"].append({"fullUrl": "resource:50", "resource": {
            "resourceType": "Observation", "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "94558-4"}]},
            "subject": random.choice([{"reference": "resource:0"}, {"reference": "resource:0"},
            {"reference": "resource:9"}, {"reference": "resource:1"}, None, "resource:0"]),
            "effectiveDateTime": "2025-05-05"}})
    elif choice == 8:
        case.bundle["entry"].append(random.choice([
            {"fullUrl": "resource:51", "resource": {"resourceType": "Organization", "name": "SAMPLE"}},
            {"fullUrl": "resource:51", "resource": {"resourceType": "Location"}},
            {"fullUrl": "resource:51", "resource": {"resourceType": "Condition",
            "subject": {"reference": random.choice(["resource:0", "resource:8"])}}},
            {"resource": {"resourceType": "Organization", "name": "SAMPLE"}}, {"fullUrl": "resource:51"},
            {"fullUrl": "resource:51", "resource": {"name": "x"}},
            {"fullUrl": "resource:51", "resource": {"resourceType": 1}}]))
    elif choice == 9:  # no doses, or an observation alone
        case.bundle["entry"] = case.bundle["entry"][:1]
        if random.random() < 0.5:
            case.bundle["entry"].append({"fullUrl": "resource:1",
                "resource": {"resourceType": "Observation", "status": "final",
                "code": {"coding": [{"code": "94558-4"}]},
                                                                               "subject": {"reference": "resource:0"}}})
    elif choice == 10:
        case.bundle["entry"].append(dict(random.choice(case.bundle["entry"])))
    else:
        for one in case.doses:
            one["patient"] = {"reference": random.choice(["resource:0", "resource:0", "resource:5"])}


def names(random, case):
    name = case.patient["name"][0]
    current = [{"family": "NOW", "given": ["HANAKO"]}, {"use": "usual", "family": "NOW"},
        {"use": "official", "given": ["HANAKO"]},
               {"family": "NOW", "period": {"start": "2020-01-01"}}, {"family": "NOW", "period": {"end": "2030"}}]
    former = [{"use": "old", "family": "OLD"}, {"use": "old", "family": "OLD", "given": ["HANAKO"]},
        {"use": "maiden", "family": "MAIDEN"},
              {"family": "OLD", "period": {"end": "2020-01-01"}},
              {"use": "usual", "family": "OLD", "period": {"start": "1990", "end": "2025-12-30"}},
              {"use": "official", "family": "LATER", "period": {"start": "2027-01-01T00:00:00Z"}}]
    choice = random.randrange(9)
    if choice > 6:
        several = former + current + [{"use": "temp", "family": "TEMPORARY"}] + [
            {"family": "CLOSE", "period": {random.choice(["start", "end"]): random.choice([
                "2026-01-01T00:00:01Z", "2025-12-31T23:59:59Z", "2026-01-01T08:59:59+09:00",
                "2026-01-01T09:00:01+09:00",
                "2025-12-31T23:59:58.5Z", "2025-12-31T14:00:01-10:00", "2025-11", "2026-02", "2024", "2027"])}}] * 3
        case.patient["name"] = [dict(one) for one in random.sample(several, random.randint(2, 5))]
    elif choice == 0:
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
        name["use"] = random.choice(["usual", "official", "nickname", "anonymous", "temp", "Usual", "x", "", None, 1,
            ["usual"]])
    elif choice == 5:
        name["period"] = random.choice([{"start": "2020"}, {"end": "2099-12-31"}, {}, None, "2020", {"start": None},
            {"start": "x"}, {"end": "2020-02-30"}, {"start": "2020-01-01T00:00:00Z"}, ["2020"]])
    else:
        name["given"] = random.choice([["A", "B"], ["A B"], ["A", "B", "C", "D"], ["\u200d"], ["A\u200cB"], ["A" * 300],
            ["A"] * 30, ["A "], [" "]])


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
    choice = random.randrange(7)
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
    elif choice == 5:
        performers = [{"actor": {"display": odd}}, {"actor": {"display": "SECOND"}}, {"actor": {"reference": odd}}]
        random.choice(case.doses)["performer"] = random.sample(performers, random.randint(1, 3))
    else:
        case.patient["gender"] = random.choice(["male", "Male", "m", "", "x", None, 1, odd])


def vaccines(random, case):
    dose = random.choice(case.doses)
    right = dose["vaccineCode"]["coding"][0]
    other = {"system": random.choice(["http://snomed.info/sct", "http://id.who.int/icd/release/11/mms",
        "http://hl7.org/fhir/sid/CVX", "urn:oid:2.16.840.1.113883.12.292"]),
             "code": random.choice(["1119349007", "207", "XM0000", *products.ICD11])}
    icd = [{"system": fhir.ICD11, "code": random.choice(["XM0000", *products.ICD11])} for _ in range(2)]
    dose["vaccineCode"]["coding"] = random.choice([
        [right, other], [other, right], [other], icd, icd + [right], [other] + icd, [{"code": "208"}], [{"system": CVX}],
        [right, {"system": CVX, "code": "207"}], [right | {"display": "x", "version": "1"}], [right | {"code": 208}],
        [right | {"code": "208 "}], [right | {"code": " 208"}], [right | {"code": "0208"}], [right, None], [right, {}],
        [right, "x"], [right | {"userSelected": True}], [right | {"version": 1}]])
    if random.random() < 0.2:
        dose["manufacturer"] = random.choice([{"display": "SAMPLE"}, {}, None, "SAMPLE",
            {"identifier": {"system": "http://hl7.org/fhir/sid/mvx", "value": "PFR"}}, [{"display": "x"}]])
    if random.random() < 0.2:
        dose["protocolApplied"] = random.choice([[{"doseNumberPositiveInt": 2}], [{"doseNumberString": "2"}]])


def statuses(random, case):
    random.choice(case.doses)["status"] = random.choice(["completed", "not-done", "entered-in-error", "Completed",
        "final", "", None, 1, ["completed"], "completed "])


def versions(random, case):
    subject = case.vc["credentialSubject"]
    subject["fhirVersion"] = random.choice(["", "4.0.1", "4.0.0", "4.3.0", "5.0.0", "4.0", "4", "x", None, 4, [],
        "4.0.1 ", "4.0.*", "v4.0.1", ["4.0.1"], "4.0.1-ballot"])


def bundles(random, case):
    case.bundle[random.choice(["type", "resourceType"])] = random.choice(["collection", "batch", "document", "x", "",
        None, 1, "Collection", "bundle", "Bundle", ["collection"]])


def rids(random, case):
    case.vc["rid"] = random.choice(["revoked_01", "timed-01", "revoked_02", "future01", "timed-01", "future01",
        "revoked_0", "REVOKED_01", "", None, 1, ["revoked_01"], "A" * 24, "A" * 25, "a b", "a.b", "a+b/", "日本",
                                    "revoked_01 ", "revoked_01=", "timed-01.5"])
    if random.random() < 0.5:
        case.payload["nbf"] = NOW + random.choice([-DAY, -DAY - 1, -DAY + 1, -DAY - 0.5, -DAY + 0.5, -2 * DAY, 0])


def deep(random, case):
    """Nested, or large, where nobody reads."""
    value = 1
    for _ in range(random.choice([3, 6, 10, 20, 40, 70, 200, 3000])):
        value = [value] if random.random() < 0.7 else {"a": value}
    value = random.choice([value, value, "A" * random.choice([100, 1_000, 5_000, 20_000, 300_000])])
    place = random.choice([case.payload, case.vc, case.patient])
    place["x"] = value


def extra(random, case):
    place = random.choice([case.payload, case.vc, case.vc["credentialSubject"], case.bundle, case.patient,
        case.doses[0], case.patient["name"][0], case.bundle["entry"][0]])
    place[random.choice(["x", "@context", "meta", "日本", "id", "extension"])] = random.choice(
        [1, "x", {"a": 1}, [1], True, 1.5, {"security": [{"code": "IAL2"}]}, Raw("1e5"),
        Raw("123456789012345678901234567890"), [{"a": [{"b": [1]}]}]])
