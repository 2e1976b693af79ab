"""The reader's side of a card: from SELECT to the chip's signature, over any card that answers commands."""

import socket
import subprocess
from pathlib import Path
from typing import Protocol

import card
import fields

FILES = (0x0001, 0x0002, 0x0003, 0x0004, 0x0007)
LENGTHS = {0x0001: 17, 0x0003: 336, 0x0004: 568, 0x0007: 536}
SELECT_FILE = bytes.fromhex("00A4020C02")
VERIFY = bytes.fromhex("00200080")


class Card(Protocol):
    def transmit(self, command: bytes) -> bytes: ...


class Refused(Exception):
    """The card answered a command with another status word than 9000."""


class CardReader:
    """One session with a card."""

    def __init__(self, card_: Card) -> None:
        self.card = card_
        self._ask(bytes.fromhex("00A4040C0A") + card.APPLICATION)

    def _ask(self, command: bytes) -> bytes:
        response = self.card.transmit(command)
        if response[-2:] != b"\x90\x00":
            raise Refused(response[-2:].hex())
        return response[:-2]

    def _select(self, name: int) -> None:
        self._ask(SELECT_FILE + name.to_bytes(2, "big"))

    def tries_left(self) -> int:
        self._select(card.PIN_FILE)
        status = self.card.transmit(VERIFY)[-2:]
        if status in (b"\x69\x84", b"\x69\x83"):
            return 0
        if status[0] != 0x63 or status[1] & 0xF0 != 0xC0:
            raise Refused(status.hex())
        return status[1] & 0x0F

    def verify(self, pin: str) -> None:
        self._select(card.PIN_FILE)
        self._ask(VERIFY + b"\x04" + pin.encode())

    def read(self, name: int) -> bytes:
        self._select(name)
        if name in LENGTHS:
            return self._read(0, LENGTHS[name])
        start = self._read(0, 5)
        return start + self._read(5, file_length(start) - 5)

    def files(self) -> list[bytes]:
        return [self.read(name) for name in FILES]

    def sign(self, digest: bytes) -> bytes:
        """The chip's signature over a SHA-256 digest."""
        return self._ask(bytes.fromhex("802A000033") + card.DIGEST_INFO + digest + b"\x00")

    def _read(self, offset: int, count: int) -> bytes:
        data = b""
        while len(data) < count:
            wanted = min(count - len(data), 256)
            piece = self._ask(b"\x00\xB0" + (offset + len(data)).to_bytes(2, "big") + bytes([wanted % 256]))
            if len(piece) != wanted:
                raise fields.Malformed("a file that is too short")
            data += piece
        return data


def file_length(start: bytes) -> int:
    """How long EF 0002 is, by its first five bytes."""
    if start[:2] != b"\xFF\x20":
        raise fields.Malformed("EF 0002")
    if start[2] < 0x80:
        return 3 + start[2]
    if start[2] == 0x81:
        return 4 + start[3]
    if start[2] == 0x82:
        return 5 + int.from_bytes(start[3:5], "big")
    raise fields.Malformed("EF 0002")


class VirtualReader:
    """A virtual PC/SC reader, on which another program lays its simulated card."""

    def __init__(self, kiosk: Path, card_file: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(20)
            arguments = [kiosk, "card", "insert", "--card", card_file, "--port", str(server.getsockname()[1])]
            self.program = subprocess.Popen(
                [str(argument) for argument in arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                self.connection, _ = server.accept()
            except OSError:
                self.program.kill()
                raise
        self.connection.settimeout(20)

    def __enter__(self) -> "VirtualReader":
        self._send(b"\x01")
        self._send(b"\x04")
        if self._receive() != bytes.fromhex("3B888001000005E0B381A1007F"):
            raise fields.Malformed("the answer to reset")
        return self

    def __exit__(self, *_: object) -> None:
        self._send(b"\x00")
        self.connection.close()
        self.program.terminate()
        self.program.wait()

    def transmit(self, command: bytes) -> bytes:
        self._send(command)
        return self._receive()

    def _send(self, message: bytes) -> None:
        self.connection.sendall(len(message).to_bytes(2, "big") + message)

    def _receive(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.connection.recv(count - len(data))
            if not piece:
                raise ConnectionError("the card was taken away")
            data += piece
        return data
