"""Does what guides say, block by block, on made-up hosts, and prints the verdicts on the first page.

usage: guide.py GUIDE[,GUIDE…] BIN WORK READER-PORT [LEFT-OUT | --hostile]

BIN holds the built programs; WORK is an empty folder; READER-PORT is where a card is laid on the virtual reader. Lines that
hold the text LEFT-OUT are left out of the guides. The exit status is 1 where a step fails; standard error says which.
With --hostile it ends behind the verifier's first import, lays manifests on the web host that nobody signed and that name
other places than their own, imports again, and prints for each what it names, whether it was refused, and what was written.

Every fenced block of a guide says behind its language whose it is and what becomes of it:

    HOST              commands, run by a shell
    HOST write FILE   the content of a file
    HOST edit FILE    sections of a YAML file, in the place of those of the same name
    HOST press        what a person sees at the terminal, and presses
    see               what the commands before it have printed, in this order; … stands for anything
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import card
from hosts import Failure, Hosts

PEOPLE = Path(__file__).resolve().parents[3] / "Sources/Records/SampleData/people.csv"
MUNICIPALITY = "131016"
# The country's authority as OpenSSL has it.
CSCA = """
[req]
distinguished_name = name
x509_extensions = authority
prompt = no
[name]
C = JP
O = Example
CN = Example CSCA
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[ca]
default_ca = country
[country]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 90
crl_extensions = list
[list]
authorityKeyIdentifier = keyid:always
"""


# What a manifest may not name. A web server gives `escaped` for those that lead out of the folder.
HOSTILE = ["../trust/escaped", "../../trust/escaped", "shc/../../trust/escaped", "shc/..", "..", ".", "./escaped",
           "shc/./escaped", "/trust/escaped", "shc//escaped", "shc/", ".escaped", "shc/.escaped", "shc/a b", "shc/a\\u002e", "shc/ä", ""]


@dataclass(frozen=True)
class Block:
    line: int
    words: list[str]
    text: str


def blocks(guide: str) -> list[Block]:
    found = []
    for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL):
        words = match[1].split()[1:]
        line = guide.count("\n", 0, match.start()) + 1
        if not words:
            raise Failure(f"line {line}: nobody runs this block")
        found.append(Block(line, words, match[2]))
    return found


def edited(content: str, changes: str) -> str:
    """A YAML file with top-level sections in the place of those of the same name, which may be left out behind a #."""
    section = re.compile(r"^#?([A-Za-z]+):.*\n(?:[ \t]+.*\n)*", re.MULTILINE)
    for change in section.finditer(changes):
        places = [place for place in section.finditer(content) if place[1] == change[1]]
        if len(places) != 1:
            raise Failure(f"the file has {len(places)} sections {change[1]}")
        content = content[:places[0].start()] + change[0] + content[places[0].end():]
    return content


def see(expected: str, printed: str) -> None:
    """Whether lines were printed in this order."""
    rest = printed
    for line in expected.splitlines():
        found = re.search("^" + re.escape(line).replace("…", ".*") + "$", rest, re.MULTILINE)
        if not found:
            raise Failure(f"not printed: {line}\nbut:\n{printed}")
        rest = rest[found.end():]


