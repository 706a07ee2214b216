"""Sensitive values that can be told from everything else, and the search for them in whatever was written."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PREFIXES = {
    "phone": "1397351",
    "email": "canary.bird.",
    "identity": "370211198811",
    "address": "翠羽城金丝雀大街",
    "bank": "621798765432",
    "place": "翠羽城白玉鸟胡同",
}
ENDS = {"email": "@birds.example", "address": "弄", "place": "里"}
FIELDS = ("phone", "email", "identity", "address", "bank")


def canary(field: str, number: int) -> str:
    """Return the canary of one field of the customer with a running number; all of a field are equally long."""
    return f"{PREFIXES[field]}{number:05d}{ENDS.get(field, '')}"


def customer_rows(count: int, *, start: int = 0) -> Iterator[dict[str, str]]:
    """Yield the rows of a file of customers who have a canary in each sensitive field."""
    for number in range(start, start + count):
        yield {
            "number": f"N{number:05d}",
            "name": f"Person {number}",
            **{field: canary(field, number) for field in FIELDS},
        }


def account_rows(count: int) -> Iterator[dict[str, str]]:
    """Yield the rows of a file of accounts at an address that is a canary too."""
    for number in range(count):
        yield {
            "number": f"S{number:05d}",
            "customer": f"N{number:05d}",
            "utility": "electricity",
            "address": canary("place", number),
        }


def put_rows(path: Path, rows: Iterable[dict[str, str]]) -> str:
    """Write rows as CSV and return the path as text."""
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return str(path)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write text as bytes: what stands in the middle of it, whatever comes before and behind."""

    name: str
    before: int = -1

    def bytes_of(self, text: str) -> bytes:
        """Return the bytes that are there wherever the text is."""
        raw = text.encode()
        if self.name in ("utf-16-le", "utf-16-be"):
            return text.encode(self.name)
        if self.name == "hex":
            return raw.hex().encode()
        if self.name == "HEX":
            return raw.hex().upper().encode()
        if self.name == "escaped":
            return json.dumps(text)[1:-1].encode()
        if self.name == "base64":
            # Of the first and last group of three bytes only what no neighbour changes.
            coded = base64.b64encode(bytes(self.before) + raw)
            first = -(-self.before * 8 // 6)
            known = (self.before + len(raw)) * 8 // 6
            return coded[first:known]
        return raw


FORMS = (
    *(Form(name) for name in ("utf-8", "utf-16-le", "utf-16-be", "hex", "HEX", "escaped")),
    *(Form("base64", before) for before in range(3)),
)


def found_in(content: bytes, count: int, fields: Iterable[str] = tuple(PREFIXES)) -> set[tuple[str, str]]:
    """Return (form, canary) for each of the first ``count`` canaries of each field that stands in a content.

    What all canaries of a field begin with is sought; where it stands, the whole canary is looked up.
    """
    hits: set[tuple[str, str]] = set()
    for field in fields:
        for form in FORMS:
            sought = form.bytes_of(PREFIXES[field])
            at = content.find(sought)
            if at < 0:
                continue
            whole = {form.bytes_of(canary(field, number)): canary(field, number) for number in range(count)}
            length = len(next(iter(whole)))
            while at >= 0:
                known = whole.get(content[at : at + length])
                if known is not None:
                    hits.add((f"{form.name}{form.before if form.before >= 0 else ''}", known))
                at = content.find(sought, at + 1)
    return hits


def found_in_files(paths: Iterable[Path], count: int) -> dict[str, set[tuple[str, str]]]:
    """Return what ``found_in`` says of each file that holds a canary."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in paths:
        if not path.is_file():
            continue
        hits = found_in(path.read_bytes(), count)
        if hits:
            found[path.name] = hits
    return found
