"""Many invented cases for measuring: the same ones for the same number and seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert, select

from console.codes import CaseKind, CasePhase, CaseState, Channel
from console.models import Case, CaseEvent, CaseText, Category, Department, Staff
from console.models.base import table_of
from console.storage.engine import Store, analyse
from console.storage.numbers import case_reference
from console.storage.search import index_cases

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
CATEGORIES: Table = table_of(Category)
DEPARTMENTS: Table = table_of(Department)
STAFF: Table = table_of(Staff)

PART = 5_000
REGIONS = ("north", "south", "east", "west", "centre")
AREAS = ("urban", "urban", "urban", "rural", "remote")
SUBJECTS = (
    "No water since this morning 早上开始停水",
    "Power cut three times this week 一周停电三次",
    "Bill twice as high as last month 账单翻倍",
    "Meter reading does not match 抄表不符",
    "Nobody came to the appointment 预约无人上门",
    "Low pressure in the evening 晚上水压低",
    "Rude answer at the counter 柜台态度差",
    "Gas smell reported, no callback 燃气异味无回访",
)


def generate_cases(
    store: Store,
    count: int,
    *,
    now: datetime,
    seed: int = 1,
    open_share: float = 1.0,
    is_searchable: bool = False,
    assignee: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Add invented cases to a database, in parts of 5,000.

    ``open_share`` (0 to 1) are open, a tenth of them waiting for the customer or having waited; the rest is archived.
    One case in twenty of the open ones is given to the member of staff with the login ``assignee``. ``is_searchable`` puts the
    texts into the search index, which takes longer than the rest together.
    """
    chance = random.Random(seed)
    with store.reading() as connection:
        categories = list(connection.execute(select(CATEGORIES.c.id).order_by(CATEGORIES.c.id)).scalars())
        departments = list(connection.execute(select(DEPARTMENTS.c.id).order_by(DEPARTMENTS.c.id)).scalars())
        assignee_id = connection.execute(select(STAFF.c.id).where(STAFF.c.login == assignee)).scalar()
        newest = connection.execute(select(CASES.c.id).order_by(CASES.c.id.desc()).limit(1)).scalar() or 0
    for start in range(0, count, PART):
        ids = range(newest + start + 1, newest + min(start + PART, count) + 1)
        made = [_case(case_id, chance, now, categories, departments, open_share) for case_id in ids]
        for case, _ in made:
            case["assignee_id"] = assignee_id if case["phase"] == CasePhase.OPEN and case["id"] % 20 == 0 else None
        with store.writing("bench") as work:
            work.connection.execute(insert(CASES), [case for case, _ in made])
            work.connection.execute(insert(TEXTS), [_text(case) for case, _ in made])
            work.connection.execute(insert(EVENTS), [event for _, events in made for event in events])
            if is_searchable:
                index_cases(work.connection, [(case["id"], case["subject"], case["subject"]) for case, _ in made])
            work.record("generate", "case", f"{len(made)} cases")
        if progress is not None:
            progress(start + len(made), count)
    if not store.is_sqlite:
        with store.writing("bench") as work:
            work.connection.exec_driver_sql("SELECT setval('cases_id_seq', (SELECT max(id) FROM cases))")
            work.record("generate", "case", "sequence")
    analyse(store)


def _case(
    case_id: int, chance: random.Random, now: datetime, categories: list[int], departments: list[int], open_share: float
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    is_open = chance.random() < open_share
    received_at = now - timedelta(seconds=chance.randrange(10 * 86_400 if is_open else 365 * 86_400))
    events = list(_events(case_id, chance, received_at, now, is_open=is_open))
    last = events[-1]
    case = {
        "id": case_id,
        "reference": case_reference(case_id),
        "kind": chance.choices(tuple(CaseKind), (60, 15, 10, 4, 3, 2, 6))[0].value,
        "state": last["state"],
        "phase": last["phase"],
        "category_id": chance.choice(categories) if categories else None,
        "channel": chance.choice(tuple(Channel)).value,
        "severity": chance.choices((1, 2, 3, 4), (70, 20, 8, 2))[0],
        "region": chance.choice(REGIONS),
        "area": chance.choice(AREAS),
        "department_id": chance.choice(departments) if departments else None,
        "subject": f"{chance.choice(SUBJECTS)} #{case_id}",
        "responsible": "",
        "received_at": received_at,
        "due_at": received_at + timedelta(days=4) if is_open else None,
        "closed_at": None if is_open else last["at"],
        "updated_at": last["at"],
        "is_supervised": chance.random() < 0.01,
        "is_vulnerable": chance.random() < 0.05,
        "is_raised_by_staff": False,
        "authority": "",
        "validity": "",
        "times_repeated": 0,
        "times_urged": 0,
        "times_reopened": 0,
        "callback_attempts": 0,
        "escalation_level": 0,
        "source_digest": "",
        "version": len(events),
    }
    return case, events


def _events(
    case_id: int, chance: random.Random, received_at: datetime, now: datetime, *, is_open: bool
) -> Iterator[dict[str, Any]]:
    steps = [("new", CaseState.RECEIVED, CasePhase.OPEN), ("triage", CaseState.REVIEWED, CasePhase.OPEN)]
    if chance.random() < 0.7:
        steps.append(("dispatch", CaseState.DISPATCHED, CasePhase.OPEN))
    if chance.random() < 0.1:
        steps.append(("await-customer", CaseState.AWAITING, CasePhase.WAITING))
        if chance.random() < 0.8:
            steps.append(("resume", CaseState.INVESTIGATING, CasePhase.OPEN))
    if not is_open:
        steps.extend([("reply", CaseState.REPLIED, CasePhase.OPEN), ("archive", CaseState.ARCHIVED, CasePhase.CLOSED)])
    age = max(int((now - received_at).total_seconds()), len(steps) + 1)
    offsets = [0, *sorted(chance.randrange(1, age) for _ in steps[1:])]
    for (verb, state, phase), offset in zip(steps, offsets, strict=True):
        yield {
            "case_id": case_id,
            "at": received_at + timedelta(seconds=offset),
            "actor": "bench",
            "verb": verb,
            "note": "",
            "before": "{}",
            "after": "{}",
            "state": state.value,
            "phase": phase.value,
            "origin": "customer" if verb == "new" else "staff",
            "is_public": True,
            "is_undone": False,
        }


def _text(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "case_id": case["id"],
        "narrative": case["subject"],
        "findings": "",
        "measures": "",
        "reply": "",
        "follow_up": "",
        "cause": "",
        "location": "",
        "extras": "{}",
    }
