"""Many people take cases at once: nobody takes a case twice, no change is lost, and nobody sees an error.

By default 8 processes and 100 cases; ``OMBUD_CLAIM_PROCESSES`` and ``OMBUD_CLAIM_CASES`` ask for more.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from office import COMPLAINT, START, furnish
from sqlalchemy import func, insert, select, update

from console.models import Case, CaseEvent, Staff, whole_schema
from console.models.base import table_of
from console.services import promises
from console.services.handling import perform
from console.services.intake import take_in
from console.storage.engine import Store, open_store

PROCESSES = int(os.environ.get("OMBUD_CLAIM_PROCESSES", "8"))
CASES_AT_ONCE = int(os.environ.get("OMBUD_CLAIM_CASES", "100"))
CASES = table_of(Case)
EVENTS = table_of(CaseEvent)
STAFF = table_of(Staff)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one process came to: the cases it took, how long each attempt lasted in seconds, and what went wrong."""

    login: str
    taken: tuple[int, ...]
    seconds: tuple[float, ...]
    errors: tuple[str, ...]


def _fill(store: Store, count: int, logins: list[str]) -> list[int]:
    furnish(store)
    first = take_in(store, COMPLAINT, actor="an", now=START)
    with store.writing("root") as work:
        connection = work.connection
        pattern = dict(connection.execute(select(CASES).where(CASES.c.id == first.id)).mappings().one())
        born = dict(connection.execute(select(EVENTS).where(EVENTS.c.case_id == first.id)).mappings().one())
        texts = whole_schema().tables["case_texts"]
        text = dict(connection.execute(select(texts).where(texts.c.case_id == first.id)).mappings().one())
        more = range(first.id + 1, first.id + count)
        if more:
            rows = [{**pattern, "id": number, "reference": f"C-{number:06d}"} for number in more]
            connection.execute(insert(CASES), rows)
            connection.execute(insert(texts), [{**text, "case_id": number} for number in more])
            del born["id"]
            connection.execute(insert(EVENTS), [{**born, "case_id": number} for number in more])
        promises.recompute(connection, list(more))
        connection.execute(update(CASES).values(state="reviewed"))
        person = {"role": "agent", "is_active": True, "created_at": START, "skills": "", "territory": "", "version": 1}
        connection.execute(insert(STAFF), [{"login": login, "name": login, **person} for login in logins])
        work.record("fill", "database", f"{count} cases")
    return list(range(first.id, first.id + count))


def _take_all(url: str, login: str, case_ids: list[int], start: Any, results: Any) -> None:
    """Walk through all cases as one person who wants every one of them, each in a transaction of its own."""
    taken: list[int] = []
    seconds: list[float] = []
    errors: list[str] = []
    store = open_store(url)
    start.wait()
    for number, case_id in enumerate(case_ids):
        began = time.perf_counter()
        try:
            report = perform(store, "take", [case_id], {}, actor=login, now=START + timedelta(seconds=number % 60))
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
            continue
        finally:
            seconds.append(time.perf_counter() - began)
        if report.done:
            taken.append(case_id)
        elif "somebody has the case already" not in report.skipped[0].text.lower():
            errors.append(report.skipped[0].text)
    store.close()
    results.put(Claimed(login, tuple(taken), tuple(seconds), tuple(errors)))


def test_a_case_is_taken_once_however_many_reach_for_it(database_url: str, store: Store) -> None:
    logins = [f"agent{number:02d}" for number in range(PROCESSES)]
    case_ids = _fill(store, CASES_AT_ONCE, logins)
    store.close()
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(PROCESSES), context.Queue()
    people = [
        context.Process(target=_take_all, args=(database_url, login, case_ids, start, results)) for login in logins
    ]
    began = time.perf_counter()
    for person in people:
        person.start()
    claimed = [results.get(timeout=1800) for _ in people]
    for person in people:
        person.join()
    seconds = sorted(second for claim in claimed for second in claim.seconds)
    told = {
        "processes": PROCESSES,
        "cases": CASES_AT_ONCE,
        "seconds": round(time.perf_counter() - began, 1),
        "median_ms": round(1000 * seconds[len(seconds) // 2], 1),
        "p99_ms": round(1000 * seconds[int(len(seconds) * 0.99)], 1),
        "slowest_ms": round(1000 * seconds[-1], 1),
    }
    sys.stdout.write(f"\n{store.engine.dialect.name}: {told}\n")
    assert [error for claim in claimed for error in claim.errors] == []
    owners = Counter(case_id for claim in claimed for case_id in claim.taken)
    assert owners == Counter(case_ids)
    with store.reading() as connection:
        held: dict[int, str] = dict(
            connection.execute(
                select(CASES.c.id, STAFF.c.login).join_from(CASES, STAFF, STAFF.c.id == CASES.c.assignee_id)
            ).all()
        )
        assert held == {case_id: claim.login for claim in claimed for case_id in claim.taken}
        versions: dict[int, int] = dict(connection.execute(select(CASES.c.id, CASES.c.version)).all())
        events: dict[int, int] = dict(
            connection.execute(select(EVENTS.c.case_id, func.count()).group_by(EVENTS.c.case_id)).all()
        )
        assert versions == events == dict.fromkeys(case_ids, 2)
        assert promises.disagreements(connection, case_ids) == ()
