"""A phone written from the articles of Exchange and Attestation alone, against a running mobile back end.

usage: phone.py WORK PASSPORT   WORK is the folder of a running stack; PASSPORT a simulated passport of the fifth sample person

Each check is a line of its own; the exit status is 1 if one failed.
"""

import dataclasses
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509

import card
import centre
import keys
import messages
import people
from checks import Checks
from device import Attester, Device, enrolment_challenge
from page import CODES
from presentation import APPLICATION, Phone, Presentation, Sent

PASSPORT = "XX9900005"
SPOILT = bytes(32)


class PhoneChecks(Checks):
    """Checks whose open refusals have sentences for the person beside the code."""

    def refused(self, name: str, code: str, ask: Callable[[], centre.Response], inquiry: str | None) -> None:
        def asked() -> centre.Response:
            response = ask()
            if response.status >= 400:
                texts = json.loads(response.body)["texts"]
                assert sorted(texts) == ["en", "ja"] and all(texts.values()), texts
            return response

        super().refused(name, code, asked, inquiry)


class Run:
    """All checks of one run."""

    def __init__(self, work: Path, passport: Path) -> None:
        self.checks = PhoneChecks()
        wallet = next(
            line.split()[1] for line in (work / "phone.yaml").read_text().splitlines() if line.startswith("wallet:"))
        said = dict(line.split(" ", 1) for line in (work / "keys/attester.txt").read_text().splitlines())
        attester = Attester(
            keys.load_private(work / "keys/attester/attester.key.pem"),
            x509.load_pem_x509_certificate(keys.armour(work / "keys/attester/attester.pem")),
            said["package"], bytes.fromhex(said["signer"]))
        self.phone = Phone(
            centre.Centre(wallet, centre.Identity(work / "keys/ca.pem", None, None)),
            keys.load_public(work / "keys/phone/statement.pub.pem"), attester)
        self.authority = card.Authority.load(work / "keys/cards/authority.key.pem")
        self.records = people.records()
        document = json.loads(passport.read_text(encoding="utf-8"))
        zone = bytes.fromhex("615B5F1F58") + "".join(document["zone"]).encode("ascii")
        self.passport = (zone, bytes.fromhex(document["securityObject"]))
        self.ordinary = (
            record for record in self.records
            if record.doses and record.columns["standing"] == "resident" and not record.columns["note"])

    def presentation(self, record: people.Record, kind: str = "domestic") -> Presentation:
        simulated = card.SimulatedCard.make(record.on_card(), self.authority, "1234")
        passport = self.passport if kind == "overseas" else (b"", b"")
        return Presentation(self.phone, simulated, record.municipality, kind, passport)

    def all(self) -> int:
        self.checks.run("the menu", self.menu)
        self.checks.run("the statement of keys", self.phone.statement)
        self.enrolment()
        fifth = self.records[4]
        self.issue("domestic", self.presentation(fifth), fifth)
        self.issue("overseas, with a passport", self.presentation(fifth, "overseas"), fifth, "pdf, png")
        self.several()
        self.given_up()
        self.refused()
        self.sealed()
        self.revocation()
        return self.checks.failures

    def menu(self) -> None:
        response = self.phone.wallet.ask("GET", "/v1/menu")
        assert response.status == 200, response
        menu = json.loads(response.body)
        assert "closed" not in menu and "trust" not in menu and menu["feeYen"] == 0, menu
        offered = {entry["municipality"]["code"] for entry in menu["entries"]}
        assert {record.municipality for record in self.records} == offered, menu

    def enrolment(self) -> None:
        phone, checks = self.phone, self.checks
        token = phone.token()
        first: list[dict[str, Any]] = []

        def enrol() -> None:
            answer = phone.enrol(phone.device, token)
            first.append(answer)
            certificate = x509.load_der_x509_certificate(phone.device.certificate)
            own = phone.device.key.public_key()
            assert certificate.public_key() == own and len(phone.device.certificate) <= 2_048
            assert len(phone.device.revocation_code.split("-")) == 4, answer
            assert phone.enrol(phone.device, token) == answer, "another certificate"

        checks.run("enrolment, and once more", enrol)
        checks.refused("used by another key", "enrolment.token",
                       lambda: phone.ask_enrolment(Device(), token), None)
        checks.refused("made up", "enrolment.token",
                       lambda: phone.ask_enrolment(Device(), secrets.token_bytes(57)), None)
        other = Device()

        def other_challenge() -> centre.Response:
            fresh = phone.token()
            attestation = phone.attester.attest(
                other.key.public_key(), enrolment_challenge(phone.token(), "development"))
            return phone.ask_enrolment(other, fresh, attestation)

        checks.refused("for another challenge", "attestation.stale", other_challenge, None)
        checks.refused("no certificates", "attestation.malformed",
                       lambda: phone.ask_enrolment(other, phone.token(), b"no chain"), None)

    def issue(
        self, name: str, presentation: Presentation, record: people.Record, forms: str | None = None
    ) -> None:
        """A whole session: application, the opened answer, again; the query; the outcome; and again."""
        checks, sent, tokens = self.checks, list[Sent](), list[bytes]()
        identifiers: list[str] = []

        def apply() -> None:
            if not sent:
                sent.append(presentation.sign())
            answer, token = presentation.certificate(sent[0], forms)
            check(answer, presentation, record, forms or "")
            tokens.append(token)
            identifiers.append(answer.manifest["certificateID"])

        def apply_again() -> None:
            apply()
            assert identifiers[0] == identifiers[1], "another certificate"

        checks.run(f"{name}: an answer for this card", apply)
        if not identifiers:
            return
        checks.run(f"{name}: the same bytes give the same certificate", apply_again)
        checks.refused(f"{name}: the same challenge signed anew", "challenge.used",
                       lambda: presentation.send(presentation.sign(challenge=sent[0].challenge)), presentation.inquiry)
        checks.run(f"{name}: is current", lambda: self.current(tokens[0], 0))
        report: Callable[[str], centre.Response] = lambda disposition: presentation.report(sent[0], disposition)
        checks.refused(f"{name}: a phone has no printer", "request.malformed", lambda: report("printed"),
                       presentation.inquiry)
        checks.refused("another key's", "outcome.signature",
                       lambda: presentation.report(sent[0], "delivered", keys.generate()), presentation.inquiry)
        checks.run(f"{name}: delivered", lambda: accepted(report("delivered")))
        checks.run(f"{name}: delivered again", lambda: accepted(report("delivered")))
        checks.refused(f"{name}: aborted after delivered", "outcome.contradicts", lambda: report("aborted"),
                       presentation.inquiry)
        checks.run(f"{name}: used up", lambda: refused_with(presentation, sent[0], "challenge.used"))

    def current(self, token: bytes, expected: int) -> None:
        said = self.phone.current(token)
        assert said == expected, said

    def several(self) -> None:
        """Two municipalities at one presentation of a card, one of which has no record of the person."""
        record = next(self.ordinary)
        here = self.presentation(record)
        other = next(each.municipality for each in self.records if each.municipality != record.municipality)
        there = Presentation(self.phone, here.simulated, other, "domestic", (b"", b""))

        def apply() -> None:
            asked = [(each, each.sign()) for each in (here, there)]
            assert here.inquiry != there.inquiry and asked[0][1].transcript_hash != asked[1][1].transcript_hash
            refused_with(there, asked[1][1], "person.not_found")
            answer, _ = here.certificate(asked[0][1])
            check(answer, here, record, "")
            accepted(here.report(asked[0][1], "delivered"))

        self.checks.run("two municipalities at one presentation, each with its own answer", apply)

    def given_up(self) -> None:
        presentation = self.presentation(next(self.ordinary))
        tokens: list[bytes] = []

        def abort() -> None:
            sent = presentation.sign()
            _, token = presentation.certificate(sent)
            tokens.append(token)
            accepted(presentation.report(sent, "aborted"))

        self.checks.run("a certificate that is not kept", abort)
        if tokens:
            self.checks.run("what was aborted is revoked", lambda: self.current(tokens[0], 2))
        self.checks.run("a token that is none", lambda: self.current(secrets.token_bytes(57), 4))

    def refused(self) -> None:
        """Open refusals, each with one flaw."""
        record = next(self.ordinary)

        def flawed(change: Callable[[Presentation], Sent]) -> Callable[[], centre.Response]:
            return lambda: presentation.send(change(presentation))

        def stranger(presentation: Presentation) -> Sent:
            strange = dataclasses.replace(self.phone.device, key=keys.generate())
            return presentation.sign(device=strange)

        def self_made(presentation: Presentation) -> Sent:
            chain = self.phone.attester.attest(self.phone.device.key.public_key(), SPOILT)
            length = 4 + int.from_bytes(chain[2:4], "big")
            return presentation.sign(device=dataclasses.replace(self.phone.device, certificate=chain[:length]))

        def other_statement(presentation: Presentation) -> Sent:
            statement = self.phone.statement()
            bytes_ = statement.bytes_[:-1] + bytes([statement.bytes_[-1] ^ 1])
            return presentation.sign(statement=dataclasses.replace(statement, bytes_=bytes_))

        def other_number(presentation: Presentation) -> Sent:
            files = presentation.files
            number = card.tlv(0xFF10, people.individual_number("99999999999").encode()) + b"\xFF\xFF"
            return presentation.sign(plain=[number, *files[1:3]])

        def chip_of_another(presentation: Presentation) -> Sent:
            return presentation.sign(chip=lambda digest: self.presentation(record).card.sign(digest))

        def other_head(presentation: Presentation) -> Sent:
            sent = presentation.sign()
            return dataclasses.replace(sent, body=sent.body.replace(b"domestic", b"overseas"))

        def of_a_terminal(presentation: Presentation) -> Sent:
            sent = presentation.sign()
            return dataclasses.replace(sent, body=sent.body.replace(APPLICATION, messages.APPLICATION))

        for code, name, change in [
            ("device.proof", "another key's", stranger),
            ("device.unknown", "a certificate of nobody", self_made),
            ("statement.unknown", "another statement", other_statement),
            ("files.invalid", "another number", other_number),
            ("card.chip_signature", "another chip's", chip_of_another),
            ("challenge.invalid", "made up", lambda each: each.sign(challenge=secrets.token_bytes(64))),
            ("request.malformed", "another kind in the head", other_head),
            ("request.malformed", "a terminal's label", of_a_terminal),
        ]:
            presentation = self.presentation(record)
            self.checks.refused(name, code, flawed(change), presentation.inquiry)
        elsewhere = Presentation(
            self.phone, presentation.simulated, messages.municipality_code("01100"), "domestic", (b"", b""))
        self.checks.refused("elsewhere", "municipality.not_participating", elsewhere.ask_challenge, elsewhere.inquiry)

    def sealed(self) -> None:
        """Refusals that tell of a person: sealed, and as long as a certificate without pages may be."""
        record = next(self.ordinary)
        named = Presentation(
            self.phone,
            card.SimulatedCard.make(
                dataclasses.replace(record.on_card(), name="別人　見本"), self.authority, "1234"),
            record.municipality, "domestic", (b"", b""))
        stranger = self.presentation(record, "overseas")
        spoilt = self.presentation(record, "overseas")
        spoilt.passport = (self.passport[0], b"\x77\x02\x05\x00")
        for code, presentation in [
            ("person.name_differs", named), ("passport.holder_differs", stranger), ("passport.unreadable", spoilt),
        ]:
            def ask(code: str = code, presentation: Presentation = presentation) -> None:
                sent = presentation.sign()
                for _ in range(2):
                    refused_with(presentation, sent, code)

            self.checks.run(f"{code}: sealed, and again", ask)

    def revocation(self) -> None:
        phone = self.phone
        code = phone.device.revocation_code.lower().replace("0", "o").replace("-", " ")
        self.checks.run("a lost phone is revoked by its code", lambda: accepted(phone.revoke(code)))
        presentation = self.presentation(next(self.ordinary))
        self.checks.refused("a lost phone", "device.revoked", lambda: presentation.send(presentation.sign()),
                            presentation.inquiry)


