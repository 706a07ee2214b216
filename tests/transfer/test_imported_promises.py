"""An imported case has the promises of the policy in force when it was received, and its source's own due time beside them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from office import clocks_of, done, furnish
from sqlalchemy import Table, select

from console import clock
from console.models import Case, CaseTask, Clock
from console.models.base import table_of
from console.rules.policies import load_pack
from console.services import case_tasks, promises, reminders
from console.services.intake import NewCase, take_in
from console.services.policies import adopt
from console.services.undoing import undo
from console.storage.engine import Store
from console.transfer.cases import import_cases
from console.transfer.profiles import Profile, load_profile
from console.transfer.run import ImportReport
from console.transfer.undo import undo_batch

CASES: Table = table_of(Case)
CLOCKS: Table = table_of(Clock)
PROFILE = """
source = "town"
kind = "cases"
key = "external_reference"

[dates]
zone = "UTC"

[fields.external_reference]
column = "id"
[fields.kind]
column = "kind"
[fields.subject]
column = "subject"
[fields.received_at]
column = "received"
[fields.due_at]
column = "due"
[fields.closed_at]
column = "closed"
[fields.channel]
value = "telephone"
[fields.state]
column = "state"
[fields.phase]
column = "phase"
"""
HEAD = ("id", "kind", "subject", "received", "due", "closed", "state", "phase")
RECEIVED = "2026-03-02T01:00:00Z"


def row(
    number: int,
    *,
    kind: str = "complaint",
    due: str = "",
    closed: str = "",
    state: str = "received",
    phase: str = "open",
    received: str = RECEIVED,
) -> tuple[str, ...]:
    """Return a row of a source's file."""
    return (str(number), kind, f"matter {number}", received, due, closed, state, phase)


def profile_in(folder: Path) -> Profile:
    """Return the profile of the source."""
    path = folder / "town.toml"
    path.write_text(PROFILE, encoding="utf-8")
    return load_profile(path)


def brought(store: Store, folder: Path, rows: Sequence[tuple[str, ...]], **options: Any) -> ImportReport:
    """Import rows."""
    path = folder / "town.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEAD, *rows])
    return import_cases(store, path, profile_in(folder), actor="root", **options)


def found(store: Store) -> list[dict[str, Any]]:
    """Return the cases in the order of their outside references."""
    with store.reading() as connection:
        rows = connection.execute(select(CASES).order_by(CASES.c.external_reference)).mappings()
        return [dict(row) for row in rows]


def agree(store: Store) -> None:
    """Assert that the clocks stored are those that the events amount to, and that no open case is without a due time."""
    cases = found(store)
    with store.reading() as connection:
        assert promises.disagreements(connection, [case["id"] for case in cases]) == ()
    assert all(case["due_at"] is not None for case in cases if case["phase"] == "open")


@pytest.fixture
def office(store: Store) -> Store:
    """An office with the default policy."""
    furnish(store)
    return store


