"""Where a verdict and the reference differ, and what the specifications leave open."""

HOLDER = ("name", "names", "birthDate", "sex", "documentNumber")
DOSE = ("date", "product", "maker", "lot", "number", "country", "performer")

# Warnings that each specification's reading demands; all others are the verifier's own.
WARNINGS = ("signer.outside_validity", "signer.authority_key_differs", "content.no_vaccination", "test.certificate")
BLANK = set(" \t\n\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff\u202e\u2066\u2069\u00ad")

FILLERS = set("\u115f\u1160\u3164\uffa0")

# (format, what differs, predicate of the reference's and the verifier's answer, the clause that leaves it open;
# without it, the one that the reference came upon in the code)
OPEN = [
    ("*", "verdict", lambda wanted, got: wanted["verdict"] == "valid" and wanted["open"], None),
    ("*", "verdict", lambda wanted, got: got["verdict"] == wanted.get("trimmed"),
     "white space around a line is of the input, not of the code: no specification says whose it is"),
]


def left_open(kind, what, wanted, got):
    for of, about, applies, clause in OPEN:
        if of in (kind, "*") and about == what and applies(wanted, got):
            return clause or wanted["open"]
    return None


def between(wanted, got, number):
    """(what, wanted, got) for each difference."""
    if got.get("line", number) != number:
        yield "line", number, got.get("line")
    if got["verdict"] != wanted["verdict"]:
        yield "verdict", wanted["verdict"], got["verdict"]
        return
    if got["verdict"] == "valid" and got["test"] != wanted["test"]:
        yield "test", wanted["test"], got["test"]
    if wanted["forged"] or wanted.get("malformed"):
        # Nothing is shown that nobody signed, or that was signed in a form that could be read in two ways.
        for member in ("holder", "doses", "certificateId", "subject"):
            if got.get(member):
                yield f"{member} without a signature" if wanted["forged"] else f"{member} malformed", None, got[member]
        return
    # A code of sound content that is not valid (its time, its signer) may be shown; if it is, then as it was signed.
    if not wanted["sound"] or (got["verdict"] == "invalid" and "holder" not in got):
        return
    holder = got.get("holder", {})
    yield from members("holder", HOLDER, wanted["holder"], holder)
    doses = got.get("doses", [])
    if len(doses) != len(wanted["doses"]):
        yield "doses", wanted["doses"], doses
    else:
        for want, has in zip(wanted["doses"], doses):
            yield from members("dose", DOSE, want, has)
    if got["verdict"] == "valid":
        given = {one["code"] for one in got["warnings"]}
        for code in WARNINGS:
            if (code in wanted["warnings"]) != (code in given):
                yield f"warning {code}", code in wanted["warnings"], code in given
        # What is neither surely blank nor surely not is left to the verifier.
        name = wanted["holder"].get("name") or ""
        sure = True if set(name) <= BLANK else False if any(one.isalnum() for one in set(name) - FILLERS) else None
        if sure is not None and wanted["holder"] and sure != ("holder.name_blank" in given):
            yield "warning holder.name_blank", sure, not sure
    yield from members("verdict", ("subject", "certificateId", "issuer"), wanted, got)


def members(name, names, wanted, got):
    """An empty text and none are the same."""
    for member in names:
        want, has = (None if side.get(member) == "" else side.get(member) for side in (wanted, got))
        if want != has:
            yield f"{name}.{member}", want, has
