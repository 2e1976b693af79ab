"""Judges VDS-NC proofs of vaccination: ICAO's technical report and guidelines, Doc 9303-12, RFC 8785, 7518, 5280."""

import re
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from . import strictjson, trust
from .common import DEEP, LARGE, depth, is_date, is_integer, need, refuse, unbase64url

ALGORITHMS = {"ES256": ("secp256r1", hashes.SHA256(), 32), "ES384": ("secp384r1", hashes.SHA384(), 48),
              "ES512": ("secp521r1", hashes.SHA512(), 66)}
SIGNER_USE, DOCUMENT_TYPES = "2.23.136.1.1.14.2", "2.23.136.1.1.6.2"
UNDERSTOOD = {"2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.35", "2.5.29.14", DOCUMENT_TYPES}
ALPHA_2 = {"JPN": "JP", "AUS": "AU", "USA": "US", "DEU": "DE", "FRA": "FR", "GBR": "GB"}
# Doc 9303-3, 5: codes of one to three letters.
STATE = re.compile(r"[A-Z]{1,3}\Z")
COUNTRY_OR_D = re.compile(r"([A-Z]{3}|D)\Z")
NUMBER = re.compile(r"[0-9]{1,2}\Z")


def whole(value):
    """A whole number: 1 and 1.0 have one canonical form, so one signature is over both."""
    if type(value) is float and value == value and abs(value) < 1e15 and value == int(value):
        return int(value)
    return value if is_integer(value) else None


# What the specifications leave open in the code under judgement.
OPEN = []


class Reader:
    """Members of an object, each of its kind and length."""

    def __init__(self, value, name):
        need(type(value) is dict, f"VDS-NC: {name} is an object")
        self.value, self.name = value, name

    def text(self, member, limit=None, required=True, pattern=None, form=None):
        if member not in self.value and not required:
            return None
        value = self.value.get(member)
        need(type(value) is str, f"VDS-NC: {self.name}.{member} is a text")
        need(limit is None or len(value) <= limit, f"VDS-NC: {self.name}.{member} has at most {limit} characters")
        if not value and not pattern and not form:
            need(member not in ("n", "alg", "cer", "sigvl", "t"), f"VDS-NC: {self.name}.{member} is not empty")
            OPEN.append("VDS-NC: no least length of texts is given")
        if form and value.startswith("0000"):
            OPEN.append("RFC 3339, 5.6 has a year 0000, ISO 8601 (4.3.2) by agreement alone")
        need(pattern is None or pattern.match(value), f"VDS-NC: {self.name}.{member} has a form")
        need(form is None or form(value), f"VDS-NC: {self.name}.{member} is a date")
        return value

    def objects(self, member):
        value = self.value.get(member)
        need(type(value) is list and value, f"VDS-NC: {self.name}.{member} is a list of one or more")
        return [Reader(one, member) for one in value]

    def object(self, member):
        return Reader(self.value.get(member), member)


