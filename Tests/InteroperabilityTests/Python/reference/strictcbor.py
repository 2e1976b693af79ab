"""CBOR (RFC 8949), strict: what is not well-formed or not valid is refused, equal keys however they are encoded too.

A map is a `Map`: its pairs in order, `get` by a key of the same kind. Other people's readers accept equal keys.
"""

import math
import struct

from .common import need, refuse


class Undefined:
    def __repr__(self):
        return "undefined"


UNDEFINED = Undefined()


class Simple:
    def __init__(self, number):
        self.number = number


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


class Map:
    def __init__(self, pairs):
        self.pairs = pairs
        self.members = {}
        for key, value in pairs:
            identity = same(key)
            need(identity not in self.members, "RFC 8949, 5.6: equal keys")
            self.members[identity] = value

    def has(self, key):
        return same(key) in self.members

    def get(self, key, default=None):
        return self.members.get(same(key), default)

    def keys(self):
        return [key for key, _ in self.pairs]


def same(value):
    """What is equal for equal values of the generic data model (RFC 8949, 2 and 5.6.1), and for no others."""
    kind = type(value)
    if kind is float:
        return ("float", "nan") if math.isnan(value) else ("float", struct.pack(">d", value))
    if kind is list:
        return ("array", tuple(same(one) for one in value))
    if kind is Map:
        return ("map", frozenset((same(key), same(one)) for key, one in value.pairs))
    if kind is Tag:
        return ("tag", value.number, same(value.value))
    if kind is Simple:
        return ("simple", value.number)
    return (kind.__name__, value)


BREAK = object()


class Reader:
    def __init__(self, data, depth=64):
        self.data, self.at, self.depth = data, 0, depth

    def take(self, count):
        need(count <= len(self.data) - self.at, "RFC 8949, 5.1: it ends too early")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self):
        first = self.take(1)[0]
        major, more = first >> 5, first & 31
        if more < 24:
            return major, more, more
        if more < 28:
            return major, more, int.from_bytes(self.take(1 << (more - 24)), "big")
        need(more == 31, "RFC 8949, 3: 28 to 30 are reserved")
        return major, more, None

    def item(self, depth=0, may_end=False):
        need(depth <= self.depth, "deeper than any reader must go")
        major, more, number = self.head()
        if number is None:
            return self.indefinite(major, depth, may_end)
        if major == 0:
            return number
        if major == 1:
            return -1 - number
        if major == 2:
            return bytes(self.take(number))
        if major == 3:
            return self.text(self.take(number))
        if major == 4:
            return [self.item(depth + 1) for _ in range(number)]
        if major == 5:
            return Map([(self.item(depth + 1), self.item(depth + 1)) for _ in range(number)])
        if major == 6:
            return Tag(number, self.item(depth + 1))
        return self.simple(more, number)

    def simple(self, more, number):
        if more == 25:
            return struct.unpack(">e", number.to_bytes(2, "big"))[0]
        if more == 26:
            return struct.unpack(">f", number.to_bytes(4, "big"))[0]
        if more == 27:
            return struct.unpack(">d", number.to_bytes(8, "big"))[0]
        need(more != 24 or number >= 32, "RFC 8949, 3.3: a simple value in a longer form")
        return {20: False, 21: True, 22: None, 23: UNDEFINED}.get(number, Simple(number))

    def text(self, data):
        try:
            return bytes(data).decode("utf-8")
        except UnicodeDecodeError:
            refuse("RFC 8949, 3.1: no UTF-8")

    def indefinite(self, major, depth, may_end):
        if major == 7:
            need(may_end, "RFC 8949, 3.2.1: a break that ends nothing")
            return BREAK
        if major in (2, 3):
            return self.chunks(major)
        need(major in (4, 5), "RFC 8949, 3.2: no indefinite length of this kind")
        items = []
        while (item := self.item(depth + 1, may_end=True)) is not BREAK:
            items.append(item)
        if major == 4:
            return items
        need(len(items) % 2 == 0, "RFC 8949, 3.2.2: a key without its value")
        return Map(list(zip(items[::2], items[1::2])))

    def chunks(self, major):
        parts = []
        while True:
            kind, more, number = self.head()
            if (kind, number) == (7, None):
                return (b"" if major == 2 else "").join(parts)
            need(kind == major and number is not None, "RFC 8949, 3.2.3: a chunk of another kind or length")
            data = self.take(number)
            parts.append(bytes(data) if major == 2 else self.text(data))


def read(data):
    """The one item that the bytes are."""
    reader = Reader(data)
    item = reader.item()
    need(reader.at == len(data), "RFC 8949, 5.1: bytes behind the item")
    return item
