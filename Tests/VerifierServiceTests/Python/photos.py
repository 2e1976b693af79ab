"""Makes photographs of sheets, as a phone would take them: python photos.py FOLDER SEED

FOLDER/codes/*.png are codes; FOLDER/photos.json gets one line a photograph: {"class", "file", "codes"}.
"""

import json
import math
import pathlib
import random
import sys

from PIL import Image, ImageChops, ImageFilter

folder = pathlib.Path(sys.argv[1])
chance = random.Random(int(sys.argv[2]))
codes = sorted((folder / "codes").glob("*.png"))


def sheet(names, size, positions, width):
    """White paper with codes, each so many pixels wide."""
    paper = Image.new("L", size, 245)
    for name, position in zip(names, positions):
        code = Image.open(name).convert("L")
        paper.paste(code.resize((width, width), Image.Resampling.BICUBIC), position)
    return paper


def coefficients(source, target):
    """The perspective that takes the target's corners to the source's: eight equations, solved by elimination."""
    rows = []
    for (x, y), (u, v) in zip(target, source):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for i in range(8):
        pivot = max(range(i, 8), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(8):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i])]
    return [row[8] for row in rows]


def photograph(paper, size=(1600, 1200), turn=0.0, skew=0.0, blur=0.0, light=0.0, noise=0.0, quality=85, fill=0.8):
    """Lays the paper on a darker table and takes a picture of it."""
    scale = fill * min(size[0] / paper.width, size[1] / paper.height)
    w, h = paper.width * scale / 2, paper.height * scale / 2
    angle = math.radians(turn)
    corners = []
    for x, y in ((-w, -h), (w, -h), (w, h), (-w, h)):
        # Seen from one side: the farther edge is shorter.
        far = 1 - skew * (y / h + x / w) / 4
        u, v = x * far, y * far
        corners.append(
            (size[0] / 2 + u * math.cos(angle) - v * math.sin(angle), size[1] / 2 + u * math.sin(angle) + v * math.cos(angle))
        )
    source = ((0, 0), (paper.width, 0), (paper.width, paper.height), (0, paper.height))
    matrix = coefficients(source, corners)
    # Perspective samples points, so that what is made smaller is softened first.
    soft = paper.filter(ImageFilter.GaussianBlur(0.5 / scale)) if scale < 0.8 else paper
    seen = soft.transform(size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC, fillcolor=90)
    if light:
        # Bright at one corner, dark at the opposite one: a window, and the phone's own shadow.
        ramp = Image.linear_gradient("L").resize(size).rotate(chance.choice((0, 90, 180, 270)))
        seen = ImageChops.multiply(seen, ramp.point(lambda v: int(255 * (1 - light) + v * light)))
    if blur:
        seen = seen.filter(ImageFilter.GaussianBlur(blur))
    if noise:
        seen = ImageChops.add(seen, Image.effect_noise(size, noise), scale=1, offset=-128)
    return seen, quality


def a4(names):
    """A sheet with two codes side by side, as an overseas certificate has them."""
    return sheet(names, (1240, 1754), ((100, 300), (680, 300)), 460)


def one(name):
    return sheet([name], (700, 700), ((100, 100),), 500)


kinds = {
    "straight": lambda c: (one(c), {}, 1),
    "turned 15": lambda c: (one(c), {"turn": chance.choice((-15, 15))}, 1),
    "turned 30": lambda c: (one(c), {"turn": chance.choice((-30, 30))}, 1),
    "any turn": lambda c: (one(c), {"turn": chance.uniform(0, 360)}, 1),
    "skewed": lambda c: (one(c), {"skew": 0.35, "turn": chance.uniform(-10, 10)}, 1),
    "blurred 1": lambda c: (one(c), {"blur": 1.0, "turn": chance.uniform(-5, 5)}, 1),
    "blurred 2": lambda c: (one(c), {"blur": 2.0, "turn": chance.uniform(-5, 5)}, 1),
    "uneven light": lambda c: (one(c), {"light": 0.75, "turn": chance.uniform(-5, 5)}, 1),
    "noise, JPEG 30": lambda c: (one(c), {"noise": 25, "quality": 30, "turn": chance.uniform(-5, 5)}, 1),
    "all at once": lambda c: (
        one(c),
        {"turn": chance.uniform(-20, 20), "skew": 0.2, "blur": 1.0, "light": 0.5, "noise": 10, "quality": 60},
        1,
    ),
    "several codes": lambda c: (None, {"size": (2400, 1800), "turn": chance.uniform(-8, 8), "blur": 0.7, "fill": 0.95}, 2),
    "small in large": lambda c: (
        one(c),
        {"size": (4000, 3000), "fill": 0.2, "turn": chance.uniform(-10, 10), "blur": 0.7, "quality": 80},
        1,
    ),
}

count = int(sys.argv[3])
with open(folder / "photos.json", "w") as index:
    for kind, make in kinds.items():
        for number in range(count):
            names = chance.sample(codes, 2)
            paper, how, wanted = make(names[0])
            if paper is None:
                paper = a4(names)
            picture, quality = photograph(paper, **how)
            file = f"{kind.replace(' ', '-').replace(',', '')}-{number}.jpg"
            # Phones write colour.
            picture.convert("RGB").save(folder / file, quality=quality)
            index.write(json.dumps({"class": kind, "file": file, "codes": [n.stem for n in names[:wanted]]}) + "\n")
