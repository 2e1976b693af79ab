"""A simulated card and its authority: the files, and the answers to commands."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

import messages

APPLICATION = bytes.fromhex("D3921000310001010408")
DIGEST_INFO = bytes.fromhex("3031300D060960864801650304020105000420")
EXPONENT = bytes.fromhex("9003010001")
OPEN_WITH_PIN = {0x0001, 0x0002, 0x0003, 0x0007}
PIN_FILE = 0x0011
SIMULATION = (
    "SIMULATION / 見本: made up for tests by Akashi. This is not a My Number card and stands for no real person. "
    "これは模擬データであり、実在のマイナンバーカードではありません。")


@dataclass(frozen=True)
class Person:
    number: str
    name: str
    address: str
    birth_date: str  # YYYYMMDD
    sex: str  # one digit


def tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        header = bytes([length])
    elif length < 0x100:
        header = bytes([0x81, length])
    else:
        header = bytes([0x82]) + length.to_bytes(2, "big")
    return tag.to_bytes(2, "big") + header + value


def _sign(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


def _public(key: rsa.RSAPrivateKey) -> bytes:
    """Exponent and modulus as EF 0004 and EF 0007 hold them."""
    return EXPONENT + bytes.fromhex("91820100") + key.public_key().public_numbers().n.to_bytes(256, "big")


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def _from_pem(text: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(text[text.index("-----BEGIN "):].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _write(file: Path, content: dict[str, Any]) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")


@dataclass(frozen=True)
class Authority:
    """Who vouches for cards."""

    key_id: bytes
    key: rsa.RSAPrivateKey

    @classmethod
    def new(cls) -> "Authority":
        return cls(b"AKASHI-SIM" + secrets.token_bytes(6), _new_key())

    @classmethod
    def load(cls, file: Path) -> "Authority":
        content = json.loads(file.read_text(encoding="utf-8"))
        return cls(bytes.fromhex(content["keyID"]), _from_pem(content["privateKey"]))

    def save(self, file: Path) -> None:
        _write(file, {"SIMULATION": SIMULATION, "keyID": self.key_id.hex(), "privateKey": _pem(self.key)})

    def trust(self, folder: Path) -> None:
        """Puts the public key into a trust folder."""
        (folder / "card").mkdir(parents=True, exist_ok=True)
        pem = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        (folder / "card" / f"{self.key_id.hex()}.pem").write_bytes(pem)


def attributes_file(person: Person) -> bytes:
    """EF 0002."""
    objects = [
        tlv(0xDF22, person.name.encode()), tlv(0xDF23, person.address.encode()),
        tlv(0xDF24, person.birth_date.encode()), tlv(0xDF25, person.sex.encode()),
    ]
    signed = b"".join(objects)
    header = len(tlv(0xFF20, tlv(0xDF21, bytes(8)) + signed)) - len(signed)
    offsets = [header + sum(len(earlier) for earlier in objects[:index]) for index in range(4)]
    return tlv(0xFF20, tlv(0xDF21, b"".join(offset.to_bytes(2, "big") for offset in offsets)) + signed)


@dataclass
class SimulatedCard:
    """A card that answers commands as the chip's application does."""

    files: dict[int, bytes]
    pin: str
    tries: int
    chip_key: rsa.RSAPrivateKey
    certificate_key: rsa.RSAPrivateKey
    is_selected: bool = False
    selected: int | None = None
    is_open: bool = False

    @classmethod
    def make(cls, person: Person, authority: Authority, pin: str) -> "SimulatedCard":
        chip_key, certificate_key = _new_key(), _new_key()
        number = tlv(0xFF10, person.number.encode()) + b"\xFF\xFF"
        attributes = attributes_file(person)
        digests = tlv(0xDF31, messages.sha256(number)) + tlv(
            0xDF32, messages.sha256(attributes[attributes.index(b"\xDF\x22"):]))
        chip = tlv(0xDF51, _public(chip_key))
        certificate = authority.key_id + secrets.token_bytes(16) + _public(certificate_key)
        files = {
            0x0001: number,
            0x0002: attributes,
            0x0003: tlv(0xFF30, digests + tlv(0xDF33, _sign(certificate_key, digests))),
            0x0004: tlv(0x7F21, tlv(0x5F4E, certificate) + tlv(0x5F37, _sign(authority.key, certificate))),
            0x0005: tlv(0xFF40, tlv(0xDF41, b"0001") + tlv(0xDF42, bytes(16)) + tlv(0xDF43, bytes(128))),
            0x0007: tlv(0xFF50, chip + tlv(0xDF52, _sign(certificate_key, chip))),
        }
        return cls(files, pin, 3, chip_key, certificate_key)

    @classmethod
    def load(cls, file: Path) -> "SimulatedCard":
        content = json.loads(file.read_text(encoding="utf-8"))
        files = {int(name, 16): bytes.fromhex(value) for name, value in content["files"].items()}
        return cls(
            files, content["pin"], content["triesLeft"], _from_pem(content["chipKey"]),
            _from_pem(content["certificateKey"]))

    def save(self, file: Path) -> None:
        _write(file, {
            "SIMULATION": SIMULATION, "version": 1,
            "files": {f"{name:04x}": value.hex() for name, value in self.files.items()},
            "pin": self.pin, "triesLeft": self.tries,
            "chipKey": _pem(self.chip_key), "certificateKey": _pem(self.certificate_key),
        })

    # The reader's side calls this alone.
    def transmit(self, command: bytes) -> bytes:
        """The response to a command: data and two bytes of status."""
        if len(command) < 4:
            return b"\x67\x00"
        header, rest = command[:4], command[4:]
        if header == bytes.fromhex("00A4040C"):
            self.is_selected = rest[1:] == APPLICATION
            self.selected, self.is_open = None, False
            return b"\x90\x00" if self.is_selected else b"\x6A\x82"
        if not self.is_selected:
            return b"\x69\x85"
        if header == bytes.fromhex("00A4020C"):
            return self._select(int.from_bytes(rest[1:3], "big"))
        if header == bytes.fromhex("00200080"):
            return self._verify(rest[1:])
        if header[:2] == bytes.fromhex("00B0"):
            return self._read(header[2], header[3], rest)
        if header == bytes.fromhex("802A0000"):
            return self._authenticate(rest)
        return b"\x6D\x00"

    def _select(self, name: int) -> bytes:
        if name not in self.files and name != PIN_FILE:
            return b"\x6A\x82"
        self.selected = name
        return b"\x90\x00"

    def _verify(self, pin: bytes) -> bytes:
        if self.selected != PIN_FILE:
            return b"\x69\x86"
        if self.tries == 0:
            return b"\x69\x84"
        if not pin:
            return bytes([0x63, 0xC0 + self.tries])
        self.is_open = pin == self.pin.encode()
        self.tries = 3 if self.is_open else self.tries - 1
        return b"\x90\x00" if self.is_open else bytes([0x63, 0xC0 + self.tries])

    def _read(self, p1: int, p2: int, rest: bytes) -> bytes:
        name, offset = (p1 & 0x1F, p2) if p1 & 0x80 else (self.selected, p1 << 8 | p2)
        if name is None:
            return b"\x69\x86"
        if name not in self.files or name in OPEN_WITH_PIN and not self.is_open:
            return b"\x69\x82"
        content = self.files[name]
        if offset >= len(content):
            return b"\x6B\x00"
        return content[offset:offset + (rest[0] or 256)] + b"\x90\x00"

    def _authenticate(self, rest: bytes) -> bytes:
        info = rest[1:-1]
        if len(info) != 51:
            return b"\x67\x00"
        if not info.startswith(DIGEST_INFO):
            return b"\x6A\x80"
        signature = self.chip_key.sign(info[-32:], padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return signature + b"\x90\x00"
