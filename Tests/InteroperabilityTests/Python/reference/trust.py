"""The trust folder that mutants are judged by: what the generator wrote is read again by each reference."""

import json

from cryptography import x509


def certificates(folder):
    """The certificates in a folder, each with whether it is in the part for tests."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        data = path.read_bytes()
        if path.suffix in (".pem", ".der", ".cer"):
            load = x509.load_pem_x509_certificate if data.startswith(b"-----") else x509.load_der_x509_certificate
            found.append(load(data))
    return found


def parts(folder, kind):
    """(subfolder, is test) of a format."""
    return [(folder / kind, False), (folder / "test" / kind, True)]


def documents(folder):
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))] \
        if folder.is_dir() else []


def critical_unknown(certificate, known):
    """Whether a critical extension is there that is not known (RFC 5280, 4.2)."""
    return any(one.critical and one.oid.dotted_string not in known for one in certificate.extensions)


def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
