"""Writes JSON in every form that a reader may meet: white space, escapes, numbers, names twice, anything raw."""

import json


class Raw:
    """Text as it is."""

    def __init__(self, text):
        self.text = text


class Pairs:
    """An object with its members in order, equal names too."""

    def __init__(self, pairs):
        self.pairs = list(pairs)


class Style:
    """Minified as it comes, or by chance otherwise."""

    def __init__(self, random=None, spaces=0.0, escapes=0.0, shuffled=0.0, numbers=0.0):
        self.random, self.spaces, self.escapes, self.shuffled, self.numbers = random, spaces, escapes, shuffled, numbers

    def happens(self, chance):
        return chance > 0 and self.random.random() < chance

    def space(self):
        return self.random.choice([" ", "\n", "\t", "\r\n", "  "]) if self.happens(self.spaces) else ""

    def string(self, text):
        plain = json.dumps(text, ensure_ascii=False)
        if not self.happens(self.escapes):
            return plain
        out = []
        for character in text:
            code = ord(character)
            if code > 0xFFFF and self.random.random() < 0.5:
                code -= 0x10000
                out.append(f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04X}")
            elif code <= 0xFFFF and self.random.random() < 0.4:
                out.append(f"\\u{code:04x}")
            elif character == "/":
                out.append("\\/")
            else:
                out.append(json.dumps(character, ensure_ascii=False)[1:-1])
        return '"' + "".join(out) + '"'

    def number(self, value):
        if type(value) is int and self.happens(self.numbers):
            return self.random.choice([f"{value}.0", f"{value}e0", f"{value}0E-1", f"{value}.00", f"{value}E+0"])
        return json.dumps(value)

    def write(self, value):
        s = self.space
        if type(value) is Raw:
            return value.text
        if type(value) in (dict, Pairs):
            pairs = value.pairs if type(value) is Pairs else list(value.items())
            if self.happens(self.shuffled):
                self.random.shuffle(pairs)
            members = [s() + self.string(name) + s() + ":" + s() + self.write(one) + s() for name, one in pairs]
            return "{" + (",".join(members) or s()) + "}"
        if type(value) in (list, tuple):
            return "[" + (",".join(s() + self.write(one) + s() for one in value) or s()) + "]"
        if type(value) is str:
            return self.string(value)
        if type(value) in (int, float):
            return self.number(value)
        return json.dumps(value)


PLAIN = Style()


def random_style(random):
    return Style(random, *(random.choice([0, 0, 0.1, 0.5]) for _ in range(4)))
