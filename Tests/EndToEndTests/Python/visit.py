"""One customer's session at a terminal, step by step."""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

import centre
import keys
import messages
from reader import Card, CardReader

PIN = "1234"


@dataclass(frozen=True)
class Asked:
    """What a person chose."""

    municipality: str
    kind: str = "domestic"
    copies: int = 1


@dataclass(frozen=True)
class Terminal:
    """A terminal: its certificate, its key and the pinned answer key."""

    centre: centre.Centre
    certificate_hash: bytes
    key: ec.EllipticCurvePrivateKey
    answer_key: ec.EllipticCurvePublicKey

    @classmethod
    def load(cls, address: str, keys_folder: Path, name: str) -> "Terminal":
        certificate = keys_folder / f"terminals/{name}/terminal.pem"
        key = keys_folder / f"terminals/{name}/terminal.key.pem"
        return cls(
            centre.Centre(address, centre.Identity(keys_folder / "ca.pem", certificate, key)),
            keys.certificate_hash(certificate), keys.load_private(key),
            keys.load_public(keys_folder / "answer-sealing.pub.pem"))


@dataclass(frozen=True)
class Signed:
    """An application as it is sent, and what the answer is sealed for."""

    body: bytes
    transcript_hash: bytes


def new_inquiry() -> str:
    characters = "".join(secrets.choice(messages.ALPHABET) for _ in range(10))
    return characters[:5] + "-" + characters[5:]


def unchanged_draft(draft: messages.Draft) -> messages.Draft:
    return draft


def unchanged_files(files: list[bytes]) -> list[bytes]:
    return files


class Visit:
    """From the challenge to the outcome, with one card and one pair of key pairs."""

    def __init__(self, terminal: Terminal, card_: Card, asked: Asked) -> None:
        self.terminal, self.asked = terminal, asked
        self.inquiry = new_inquiry()
        self.session = messages.SessionKeys()
        self.card = CardReader(card_)
        assert self.card.tries_left() == 3
        self.card.verify(PIN)

    def ask_challenge(self) -> centre.Response:
        body = json.dumps(
            {"municipality": self.asked.municipality, "kind": self.asked.kind, "copies": self.asked.copies})
        return self.terminal.centre.ask_until_final(
            "POST", "/v1/challenge", body.encode(), "application/json", self.inquiry)

    def challenge(self) -> bytes:
        response = self.ask_challenge()
        assert response.status == 200, response
        assert response.headers["Content-Type"] == "application/json", response
        content = json.loads(response.body)
        challenge = base64.b64decode(content["challenge"], validate=True)
        assert 16 <= len(challenge) <= 256 and content["validSeconds"] == 180, content
        return challenge

    def sign(
        self, challenge: bytes | None = None,
        change: Callable[[messages.Draft], messages.Draft] = unchanged_draft,
        change_files: Callable[[list[bytes]], list[bytes]] = unchanged_files,
    ) -> Signed:
        """The application with both signatures; what is changed, is changed before they are made."""
        draft = change(messages.Draft(
            challenge or self.challenge(), keys.point(self.session.kem.public_key()),
            keys.point(self.session.signing.public_key()), self.terminal.certificate_hash, self.asked.municipality,
            self.asked.kind, self.asked.copies))
        files = change_files(self.card.files())
        transcript = draft.transcript(files)
        transcript_hash = messages.sha256(transcript)
        chip_signature = self.card.sign(transcript_hash)
        terminal_signature = keys.sign(self.terminal.key, transcript)
        return Signed(draft.application(files, chip_signature, terminal_signature), transcript_hash)

    def send(self, body: bytes, forms: str | None = None) -> centre.Response:
        headers = {"Akashi-Page-Forms": forms} if forms else None
        return self.terminal.centre.ask_until_final(
            "POST", "/v1/application", body, centre.APPLICATION, self.inquiry, headers)

    def open(self, response: centre.Response, signed: Signed) -> messages.Answer:
        assert response.status == 200, response
        assert response.headers["Content-Type"] == centre.SEALED_ANSWER, response
        answer = self.opened(response, signed)
        assert isinstance(answer, messages.Answer), answer
        return answer

    def opened(self, response: centre.Response, signed: Signed) -> messages.Answer | messages.Refusal:
        return messages.open_answer(
            response.body, self.session, self.terminal.answer_key, signed.transcript_hash)

    def refusal(self, response: centre.Response, signed: Signed) -> messages.Refusal:
        """The refusal in a sealed answer; an assertion fails if its status, headers or length tell it from others."""
        assert response.status == 200 and len(response.body) == 337, response
        assert response.headers["Content-Type"] == centre.SEALED_ANSWER, response
        assert "Retry-After" not in response.headers, response
        refusal = self.opened(response, signed)
        assert isinstance(refusal, messages.Refusal), refusal
        return refusal

    def report(
        self, transcript_hash: bytes, disposition: str, key: ec.EllipticCurvePrivateKey | None = None
    ) -> centre.Response:
        body = messages.outcome(
            transcript_hash, self.asked.municipality, disposition,
            lambda unsigned: keys.sign(key or self.session.signing, unsigned))
        return self.terminal.centre.ask_until_final("POST", "/v1/outcome", body, centre.OUTCOME, self.inquiry)
