"""Encrypted zips by somebody else's hand.

zips.py write FOLDER   the text below in zips that are right, and in one for each thing that can be wrong
zips.py read FILE PASSWORD   what the one file in a zip holds; ends with 1 if it is not encrypted with AES-256
"""

import struct
import sys
import zlib
from pathlib import Path

import pyzipper

PASSWORD = "見本のパスワード".encode()
TEXT = b"addressee_number,dose_number,date,product,lot\n" + b"".join(
    b"%010d,1,2021-06-01,PFIZER-12,MH%d\n" % (number, number) for number in range(20_000))


def make(path, *, bits=256, compression=pyzipper.ZIP_DEFLATED, names=("ledger.csv",), encrypted=True, text=TEXT):
    with pyzipper.AESZipFile(path, "w", compression=compression) as archive:
        if encrypted:
            archive.setpassword(PASSWORD)
            archive.setencryption(pyzipper.WZ_AES, nbits=bits)
        for name in names:
            archive.writestr(name, text)


def data_of(path):
    """Where the one file's data begins and ends in a zip."""
    with pyzipper.AESZipFile(path) as archive:
        info = archive.infolist()[0]
        begin = info.header_offset
    raw = path.read_bytes()
    name, extra = struct.unpack("<HH", raw[begin + 26:begin + 30])
    begin += 30 + name + extra
    return begin, begin + info.compress_size


def flipped(source, target, place):
    raw = bytearray(source.read_bytes())
    raw[place] ^= 1
    target.write_bytes(raw)


def traditional(path):
    """The old encryption of PKZIP (APPNOTE 6.1), which proves nothing."""
    table = [0] * 256
    for index in range(256):
        value = index
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table[index] = value
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = (keys[0] >> 8) ^ table[(keys[0] ^ byte) & 0xFF]
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = (keys[2] >> 8) ^ table[(keys[2] ^ (keys[1] >> 24)) & 0xFF]

    def encrypt(data):
        out = bytearray()
        for byte in data:
            temp = (keys[2] | 2) & 0xFFFF
            out.append(byte ^ ((temp * (temp ^ 1)) >> 8) & 0xFF)
            update(byte)
        return bytes(out)

    for byte in PASSWORD:
        update(byte)
    check = zlib.crc32(TEXT)
    body = encrypt(b"\0" * 11 + bytes([check >> 24])) + encrypt(TEXT)
    name = b"ledger.csv"
    fields = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x21, check, len(body), len(TEXT), len(name), 0)
    local = b"PK\3\4" + fields + name + body
    central = b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)


def write(folder):
    for bits in (128, 192, 256):
        make(folder / f"right-{bits}.zip", bits=bits)
    make(folder / "right-short.zip", text=TEXT[:200])
    make(folder / "right-empty.zip", text=b"")
    make(folder / "notAES-plain.zip", encrypted=False)
    traditional(folder / "notAES-traditional.zip")
    make(folder / "notOne-two.zip", names=("a.csv", "b.csv"))
    make(folder / "notOne-none.zip", names=())
    make(folder / "compression-lzma.zip", compression=pyzipper.ZIP_LZMA)
    make(folder / "compression-stored.zip", compression=pyzipper.ZIP_STORED)
    right = folder / "right-256.zip"
    begin, end = data_of(right)
    # Salt and the check of the password, the ciphertext, and the code behind it.
    flipped(right, folder / "password-salt.zip", begin)
    flipped(right, folder / "wrong-code.zip", end - 1)
    flipped(right, folder / "wrong-data.zip", (begin + end) // 2)
    flipped(right, folder / "wrong-last.zip", end - 11)
    raw = right.read_bytes()
    (folder / "damaged-cut.zip").write_bytes(raw[:end - 5])
    central = raw.rindex(b"PK\1\2")
    # Longer and shorter than it says, in both places.
    for name, change in (("longer", -1), ("shorter", 1)):
        lies = bytearray(raw)
        for place in (22, central + 24):
            size, = struct.unpack_from("<I", lies, place)
            struct.pack_into("<I", lies, place, size + change)
        (folder / f"wrong-{name}.zip").write_bytes(lies)
    (folder / "damaged-text.zip").write_bytes(b"PK" + TEXT)
    (folder / "text").write_bytes(TEXT)


def read(path, password):
    with pyzipper.AESZipFile(path) as archive:
        info, = archive.infolist()
        if info.wz_aes_strength != 3:
            sys.exit("not AES-256")
        archive.setpassword(password.encode())
        sys.stdout.buffer.write(archive.read(info))


if sys.argv[1] == "write":
    write(Path(sys.argv[2]))
else:
    read(Path(sys.argv[2]), sys.argv[3])
