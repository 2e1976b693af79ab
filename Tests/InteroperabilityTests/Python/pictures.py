"""Reads a code's picture, and checks the modes of its segments by encoding them again, module for module."""

import segno
import zxingcpp
from PIL import Image
from segno import consts, encoder


def write_padding_bits(buffer, version, length):
    """As segno's, but nothing where the terminator ends with a byte (ISO/IEC 18004:2015, 7.4.10): segno adds a byte."""
    if length % 8:
        write_padding_bits.original(buffer, version, length)


write_padding_bits.original = encoder.write_padding_bits
encoder.write_padding_bits = write_padding_bits

MODES = {"byte": consts.MODE_BYTE, "numeric": consts.MODE_NUMERIC, "alphanumeric": consts.MODE_ALPHANUMERIC}


def check(path, segments, text):
    image = Image.open(path).convert("L")
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    assert len(found) == 1, f"{len(found)} codes in the picture"
    code = found[0]
    assert bytes(code.bytes) == text.encode("utf-8"), "the code holds something else"
    version, mask = int(code.extra["Version"]), int(code.extra["DataMask"])
    again = segno.make(
        [(part, MODES[mode]) for part, mode in segments],
        error=code.ec_level, version=version, mask=mask, boost_error=False, micro=False,
    )
    matrix = [[module & 1 for module in row] for row in again.matrix]
    assert modules(image, 17 + 4 * version) == matrix, "other segments or modes"


def modules(image, size, quiet=4):
    scale = image.width // (size + 2 * quiet)
    assert image.width == image.height == scale * (size + 2 * quiet), "not the size of such a code"
    half = scale // 2
    dark = image.load()
    return [
        [1 if dark[(quiet + x) * scale + half, (quiet + y) * scale + half] < 128 else 0 for x in range(size)]
        for y in range(size)
    ]
