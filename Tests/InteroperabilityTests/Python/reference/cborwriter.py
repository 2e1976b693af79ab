"""Writes CBOR in every form that a reader may meet: long heads, indefinite lengths, equal keys, anything raw."""

import struct


class Raw:
    """Bytes as they are."""

    def __init__(self, data):
        self.data = data


class Long:
    """An item whose head takes this many bytes more than one (1, 2, 4 or 8)."""

    def __init__(self, value, width):
        self.value, self.width = value, width


class Chunks:
    """A string or array or map of indefinite length."""

    def __init__(self, value, size=3):
        self.value, self.size = value, size


class Pairs:
    """A map with its pairs in order, equal keys too."""

    def __init__(self, pairs):
        self.pairs = list(pairs)


class Tagged:
    def __init__(self, number, value):
        self.number, self.value = number, value


class Float:
    """A floating-point number of 2, 4 or 8 bytes."""

    def __init__(self, value, width=8):
        self.value, self.width = value, width


def head(major, number, width=None):
    if width is None:
        width = 0 if number < 24 else 1 if number < 256 else 2 if number < 1 << 16 else 4 if number < 1 << 32 else 8
    if width == 0:
        return bytes([major << 5 | number])
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + number.to_bytes(width, "big")


def fits(number, width):
    return width if width is None or number < 1 << 8 * width else None


def pairs_of(value):
    return value.pairs if isinstance(value, Pairs) else list(value.items())


def write(value, width=None):
    kind = type(value)
    if kind is Raw:
        return value.data
    if kind is Long:
        return write(value.value, value.width)
    if kind is Tagged:
        return head(6, value.number, width) + write(value.value)
    if kind is Float:
        packed = {2: ">e", 4: ">f", 8: ">d"}[value.width]
        return head(7, 0, value.width)[:1] + struct.pack(packed, value.value)
    if kind is Chunks:
        return indefinite(value.value, value.size)
    if value is None or kind is bool:
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if kind is int:
        major, number = (0, value) if value >= 0 else (1, -1 - value)
        if number >= 1 << 64:
            data = number.to_bytes((number.bit_length() + 7) // 8, "big")
            return head(6, 2 + major) + write(data)
        return head(major, number, fits(number, width))
    if kind is float:
        return b"\xfb" + struct.pack(">d", value)
    if kind is bytes:
        return head(2, len(value), fits(len(value), width)) + value
    if kind is str:
        data = value.encode("utf-8", "surrogatepass")
        return head(3, len(data), fits(len(data), width)) + data
    if kind in (list, tuple):
        return head(4, len(value), fits(len(value), width)) + b"".join(write(one) for one in value)
    if kind in (dict, Pairs):
        pairs = pairs_of(value)
        return head(5, len(pairs), fits(len(pairs), width)) + b"".join(write(k) + write(v) for k, v in pairs)
    raise TypeError(kind)


def indefinite(value, size):
    if isinstance(value, bytes):
        parts = [value[at : at + size] for at in range(0, len(value), size)]
        return b"\x5f" + b"".join(write(part) for part in parts) + b"\xff"
    if isinstance(value, str):
        parts = [value[at : at + size] for at in range(0, len(value), size)]
        return b"\x7f" + b"".join(write(part) for part in parts) + b"\xff"
    if isinstance(value, (dict, Pairs)):
        return b"\xbf" + b"".join(write(k) + write(v) for k, v in pairs_of(value)) + b"\xff"
    return b"\x9f" + b"".join(write(one) for one in value) + b"\xff"
