"""The terminals' interface over HTTP, and problem details."""

import http.client
import json
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ARTICLES = Path(__file__).resolve().parents[3] / "Sources/Exchange/Exchange.docc"
APPLICATION = "application/vnd.akashi.application.v1"
SEALED_ANSWER = "application/vnd.akashi.sealed-answer.v1"
OUTCOME = "application/vnd.akashi.outcome.v1"


@dataclass(frozen=True)
class Code:
    """What the article says of a problem's code; no status if it comes sealed alone."""

    status: int | None
    is_transient: bool


def codes_of_the_article() -> dict[str, Code]:
    rows = re.findall(r"^\| `([a-z._]+)` \| (\d+|sealed) \| (yes)? ?\|", (ARTICLES / "Problems.md").read_text(), re.MULTILINE)
    return {
        code: Code(None if status == "sealed" else int(status), bool(transient)) for code, status, transient in rows}


CODES = codes_of_the_article()


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def problem(self, inquiry: str | None) -> str:
        """The code of a refusal whose form is the article's; an assertion fails if it is not."""
        assert self.headers.get("Content-Type") == "application/problem+json", self
        assert len(self.body) <= 16_384
        body = json.loads(self.body)
        code = body["code"]
        assert body["type"] == f"urn:akashi:problem:{code}", body
        assert body["title"] == code.replace(".", ": ", 1).replace("_", " "), body
        assert body["status"] == self.status, body
        assert body.get("inquiry") == inquiry, body
        header_too_long = code == "request.too_large" and self.status == 431
        assert self.status == CODES[code].status or header_too_long, f"{code} with status {self.status}"
        assert self.headers.get("Retry-After") == ("1" if CODES[code].is_transient else None), code
        return str(code)


@dataclass(frozen=True)
class Identity:
    """Whom a client trusts and who it is."""

    authorities: Path
    certificate: Path | None
    key: Path | None

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(self.authorities)
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key)
        return context


class Centre:
    """One terminal's connections to the centre."""

    def __init__(self, address: str, identity: Identity) -> None:
        self.host = urlsplit(address).netloc
        self.context = identity.context()
        self.connection: http.client.HTTPSConnection | None = None

    def ask(
        self, method: str, path: str, body: bytes | None = None, media: str | None = None,
        inquiry: str | None = None, headers: Mapping[str, str] | None = None,
    ) -> Response:
        """One attempt, over a kept connection if there is one."""
        given = dict(headers or {})
        if media:
            given["Content-Type"] = media
        if inquiry:
            given["Akashi-Inquiry"] = inquiry
        if not self.connection:
            self.connection = http.client.HTTPSConnection(self.host, context=self.context, timeout=45)
        try:
            self.connection.request(method, path, body, given)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if response.will_close:
            self.close()
        received = {name.title(): value for name, value in response.getheaders()}
        if content:
            assert received.get("Cache-Control") == "no-store", received
        return Response(response.status, received, content)

    def ask_until_final(
        self, method: str, path: str, body: bytes | None = None, media: str | None = None,
        inquiry: str | None = None, headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Repeats the same request while there is no response or a transient code: at most six times in all."""
        for attempt in range(6):
            if attempt:
                time.sleep(0.25 * 2 ** (attempt - 1))
            try:
                response = self.ask(method, path, body, media, inquiry, headers)
            except (OSError, http.client.HTTPException):
                continue
            if response.status < 400 or not CODES[response.problem(inquiry)].is_transient:
                return response
        raise ConnectionError(f"{method} {path}: no final answer")

    def close(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None
