"""Compares the verifier with the independent reference of a format on seeded mutants.

usage: compare.py FORMAT COUNT SEED VERIFIER [FOLDER]   reports as JSON on standard output

FORMAT is shc, vdsnc or dcc. FOLDER, which must be new, is kept: it holds the trust folder and the codes. Without it a
temporary one is used.
"""

import collections
import concurrent.futures
import importlib
import json
import multiprocessing
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reference import differences
from reference.common import Refused
from reference.signers import NOW

# How many mutants a process makes at a time. Each has a seed of its own, made from the run's.
SHARE = 5_000
# A line of JSON is one line for every reader (ECMA-48 C1, Unicode's own ends of lines).
UNESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
AT = "2026-01-01T00:00:00Z"


def shown(value):
    return value if type(value) is str else json.dumps(value, ensure_ascii=False)


def judged(reference, text):
    found = {"forged": False, "sound": False, "test": False, "open": None, "warnings": set()}
    try:
        reference.judge(text, found)
        found["verdict"], found["clause"] = "valid", None
        if found["test"]:
            found["warnings"].add("test.certificate")
        if found["subject"] in ("test", "recovery"):
            found["warnings"].add("content.no_vaccination")
    except Refused as refused:
        found["verdict"], found["clause"] = "invalid", str(refused)
        if text.strip() != text:
            found["trimmed"] = judged(reference, text.strip())["verdict"]
    except Exception as error:  # a mistake of the reference is reported with the code that shows it
        found["verdict"], found["clause"] = "unknown", f"{type(error).__name__}: {error}"
    return found


class Share:
    """Makes and judges a share of the mutants, in a process of its own if there are several."""

    maker = reference = None

    @classmethod
    def made(cls, seed, count):
        done = []
        for number in range(count):
            cls.maker.random = random.Random(f"{seed} {number}")
            text, kinds = cls.maker.make()
            done.append((text, kinds, judged(cls.reference, text)))
        return done


def run(kind, count, seed, verifier, folder):
    begin = time.monotonic()
    source = random.Random(f"{kind} {seed}")
    Share.maker = importlib.import_module(f"reference.{kind}_mutants").Maker(source, folder / "trust")
    Share.reference = importlib.import_module(f"reference.{kind}_reference").Reference(folder / "trust", NOW)
    counts = [min(SHARE, count - at) for at in range(0, count, SHARE)]
    seeds = [f"{kind} {seed} {at}" for at in range(len(counts))]
    if len(counts) == 1:
        shares = map(Share.made, seeds, counts)
    else:
        fork = multiprocessing.get_context("fork")
        shares = concurrent.futures.ProcessPoolExecutor(mp_context=fork).map(Share.made, seeds, counts)
    cases = [case for share in shares for case in share]
    judged_at = time.monotonic()
    # A line holds one code; blank ones have no answer, but count.
    lines, numbers = [], []
    for text, _, _ in cases:
        if source.random() < 0.01:
            lines.append("")
        lines.append(text)
        numbers.append(len(lines))
    (folder / "codes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    with open(folder / "codes.txt", "rb") as codes:
        program = subprocess.run(
            [verifier, "check", "--batch", "--trust", str(folder / "trust"), "--at", AT], stdin=codes,
            capture_output=True)
    answers = [json.loads(line) for line in program.stdout.decode("utf-8").split("\n") if line.strip()]
    ended = time.monotonic()
    raw = [line for line in program.stdout.decode("utf-8").split("\n") if UNESCAPED.search(line)]
    report = {
        "format": kind, "seed": seed, "count": count, "valid": sum(wanted["verdict"] == "valid" for _, _,
        wanted in cases),
        "kinds": collections.Counter(kind for _, kinds, _ in cases for kind in kinds),
        "seconds": {"reference": round(judged_at - begin, 1), "verifier": round(ended - judged_at, 1)},
        "open": collections.Counter(), "disagreements": [],
    }
    if len(answers) != count or raw:
        report["disagreements"].append({
            "what": f"{len(answers)} answers for {count} codes, {len(raw)} lines with control characters",
            "errors": program.stderr.decode(errors="replace")[-500:],
            "wanted": "", "got": "", "kinds": [], "text": ""})
    for (text, kinds, wanted), got, number in zip(cases, answers, numbers):
        for what, want, has in differences.between(wanted, got, number):
            clause = differences.left_open(kind, what, wanted, got)
            if clause:
                report["open"][clause] += 1
            else:
                report["disagreements"].append({
                    "what": what, "wanted": shown(want), "got": shown(has), "kinds": kinds, "clause": wanted["clause"],
                    "reasons": [one["code"] for one in got.get("reasons", [])], "text": text})
    print(json.dumps(report))


def main():
    kind, count, seed, verifier = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if len(sys.argv) > 5:
        folder = Path(sys.argv[5])
        folder.mkdir(parents=True, exist_ok=True)
        run(kind, count, seed, verifier, folder)
    else:
        with tempfile.TemporaryDirectory() as folder:
            run(kind, count, seed, verifier, Path(folder))


main()