def accepted(response: centre.Response) -> None:
    assert (response.status, response.body) == (204, b""), response


def refused_with(presentation: Presentation, sent: Sent, code: str) -> None:
    answer, _ = presentation.open(presentation.send(sent), sent)
    assert isinstance(answer, messages.Refusal) and answer.code == code, answer


def check(answer: messages.Answer, presentation: Presentation, record: people.Record, forms: str) -> None:
    """The manifest against what was asked for, the card and the bytes."""
    manifest, overseas = answer.manifest, presentation.kind == "overseas"
    assert messages.is_certificate_id(manifest["certificateID"]), manifest
    assert manifest["municipality"] == presentation.municipality and manifest["kind"] == presentation.kind, manifest
    assert manifest["birthDate"] == record.columns["birth_date"], manifest
    assert people.same_name(manifest["name"], record.on_card().name), manifest
    assert manifest.get("documentNumber") == (PASSPORT if overseas else None), manifest
    assert manifest["pdfHash"] == messages.sha256(answer.pdf).hex(), manifest
    assert manifest["pngHash"] == messages.sha256(answer.png).hex(), manifest
    assert bool(answer.pdf) == ("pdf" in forms) and bool(answer.png) == ("png" in forms), forms
    assert manifest["codeHashes"] == [messages.sha256(text.encode()).hex() for text in answer.codes], manifest
    assert len(answer.codes) == len(CODES[presentation.kind]), len(answer.codes)
    for text, beginning in zip(answer.codes, CODES[presentation.kind]):
        assert text.startswith(beginning), "the codes' order"


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    return 1 if Run(Path(arguments[0]), Path(arguments[1])).all() else 0


sys.exit(main(sys.argv[1:]))
