"""The people of the sample records, and what their cards hold."""

import csv
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import card

FILE = Path(__file__).resolve().parents[3] / "Sources/Records/SampleData/people.csv"
# Variation selectors, separators and white space; a joiner behind a virama does not stand in the sample records.
IGNORED = re.compile(
    "[\uFE00-\uFE0F\U000E0100-\U000E01EF\u180B-\u180D\u30FB\u00B7\u2022,\u3001\u2010\u2011\\s-]")
SEXES = {"male": "1", "female": "2", "unspecified": "9"}


@dataclass(frozen=True)
class Record:
    """A line of the sample records."""

    columns: dict[str, str]

    @property
    def municipality(self) -> str:
        return self.columns["municipality_code"]

    @property
    def doses(self) -> int:
        return sum(bool(self.columns[f"dose{number}_date"]) for number in range(1, 8))

    def on_card(self) -> card.Person:
        return card.Person(
            self.columns["individual_number"], self.columns["card_name"], self.columns["card_address"],
            self.columns["birth_date"].replace("-", ""), SEXES.get(self.columns["sex"], "0"))


def records() -> list[Record]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [Record(row) for row in csv.DictReader(file)]


def note(records_: list[Record], text: str) -> Record:
    """The record whose remark begins so."""
    return next(record for record in records_ if record.columns["note"].startswith(text))


def same_name(one: str, other: str) -> bool:
    """Whether two registers' spellings are the same name."""
    return _name_key(one) == _name_key(other)


def _name_key(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name)
    kept = "".join(character for character in folded if not IGNORED.match(character))
    return unicodedata.normalize("NFKC", kept).upper()


def individual_number(eleven_digits: str) -> str:
    """An individual number with its check digit."""
    digits = [int(digit) for digit in reversed(eleven_digits)]
    total = sum(digit * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(digits, start=1))
    return eleven_digits + str(0 if total % 11 <= 1 else 11 - total % 11)