def test_open_cases_come_with_the_promises_of_the_policy(office: Store, tmp_path: Path) -> None:
    kinds = ("complaint", "fault", "inquiry", "praise")
    brought(office, tmp_path, [row(number, kind=kind) for number, kind in enumerate(kinds)])
    agree(office)
    case = found(office)[0]
    clocks = clocks_of(office, case["id"])
    taken = take_in(office, NewCase("matter 0"), actor="root", now=datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    here = clocks_of(office, taken)
    assert {name: found["due_at"] for name, found in clocks.items()} == {n: kept["due_at"] for n, kept in here.items()}
    assert "source" not in clocks
    assert case["policy_id"] is not None
    assert case["due_at"] == min(c["due_at"] for c in clocks.values() if c["due_at"])


def test_the_source_keeps_its_own_due_time_as_a_promise_of_its_own(office: Store, tmp_path: Path) -> None:
    brought(office, tmp_path, [row(1, due="2026-03-02T01:05:00Z"), row(2, due="2027-01-01T00:00:00Z")])
    agree(office)
    early, late = found(office)
    assert early["due_at"] == datetime(2026, 3, 2, 1, 5, tzinfo=UTC)
    assert late["due_at"] < datetime(2026, 3, 6, tzinfo=UTC)
    assert clocks_of(office, late["id"])["source"]["due_at"] == datetime(2027, 1, 1, tzinfo=UTC)


def test_closed_cases_are_promised_nothing_until_they_are_opened_again(office: Store, tmp_path: Path) -> None:
    closed = row(1, due="2026-03-03T00:00:00Z", closed="2026-03-02T05:00:00Z", state="archived", phase="closed")
    brought(office, tmp_path, [closed])
    case = found(office)[0]
    assert clocks_of(office, case["id"]) == {}
    assert (case["due_at"], case["policy_id"]) == (datetime(2026, 3, 3, tzinfo=UTC), None)
    done(office, "reopen", case["id"], "root", clock.now(), reason="again")
    agree(office)
    assert clocks_of(office, case["id"])["source"]["due_at"] == datetime(2026, 3, 3, tzinfo=UTC)


def test_a_case_is_under_the_version_in_force_when_it_was_received(office: Store, tmp_path: Path) -> None:
    with office.writing("root") as work:
        since = datetime(2026, 3, 10, tzinfo=UTC)
        newer = adopt(work, load_pack("gb-energy"), name="gb-energy", valid_from=since)
    brought(office, tmp_path, [row(1), row(2, received="2026-03-11T01:00:00Z")])
    agree(office)
    before, after = found(office)
    assert (before["policy_id"] != newer, after["policy_id"] == newer) == (True, True)
    assert "ombudsman" in clocks_of(office, after["id"])


def test_what_a_second_import_changes_moves_the_promises(office: Store, tmp_path: Path) -> None:
    brought(office, tmp_path, [row(1, due="2026-03-02T01:05:00Z"), row(2), row(3)])
    first = found(office)
    again = [
        row(1, due="2026-04-01T00:00:00Z"),
        row(2, kind="fault"),
        row(3, closed="2026-03-02T03:00:00Z", state="archived", phase="closed"),
    ]
    report = brought(office, tmp_path, again)
    assert report.counts.updated == 3
    agree(office)
    moved, other_kind, closed = found(office)
    assert clocks_of(office, moved["id"])["source"]["due_at"] == datetime(2026, 4, 1, tzinfo=UTC)
    assert moved["due_at"] > first[0]["due_at"]
    assert other_kind["due_at"] != first[1]["due_at"]
    stopped = clocks_of(office, closed["id"])["reply"]
    assert (closed["due_at"], stopped["standing"]) == (None, "stopped")
    assert stopped["stopped_at"] == datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    assert brought(office, tmp_path, again).counts.unchanged == 3
    undo_batch(office, report.batch or 0, "root")
    agree(office)
    keep = ("id", "kind", "phase", "due_at", "policy_id", "closed_at")
    assert [[case[name] for name in keep] for case in found(office)] == [
        [case[name] for name in keep] for case in first
    ]
    assert clocks_of(office, moved["id"])["source"]["due_at"] == datetime(2026, 3, 2, 1, 5, tzinfo=UTC)


def test_taking_an_import_back_takes_its_promises_even_after_reminders(office: Store, tmp_path: Path) -> None:
    report = brought(office, tmp_path, [row(number) for number in range(5)])
    assert reminders.remind(office, actor="root")
    assert undo_batch(office, report.batch or 0, "root").kept == ()
    with office.reading() as connection:
        assert connection.execute(select(CLOCKS.c.id)).all() == []
    assert found(office) == []


def test_a_dry_run_promises_nothing_and_the_same_file_twice_changes_nothing(office: Store, tmp_path: Path) -> None:
    rows = [row(number, due="2026-03-09T00:00:00Z" if number % 2 else "") for number in range(12)]
    brought(office, tmp_path, rows, dry_run=True)
    assert found(office) == []
    brought(office, tmp_path, rows)
    first = found(office)
    assert brought(office, tmp_path, rows).counts.unchanged == 12
    assert found(office) == first
    agree(office)


def test_an_import_broken_off_goes_on_and_every_case_has_its_promises(office: Store, tmp_path: Path) -> None:
    rows = [row(number) for number in range(700)]
    stopped = [*rows[:500], row(500, received="never"), *rows[501:]]
    assert brought(office, tmp_path, stopped, on_error="stop").counts.created == 500
    assert brought(office, tmp_path, stopped, resume=True).counts.created == 699
    agree(office)


def test_work_on_an_imported_case_goes_on_from_its_promises(office: Store, tmp_path: Path) -> None:
    brought(office, tmp_path, [row(1), row(2, kind="inquiry")])
    first, second = found(office)
    at = clock.now() + timedelta(hours=1)
    done(office, "contact", first["id"], "root", at, direction="out", note="called")
    for verb, fields in (("triage", {"severity": "1", "category": "billing / wrong"}), ("dispatch", {}), ("take", {})):
        done(office, verb, second["id"], "root", at, **fields)
    waiting = done(office, "await-customer", second["id"], "root", at, reason="asked for the bill")
    agree(office)
    assert clocks_of(office, second["id"])["dispatch"]["started_at"] == datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    kept = clocks_of(office, second["id"])
    assert all(c["standing"] in ("missed", "pending", "running", "paused") for c in kept.values())
    undo(office, waiting.operation or 0, actor="root", now=at + timedelta(minutes=1))
    agree(office)


def test_a_case_that_came_in_waiting_owes_nothing_while_it_waits(office: Store, tmp_path: Path) -> None:
    brought(office, tmp_path, [row(1, state="awaiting_customer", phase="waiting")])
    agree(office)
    assert clocks_of(office, found(office)[0]["id"])["reply"]["standing"] == "paused"


def test_without_a_policy_the_due_time_of_the_source_is_all_there_is(store: Store, tmp_path: Path) -> None:
    brought(store, tmp_path, [row(1, due="2026-03-09T00:00:00Z")])
    (case,) = found(store)
    assert (case["due_at"], case["policy_id"]) == (datetime(2026, 3, 9, tzinfo=UTC), None)


def test_a_promise_broken_before_the_case_came_in_makes_its_task(store: Store, tmp_path: Path) -> None:
    furnish(store, "ew-water")
    report = brought(store, tmp_path, [row(1), row(2, kind="inquiry")])
    assert [task.clock for task in case_tasks.tasks(store)] == ["reply"]
    undo_batch(store, report.batch or 0, "root")
    with store.reading() as connection:
        assert connection.execute(select(table_of(CaseTask).c.id)).all() == []
