"""Makes the files of the demonstration utility beside itself, the same bytes every time: python seeds/make.py [FOLDER]."""

from __future__ import annotations

import csv
import json
import sys
import tomllib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import awkward
import people
from answers import write_surveys
from cases import ANCHOR, INCIDENT, Maker, Topic, add_awkward, add_live, add_past, numbered
from people import Row
from supply import mark_life_support, write_supply

SEED = 95_598
HERE = Path(__file__).parent
ORDER = (
    "reference", "source", "external_reference", "kind", "state", "phase", "category", "channel", "severity", "region",
    "department", "assignee", "customer", "account", "subject", "responsible", "received_at", "due_at", "closed_at",
    "updated_at", "is_supervised", "is_vulnerable", "opinion", "incident", "merged_into", "repeat_of",
    "times_repeated", "times_reopened", "narrative", "findings", "reply", "outcome", "location", "extras", "events",
)  # fmt: skip


def plain(value: object) -> Any:
    """Return a value as it is written: times in ISO 8601 UTC, absent as empty."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def dumped(row: Row) -> str:
    """Return a line of JSON without what is empty; every character that cannot be printed is escaped."""
    kept = {name: row[name] for name in ORDER if row.get(name)}
    kept["events"] = [{name: value for name, value in event.items() if value} for event in row["events"]]
    text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"), default=plain)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a CSV file in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([plain(row[column]) for column in columns] for row in rows)


def make(folder: Path) -> None:
    """Write all files of the demonstration utility into a folder."""
    rng = Random(SEED)
    with (HERE / "phrases.toml").open("rb") as file:
        phrases = tomllib.load(file)
    topics = [Topic(**topic) for topic in phrases.pop("topics")]
    departments = [dict(zip(("code", "name", "name_zh", "parent"), row, strict=True)) for row in people.DEPARTMENTS]
    staff = people.staff(rng, ANCHOR)
    categories = people.categories()
    customers, service_accounts, accounts = people.customers(rng, ANCHOR)
    strange = awkward.customers(ANCHOR)
    mark_life_support([*customers, *strange])
    by_department: dict[str, list[str]] = {}
    for row in staff:
        if row["role"] in ("agent", "lead") and row["login"] != people.CALLER:
            by_department.setdefault(row["department"], []).append(row["login"])
    by_department["discipline"] = ["fang.mingyou"]
    duties = {row["code"]: row["department"] for row in categories}
    maker = Maker(rng, topics, phrases, accounts, duties, by_department)
    add_past(maker)
    add_live(maker)
    add_awkward(maker, [row["number"] for row in strange])
    cases = numbered(maker.cases)

    about = {"anchor": plain(ANCHOR), "seed": SEED, "caller": people.CALLER}
    (folder / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    write_table(folder / "departments.csv", ("code", "name", "name_zh", "parent"), departments)
    write_table(folder / "staff.csv", ("login", "name", "department", "role", "created_at"), staff)
    write_table(folder / "categories.csv", ("code", "name", "name_zh", "parent", "department"), categories)
    write_table(folder / "customers.csv", tuple(customers[0]), [*customers, *strange])
    write_table(
        folder / "service_accounts.csv", tuple(service_accounts[0]), [*service_accounts, *awkward.accounts(ANCHOR)]
    )
    write_table(folder / "incidents.csv", INCIDENT, maker.incidents)
    with (folder / "cases.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(dumped(row) + "\n" for row in cases)
    write_supply(folder, service_accounts, ANCHOR, write_table)
    write_surveys(folder, rng, ANCHOR, cases, accounts, write_table)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
