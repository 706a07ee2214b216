"""Working on cases: a verb on one case or on all that a filter finds, as one operation that can be undone.

Each case goes through the workflow of its own policy; what is not allowed is skipped and says why. Cases are worked in parts,
each part one short transaction with its changes, events, clocks and audit entry. A retry under the same key finishes what was
begun and does nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Table, select

from console import clock
from console.errors import UsageError
from console.models import Case
from console.models.base import table_of
from console.services.errands import Errand, Outcome, PartDone, operation_under, write_report
from console.services.lookups import Names
from console.services.policies import policy_book
from console.services.verbs import prepared
from console.services.workers import Worker, worker_of
from console.storage.engine import Store
from console.storage.unit import Work

__all__ = ["PART", "Outcome", "Report", "Worker", "perform", "worker_of"]

CASES: Table = table_of(Case)

PART = 100
"""Cases of one transaction: short enough that nobody else waits for it."""
LONGEST_KEY = 100
CONTESTED = frozenset({"take"})
"""What many people reach for at once."""
GO_TO_TARGET = frozenset({"callback", "contact", "reply", "urge"})
"""What is said to or by the customer of a merged case concerns the case that stands for it (R16 of the reference)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an operation did.

    ``operation`` is None for a dry run and where nothing was done; ``left`` counts the cases it did not come to, because it was
    told to stop.
    """

    verb: str
    operation: int | None
    outcomes: tuple[Outcome, ...] = field(default_factory=tuple)
    left: int = 0

    @property
    def done(self) -> tuple[Outcome, ...]:
        """The cases it was done to."""
        return tuple(outcome for outcome in self.outcomes if outcome.is_done)

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """The cases it was not done to, each with the reason."""
        return tuple(outcome for outcome in self.outcomes if not outcome.is_done)


def perform(
    store: Store,
    verb: str,
    case_ids: Sequence[int],
    given: Mapping[str, str],
    *,
    actor: str,
    now: datetime | None = None,
    key: str | None = None,
    versions: Mapping[int, int] | None = None,
    is_dry_run: bool = False,
    progress: Callable[[int, int], bool] | None = None,
) -> Report:
    """Do a verb to cases and return what became of each.

    ``given`` are the fields by name; ``versions`` the versions of the cases as the actor saw them, so that a change by
    somebody else meanwhile is told instead of overwritten; ``progress(done, total)`` may return False to stop between two
    parts. Under a ``key`` used before, what was begun is finished, and the first report is returned; an operation that did
    nothing leaves no key. What the customer of a merged case says or is told goes to the case that stands for it. A dry run
    does everything and takes each part back.

    Raises UsageError for a field, value, name or key that means nothing, NotAllowedError for an actor who is not on the staff,
    UnavailableError where the database stays busy; nothing of the part at hand is changed then.
    """
    fields = prepared(verb, given)
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise UsageError("A key has 1 to 100 characters.", "Use a new random one for each operation.")
    moment = (now or clock.now()).replace(microsecond=0)
    names = Names()
    with store.reading() as connection:
        worker = worker_of(connection, actor)
        book = policy_book(connection)
        names.look_up(connection, fields)
        begun = operation_under(connection, key, verb, actor) if key is not None and not is_dry_run else None
        worked, sent_on = _sent_on(connection, verb, case_ids)
    if begun is not None and begun.is_complete:
        return Report(verb, begun.id, begun.outcomes)
    errand = Errand(verb, fields, worker, moment, book, names, None if is_dry_run else key, versions or {}, sent_on)
    errand.operation = begun.id if begun is not None else None
    return _worked(store, errand, worked, is_dry_run=is_dry_run, progress=progress)


def _worked(
    store: Store,
    errand: Errand,
    case_ids: Sequence[int],
    *,
    is_dry_run: bool,
    progress: Callable[[int, int], bool] | None,
) -> Report:
    outcomes: list[Outcome] = []
    login = errand.worker.login
    total = len(case_ids)
    come_to = 0
    for start in range(0, total, PART):
        part = case_ids[start : start + PART]
        done = _part_done(store, errand, part, is_whole=total <= PART, is_dry_run=is_dry_run)
        if done.earlier is not None:
            return Report(errand.verb, done.earlier.id, done.earlier.outcomes)
        if not is_dry_run:
            errand.operation = done.operation
        outcomes.extend(done.outcomes)
        come_to = start + len(part)
        if progress is not None and not progress(come_to, total):
            break
    is_complete = come_to == total
    if errand.operation is not None and (total > PART or not is_complete):
        operation = errand.operation

        def close(work: Work) -> None:
            write_report(work.connection, operation, outcomes, is_complete=is_complete)
            work.record(f"{errand.verb} done", "operation", str(operation), {"cases": len(outcomes)})

        store.write(login, close)
    return Report(errand.verb, errand.operation, tuple(outcomes), total - come_to)


def _part_done(store: Store, errand: Errand, part: Sequence[int], *, is_whole: bool, is_dry_run: bool) -> PartDone:
    """Do one part in one transaction; without one, where all of what many reach for is gone already."""
    if errand.verb in CONTESTED and errand.operation is None:
        with store.reading() as connection:
            refused = errand.refusals(connection, part)
        if refused is not None:
            return PartDone(None, refused)

    def do(work: Work) -> PartDone:
        done = errand.work_on(work, part, is_whole=is_whole)
        if is_dry_run:
            work.abandon()
        return done

    return store.write(errand.worker.login, do)


def _sent_on(connection: Connection, verb: str, case_ids: Sequence[int]) -> tuple[list[int], dict[int, list[str]]]:
    """Return the cases to work on, each once, and the references of merged ones by the case that stands for them."""
    sent_on: dict[int, list[str]] = defaultdict(list)
    if verb not in GO_TO_TARGET:
        return list(dict.fromkeys(case_ids)), sent_on
    merged: dict[int, tuple[str, int]] = {}
    asked = list(dict.fromkeys(case_ids))
    while asked:
        rows = connection.execute(
            select(CASES.c.id, CASES.c.reference, CASES.c.merged_into_id).where(
                CASES.c.id.in_(asked), CASES.c.merged_into_id.is_not(None)
            )
        ).all()
        merged.update({id_: (reference, target) for id_, reference, target in rows})
        asked = [target for _, _, target in rows if target not in merged]
    worked: dict[int, None] = {}
    for case_id in dict.fromkeys(case_ids):
        final = case_id
        passed = set()
        while final in merged and final not in passed:
            passed.add(final)
            final = merged[final][1]
        worked[final] = None
        if final != case_id:
            sent_on[final].append(merged[case_id][0])
    return list(worked), sent_on
