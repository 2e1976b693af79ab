"""JSON (RFC 8259), strict: a name stands once in an object. And its canonical form (RFC 8785)."""

import json
import math
import re

import rfc8785

from .common import Refused, need


SURROGATE = re.compile("[\ud800-\udfff]")
ESCAPED = re.compile('[\x00-\x1f"\\\\]')
SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def once(pairs):
    found = dict(pairs)
    need(len(found) == len(pairs), "RFC 7493, 2.3: a name twice in an object")
    return found


def no_constant(text):
    raise Refused(f"RFC 8259, 6: {text} is no number")


def has_surrogate(value):
    if type(value) is str:
        return bool(SURROGATE.search(value))
    if type(value) is list:
        return any(has_surrogate(one) for one in value)
    if type(value) is dict:
        return any(has_surrogate(key) or has_surrogate(one) for key, one in value.items())
    return False


def read(text):
    """The value of a text; whole numbers are int, others float."""
    if type(text) is bytes:
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("RFC 8259, 8.1: no UTF-8") from None
    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(f"RFC 8259: {type(error).__name__}") from None
    need(not has_surrogate(value), "RFC 7493, 2.1: half of a surrogate pair")
    return value


def number(value):
    """As ECMAScript writes a number (RFC 8785, 3.2.2.3)."""
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    need(math.isfinite(value), "RFC 8785, 3.2.2.3: more than a double holds")
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value!r}e0".partition("e")
    exponent = int(exponent.split("e")[0])
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + exponent - (len(whole + fraction) - len(digits))
    stripped = digits.rstrip("0")
    count = len(stripped)
    if count <= point <= 21:
        return sign + stripped + "0" * (point - count)
    if 0 < point <= 21:
        return sign + stripped[:point] + "." + stripped[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + stripped
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return sign + stripped[0] + ("." + stripped[1:] if count > 1 else "") + power


def string(text):
    return '"' + ESCAPED.sub(lambda found: SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", text) + '"'


def form(value):
    if value is None or type(value) is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) is str:
        return string(value)
    if type(value) is list:
        return "[" + ",".join(form(one) for one in value) + "]"
    if type(value) is dict:
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(string(name) + ":" + form(value[name]) for name in names) + "}"
    return number(value)


def canonical(value):
    """The canonical form's bytes, compared with those of another implementation where that one takes the value."""
    mine = form(value).encode("utf-8")
    try:
        theirs = rfc8785.dumps(value)
    except rfc8785.CanonicalizationError:
        return mine  # it takes whole numbers up to 2^53 alone
    assert mine == theirs, f"two canonical forms: {mine!r}, {theirs!r}"
    return mine
