"""Judges SMART Health Cards: the framework 1.4, RFC 7515, 7518, 7519, 1951, 8259, FHIR R4, HL7's vaccination guide."""

import re
import zlib
from pathlib import Path

from jwcrypto import jwk

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from . import fhir, products, strictjson, trust
from .common import ALLOWANCE, DEEP, LARGE, Refused, depth, is_number, need, refuse, unbase64url

HEALTH_CARD = "https://smarthealth.cards#health-card"
CODE = re.compile(r"shc:/(?:([0-9]+)/([0-9]+)/)?([0-9]+)\Z", re.IGNORECASE | re.ASCII)
CHARACTERS = {f"{number:02d}": chr(number + 45) for number in range(78)}
RID = re.compile(r"[A-Za-z0-9_-]{1,24}\Z")
VERSION = re.compile(r"[0-9]+\.[0-9]+(\.[0-9]+)?\Z")


def inflate(data):
    inflater = zlib.decompressobj(wbits=-15)
    try:
        payload = inflater.decompress(data) + inflater.flush()
    except zlib.error:
        refuse("RFC 1951: no DEFLATE stream")
    need(inflater.eof, "RFC 1951: it ends too early")
    need(not inflater.unused_data, "SMART Health Cards: the payload is one DEFLATE stream")
    return payload