class Reference:
    def __init__(self, folder, at):
        self.at, self.authorities, self.pinned, self.lists, self.read = at, [], {}, [], {}
        for place, test in trust.parts(Path(folder), "vdsnc"):
            for certificate in trust.certificates(place):
                basic = trust.extension(certificate, x509.BasicConstraints)
                if basic and basic.ca:
                    self.authorities.append((certificate, test))
                else:
                    self.pinned[certificate.fingerprint(hashes.SHA256())] = test
            for path in sorted(place.glob("*.crl")) if place.is_dir() else []:
                self.lists.append(x509.load_der_x509_crl(path.read_bytes()))

    def judge(self, text, found):
        OPEN.clear()
        try:
            self.verdict(text, found)
        finally:
            found["open"] = OPEN[0] if OPEN else None

    def verdict(self, text, found):
        value = strictjson.read(text)
        if type(value) is list and len(value) == 1:
            OPEN.append("VDS-NC: some readers wrap a code in a list of one, which no specification has")
            value = value[0]
        document = Reader(value, "the code")
        if depth(document.value) > DEEP:
            OPEN.append("RFC 8259, 9: a reader sets limits to the depth")
        if len(text) > LARGE:
            OPEN.append("RFC 8259, 9: a reader sets limits to the size")
        if any(infinite(one) for name, one in document.value.items() if name != "data"):
            OPEN.append("RFC 8259, 6: a reader sets limits to the range of numbers")
        data, sig = document.object("data"), document.object("sig")
        algorithm = sig.text("alg")
        need(algorithm in ALGORITHMS, "VDS-NC: alg is ES256, ES384 or ES512")
        der = unbase64url(sig.text("cer"), "VDS-NC: cer is base64url", padded=True)
        signature = unbase64url(sig.text("sigvl"), "VDS-NC: sigvl is base64url", padded=True)
        signer, key, extensions, _ = self.known(der)
        curve, hash, size = ALGORITHMS[algorithm]
        need(isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == curve, "RFC 7518, 3.4: the curve of alg")
        need(len(signature) == 2 * size, "RFC 7518, 3.4: the signature's length")
        r, s = int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big")
        try:
            key.verify(encode_dss_signature(r, s), strictjson.canonical(data.value), ec.ECDSA(hash))
        except InvalidSignature:
            found["forged"] = True
            refuse("RFC 7518, 3.4: the signature")
        found["malformed"] = True
        found.update(self.content(data), malformed=False)
        self.signer(der, found["issuer"], found)

    def known(self, der):
        """A signer's certificate, its key and extensions, and the authorities that signed it."""
        if der not in self.read:
            try:
                signer = x509.load_der_x509_certificate(der)
                key, extensions = signer.public_key(), list(signer.extensions)
            except ValueError:
                refuse("RFC 5280, 4.1: cer is no certificate")
            issuers = [one for one in self.authorities if issued(signer, one[0])]
            self.read[der] = signer, key, extensions, issuers
        return self.read[der]

    def content(self, data):
        header, message = data.object("hdr"), data.object("msg")
        need(header.text("t") == "icao.vacc", "VDS-NC: t is icao.vacc")
        need(whole(header.value.get("v")) == 1, "VDS-NC: v is 1")
        issuer = header.text("is", pattern=STATE)
        identifier = message.text("uvci", 12)
        person = message.object("pid")
        name = person.text("n", 39)
        birth = person.text("dob", required=False, form=is_date)
        number = person.text("i", 11, required=False)
        need(birth or number, "VDS-NC: dob or i")
        sex = person.text("sex", 1, required=False)
        person.text("ai", 24, required=False)
        doses = []
        for event in message.objects("ve"):
            event.text("des", 6)
            event.text("dis", 6, required=False)
            product = event.text("nam")
            for dose in event.objects("vd"):
                doses.append(self.dose(dose, product))
        return {"holder": {"name": name, "birthDate": birth, "sex": sex, "documentNumber": number}, "doses": doses,
                "subject": "vaccination", "certificateId": identifier, "issuer": issuer, "sound": True}

    def dose(self, dose, product):
        date = dose.text("dvc", form=is_date)
        number = dose.value.get("seq")
        if type(number) is list and len(number) == 1 and type(number[0]) in (int, str):
            OPEN.append("VDS-NC: seq in a list of one is written by some and in no specification")
            number = number[0]
        if type(number) is str:
            need(NUMBER.match(number), "VDS-NC: seq is a number")
            if number.startswith("0"):
                OPEN.append("VDS-NC: seq as a text is written by some and in no specification, nor its leading zeros")
            number = int(number)
        number = whole(number)
        need(number is not None and 1 <= number <= 99, "VDS-NC: seq is 1 to 99")
        if dose.value.get("ctr") == "D":
            OPEN.append("Doc 9303-3, 5: Germany's code is D; VDS-NC asks for three letters")
        country = dose.text("ctr", pattern=COUNTRY_OR_D)
        if "adm" not in dose.value:
            OPEN.append("VDS-NC: ICAO's guidelines and their implementers differ on whether adm must be there")
        performer = dose.text("adm", 20, required="adm" in dose.value)
        lot = dose.text("lot", 20)
        dose.text("dvn", required=False, form=is_date)
        return {"date": date, "product": product, "lot": lot, "number": number, "country": country,
                "performer": performer}

    def signer(self, der, state, found):
        signer, _, extensions, issuers = self.known(der)
        need(not trust.critical_unknown(signer, UNDERSTOOD), "RFC 5280, 4.2: an unknown critical extension")
        pinned = self.pinned.get(signer.fingerprint(hashes.SHA256()))
        usable = [one for one in issuers if self.is_usable(one[0])]
        need(pinned is not None or usable, "Doc 9303-12: nobody trusted vouches for the signer")
        found["test"] = min([test for _, test in usable] + ([pinned] if pinned is not None else []))
        named = trust.extension(signer, x509.AuthorityKeyIdentifier)
        keys = [trust.extension(one, x509.SubjectKeyIdentifier) for one, _ in usable]
        if named and named.key_identifier and keys and named.key_identifier not in [key.digest for key in keys if key]:
            found["warnings"].add("signer.authority_key_differs")
        start, end = (one.timestamp() for one in (signer.not_valid_before_utc, signer.not_valid_after_utc))
        need(start <= self.at <= end, "RFC 5280, 4.1.2.5: the signer's validity")
        use = trust.extension(signer, x509.ExtendedKeyUsage)
        types = [one.value.value for one in extensions if one.oid.dotted_string == DOCUMENT_TYPES]
        fits = use and SIGNER_USE in [one.dotted_string for one in use] and types and holds_type(types[0], b"NV")
        if not fits and pinned is not None:
            OPEN.append("RFC 5280, 6.1.1 (d): what a trust anchor's extensions limit is its holder's choice")
        else:
            need(fits, "Doc 9303-12, 7.1: extended key usage and document types of a barcode signer")
        bits = trust.extension(signer, x509.KeyUsage)
        need(not bits or bits.digital_signature, "RFC 5280, 4.2.1.3: digitalSignature")
        for authority, _ in issuers:
            for one in self.lists:
                if one.issuer == authority.subject and one.is_signature_valid(authority.public_key()):
                    revoked = one.get_revoked_certificate_by_serial_number(signer.serial_number)
                    need(revoked is None, "RFC 5280, 5: the signer was revoked")
        countries = country_of(signer)
        need(all(countries == country_of(one) for one, _ in usable), "Doc 9303-12: the authority's country")
        need(countries == [ALPHA_2.get(state)], "VDS-NC: is is the signer's country")

    def is_usable(self, authority):
        bits = trust.extension(authority, x509.KeyUsage)
        start, end = (one.timestamp() for one in (authority.not_valid_before_utc, authority.not_valid_after_utc))
        return (not bits or bits.key_cert_sign) and start <= self.at <= end


def infinite(value):
    if type(value) in (list, dict):
        return any(infinite(one) for one in (value.values() if type(value) is dict else value))
    return type(value) is float and abs(value) == float("inf")


def holds_type(data, kind):
    """DocumentTypeList of Doc 9303-12: SEQUENCE { version 0, SET OF PrintableString }, all of short lengths."""
    try:
        assert data[0] == 0x30 and data[1] == len(data) - 2 and data[2:5] == b"\x02\x01\x00"
        assert data[5] == 0x31 and data[6] == len(data) - 7
        types, at = [], 7
        while at < len(data):
            assert data[at] == 0x13 and at + 2 + data[at + 1] <= len(data)
            types.append(data[at + 2 : at + 2 + data[at + 1]])
            at += 2 + data[at + 1]
        return kind in types
    except (AssertionError, IndexError):
        return False


def issued(signer, authority):
    try:
        signer.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def country_of(certificate):
    return [one.value.upper() for one in certificate.subject if one.oid.dotted_string == "2.5.4.6"]
