"""The promises on cases that come in from elsewhere: those of the policy in force when they were received.

A due time that the source gives is kept as a promise of its own, named ``source``, beside those of the policy. A case that
came in closed is promised nothing until it is opened again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Table, delete, insert, select, update

from console.codes import CasePhase
from console.models import Policy as PolicyTable
from console.models.base import table_of
from console.rules.clocks import Happening, next_due
from console.rules.policy_tasks import makes_tasks
from console.services import promised_tasks, promises
from console.services.case_histories import CASES, CLOCKS, SOURCE_CLOCK, CaseHistory, traits_of
from console.services.policies import PolicyBook, policy_book
from console.services.promises import CLOCK_COLUMNS, ClockRow, RuleMemory
from console.storage.bulk import insert_rows

POLICIES: Table = table_of(PolicyTable)


class Incoming(Protocol):
    """What is known of a case that comes in."""

    @property
    def kind(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def severity(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def authority(self) -> str: ...
    @property
    def area(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def is_raised_by_staff(self) -> bool: ...


@dataclass(slots=True)
class ImportedPromises:
    """Gives cases their promises while a part of an import is written, without asking the database for each of them.

    ``now`` is the moment under which the import stands in their history. Without a policy in force nothing is promised, and a
    case keeps the due time that came with it.
    """

    book: PolicyBook | None
    now: datetime
    memory: RuleMemory = field(default_factory=RuleMemory)
    _clocks: list[ClockRow] = field(default_factory=list)
    _owing: list[promised_tasks.Owing] = field(default_factory=list)

    @classmethod
    def on(cls, connection: Connection, now: datetime) -> ImportedPromises:
        """Read the policies once for a part of an import."""
        is_known = connection.execute(select(POLICIES.c.id).limit(1)).first() is not None
        return cls(policy_book(connection) if is_known else None, now)

    def give(self, case_id: int, case: Incoming) -> tuple[int | None, datetime | None]:
        """Work out the promises on a new case; return the id of its policy, and when it is due next."""
        if self.book is None or case.phase == CasePhase.CLOSED.value:
            return None, case.due_at
        edition = self.book.at(case.received_at)
        history = CaseHistory(
            case_id,
            "",
            case.phase,
            edition.id,
            case.received_at,
            None,
            case.due_at,
            traits_of(_traits(case), edition.policy.zone),
            _happenings(case, self.now),
        )
        made = promises.promises_of(edition.policy, history, memory=self.memory)
        self._clocks.extend(promises.clock_row(case_id, promise) for promise in made)
        if makes_tasks(edition.policy):
            self._owing.append(promises.owing_of(self.book, history, made))
        return edition.id, next_due(promise.state for promise in made)

    def write(self, connection: Connection) -> None:
        """Write what was worked out, after the cases themselves were written."""
        insert_rows(connection, CLOCKS, CLOCK_COLUMNS, self._clocks)
        if self._owing:
            promised_tasks.settle(connection, self._owing, self.now)
        self._clocks, self._owing = [], []

    def renew(self, connection: Connection, case_ids: Sequence[int]) -> None:
        """Compute the promises on cases again that an import has changed or put back; those that were always closed have none."""
        if self.book is None or not case_ids:
            return
        promised = select(CLOCKS.c.case_id).where(CLOCKS.c.case_id == CASES.c.id).exists()
        rows = connection.execute(
            select(CASES.c.id, CASES.c.received_at, CASES.c.policy_id).where(
                CASES.c.id.in_(list(case_ids)), (CASES.c.phase != CasePhase.CLOSED.value) | promised
            )
        ).all()
        for case_id, received_at, policy_id in rows:
            rightful = self.book.at(received_at).id
            if policy_id != rightful:
                connection.execute(update(CASES).where(CASES.c.id == case_id).values(policy_id=rightful))
        promises.recompute(connection, [case_id for case_id, _, _ in rows], self.book, now=self.now)


def set_source_due_times(connection: Connection, due_times: Iterable[tuple[int, datetime | None]]) -> None:
    """Change the due times that the sources of cases give; one that has no promises of its own carries it itself."""
    given = dict(due_times)
    if not given:
        return
    promised: dict[int, datetime] = dict(
        connection.execute(
            select(CASES.c.id, CASES.c.received_at).where(
                CASES.c.id.in_(list(given)), select(CLOCKS.c.id).where(CLOCKS.c.case_id == CASES.c.id).exists()
            )
        ).all()
    )
    connection.execute(delete(CLOCKS).where(CLOCKS.c.case_id.in_(list(given)), CLOCKS.c.name == SOURCE_CLOCK))
    rows: list[dict[str, Any]] = [
        {
            "case_id": case_id,
            "name": SOURCE_CLOCK,
            "rule": SOURCE_CLOCK,
            "target": "",
            "standing": "running",
            "started_at": promised[case_id],
            "due_at": due_at,
            "misses": 0,
        }
        for case_id, due_at in given.items()
        if case_id in promised and due_at is not None
    ]
    if rows:
        connection.execute(insert(CLOCKS), rows)


def _traits(case: Incoming) -> dict[str, Any]:
    return {
        "kind": case.kind,
        "category": case.category,
        "severity": case.severity,
        "channel": case.channel,
        "authority": case.authority,
        "area": case.area,
        "region": case.region,
        "subject": case.subject,
        "received_at": case.received_at,
        "is_raised_by_staff": case.is_raised_by_staff,
    }


def _happenings(case: Incoming, now: datetime) -> tuple[Happening, ...]:
    """Return the history of a case that has just come in, as it will be read from its one event."""
    first = Happening(case.received_at, "new", CasePhase.OPEN.value, "customer")
    imported = Happening(now, "imported", case.phase, "system", is_public=False)
    if case.phase == CasePhase.OPEN.value:
        return first, imported
    return first, Happening(case.received_at, "import", case.phase, "system"), imported
