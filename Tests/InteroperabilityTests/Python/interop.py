"""Reads what Akashi wrote, and writes what Akashi is to read, with other people's implementations alone.

usage: interop.py read FOLDER             checks FOLDER/cases.jsonl, reports as JSON on standard output
       interop.py write FOLDER COUNT SEED writes codes, what they say, and a trust folder
"""

import json
import sys
from pathlib import Path

import codes
import pictures
import reading
import writing


def read(folder):
    report = {"failures": []}
    trust = reading.Trust(folder)
    for number, line in enumerate((folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()):
        case = json.loads(line)
        kind = case["format"]
        try:
            {"shc": reading.health_card, "dcc": reading.hcert, "vdsnc": reading.seal}[kind](case, trust)
            report[kind] = report.get(kind, 0) + 1
            if "png" in case:
                pictures.check(folder / case["png"], codes.segments(kind, case["text"]), case["text"])
                report["png"] = report.get("png", 0) + 1
        except Exception as error:  # every failure is reported with its case, whatever it is
            report["failures"].append(f"case {number} ({kind}): {type(error).__name__}: {error}")
    print(json.dumps(report))


def main():
    folder = Path(sys.argv[2])
    if sys.argv[1] == "read":
        read(folder)
    else:
        writing.write(folder, int(sys.argv[3]), int(sys.argv[4]))


main()
