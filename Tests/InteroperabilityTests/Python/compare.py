"""Compares the verifier with the independent reference of a format on seeded mutants.

usage: compare.py FORMAT COUNT SEED VERIFIER [FOLDER]   reports as JSON on standard output

FORMAT is shc, vdsnc or dcc. FOLDER, which must be new, is kept and holds the trust folder and the codes; without it a temporary one is used.
"""

import collections
import importlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reference import differences
from reference.common import Refused
from reference.signers import NOW

AT = "2026-01-01T00:00:00Z"


def shown(value):
    return value if type(value) is str else json.dumps(value, ensure_ascii=False)


def judged(reference, text):
    found = {"forged": False, "sound": False, "test": False, "open": None}
    try:
        reference.judge(text, found)
        found["verdict"], found["clause"] = "valid", None
    except Refused as refused:
        found["verdict"], found["clause"] = "invalid", str(refused)
        if text.strip() != text:
            found["trimmed"] = judged(reference, text.strip())["verdict"]
    return found


def run(kind, count, seed, verifier, folder):
    module = importlib.import_module(f"reference.{kind}_mutants")
    reference_module = importlib.import_module(f"reference.{kind}_reference")
    begin = time.monotonic()
    source = random.Random(f"{kind} {seed}")
    maker = module.Maker(source, folder / "trust")
    cases = [maker.make() for _ in range(count)]
    # A line holds one code; blank ones have no answer, but count.
    lines, numbers = [], []
    for text, _ in cases:
        if source.random() < 0.01:
            lines.append("")
        lines.append(text)
        numbers.append(len(lines))
    (folder / "codes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    made = time.monotonic()
    reference = reference_module.Reference(folder / "trust", NOW)
    expected = [judged(reference, text) for text, _ in cases]
    judged_at = time.monotonic()
    with open(folder / "codes.txt", "rb") as codes:
        program = subprocess.run(
            [verifier, "check", "--batch", "--trust", str(folder / "trust"), "--at", AT], stdin=codes, capture_output=True)
    answers = [json.loads(line) for line in program.stdout.decode("utf-8").split("\n") if line.strip()]
    ended = time.monotonic()
    report = {
        "format": kind, "seed": seed, "count": count, "valid": sum(one["verdict"] == "valid" for one in expected),
        "kinds": collections.Counter(kind for _, kinds in cases for kind in kinds),
        "seconds": {"making": round(made - begin, 1), "reference": round(judged_at - made, 1), "verifier": round(ended - judged_at, 1)},
        "open": collections.Counter(), "disagreements": [],
    }
    if len(answers) != count:
        report["disagreements"].append({
            "what": f"{len(answers)} answers for {count} codes", "errors": program.stderr.decode(errors="replace")[-500:],
            "wanted": "", "got": "", "kinds": [], "text": ""})
    for (text, kinds), wanted, got, number in zip(cases, expected, answers, numbers):
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
