"""Byte strings of length-prefixed fields behind a label."""

from collections.abc import Iterable


class Malformed(Exception):
    """Bytes that are no such message, file or response."""


def join(label: bytes, fields: Iterable[bytes]) -> bytes:
    return label + b"".join(len(field).to_bytes(4, "big") + field for field in fields)


class Reader:
    """Takes a message apart, field by field."""

    def __init__(self, message: bytes, label: bytes) -> None:
        if not message.startswith(label):
            raise Malformed("another label")
        self.rest = message[len(label):]

    def field(self, least: int, most: int) -> bytes:
        length = int.from_bytes(self.rest[:4], "big")
        if len(self.rest) < 4 or not least <= length <= most or len(self.rest) < 4 + length:
            raise Malformed("a field's length")
        value, self.rest = self.rest[4:4 + length], self.rest[4 + length:]
        return value

    def end(self) -> None:
        if self.rest:
            raise Malformed("bytes behind the last field")
