"""What both directions share: base64url, the digits of SMART Health Cards, the segments of codes, UVCI checksums."""

import base64


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text):
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_digits(jws):
    return "".join(f"{ord(character) - 45:02d}" for character in jws)


def from_digits(digits):
    assert len(digits) % 2 == 0
    return "".join(chr(int(digits[at : at + 2]) + 45) for at in range(0, len(digits), 2))


def segments(kind, text):
    """The segments that a format's specification asks for, each a text and its mode."""
    if kind == "shc":
        assert text.startswith("shc:/")
        return [("shc:/", "byte"), (text[5:], "numeric")]
    return [(text, "alphanumeric" if kind == "dcc" else "byte")]


def uvci_checksum(text):
    """Luhn mod 38 over the identifier with its prefix (EU eHealth network, UVCI, annex 2)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:"
    total = 0
    for position, character in enumerate(reversed(text)):
        value = alphabet.index(character) * (2 if position % 2 == 0 else 1)
        total += value // 38 + value % 38
    return alphabet[-total % 38]
