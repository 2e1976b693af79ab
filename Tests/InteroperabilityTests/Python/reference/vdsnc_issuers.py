"""The signers of VDS-NC mutants, and the trust folder that holds their authorities."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .signers import (
    NOW, Authority, Signer, der, distinguished, ec_key, extended, issue, moment, pem, unknown_extension, usage,
)

DAY = 86_400
USE, TYPES = "2.23.136.1.1.14.2", "2.23.136.1.1.6.2"


def document_types(data="3009020100310413024e56"):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(TYPES), bytes.fromhex(data))


class Issuers:
    def __init__(self, random, folder):
        self.random = random
        place, test = folder / "vdsnc", folder / "test/vdsnc"
        place.mkdir(parents=True), test.mkdir(parents=True)
        authorities = {
            "main": {}, "german": {"countries": ("DE",)}, "p384": {"curve": ec.SECP384R1},
            "p521": {"curve": ec.SECP521R1},
            "expired": {"end": -1}, "future": {"start": 1}, "no-ca": {"ca": False}, "no-constraints": {"ca": None},
            "no-bits": {"bits": None}, "other-bits": {"bits": ("crl_sign",)}, "french-lower": {"countries": ("fr",)},
            "no-country": {"countries": ()},
        }
        self.authorities = {name: Authority(random, f"SAMPLE CSCA {name}", **what) for name,
            what in authorities.items()}
        for name, authority in self.authorities.items():
            (place / f"csca-{name}.pem").write_bytes(pem(authority.certificate))
        # A second authority of the same name with another key, as after a change of keys.
        self.authorities["second"] = Authority(random, "SAMPLE CSCA main")
        (place / "csca-second.der").write_bytes(der(self.authorities["second"].certificate))
        # One key with two certificates, of which the first has expired.
        renewed = self.authorities["renewed"] = Authority(random, "SAMPLE CSCA renewed", end=-1)
        (place / "csca-renewed-1.der").write_bytes(der(renewed.certificate))
        renewed.renew(-900 * DAY, 900 * DAY)
        (place / "csca-renewed-2.der").write_bytes(der(renewed.certificate))
        self.authorities["for-tests"] = Authority(random, "SAMPLE CSCA for tests")
        (test / "csca.pem").write_bytes(pem(self.authorities["for-tests"].certificate))
        self.authorities["unknown"] = Authority(random, "SAMPLE CSCA unknown")
        self.authorities["same-name"] = Authority(random, "SAMPLE CSCA main")
        kinds = {
            "plain": {}, "use-not-critical": {"use_critical": False}, "no-use": {"use": ()},
            "server": {"use": ("1.3.6.1.5.5.7.3.1",)},
            "any-use": {"use": ("2.5.29.37.0",)}, "both-uses": {"use": (USE, "1.3.6.1.5.5.7.3.1")},
            "no-types": {"types": None},
            "other-types": {"types": "3009020100310413024e54"},
            "two-types": {"types": "300d020100310813024e5413024e56"},
            "types-first": {"types": "300d020100310813024e5613024e57"},
            "broken-types": {"types": "0500"}, "types-critical": {"types_critical": True}, "expired": {"end": -1},
            "ends-now": {"end": 0},
            "future": {"start": 1}, "starts-now": {"start": 0}, "critical": {"more": [(unknown_extension(), True)]},
            "not-critical": {"more": [(unknown_extension(), False)]}, "no-aki": {"aki": None},
            "wrong-aki": {"aki": "german"},
            "german": {"countries": ("DE",)}, "no-country": {"countries": ()}, "lower": {"countries": ("jp",)},
            "no-bits": {"bits": None}, "other-bits": {"bits": ("key_encipherment",)},
            "more-bits": {"bits": ("digital_signature", "content_commitment")},
            "revoked": {}, "pinned-revoked": {}, "pinned": {"by": "unknown"},
            "pinned-expired": {"by": "unknown", "end": -1},
            "pinned-no-use": {"by": "unknown", "use": ()}, "pinned-critical": {"by": "unknown",
            "more": [(unknown_extension(), True)]},
            "pinned-german": {"by": "unknown", "countries": ("DE",)}, "p384": {"curve": ec.SECP384R1},
            "p521": {"curve": ec.SECP521R1}, "ca": {"ca": True},
        }
        self.signers = {label: self.make(label, **what) for label, what in kinds.items()}
        for name in self.authorities:
            country = self.authorities[name].certificate.subject
            codes = tuple(one.value for one in country if one.oid.dotted_string == "2.5.4.6")
            self.signers[f"by-{name}"] = self.make(f"by-{name}", by=name, countries=codes)
        self.signers["by-german-japanese"] = self.make("by-german-japanese", by="german")
        for label, signer in self.signers.items():
            if label.startswith("pinned"):
                (place / f"{label}.pem").write_bytes(pem(signer.certificate))
        main = self.authorities["main"]
        revoked = x509.CertificateRevocationListBuilder().issuer_name(main.name) \
            .last_update(moment(NOW) - timedelta(days=3)).next_update(moment(NOW) + timedelta(days=30)) \
            .add_extension(x509.CRLNumber(7), False) \
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(main.key.public_key()), False)
        for label in ("revoked", "pinned-revoked"):
            revoked = revoked.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(self.signers[label].certificate.serial_number)
                .revocation_date(moment(NOW) - timedelta(days=9)).build())
        (place / "main.crl").write_bytes(revoked.sign(main.key,
            hashes.SHA256()).public_bytes(serialization.Encoding.DER))

    def make(self, label, by="main", use=(USE,), use_critical=True, types="3009020100310413024e56",
        types_critical=False, start=-365 * DAY,
             end=365 * DAY, bits=("digital_signature",), aki="", more=(), countries=("JP",), curve=ec.SECP256R1,
             ca=None):
        authority, key = self.authorities[by], ec_key(self.random, curve)
        extensions = list(more)
        if ca is not None:
            extensions.append((x509.BasicConstraints(ca=ca, path_length=None), True))
        if use:
            extensions.append((extended(*use), use_critical))
        if types:
            extensions.append((document_types(types), types_critical))
        if bits is not None:
            extensions.append((usage(*bits), True))
        if aki is not None:
            named = self.authorities[aki or by].key.public_key()
            extensions.append((x509.AuthorityKeyIdentifier.from_issuer_public_key(named), False))
        certificate = issue(self.random, distinguished(f"SAMPLE {label}", countries), key, authority.name,
            authority.key, start, end, extensions)
        return Signer(label, key, certificate)
