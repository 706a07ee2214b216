"""Whether closed complaints show each step of handling that a standard asks for (ISO 10002:2018, clause 8).

The steps are those of the policy a case is under; where it lists none, those of the ready policy ``iso-10002``. A step is shown
by one of its verbs in the history that stands. A reason stated with the closing excuses what is missing, and is reported.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Table, select

from console.codes import CaseKind, CasePhase
from console.models import Case, CaseEvent
from console.models.base import table_of
from console.rules.policies import load_pack, parse_policy
from console.rules.policy_promises import RecordedStep, missing_steps
from console.services.case_histories import CHUNK, IMPORTED
from console.services.policies import policy_book
from console.storage.engine import Store

CASES: Table = table_of(Case)
EVENTS: Table = table_of(CaseEvent)
STANDARD = "iso-10002"


@dataclass(frozen=True, slots=True)
class StepGap:
    """A closed complaint that does not show all steps: their names, and the reason stated with the closing, if any."""

    reference: str
    closed_at: datetime
    missing: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class StepReport:
    """The complaints closed here in a period, and those among them that do not show all steps, in the order of closing.

    ``missing`` counts, for each step, the complaints that neither show it nor have a reason.
    """

    closed: int
    complete: int
    excused: int
    gaps: tuple[StepGap, ...]
    missing: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """What the history of a case amounts to: the verbs that stand, and verb and note of the one that closed it."""

    verbs: frozenset[str]
    closed_by: str
    reason: str


def step_report(store: Store, start: datetime, end: datetime) -> StepReport:
    """Return which complaints closed from ``start`` (included) to ``end`` (not included), in UTC, show every step.

    Complaints that came closed from elsewhere are left out: their steps were taken there. Raises UnavailableError where no policy
    is in force.
    """
    gaps: list[StepGap] = []
    counted: dict[str, int] = defaultdict(int)
    closed = 0
    with store.reading() as connection:
        book = policy_book(connection)
        rows = connection.execute(
            select(CASES.c.id, CASES.c.reference, CASES.c.closed_at, CASES.c.policy_id, CASES.c.received_at)
            .where(
                CASES.c.kind == CaseKind.COMPLAINT.value,
                CASES.c.phase == CasePhase.CLOSED.value,
                CASES.c.closed_at >= start,
                CASES.c.closed_at < end,
                CASES.c.merged_into_id.is_(None),
            )
            .order_by(CASES.c.closed_at, CASES.c.id)
        ).all()
        for begin in range(0, len(rows), CHUNK):
            part = rows[begin : begin + CHUNK]
            told = _told(connection, [row.id for row in part])
            for row in part:
                history = told.get(row.id)
                if history is None or history.closed_by == IMPORTED:
                    continue
                closed += 1
                steps = book.of(row.policy_id, row.received_at).policy.steps or standard_steps()
                missing = missing_steps(steps, history.verbs)
                if missing:
                    gaps.append(StepGap(row.reference, row.closed_at, missing, history.reason))
                    for name in () if history.reason else missing:
                        counted[name] += 1
    excused = sum(1 for gap in gaps if gap.reason)
    return StepReport(closed, closed - len(gaps), excused, tuple(gaps), tuple(counted.items()))


@cache
def standard_steps() -> tuple[RecordedStep, ...]:
    """Return the steps of ISO 10002, as the ready policy of that name has them."""
    return parse_policy(load_pack(STANDARD), name=STANDARD).steps


def _told(connection: Connection, case_ids: list[int]) -> dict[int, _Told]:
    verbs: dict[int, set[str]] = defaultdict(set)
    closing: dict[int, tuple[str, str]] = {}
    rows = connection.execute(
        select(EVENTS.c.case_id, EVENTS.c.verb, EVENTS.c.phase, EVENTS.c.note)
        .where(
            EVENTS.c.case_id.in_(case_ids),
            EVENTS.c.phase != "",
            EVENTS.c.verb != "undo",
            EVENTS.c.is_undone.is_(False),
        )
        .order_by(EVENTS.c.case_id, EVENTS.c.at, EVENTS.c.id)
    )
    is_closed: dict[int, bool] = {}
    for case_id, verb, phase, note in rows:
        verbs[case_id].add("new" if verb == IMPORTED else verb)
        if phase == CasePhase.CLOSED.value and not is_closed.get(case_id):
            closing[case_id] = verb, note
        is_closed[case_id] = phase == CasePhase.CLOSED.value
    return {case_id: _Told(frozenset(verbs[case_id]), *closing[case_id]) for case_id in closing}
