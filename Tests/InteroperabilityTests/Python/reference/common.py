"""What the references of the formats share: refusals, text that base64url and JSON allow, dates, the trust folder."""

import datetime
import re


class Refused(Exception):
    """The specification calls the code invalid; the text names the clause."""


def refuse(clause):
    raise Refused(clause)


def need(condition, clause):
    if not condition:
        raise Refused(clause)


BASE64URL = re.compile(r"[A-Za-z0-9_-]*\Z")


def unbase64url(text, clause, padded=False):
    """Strict base64url (RFC 4648, 5): no other characters, no length that cannot be, no bits left over."""
    import base64

    if padded:
        text = re.sub(r"={1,2}\Z", "", text) if len(text) % 4 == 0 else text
    need(BASE64URL.match(text) and len(text) % 4 != 1, clause)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, clause + ", bits left over (RFC 4648, 3.5)")
    return data


DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?([Zz]|[+-]([0-9]{2}):([0-9]{2}))\Z"
)


def days_of(year, month):
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def is_date(text):
    """A full-date of RFC 3339, 5.6, with the days that the month has (5.7)."""
    match = DATE.match(text)
    if not match:
        return False
    year, month, day = map(int, match.groups())
    return 1 <= month <= 12 and 1 <= day <= days_of(year, month)


def is_date_time(text):
    """A date-time of RFC 3339, 5.6; a space for the T is what its note allows."""
    match = TIME.match(text)
    if not match or not is_date(match[1]):
        return False
    hour, minute, second = int(match[2]), int(match[3]), int(match[4])
    if match[7] and (int(match[7]) > 23 or int(match[8]) > 59):
        return False
    return hour <= 23 and minute <= 59 and (second <= 59 or is_leap_second(match))


def is_leap_second(match):
    """Second 60 stands only at the end of a month in UTC (RFC 3339, 5.7)."""
    if int(match[4]) != 60:
        return False
    offset = 0
    if match[7]:
        offset = (int(match[7]) * 60 + int(match[8])) * (-1 if match[6][0] == "-" else 1)
    year, month, day = map(int, match[1].split("-"))
    year = 2000 + year % 400  # of the same calendar, and far from the ends that a library has
    moment = datetime.datetime(year, month, day, int(match[2]), int(match[3])) - datetime.timedelta(minutes=offset)
    return (moment.hour, moment.minute) == (23, 59) and moment.day == days_of(moment.year, moment.month)


def is_integer(value):
    return type(value) is int


def is_number(value):
    return type(value) in (int, float)


# The allowance for clocks, of every format.
ALLOWANCE = 60
# What is nested deeper or larger than this may meet a reader's limits.
DEEP, LARGE = 16, 8_000


def depth(value):
    """How deep a value of JSON is nested."""
    if type(value) is dict:
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if type(value) is list else 0
