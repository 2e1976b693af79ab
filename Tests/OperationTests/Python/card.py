"""A card for the first person of the sample records whose authority is no simulated one, as production wants it.

`kiosk-sim` makes cards of simulated authorities alone, which programs in production refuse. This one takes such a card and
puts another authority's key identifier and signature into its EF 0004, by the layout in the article on simulated cards."""

import json
import subprocess
from pathlib import Path

PIN = "1234"
KEY_ID = b"GUIDE-AUTHORITY1"


def objects(content: bytes) -> dict[int, bytes]:
    """The objects of a template, each tag of two bytes."""
    found, position = {}, 0
    while position < len(content) and content[position] != 0xFF:
        tag, length = int.from_bytes(content[position:position + 2], "big"), content[position + 2]
        position += 3
        if length > 0x80:
            count = length & 0x7F
            length = int.from_bytes(content[position:position + count], "big")
            position += count
        found[tag] = content[position:position + length]
        position += length
    return found


def signed(key: str, body: bytes, folder: Path) -> bytes:
    (folder / "key.pem").write_text(key)
    made = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", folder / "key.pem"], input=body, capture_output=True, check=True)
    return made.stdout


def make(binaries: Path, folder: Path, people: Path, authorities: Path) -> tuple[str, Path]:
    """The person's line, and the card's file; the authority's public key goes where authorities lie."""
    kiosk, made = binaries / "kiosk-sim", folder / "card.json"
    for arguments in (
        ["authority", "--out", folder, "--trust", folder],
        ["make", "--authority", folder / "authority.key.pem", "--out", made, "--csv", people, "--line", "1", "--pin", PIN],
    ):
        subprocess.run([kiosk, "card", *arguments], check=True, capture_output=True)
    authority = json.loads((folder / "authority.key.pem").read_text())
    file = json.loads(made.read_text())
    content = bytes.fromhex(file["files"]["0004"])
    parts = objects(objects(content)[0x7F21])
    body = KEY_ID + parts[0x5F4E][len(KEY_ID):]
    # Both have the length of those that they replace.
    content = content.replace(parts[0x5F4E], body).replace(parts[0x5F37], signed(authority["privateKey"], body, folder))
    file["files"]["0004"] = content.hex()
    made.write_text(json.dumps(file, ensure_ascii=False))
    authorities.mkdir()
    public = next((folder / "card").glob("*.pem"))
    (authorities / f"{KEY_ID.hex()}.pem").write_text(public.read_text())
    return people.read_text().splitlines()[1], made
