"""A terminal written from the articles of Exchange and CardChip alone, against a running centre.

usage: terminal.py authority FILE TRUST            makes a simulated card authority, and puts its key into a trust folder
       terminal.py card AUTHORITY LINE FILE        makes a card for the person in a line of the sample records
       terminal.py sessions CENTRE KEYS AUTHORITY  whole sessions and refusals; KEYS is the folder of development keys
       terminal.py reader KIOSK CARD               reads a simulated card that kiosk-sim lays on a virtual reader

Each check is a line of its own; the exit status is 1 if one failed.
"""

import dataclasses
import sys
from pathlib import Path

import card
import example
import fields
import interface
import keys
import messages
import page
import people
from centre import Response
from checks import Checks
from reader import CardReader, Refused, VirtualReader
from refusals import Refusals
from visit import Signed, Terminal


def issue(refusals: Refusals, record: people.Record, kind: str, forms: str, disposition: str) -> None:
    """A whole session: challenge, card, application, the opened answer, the page's codes, the outcome; and again."""
    checks = refusals.checks
    visit = refusals.visit(record, kind)
    signed: list[Signed] = []
    identifiers: list[str] = []
    name = f"{record.columns['municipality_code']}, {kind}, {forms}"

    def apply() -> None:
        if not signed:
            signed.append(visit.sign())
        answer = visit.open(visit.send(signed[0].body, forms), signed[0])
        page.check(answer, visit.asked, record, forms)
        identifiers.append(answer.manifest["certificateID"])

    def apply_again() -> None:
        apply()
        assert identifiers[0] == identifiers[1], "another certificate"

    def accepted(response: Response) -> None:
        assert (response.status, response.body) == (204, b""), response

    checks.run(f"{name}: an answer for this card", apply)
    checks.run(f"{name}: the same bytes give the same certificate", apply_again)
    if not signed:
        return
    signed[0] = dataclasses.replace(signed[0], body=keys.other_signature(signed[0].body))
    checks.run(f"{name}: another right signature gives the same certificate", apply_again)
    used = fields.Reader(signed[0].body, messages.APPLICATION).field(16, 256)
    other_copies = dataclasses.replace(visit.asked, copies=2)

    def sign_anew() -> Response:
        visit.asked = other_copies
        return visit.send(visit.sign(used).body)

    checks.refused("the same challenge signed anew", "challenge.used", sign_anew, visit.inquiry)
    other = "aborted" if disposition == "printed" else "printed"
    transcript_hash = signed[0].transcript_hash
    checks.refused("another key's", "outcome.signature",
                   lambda: visit.report(transcript_hash, disposition, keys.generate()), visit.inquiry)
    checks.refused("nobody's transcript", "outcome.unknown",
                   lambda: visit.report(bytes(32), disposition), visit.inquiry)
    checks.run(f"{name}: {disposition}", lambda: accepted(visit.report(transcript_hash, disposition)))
    checks.run(f"{name}: {disposition} again", lambda: accepted(visit.report(transcript_hash, disposition)))
    checks.refused(f"{other} after {disposition}", "outcome.contradicts",
                   lambda: visit.report(transcript_hash, other), visit.inquiry)
    refusals.sealed(f"the same application after an outcome {disposition}", "challenge.used", visit, lambda: signed[0])


def sessions(address: str, keys_folder: Path, authority: Path) -> int:
    checks = Checks()
    records = people.records()
    terminal, other = (Terminal.load(address, keys_folder, name) for name in ("T0001", "T0002"))
    person = next(record for record in reversed(records)
                  if record.doses and record.columns["overseas_printed"] and record.columns["standing"] == "resident")
    refusals = Refusals(checks, terminal, other, card.Authority.load(authority), records)
    checks.run("the worked example", example.check)
    interface.connections(checks, address, keys_folder)
    checks.run("the menu", lambda: interface.menu(terminal, records))
    interface.requests(checks, terminal, person.municipality)
    for kind, forms, disposition in [
        ("domestic", "pdf, png", "printed"), ("overseas", "pdf, png", "printed"), ("domestic", "pdf", "aborted"),
        ("domestic", "png", "printed"),
    ]:
        issue(refusals, person, kind, forms, disposition)
    # Card and record spell her name differently, and it is the same name.
    issue(refusals, people.note(records, "variation selector in the record only"), "domestic", "pdf, png", "printed")
    refusals.all(person)
    return checks.failures


def read_on_virtual_reader(kiosk: Path, file: Path) -> int:
    checks = Checks()
    original = card.SimulatedCard.load(file)

    def read() -> None:
        with VirtualReader(kiosk, file) as virtual:
            reader = CardReader(virtual)
            assert reader.tries_left() == 3
            try:
                reader.read(0x0001)
                raise AssertionError("EF 0001 opens without the PIN")
            except Refused as refusal:
                assert str(refusal) == "6982", refusal
            reader.verify(original.pin)
            own = CardReader(original)
            own.verify(original.pin)
            assert reader.files() == own.files()
            digest = messages.sha256(b"digest")
            assert reader.sign(digest) == own.sign(digest)

    checks.run("kiosk-sim's card on a virtual reader", read)
    return checks.failures


def main(arguments: list[str]) -> int:
    match arguments:
        case ["authority", file, trust]:
            authority = card.Authority.new()
            authority.save(Path(file))
            authority.trust(Path(trust))
            return 0
        case ["card", authority_file, line, file]:
            person = people.records()[int(line) - 1].on_card()
            card.SimulatedCard.make(person, card.Authority.load(Path(authority_file)), "1234").save(Path(file))
            return 0
        case ["sessions", address, keys_folder, authority_file]:
            return 1 if sessions(address, Path(keys_folder), Path(authority_file)) else 0
        case ["reader", kiosk, file]:
            return 1 if read_on_virtual_reader(Path(kiosk), Path(file)) else 0
    print(__doc__, file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
