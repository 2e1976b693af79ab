"""The terminals' interface apart from applications: connections, menu, headers and the form of requests."""

import datetime
import http.client
import json
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import centre
import keys
from checks import Checks
from people import Record
from visit import Terminal, new_inquiry

JSON = "application/json"


def made_for_a_stranger(keys_folder: Path) -> centre.Identity:
    """A certificate that the terminals' authority issued and nobody enrolled, with as little in it as can be."""
    authority = x509.load_pem_x509_certificate(keys.armour(keys_folder / "terminals/ca.pem"))
    key, now = keys.generate(), datetime.datetime.now(datetime.timezone.utc)
    certificate = x509.CertificateBuilder(
        issuer_name=authority.subject, public_key=key.public_key(), serial_number=x509.random_serial_number(),
        subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "T9999")]),
        not_valid_before=now - datetime.timedelta(minutes=5), not_valid_after=now + datetime.timedelta(days=1),
    ).sign(keys.load_private(keys_folder / "terminals/ca.key.pem"), hashes.SHA256())
    folder = keys_folder / "stranger"
    folder.mkdir(exist_ok=True)
    identity = centre.Identity(keys_folder / "ca.pem", folder / "terminal.pem", folder / "terminal.key.pem")
    (folder / "terminal.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "terminal.key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return identity


def connections(checks: Checks, address: str, keys_folder: Path) -> None:
    """Whom the centre talks to, and how."""
    authorities = keys_folder / "ca.pem"
    folder = keys_folder / "terminals/T0001"
    own = centre.Identity(authorities, folder / "terminal.pem", folder / "terminal.key.pem")

    def fails(identity: centre.Identity, version: ssl.TLSVersion | None = None) -> None:
        client = centre.Centre(address, identity)
        if version:
            client.context.minimum_version = client.context.maximum_version = version
        try:
            response = client.ask("GET", "/v1/menu")
        except (OSError, http.client.HTTPException):
            return
        raise AssertionError(f"answered with {response.status}")

    def agreed() -> None:
        host = urlsplit(address)
        with socket.create_connection((host.hostname, host.port), 20) as plain:
            with own.context().wrap_socket(plain, server_hostname=host.hostname) as secured:
                assert secured.version() == "TLSv1.3"

    operator = keys_folder / "operator"
    stranger = made_for_a_stranger(keys_folder)
    checks.run("TLS 1.3", agreed)
    checks.refused("a certificate of the terminals' authority that is not enrolled", "terminal.unknown",
                   lambda: centre.Centre(address, stranger).ask("GET", "/v1/menu"), None)
    checks.run("no TLS 1.2", lambda: fails(own, ssl.TLSVersion.TLSv1_2))
    checks.run("no client certificate", lambda: fails(centre.Identity(authorities, None, None)))
    checks.run("a client certificate of another authority", lambda: fails(
        centre.Identity(authorities, operator / "operator.pem", operator / "operator.key.pem")))
    checks.run("a server of another authority", lambda: fails(
        centre.Identity(operator / "ca.pem", own.certificate, own.key)))


def menu(terminal: Terminal, records: list[Record]) -> None:
    response = terminal.centre.ask_until_final("GET", "/v1/menu")
    assert response.status == 200 and response.headers["Content-Type"] == JSON, response
    content = json.loads(response.body)
    assert isinstance(content["revision"], int) and "closed" not in content, content
    codes = [entry["municipality"]["code"] for entry in content["entries"]]
    assert codes == sorted({record.municipality for record in records}), codes
    for entry in content["entries"]:
        assert entry["kinds"] == ["domestic", "overseas"] and entry["isSuspended"] is False, entry
        names = {"prefecture", "name", "prefectureEnglish", "nameEnglish"}
        assert all(entry["municipality"][name] for name in names), entry
    assert content["suspendedKinds"] == [] and content["notices"] == [], content
    assert content["feeYen"] == 120 and content["isDevelopment"] is True, content
    assert content["hours"] == {"opens": 0, "closes": 1440}, content
    other = terminal.centre.ask_until_final("GET", f"/v1/menu?after={content['revision'] - 1}")
    assert other.status == 200 and json.loads(other.body) == content, other


def requests(checks: Checks, terminal: Terminal, municipality: str) -> None:
    """Refusals before anything is read of an application."""
    asked = json.dumps({"municipality": municipality, "kind": "domestic", "copies": 1}).encode()
    inquiry = new_inquiry()

    def refused(name: str, code: str, method: str, path: str, body: bytes | None = None,
                media: str | None = None, given: str | None = inquiry, expected: str | None = inquiry,
                headers: dict[str, str] | None = None) -> None:
        checks.refused(
            name, code, lambda: terminal.centre.ask(method, path, body, media, given, headers), expected)

    unknown, malformed, large = "request.unknown", "request.malformed", "request.too_large"
    refused("another path", unknown, "GET", "/v1/menus")
    refused("another method", unknown, "POST", "/v1/menu")
    refused("another query of the menu", malformed, "GET", "/v1/menu?before=1")
    refused("a revision that is no number", malformed, "GET", "/v1/menu?after=x")
    refused("no inquiry number", malformed, "POST", "/v1/challenge", asked, JSON, None, None)
    refused("an inquiry number of another form", malformed, "POST", "/v1/challenge", asked, JSON, "7k3qf-0m2xa", None)
    refused("another media type", malformed, "POST", "/v1/challenge", asked, "text/plain")
    refused("no media type", malformed, "POST", "/v1/challenge", asked)
    refused("no JSON", malformed, "POST", "/v1/challenge", b"{", JSON)
    refused("no copies", malformed, "POST", "/v1/challenge", asked.replace(b'"copies": 1', b'"copies": 0'), JSON)
    refused("eleven copies", malformed, "POST", "/v1/challenge", asked.replace(b": 1}", b": 11}"), JSON)
    refused("an unknown kind", malformed, "POST", "/v1/challenge", asked.replace(b"domestic", b"personal"), JSON)
    refused("a challenge's request of 1,025 bytes", large, "POST", "/v1/challenge", asked.ljust(1_025), JSON)
    refused("an outcome of 513 bytes", large, "POST", "/v1/outcome", bytes(513), centre.OUTCOME)
    refused("an outcome of another form", malformed, "POST", "/v1/outcome", bytes(170), centre.OUTCOME)
    refused("a header section of 17,000 bytes", large, "GET", "/v1/menu", expected=None,
            given=None, headers={"Akashi-Unknown": "x" * 17_000})

    def with_parameters() -> None:
        response = terminal.centre.ask(
            "POST", "/v1/challenge", b'{"more": [], ' + asked[1:].ljust(1_000), JSON + "; charset=utf-8", inquiry)
        assert response.status == 200, response

    checks.run("parameters of a media type and unknown members are ignored", with_parameters)

    def chunked() -> None:
        connection = http.client.HTTPSConnection(
            terminal.centre.host, context=terminal.centre.context, timeout=45)
        headers = {"Content-Type": JSON, "Akashi-Inquiry": inquiry, "Transfer-Encoding": "chunked"}
        connection.request("POST", "/v1/challenge", iter([asked[:9], asked[9:]]), headers, encode_chunked=True)
        status = connection.getresponse().status
        connection.close()
        assert status == 200, status

    checks.run("a body in chunks", chunked)

    def expected_first() -> None:
        response = terminal.centre.ask(
            "POST", "/v1/challenge", asked, JSON, inquiry, {"Expect": "100-continue"})
        assert response.status == 200, response

    checks.run("a body that waits to be asked for", expected_first)
