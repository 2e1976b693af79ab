"""The EU DCC schema 1.3.3 as a table of our own, and the official file beside it where it is there.

The two are compared on each certificate: what one takes and the other does not is a mistake of the reference.
"""

import json
import re
from pathlib import Path

from .common import is_date, is_date_time

VERSION = re.compile(r"[0-9]+[^\n\r\u2028\u2029][0-9]+[^\n\r\u2028\u2029][0-9]+\Z")
BIRTH = re.compile(r"((19|20)[0-9]{2}(-[0-9]{2}){0,2})?\Z")
STANDARD = re.compile(r"^[A-Z<]*\Z")
COUNTRY = re.compile(r"[A-Z]")


def text(limit=None, pattern=None, form=None):
    def check(value):
        if type(value) is not str or (limit is not None and len(value) > limit):
            return False
        return (pattern is None or bool(pattern.search(value))) and (form is None or form(value))

    return check


def positive(value):
    """An integer of JSON Schema: a number without a fraction, 1.0 too (JSON Schema Core 2020-12, 4.2.3)."""
    return type(value) in (int, float) and value == value and value not in (float("inf"),) and value >= 1 \
        and value == int(value)


ANY, UP_TO_80 = text(), text(80)
country, date, date_time = text(pattern=COUNTRY), text(form=is_date), text(form=is_date_time)
# member: (check, required)
VACCINATION = {
    "tg": (ANY, True), "vp": (ANY, True), "mp": (ANY, True), "ma": (ANY, True), "dn": (positive, True),
    "sd": (positive, True), "dt": (date, True), "co": (country, True), "is": (UP_TO_80, True), "ci": (UP_TO_80, True),
}
TEST = {
    "tg": (ANY, True), "tt": (ANY, True), "nm": (UP_TO_80, False), "ma": (ANY, False), "sc": (date_time, True),
    "tr": (ANY, True), "tc": (UP_TO_80, False), "co": (country, True), "is": (UP_TO_80, True), "ci": (UP_TO_80, True),
}
RECOVERY = {
    "tg": (ANY, True), "fr": (date, True), "co": (country, True), "is": (UP_TO_80, True), "df": (date, True),
    "du": (date, True), "ci": (UP_TO_80, True),
}
NAME = {
    "fn": (UP_TO_80, False), "gn": (UP_TO_80, False),
    "fnt": (text(80, STANDARD), False), "gnt": (text(80, STANDARD), False),
}
GROUPS = {"v": VACCINATION, "t": TEST, "r": RECOVERY}


def members(value, table):
    return type(value) is dict and all(
        check(value[name]) if name in value else not required for name, (check, required) in table.items()
    )


def fault(certificate):
    """What of the schema is broken, or None."""
    if type(certificate) is not dict:
        return "type: object"
    version, birth, name = certificate.get("ver"), certificate.get("dob"), certificate.get("nam")
    if type(version) is not str or not VERSION.match(version):
        return "ver"
    if type(birth) is not str or not BIRTH.match(birth):
        return "dob"
    if not members(name, NAME) or not ("fnt" in name or "gnt" in name):
        return "nam"
    groups = [group for group in GROUPS if group in certificate]
    if len(groups) != 1:
        return "oneOf"
    entries = certificate[groups[0]]
    if type(entries) is not list or len(entries) != 1 or not members(entries[0], GROUPS[groups[0]]):
        return groups[0]
    return None


class Official:
    """The official schema, its patterns read as ECMA-262 has them."""

    def __init__(self, path):
        import jsonschema

        checker = jsonschema.FormatChecker(formats=())
        checker.checks("date")(lambda value: type(value) is not str or is_date(value))
        checker.checks("date-time")(lambda value: type(value) is not str or is_date_time(value))
        schema = self.ecma(json.loads(Path(path).read_text(encoding="utf-8")))
        self.validator = jsonschema.Draft202012Validator(schema, format_checker=checker)

    def ecma(self, schema):
        if isinstance(schema, list):
            return [self.ecma(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        return {
            key: value.replace("\\d", "[0-9]").replace("]+.[", "]+[^\n\r\u2028\u2029][").replace("$", "\\Z")
            if key == "pattern" else self.ecma(value)
            for key, value in schema.items()
        }

    def accepts(self, certificate):
        return self.validator.is_valid(certificate)
