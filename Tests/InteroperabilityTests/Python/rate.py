"""How fast Python's `cwt` checks HC1 codes: base45, zlib, COSE signature, claims with their times.

usage: rate.py CODES CERTIFICATE
For each line on standard input, a number of seconds, checks codes for so long and answers "COUNT SECONDS".
"""

import sys
import time
import zlib

import base45
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cwt import COSEKey, CWT


def signer_key(path):
    with open(path, "rb") as file:
        certificate = x509.load_der_x509_certificate(file.read())
    pem = certificate.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return COSEKey.from_pem(pem, alg="ES256", kid=certificate.fingerprint(hashes.SHA256())[:8])


def main():
    with open(sys.argv[1], encoding="ascii") as file:
        codes = [line.strip() for line in file if line.startswith("HC1:")]
    key = signer_key(sys.argv[2])
    # The codes' times are made up: only the clock's distance from them is allowed, not left out.
    checker = CWT.new(leeway=100 * 365 * 86_400)

    def check(code):
        claims = checker.decode(zlib.decompress(base45.b45decode(code[4:])), key)
        return claims[-260][1]["nam"]["fnt"]

    turn = 0
    for line in sys.stdin:
        begin = time.perf_counter()
        end = begin + float(line)
        count = 0
        while time.perf_counter() < end:
            check(codes[turn % len(codes)])
            turn += 1
            count += 1
        print(count, time.perf_counter() - begin, flush=True)


main()
