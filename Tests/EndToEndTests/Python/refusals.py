"""What an application or outcome is refused for, one change at a time, with the articles' codes and statuses."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import card
import messages
import people
from checks import Checks
from visit import Asked, Signed, Terminal, Visit, unchanged_draft, unchanged_files

Change = Callable[[messages.Draft], messages.Draft]
FileChange = Callable[[list[bytes]], list[bytes]]


@dataclass(frozen=True)
class Refusals:
    """The refusals of one terminal, with cards of one authority."""

    checks: Checks
    terminal: Terminal
    other_terminal: Terminal
    authority: card.Authority
    records: list[people.Record]

    def visit(self, record: people.Record, kind: str = "domestic", on_card: card.Person | None = None) -> Visit:
        made = card.SimulatedCard.make(on_card or record.on_card(), self.authority, "1234")
        return Visit(self.terminal, made, Asked(record.municipality, kind))

    def all(self, record: people.Record) -> None:
        self.applications_in_form(record)
        self.what_is_asked_for(record)
        self.signatures(record)
        self.cards(record)
        self.challenges(record)
        self.persons(record)

    def _sent(self, name: str, code: str, visit: Visit, body: Callable[[], bytes], forms: str | None = None) -> None:
        self.checks.refused(name, code, lambda: visit.send(body(), forms), visit.inquiry)

    def sealed(self, name: str, code: str, visit: Visit, sign: Callable[[], Signed], owed: bool = False) -> None:
        """An accepted application that is refused with this code, in an answer that its session opens."""

        def body() -> None:
            signed = sign()
            refusal = visit.refusal(visit.send(signed.body), signed)
            assert refusal == messages.Refusal(code, owed), refusal

        self.checks.run(f"{code}, sealed: {name}", body)

    def applications_in_form(self, record: people.Record) -> None:
        visit = self.visit(record)
        body = visit.sign().body
        bad = "request.malformed"
        self._sent("an empty application", bad, visit, lambda: b"")
        self._sent("another label", bad, visit, lambda: body.replace(b"/v1", b"/v2", 1))
        self._sent("an application cut off", bad, visit, lambda: body[:-1])
        self._sent("a byte behind the application", bad, visit, lambda: body + b"\0")
        self._sent("a length past the end", bad, visit, lambda: body[:21] + b"\xFF" + body[22:])
        self._sent("unknown page forms", bad, visit, lambda: body, forms="svg")
        self._sent("an application of 16,385 bytes", "request.too_large", visit, lambda: body.ljust(16_385))
        changes: dict[str, Change] = {
            "no copies": lambda draft: replace(draft, copies=0),
            "eleven copies": lambda draft: replace(draft, copies=11),
            "an unknown kind": lambda draft: replace(draft, kind="personal"),
            "another channel": lambda draft: replace(draft, channel="app"),
            "a wrong check digit of the municipality": lambda draft: replace(
                draft, municipality=draft.municipality[:5] + str((int(draft.municipality[5]) + 1) % 10)),
            "a challenge of 15 bytes": lambda draft: replace(draft, challenge=bytes(15)),
            "a challenge of 257 bytes": lambda draft: replace(draft, challenge=bytes(257)),
            "a key that is no point": lambda draft: replace(draft, kem=b"\x04" + bytes(64)),
        }
        for name, change in changes.items():
            self._sent(name, bad, visit, partial(signed_body, visit, change=change))

    def what_is_asked_for(self, record: people.Record) -> None:
        elsewhere = messages.municipality_code("13101")
        visit = self.visit(record)
        visit.asked = replace(visit.asked, municipality=elsewhere)
        code = "municipality.not_participating"
        self.checks.refused("asking for a challenge", code, visit.ask_challenge, visit.inquiry)
        visit = self.visit(record)
        self._sent("in an application", code, visit,
                   lambda: visit.sign(change=lambda draft: replace(draft, municipality=elsewhere)).body)

    def signatures(self, record: people.Record) -> None:
        visit = self.visit(record)
        signed = visit.sign()
        self._sent("another terminal's certificate", "terminal.mismatch", visit, lambda: visit.sign(
            change=lambda draft: replace(draft, terminal=self.other_terminal.certificate_hash)).body)
        self.checks.refused(
            "sent by another terminal", "terminal.mismatch",
            lambda: replace_terminal(visit, self.other_terminal).send(signed.body), visit.inquiry)
        self._sent("one bit of it", "terminal.signature", visit, lambda: flip(signed.body, -1))
        copies = signed.body.index(visit.asked.kind.encode()) + len(visit.asked.kind) + 4
        self._sent("copies changed after signing", "terminal.signature", visit, lambda: flip(signed.body, copies, 2))
        self._sent("one bit of it", "card.chip_signature", visit, lambda: flip(signed.body, -69))

    def cards(self, record: people.Record) -> None:
        other_sex = {"1": "2", "2": "1"}
        changes: dict[str, tuple[str, FileChange]] = {
            "another tag in EF 0001": ("card.malformed", lambda files: [flip(files[0], 0), *files[1:]]),
            "another length in EF 0002": ("card.malformed", lambda files: [files[0], flip(files[1], 2), *files[2:]]),
            "the modulus's highest bit in EF 0007": (
                "card.malformed", lambda files: [*files[:4], flip(files[4], files[4].index(MODULUS) + 4, 0x80)]),
            "EF 0004": ("card.certificate_signature", lambda files: [*files[:3], flip(files[3], -1), files[4]]),
            "EF 0003": ("card.record_signature", lambda files: [*files[:2], flip(files[2], -1), *files[3:]]),
            "another digit in EF 0001": ("card.number_digest", lambda files: [flip(files[0], 14), *files[1:]]),
            "another sex in EF 0002": ("card.attributes_digest", lambda files: [
                files[0], files[1][:-1] + other_sex[files[1][-1:].decode()].encode(), *files[2:]]),
            "EF 0007": ("card.chip_key_signature", lambda files: [*files[:4], flip(files[4], -1)]),
        }
        visit = self.visit(record)
        for name, (code, change) in changes.items():
            self._sent(name, code, visit, partial(signed_body, visit, change_files=change))
        unknown = Visit(
            self.terminal, card.SimulatedCard.make(record.on_card(), card.Authority.new(), "1234"), visit.asked)
        self._sent("a card of nobody's", "card.authority_unknown", unknown, lambda: unknown.sign().body)
        number = record.on_card().number
        wrong_digit = number[:11] + str((int(number[11]) + 1) % 10)
        odd = self.visit(record, on_card=replace(record.on_card(), number=wrong_digit))
        self._sent("the individual number's check digit", "card.malformed", odd, lambda: odd.sign().body)

    def challenges(self, record: people.Record) -> None:
        visit = self.visit(record)
        self._sent("bytes that vrs never made", "challenge.invalid", visit, lambda: visit.sign(bytes(53)).body)
        self._sent("one bit of it", "challenge.invalid", visit, lambda: visit.sign(flip(visit.challenge(), -1)).body)

    def persons(self, record: people.Record) -> None:
        on_card = record.on_card()
        nobody = replace(on_card, number=people.individual_number("99999999999"))
        year = str(int(on_card.birth_date[:4]) + 1)
        cards = {
            "person.not_found": nobody,
            "person.name_differs": replace(on_card, name=on_card.name + "子"),
            "person.birth_date_differs": replace(on_card, birth_date=year + on_card.birth_date[4:]),
            "person.sex_differs": replace(on_card, sex={"1": "2", "2": "1"}[on_card.sex]),
        }
        for code, person in cards.items():
            visit = self.visit(record, on_card=person)
            challenge = visit.challenge()
            signed: list[Signed] = []

            def sign() -> Signed:
                if not signed:
                    signed.append(visit.sign(challenge))
                return signed[0]

            self.sealed("by the card", code, visit, sign)
            self.sealed("by the card, again", code, visit, sign)
            # The challenge was used up by that application, although it was refused.
            self._sent(f"after {code}", "challenge.used", visit, lambda: visit.sign(
                challenge, change=lambda draft: replace(draft, copies=2)).body)
        deceased = next(each for each in self.records if each.columns["standing"] == "deceased")
        without_passport = next(each for each in self.records if each.doses and not each.columns["passport_number"])
        expired = people.note(self.records, "expired passport")
        first_time = people.note(self.records, "passport but no earlier overseas certificate")
        for code, each, kind in [
            ("person.deceased", deceased, "domestic"), ("overseas.no_passport", without_passport, "overseas"),
            ("overseas.passport_expired", expired, "overseas"),
            ("overseas.no_earlier_certificate", first_time, "overseas"),
        ]:
            visit = self.visit(each, kind)
            self.sealed("by the record", code, visit, visit.sign)


MODULUS = bytes.fromhex("91820100")


def signed_body(
    visit: Visit, change: Change = unchanged_draft, change_files: FileChange = unchanged_files
) -> bytes:
    return visit.sign(change=change, change_files=change_files).body


def flip(data: bytes, index: int, bits: int = 1) -> bytes:
    """The bytes with some bits of one of them the other way round."""
    changed = bytearray(data)
    changed[index] ^= bits
    return bytes(changed)


def replace_terminal(visit: Visit, terminal: Terminal) -> Visit:
    """The same session at another terminal's connection."""
    copy = Visit.__new__(Visit)
    copy.__dict__ = {**visit.__dict__, "terminal": terminal}
    return copy