class Guide:
    """Guides, and the hosts on which they are done."""

    def __init__(self, paths: list[Path], hosts: Hosts, card_: list[str], left_out: str | None) -> None:
        texts = [path.read_text() for path in paths]
        if left_out is not None:
            if not any(left_out in text for text in texts):
                raise Failure(f"no guide has {left_out}")
            texts = ["".join(line for line in text.splitlines(keepends=True) if left_out not in line) for text in texts]
        self.blocks = [block for text in texts for block in blocks(text)]
        self.hosts, self.card = hosts, card_
        self.printed, self.asked = "", ""
        # What is said of the page whenever the guide has it checked.
        self.verdicts: list[list[dict[str, object]]] = []

    def run(self, until: str | None = None) -> None:
        """Does every block, or those up to the first command that holds a text."""
        for block in self.blocks:
            try:
                self.do(block)
            except Failure as failure:
                raise Failure(f"line {block.line}: {' '.join(block.words)}: {failure}") from None
            if until is not None and len(block.words) == 1 and until in block.text:
                return

    def do(self, block: Block) -> None:
        if block.words == ["see"]:
            see(self.hosts[self.asked].mapped(block.text), self.printed)
            return
        host = self.hosts[block.words[0]]
        text = host.mapped(block.text)
        match block.words[1:]:
            case []:
                self.asked = host.name
                self.printed = host.shell(text)
                if "verifier check " in text:
                    self.verdicts.append(self.verdict())
            case ["write", file]:
                host.write(file, text)
            case ["edit", file]:
                path = host.path(file)
                path.write_text(edited(path.read_text(), text))
            case ["press"]:
                for line in block.text.splitlines():
                    screen, keys = re.split(r"\s{2,}", line.strip())
                    self.press(host.name, screen, keys)
            case _:
                raise Failure("what becomes of this block?")

    def verdict(self) -> list[dict[str, object]]:
        trust = self.hosts["verifier"].path("/var/lib/akashi/trust")
        said = subprocess.run(
            [self.hosts.binaries / "verifier", "check", "--json", "--trust", trust, self.hosts.media / "page/page.pdf"],
            capture_output=True, text=True)
        return [json.loads(line) for line in said.stdout.splitlines()]

    def hostile(self) -> list[dict[str, object]]:
        """Imports manifests that name other places than their own."""
        published, said = self.hosts["web"].path("/srv/akashi/trust"), []
        (published / "escaped").write_text("Written where it should not be.")
        for path in HOSTILE:
            (published / "manifest.signed").write_text(f'{{"files":[{{"path":"shc/issuer.json"}},{{"path":"{path}"}}]}}')
            try:
                self.hosts["verifier"].shell("akashi-import")
                printed = None
            except Failure as failure:
                printed = str(failure)
            written = [one for one in self.hosts.folder.rglob("*escaped*") if not one.is_relative_to(published)]
            said.append({
                "path": path, "refused": printed is not None and "names a path that is none of its own" in printed,
                "written": [str(one) for one in written]})
            for one in written:
                one.unlink()
        return said

    def press(self, host: str, screen: str, keys: str) -> None:
        terminal = self.hosts.services.screen(host)
        terminal.appear(screen)
        if keys == "card":
            self.hosts.services.start(self.card, {}, self.hosts.folder / "card.log")
        else:
            for word in keys.split():
                terminal.press({"Enter": "\r", "PIN": card.PIN}.get(word, word))


def given(hosts: Hosts, binaries: Path) -> Path:
    """What the guide takes for granted: card authority, root of attestations, people, the country's authority. Returns the card of somebody."""
    folder = hosts.folder / "given"
    folder.mkdir()
    person, made = card.make(binaries, folder, PEOPLE, hosts.media / "vrs/cards")
    for host in ("centre", "wallet"):
        shutil.copytree(hosts.media / "vrs/cards", hosts.media / host / "cards")
    # In the place of Apple's: no phone enrols here.
    (hosts.media / "vrs/attestation").mkdir()
    subprocess.run(
        ["openssl", *"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=Example".split(),
         "-keyout", folder / "root.key.pem", "-out", hosts.media / "vrs/attestation/apple-root.pem"],
        check=True, capture_output=True)
    header = PEOPLE.read_text().splitlines()[0]
    (hosts.media / "people/people.csv").write_text(f"{header}\n{person.replace(',990019,', f',{MUNICIPALITY},')}\n")
    country = hosts["authority"].path("/root")
    for name, content in {"csca.cnf": CSCA, "index.txt": "", "crlnumber": "01\n"}.items():
        (country / name).write_text(content)
    for command in (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout csca.key.pem -out csca.pem -days 3650 "
        "-config csca.cnf",
        "ca -gencrl -config csca.cnf -cert csca.pem -keyfile csca.key.pem -out csca.crl.pem",
    ):
        subprocess.run(["openssl", *command.split()], cwd=country, check=True, capture_output=True)
    return made


def main(guides: str, binaries: str, work: str, port: str, left_out: str | None = None) -> int:
    # Ended from outside, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    hosts = Hosts(Path(work).resolve(), Path(binaries).resolve())
    try:
        card_file = given(hosts, hosts.binaries)
        insert = [str(hosts.binaries / "kiosk-sim"), "card", "insert", "--card", str(card_file), "--port", port,
                  "--take-after-signing"]
        hostile = left_out == "--hostile"
        done = Guide([Path(path) for path in guides.split(",")], hosts, insert, None if hostile else left_out)
        done.run(until="akashi-import" if hostile else None)
        print(json.dumps(done.hostile() if hostile else done.verdicts))
        return 0
    except Failure as failure:
        print(failure, file=sys.stderr)
        hosts.services.tell(sys.stderr)
        return 1
    finally:
        hosts.end()


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(*sys.argv[1:]))