class Reference:
    def __init__(self, folder, at):
        self.at, self.issuers = at, {}
        for place, test in trust.parts(Path(folder), "shc"):
            for document in trust.documents(place):
                keys = {}
                for key in document["jwks"]["keys"]:
                    if (key.get("kty"), key.get("crv"), key.get("use"), key.get("alg")) == ("EC", "P-256", "sig",
                        "ES256"):
                        public = jwk.JWK(**{name: key[name] for name in ("kty", "crv", "x", "y")})
                        if public.thumbprint() == key["kid"]:
                            keys[key["kid"]] = public.get_op_key("verify")
                lists = {one["kid"]: one["rids"] for one in document.get("crls", [])}
                self.issuers[document["issuer"]] = (keys, lists, test)

    def judge(self, text, found):
        found["open"] = None
        if text.lstrip(" \t\r\n").startswith("{"):
            return self.file(text, found)
        if text[:4].lower() == "shc:":
            match = CODE.match(text)
            need(match, "SMART Health Cards: shc:/ and digits")
            if match[1]:
                need((match[1], match[2]) == ("1", "1"), "SMART Health Cards: the other parts")
                found["open"] = "SMART Health Cards: one part alone is written without its number; readers are not told"
            digits = match[3]
            need(len(digits) % 2 == 0, "SMART Health Cards: digits in pairs")
            pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
            need(all(pair in CHARACTERS for pair in pairs), "SMART Health Cards: 00 to 77")
            text = "".join(CHARACTERS[pair] for pair in pairs)
        self.token(text, found)

    def file(self, text, found):
        """A .smart-health-card file on a line: cards of one person, each of them valid."""
        document = strictjson.read(text)
        cards = document.get("verifiableCredential") if type(document) is dict else None
        need(type(cards) is list and cards and all(type(card) is str for card in cards), "SMART Health Cards: the file")
        all_found = []
        for card in cards:
            one = {}
            self.judge_card(card, one)
            all_found.append(one)
        people = {(one["holder"].get("name"), one["holder"].get("birthDate")) for one in all_found}
        need(len(people - {(None, None)}) <= 1, "cards of several people")
        found.update(all_found[0], several=len(cards) > 1, test=any(one["test"] for one in all_found))
        if len(cards) > 1 and (None, None) in people:
            found["open"] = "SMART Health Cards: whether a card about nobody goes with one about somebody"

    def judge_card(self, card, found):
        found.update(forged=False, open=None, test=False, warnings=set())
        self.token(card, found)

    def token(self, text, found):
        parts = text.split(".")
        need(len(parts) == 3, "RFC 7515, 7.1: three parts")
        header_bytes, body, signature = (unbase64url(part, "RFC 7515, 2: base64url") for part in parts)
        header = strictjson.read(header_bytes)
        need(type(header) is dict, "RFC 7515, 4: the header is an object")
        need("crit" not in header, "RFC 7515, 4.1.11: an extension that is not known")
        need(header.get("alg") == "ES256", "SMART Health Cards: alg is ES256")
        need(header.get("zip") == "DEF", "SMART Health Cards: zip is DEF")
        need(type(header.get("kid")) is str, "SMART Health Cards: kid")
        payload = strictjson.read(inflate(body))
        need(type(payload) is dict, "RFC 7519, 7.2: the claims are an object")
        need(type(payload.get("iss")) is str, "SMART Health Cards: iss")
        need(payload["iss"] in self.issuers, "SMART Health Cards: an issuer that is trusted")
        keys, lists, found["test"] = self.issuers[payload["iss"]]
        need(header["kid"] in keys, "SMART Health Cards: a key of the issuer")
        need(len(signature) == 64, "RFC 7518, 3.4: the signature's length")
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            signed = f"{parts[0]}.{parts[1]}".encode()
            keys[header["kid"]].verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            found["forged"] = True
            refuse("RFC 7518, 3.4: the signature")
        if depth(payload) > DEEP or depth(header) > DEEP:
            found["open"] = "RFC 8259, 9: a reader sets limits to the depth"
        if len(text) > LARGE or len(str(payload)) > LARGE:
            found["open"] = "RFC 8259, 9: a reader sets limits to the size"
        self.claims(payload, lists.get(header["kid"], []), found)

    def claims(self, payload, revoked, found):
        for name in ("nbf", "exp"):
            need(name not in payload or is_number(payload[name]), f"RFC 7519, 2: {name} is a number")
        need("nbf" in payload, "SMART Health Cards: nbf")
        need(payload["iss"].startswith("https://") and not payload["iss"].endswith("/"), "SMART Health Cards: iss")
        credential = payload.get("vc")
        need(type(credential) is dict, "SMART Health Cards: vc")
        types = credential.get("type")
        need(type(types) is list and all(type(one) is str for one in types),
            "SMART Health Cards: type is a list of texts")
        need(HEALTH_CARD in types, "SMART Health Cards: no health card")
        subject = credential.get("credentialSubject")
        need(type(subject) is dict, "SMART Health Cards: credentialSubject")
        version = subject.get("fhirVersion")
        need(type(version) is str and VERSION.match(version), "SMART Health Cards: fhirVersion")
        if not version.startswith("4.0."):
            found["open"] = "SMART Health Cards: which versions of FHIR a reader knows, and whether 4.0 names one"
        rid = credential.get("rid")
        need("rid" not in credential or type(rid) is str and RID.match(rid), "SMART Health Cards: rid")
        found["malformed"] = True
        found.update(Content(subject.get("fhirBundle"), self.at, found).shown, sound=True, malformed=False,
            certificateId=rid,
            issuer=payload["iss"])
        need(payload["nbf"] <= self.at + ALLOWANCE, "RFC 7519, 4.1.5: not valid yet")
        if "exp" in payload:
            if payload["exp"] == self.at:
                found["open"] = "RFC 7519, 4.1.4: a small leeway is allowed"
            need(payload["exp"] >= self.at, "RFC 7519, 4.1.4: expired")
        for entry in revoked:
            name, _, before = entry.partition(".")
            need(name != rid or before and payload["nbf"] >= int(before), "SMART Health Cards: revoked")


