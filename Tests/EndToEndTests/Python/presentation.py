"""A phone's requests, and one presentation of a card from the challenge to the outcome."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

import card
import centre
import fields
import keys
import messages
import phone_messages
from device import Attester, Device, enrolment_challenge
from phone_messages import APPLICATION, Statement
from reader import CardReader
from visit import new_inquiry

MEDIA = "application/vnd.akashi."
PLATFORM = "development"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Phone:
    """The app: whom it asks, the key that it has pinned, and its device."""

    wallet: centre.Centre
    statement_key: ec.EllipticCurvePublicKey
    attester: Attester
    device: Device = field(default_factory=Device)

    def _json(self, path: str, body: dict[str, object] | None) -> centre.Response:
        if body is None:
            return self.wallet.ask_until_final("POST", path)
        return self.wallet.ask_until_final("POST", path, json.dumps(body).encode(), "application/json")

    def statement(self) -> Statement:
        response = self.wallet.ask_until_final("GET", "/v1/keys")
        assert response.status == 200 and response.headers["Content-Type"] == MEDIA + "vrs-keys.v1", response
        assert len(response.body) == 248, len(response.body)
        return phone_messages.read_statement(response.body, self.statement_key)

    def token(self) -> bytes:
        response = self._json("/v1/enrolment/token", None)
        assert response.status == 200, response
        content = json.loads(response.body)
        assert content["validSeconds"] == 600, content
        return base64.b64decode(content["token"], validate=True)

    def ask_enrolment(self, device: Device, token: bytes, attestation: bytes | None = None) -> centre.Response:
        challenge = enrolment_challenge(token, PLATFORM)
        attestation = attestation or self.attester.attest(device.key.public_key(), challenge)
        return self._json("/v1/enrolment", {
            "platform": PLATFORM, "token": _text(token), "attestation": _text(attestation),
            "proof": _text(device.prove_enrolment(challenge)),
        })

    def enrol(self, device: Device, token: bytes) -> dict[str, Any]:
        response = self.ask_enrolment(device, token)
        assert response.status == 200, response
        answer: dict[str, Any] = json.loads(response.body)
        device.certificate = base64.b64decode(answer["certificate"], validate=True)
        device.revocation_code = answer["revocationCode"]
        return answer

    def revoke(self, code: str) -> centre.Response:
        return self._json("/v1/device/revocation", {"code": code})

    def current(self, token: bytes) -> int:
        body, context = phone_messages.current_query(token, self.statement())
        response = self.wallet.ask_until_final("POST", "/v1/current", body, MEDIA + "current-query.v1")
        assert response.status == 200 and response.headers["Content-Type"] == MEDIA + "current-reply.v1", response
        return phone_messages.read_current_reply(response.body, context)


@dataclass(frozen=True)
class Sent:
    """An application as it is sent, and what its answer is opened with."""

    body: bytes
    transcript_hash: bytes
    challenge: bytes
    session: messages.SessionKeys
    statement: Statement


class Presentation:
    """One municipality of a presentation of the card."""

    def __init__(
        self, phone: Phone, simulated: card.SimulatedCard, municipality: str, kind: str, passport: tuple[bytes, bytes]
    ) -> None:
        self.phone, self.simulated, self.municipality, self.kind = phone, simulated, municipality, kind
        self.passport = passport
        self.inquiry = new_inquiry()
        self.card = CardReader(simulated)
        self.card.verify("1234")
        self.files = self.card.files()

    def ask_challenge(self) -> centre.Response:
        body = json.dumps({"municipality": self.municipality, "kind": self.kind, "copies": 1})
        return self.phone.wallet.ask_until_final(
            "POST", "/v1/challenge", body.encode(), "application/json", self.inquiry)

    def challenge(self) -> bytes:
        response = self.ask_challenge()
        assert response.status == 200, response
        return base64.b64decode(json.loads(response.body)["challenge"], validate=True)

    def sign(
        self, challenge: bytes | None = None, device: Device | None = None, statement: Statement | None = None,
        plain: Sequence[bytes] | None = None, chip: Callable[[bytes], bytes] | None = None,
    ) -> Sent:
        """The application with the chip's signature and the device's proof; what is given takes the place of what is right."""
        challenge = challenge or self.challenge()
        device = device or self.phone.device
        statement = statement or self.phone.statement()
        session = messages.SessionKeys()
        relayed = self.files[3:]
        head = fields.join(APPLICATION, [
            challenge, keys.point(session.kem.public_key()), keys.point(session.signing.public_key()),
            messages.sha256(device.certificate), b"app", self.municipality.encode(), self.kind.encode(), b"\x01",
            statement.hash, messages.sha256(relayed[0]), messages.sha256(relayed[1]),
        ])
        sealed = phone_messages.seal_files(
            [*(plain or self.files[:3]), *self.passport], self.kind, statement, head)
        transcript_hash = phone_messages.transcript_hash(head, sealed)
        signature = (chip or self.card.sign)(transcript_hash)
        body = fields.join(head, [
            sealed, *relayed, signature, device.certificate, statement.bytes_, device.prove(transcript_hash)])
        return Sent(body, transcript_hash, challenge, session, statement)

    def send(self, sent: Sent, forms: str | None = None) -> centre.Response:
        headers = {"Akashi-Page-Forms": forms} if forms else None
        return self.phone.wallet.ask_until_final(
            "POST", "/v1/application", sent.body, MEDIA + "application.v2", self.inquiry, headers)

    def open(self, response: centre.Response, sent: Sent) -> tuple[messages.Answer | messages.Refusal, bytes]:
        assert response.status == 200 and response.headers["Content-Type"] == MEDIA + "sealed-answer.v2", response
        return phone_messages.open_answer(response.body, sent.session.kem, sent.statement, sent.transcript_hash)

    def certificate(self, sent: Sent, forms: str | None = None) -> tuple[messages.Answer, bytes]:
        answer, token = self.open(self.send(sent, forms), sent)
        assert isinstance(answer, messages.Answer), answer
        return answer, token

    def report(
        self, sent: Sent, disposition: str, key: ec.EllipticCurvePrivateKey | None = None
    ) -> centre.Response:
        body = messages.outcome(
            sent.transcript_hash, self.municipality, disposition,
            lambda unsigned: keys.sign(key or sent.session.signing, unsigned))
        return self.phone.wallet.ask_until_final("POST", "/v1/outcome", body, centre.OUTCOME, self.inquiry)
