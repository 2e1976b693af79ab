"""The parts of FHIR R4 (4.0.1) that SMART Health Cards of vaccinations are made of, read strictly."""

import re
from datetime import datetime, timezone

from .common import days_of, need

DATE = re.compile(
    r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1]))?)?\Z")
DATE_TIME = re.compile(
    DATE.pattern[:-2] + r"(?(6)(T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
    r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00)))?)\Z")
CVX = "http://hl7.org/fhir/sid/cvx"
ICD11 = "http://id.who.int/icd/release/11/mms"
GENDERS = {"male", "female", "other", "unknown"}
USES = {"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"}
STATUSES = {"completed", "entered-in-error", "not-done"}


def is_day(text):
    parts = [int(part) for part in text[:10].split("-")]
    return len(parts) < 3 or parts[2] <= days_of(parts[0], parts[1])


def is_date(value):
    return bool(DATE.match(value)) and is_day(value)


def is_date_time(value):
    return bool(DATE_TIME.match(value)) and is_day(value)


class Element:
    """An object of FHIR's JSON: never empty, no member empty (FHIR R4, JSON representation)."""

    def __init__(self, value, name):
        need(type(value) is dict and value, f"FHIR JSON: {name} is an object with members")
        self.value, self.name = value, name

    def text(self, member, required=False, form=None, codes=None):
        if member not in self.value and not required:
            return None
        value = self.value.get(member)
        need(type(value) is str and value, f"FHIR: {self.name}.{member} is a text that is not empty")
        need(form is None or form(value), f"FHIR: {self.name}.{member} has its form")
        need(codes is None or value in codes, f"FHIR: {self.name}.{member} is one of its codes")
        return value

    def list(self, member, required=False):
        if member not in self.value and not required:
            return []
        value = self.value.get(member)
        need(type(value) is list and value, f"FHIR: {self.name}.{member} is a list that is not empty")
        return value

    def elements(self, member, required=False):
        return [Element(one, f"{self.name}.{member}") for one in self.list(member, required)]

    def element(self, member, required=False):
        if member not in self.value and not required:
            return None
        return Element(self.value.get(member), f"{self.name}.{member}")

    def texts(self, member):
        values = self.list(member)
        need(all(type(one) is str and one for one in values), f"FHIR: {self.name}.{member} are texts")
        return values


def moment(text, end):
    """The seconds since 1970 at which a date or dateTime begins, or ends; a date's day is that of UTC."""
    if len(text) > 10:
        # A leap second and fractions of one make no difference here.
        seconds = re.sub(r"(T..:..:)60", r"\g<1>59", text.replace("Z", "+00:00"))
        return datetime.fromisoformat(re.sub(r"\.[0-9]+", "", seconds)).timestamp()
    parts = [int(part) for part in text.split("-")]
    year, month, day = parts + [12, 31][len(parts) - 1 :] if end else parts + [1, 1][len(parts) - 1 :]
    if end and len(parts) == 2:
        day = days_of(year, month)
    return datetime(year, month, day, tzinfo=timezone.utc).timestamp() + (86_400 if end else 0)


def human_name(name, now, loosely):
    """(what is shown, whether it is current, whether it is a temporary one) of a HumanName."""
    use = name.text("use", codes=USES)
    parts = [name.text("family")] + name.texts("given")
    loosely(lambda: (name.texts("prefix"), name.texts("suffix")))
    whole = name.text("text")
    current = use not in ("old", "maiden")
    period = name.element("period")
    if period:
        start, end = period.text("start", form=is_date_time), period.text("end", form=is_date_time)
        if start and moment(start, False) > now or end and moment(end, True) < now:
            current = False
    return " ".join(part for part in parts if part) or whole, current, use == "temp"