class Content:
    """The bundle of a card: one patient, and what was done to that one."""

    def __init__(self, bundle, now, found):
        self.now, self.found = now, found
        bundle = fhir.Element(bundle, "Bundle")
        need(bundle.text("resourceType", True) == "Bundle", "FHIR: a Bundle")
        if bundle.text("type", True) != "collection":
            found["open"] = "FHIR: Bundle.type has other codes, HL7's guide asks for collection"
        entries = bundle.elements("entry")
        urls = [entry.text("fullUrl") for entry in entries]
        named = [url for url in urls if url]
        need(len(set(named)) == len(named), "FHIR, bdl-7: fullUrl is unique")
        resources = [entry.element("resource", True) for entry in entries]
        kinds = [resource.text("resourceType", True) for resource in resources]
        if "Patient" not in kinds and "Immunization" not in kinds:
            found["open"] = "SMART Health Cards: the framework's own example 02 is about nobody, of no vaccination"
            self.shown = {"holder": {}, "doses": [], "subject": "test" if "Observation" in kinds else "none"}
            return
        need(kinds.count("Patient") == 1, "SMART Health Cards: one patient")
        place = kinds.index("Patient")
        self.patient_url = urls[place]
        holder = self.patient(resources[place])
        doses = []
        for kind, resource in zip(kinds, resources):
            if kind == "Immunization":
                doses += self.dose(resource)
            elif kind != "Patient":
                self.other(resource)
        subject = "vaccination" if doses else "test" if "Observation" in kinds else "none"
        self.shown = {"holder": holder, "doses": doses, "subject": subject}

    def patient(self, patient):
        names = [fhir.human_name(name, self.now, self.loosely) for name in patient.elements("name", True)]
        current = [(text, temporary) for text, current, temporary in names if current and text]
        shown = [text for text, temporary in current if not temporary] or [text for text, _ in current]
        need(any(text for text, _, _ in names), "SMART Health Cards: a patient without a name")
        if not shown:
            self.found["open"] = "FHIR: no name of the patient is current"
            shown = [text for text, _, _ in names if text]
        birth = patient.text("birthDate", form=fhir.is_date)
        if not birth:
            self.found["open"] = "FHIR: Patient.birthDate 0..1, HL7's guide 1..1"
        return {"name": shown[0], "names": [text for text, _ in current] if len(current) > 1 else None,
            "birthDate": birth, "sex": patient.text("gender", codes=fhir.GENDERS)}

    def refers(self, reference, name):
        target = reference.text("reference", True)
        need(self.patient_url and target == self.patient_url, f"FHIR: {name} is not the patient of the bundle")

    def dose(self, resource):
        status = resource.text("status", True, codes=fhir.STATUSES)
        self.refers(resource.element("patient", True), "Immunization.patient")
        concept = resource.element("vaccineCode", True)
        code, others = None, []
        for coding in concept.elements("coding"):
            system, value = coding.text("system"), coding.text("code")
            self.loosely(lambda: (coding.text("version"), coding.text("display")))
            if code is None and value and system == fhir.CVX:
                code = value
            if value and system == fhir.ICD11:
                others.append(value)
        if code is None and not others:
            self.found["open"] = "FHIR: a vaccine without a CVX or ICD-11 code"
        moment = resource.text("occurrenceDateTime", form=fhir.is_date_time)
        other = resource.text("occurrenceString")
        need(moment or other, "FHIR: Immunization.occurrence 1..1")
        need(not (moment and other), "FHIR: Immunization.occurrence 1..1")
        if other:
            self.found["open"] = "FHIR: occurrenceString, which HL7's guide leaves out"
        lot = resource.text("lotNumber")
        performers = [one.element("actor", True) for one in resource.elements("performer")]
        names = [actor.text("display") for actor in performers]
        self.unread(resource, performers)
        if status != "completed":
            return []
        if code is None and others:
            # One that names a product before one that names a kind.
            named = [other for other in others if products.ICD11.get(other, (None, None))[1]]
            other = (named or others)[0]
            product, made_by = products.ICD11.get(other, (f"ICD-11 {other}", None))
        else:
            product, made_by = products.CVX.get(code, (f"CVX {code}" if code else None, None))
        return [{"date": moment, "product": product, "maker": made_by, "lot": lot,
                 "performer": names[0] if names else None}]

    def loosely(self, check):
        """Checks what nothing that is shown comes from."""
        try:
            check()
        except Refused:
            self.found["open"] = "FHIR R4, Validating Resources (informative): what a reader checks is its choice"

    def unread(self, dose, performers):
        def check():
            for actor in performers:
                actor.text("reference")
            maker = dose.element("manufacturer")
            if maker:
                maker.text("display"), maker.text("reference")

        self.loosely(check)

    def other(self, resource):
        """What is about somebody is about the patient."""
        for member in ("subject", "patient"):
            if member in resource.value:
                self.refers(resource.element(member), member)
