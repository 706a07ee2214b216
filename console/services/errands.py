"""One verb on its way through the cases: what stands beside each case, what the policy decides, what is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from console.codes import CasePhase, Role
from console.errors import ConflictError, OmbudError, UsageError
from console.models import (
    Case,
    CaseEvent,
    CaseText,
    Category,
    Customer,
    Operation,
    Remedy,
    ServiceAccount,
)
from console.models.base import table_of
from console.rules.policies import Policy
from console.rules.workflow import ActorFacts, CaseFacts, Decision
from console.services import promises
from console.services.callback_answers import write_callback
from console.services.case_histories import traits_of
from console.services.entering import stored
from console.services.errand_cases import Beside, cases_of, filled_fields
from console.services.lookups import Names
from console.services.policies import PolicyBook
from console.services.verbs import LEASE, Bench, Change, changed
from console.services.workers import Worker
from console.storage.unit import Work

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)
CATEGORIES: Table = table_of(Category)
CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
OPERATIONS: Table = table_of(Operation)
REMEDIES: Table = table_of(Remedy)

_CHANGED = update(CASES).where(CASES.c.id == bindparam("changed_id"), CASES.c.version == bindparam("seen_version"))
"""Written once: to put an UPDATE together costs as much as to execute it. The columns set are those given with it."""

_LEAVES = frozenset({"withdraw", "reject"})
"""What ends a case for one customer; those whose cases were merged into it still wait for an answer."""
_SUPERVISORS = frozenset({Role.LEAD.value, Role.ADMINISTRATOR.value})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case: done, or skipped and why."""

    reference: str
    is_done: bool
    text: str


@dataclass(frozen=True, slots=True)
class OperationRow:
    """An operation as it is kept: what became of its cases, and whether it came to its end."""

    id: int
    verb: str
    actor: str
    outcomes: tuple[Outcome, ...]
    is_complete: bool


def operation_under(connection: Connection, key: str, verb: str, actor: str) -> OperationRow | None:
    """Return the operation done under a key, or None. Raises UsageError where the key was used for something else."""
    row = connection.execute(
        select(OPERATIONS.c.id, OPERATIONS.c.verb, OPERATIONS.c.actor, OPERATIONS.c.report).where(
            OPERATIONS.c.idempotency_key == key
        )
    ).one_or_none()
    if row is None:
        return None
    if (row.verb, row.actor) != (verb, actor):
        raise UsageError(f"The key {key} was used for {row.verb} by {row.actor}.", "Use another key.")
    told = json.loads(row.report)
    outcomes = tuple(Outcome(*outcome) for outcome in told.get("outcomes", []))
    return OperationRow(row.id, row.verb, row.actor, outcomes, bool(told.get("is_complete")))


@dataclass(frozen=True, slots=True)
class PartDone:
    """What one transaction of an errand came to; ``earlier`` is an operation that had done all of it before."""

    operation: int | None = None
    outcomes: tuple[Outcome, ...] = ()
    earlier: OperationRow | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One event to be: the verb, the state it leads to, what changes."""

    verb: str
    target: str
    change: Change


@dataclass(slots=True)
class Errand:
    """One verb with its fields on its way through the cases.

    ``sent_on`` names, by the id of the case that stands for them, the merged cases that the verb was asked for.
    """

    verb: str
    fields: dict[str, str]
    worker: Worker
    now: datetime
    book: PolicyBook
    names: Names
    key: str | None = None
    versions: Mapping[int, int] = field(default_factory=dict)
    sent_on: Mapping[int, Sequence[str]] = field(default_factory=dict)
    operation: int | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    memory: promises.RuleMemory = field(default_factory=promises.RuleMemory)

    def work_on(self, work: Work, case_ids: Sequence[int], *, is_whole: bool) -> PartDone:
        """Do the verb to one part of the cases in the open transaction; ``is_whole`` says that there is no other part."""
        connection = work.connection
        shared = dict(self.shared)
        rows = cases_of(connection, case_ids, has_merged=self.verb in _LEAVES)
        operation, earlier = self._opened(connection)
        if earlier is not None and earlier.is_complete:
            work.abandon()
            return PartDone(earlier.id, earlier.outcomes, earlier)
        done_before = self._done_before(connection, operation, case_ids) if self.key is not None else {}
        outcomes: list[Outcome] = []
        events: list[dict[str, Any]] = []
        touched: list[int] = []
        for case_id in case_ids:
            if case_id not in rows:
                outcomes.append(Outcome(f"#{case_id}", False, "There is no such case."))
                continue
            row, beside = rows[case_id]
            if case_id in done_before:
                outcome = Outcome(row["reference"], True, done_before[case_id])
            else:
                outcome = self._done(work, operation, row, beside, events, touched, shared)
            outcomes.append(outcome)
            outcomes.extend(
                Outcome(reference, outcome.is_done, f"to {outcome.reference}: {outcome.text}")
                for reference in self.sent_on.get(case_id, ())
            )
        if not events:
            work.abandon()
            return PartDone(self.operation if earlier is None else operation, tuple(outcomes))
        connection.execute(insert(EVENTS), events)
        promises.recompute(connection, touched, self.book, now=self.now, memory=self.memory)
        if is_whole:
            write_report(connection, operation, outcomes, is_complete=True)
        references = [outcome.reference for outcome in outcomes if outcome.is_done]
        subject = references[0] if len(references) == 1 else f"{len(references)} cases"
        work.record(self.verb, "case", subject, {"operation": operation, "cases": references})
        self.shared = shared
        return PartDone(operation, tuple(outcomes))

    def refusals(self, connection: Connection, case_ids: Sequence[int]) -> tuple[Outcome, ...] | None:
        """Return why none of the cases allows the verb as they stand, or None where at least one may allow it.

        Asked before a transaction of changes is begun for what many reach for at once: who comes too late waits for nobody.
        """
        if self.verb == "take" and self._is_any_free(connection, case_ids):
            return None
        rows = cases_of(connection, case_ids, is_held=False)
        refused = []
        for row, beside in rows.values():
            decision = self.decision(row, beside)
            if decision.allowed:
                return None
            refused.append(Outcome(row["reference"], False, decision.reason))
        return tuple(refused) if len(refused) == len(case_ids) else None

    def _is_any_free(self, connection: Connection, case_ids: Sequence[int]) -> bool:
        """Say whether one of the cases may be free to take, by its assignee alone: most often that is so."""
        free = select(CASES.c.id).where(
            CASES.c.id.in_(list(case_ids)),
            CASES.c.phase != CasePhase.CLOSED.value,
            or_(CASES.c.assignee_id.is_(None), CASES.c.claimed_until < self.now),
        )
        return connection.execute(free.limit(1)).first() is not None

    def _opened(self, connection: Connection) -> tuple[int, OperationRow | None]:
        """Return the operation to work under; the one of another process that came first with the same key."""
        if self.operation is not None:
            return self.operation, None
        values = {
            "at": self.now,
            "actor": self.worker.login,
            "verb": self.verb,
            "idempotency_key": self.key,
            "report": "{}",
        }
        opening = insert(OPERATIONS).values(values).returning(OPERATIONS.c.id)
        if self.key is None:
            return int(connection.execute(opening).scalar_one()), None
        try:
            with connection.begin_nested():
                opened = connection.execute(opening).scalar_one()
            return int(opened), None
        except IntegrityError:
            earlier = operation_under(connection, self.key or "", self.verb, self.worker.login)
            if earlier is None:
                raise
            return earlier.id, earlier

    def _done_before(self, connection: Connection, operation: int, case_ids: Sequence[int]) -> dict[int, str]:
        rows = connection.execute(
            select(EVENTS.c.case_id, EVENTS.c.state)
            .where(EVENTS.c.operation_id == operation, EVENTS.c.case_id.in_(list(case_ids)))
            .order_by(EVENTS.c.id)
        ).all()
        return dict(rows)

    def _done(
        self,
        work: Work,
        operation: int,
        row: RowMapping,
        beside: Beside,
        events: list[dict[str, Any]],
        touched: list[int],
        shared: dict[str, Any],
    ) -> Outcome:
        """Do the verb to one case, whole or not at all, and say what became of it."""
        tried = dict(shared)
        try:
            with work.connection.begin_nested():
                steps = self._steps(work, operation, row, beside, tried)
                written = self._written(work.connection, operation, row, beside, steps)
        except IntegrityError:
            return Outcome(row["reference"], False, "Somebody else changed the same just now. Look at it again.")
        except OmbudError as error:
            return Outcome(row["reference"], False, str(error))
        shared.update(tried)
        events.extend(written)
        touched.append(row["id"])
        touched.extend(key["id"] for step in steps for table, key in step.change.created if table == CASES.name)
        said = next((step.change.said for step in reversed(steps) if step.change.said), "")
        return Outcome(row["reference"], True, said or steps[-1].target)

    def policy_of(self, row: RowMapping) -> Policy:
        """Return the policy that a case is under."""
        return self.book.of(row["policy_id"], row["received_at"]).policy

    def decision(self, row: RowMapping, beside: Beside) -> Decision:
        """Decide whether the verb may be done to a case now."""
        policy = self.policy_of(row)
        case = CaseFacts(
            state=row["state"],
            filled=filled_fields(self.verb, self.fields, row, beside),
            has_reply=beside.has_reply,
            has_callback=beside.has_callback,
            is_supervised=row["is_supervised"],
            is_assigned=row["assignee_id"] is not None and not self._may_be_taken(row),
            open_remedies=beside.open_remedies,
        )
        decision = policy.may(self.verb, case, self._actor(row), traits_of(row, policy.zone))
        if self.verb in _LEAVES and decision.allowed and beside.stands_for and not beside.has_reply:
            return replace(decision, allowed=False, reason=_told_merged(row["reference"], beside.stands_for))
        attempts = row["callback_attempts"]
        is_owed = row["kind"] in policy.callback.kinds and beside.has_reply and not beside.has_callback
        if self.verb == "archive" and decision.allowed and is_owed and 0 < attempts < policy.callback.attempts:
            reason = f"The customer was not reached in {attempts} of {policy.callback.attempts} attempts; call again."
            return replace(decision, allowed=False, reason=reason)
        return decision

    def _may_be_taken(self, row: RowMapping) -> bool:
        """A case may be taken by whom it was given to, and by anybody once the lease of whoever took it has run out."""
        if self.verb != "take":
            return False
        is_lapsed = row["claimed_until"] is not None and row["claimed_until"] < self.now
        return is_lapsed or bool(row["assignee_id"] == self.worker.id)

    def _actor(self, row: RowMapping) -> ActorFacts:
        if row["assignee_id"] == self.worker.id:
            relation = "own"
        elif row["department_id"] is not None and row["department_id"] == self.worker.department_id:
            relation = "team"
        else:
            relation = "any"
        is_supervisor = (
            self.worker.role in _SUPERVISORS if row["supervisor_id"] is None else row["supervisor_id"] == self.worker.id
        )
        return ActorFacts(self.worker.role, relation, is_supervisor)

    def _steps(
        self, work: Work, operation: int, row: RowMapping, beside: Beside, shared: dict[str, Any]
    ) -> tuple[Step, ...]:
        """Return what the verb comes to in a case. Raises OmbudError where it may not be done."""
        seen = self.versions.get(row["id"])
        if seen is not None and seen != row["version"]:
            raise ConflictError(_told_conflict(work.connection, row), "Look at it again, then decide.")
        decision = self.decision(row, beside)
        if not decision.allowed:
            raise OmbudError(decision.reason)
        policy = self.policy_of(row)
        bench = Bench(work, self.now, policy, self.worker.id, self.worker.role, operation, self.names, shared)
        change = changed(bench, self.verb, row, self.fields)
        target = decision.target or row["state"]
        if self.verb == "take" and target == row["state"] and not change.case:
            raise OmbudError(f"{row['reference']} is yours already.")
        done = Step(self.verb, target, change)
        if self.verb != "callback" or change.case.get("opinion") not in policy.callback.reopen_on:
            return (done,)
        onward = policy.workflow.transition("reopen", target)
        if onward is None:
            return (done,)
        again = Change(
            case={"times_reopened": row["times_reopened"] + 1}, note=change.note, said=f"{change.note}; opened again"
        )
        return done, Step("reopen", onward.lands(target), again)

    def _written(
        self, connection: Connection, operation: int, row: RowMapping, beside: Beside, steps: Sequence[Step]
    ) -> list[dict[str, Any]]:
        """Write the changes of one case step by step, and return its events."""
        current = dict(row)
        return [self._event(connection, operation, current, beside, step) for step in steps]

    def _event(
        self, connection: Connection, operation: int, current: dict[str, Any], beside: Beside, step: Step
    ) -> dict[str, Any]:
        """Write one step; ``current`` is the row as it is before it, and as it is after it in the end."""
        change = step.change
        at = max(self.now, beside.last_at)
        values = self._new_values(current, step, at)
        texts = {name: value for name, value in change.text.items() if beside.text.get(name) != value}
        version = current["version"]
        seen = {"changed_id": current["id"], "seen_version": version}
        written = connection.execute(_CHANGED, {**values, **seen, "version": version + 1, "updated_at": at})
        if written.rowcount != 1:
            raise ConflictError(f"{current['reference']} was changed by somebody else just now.", "Look at it again.")
        if texts:
            self._write_texts(connection, current["id"], beside, texts)
        before = {name: current[name] for name in values} | {name: beside.text.get(name, "") for name in texts}
        for table, new in change.rows:
            key = connection.execute(insert(table).values(new).returning(*table.primary_key)).one()
            change.created.append((table.name, dict(zip(table.primary_key.columns.keys(), key, strict=True))))
        if step.verb == "callback" and change.case.get("opinion"):
            opinion, reason = change.case["opinion"], self.fields.get("opinion_reason", "")
            response = write_callback(connection, current, opinion, reason, actor=self.worker.login, at=at)
            change.created.append(("responses", {"id": response}))
        current.update(values, version=version + 1)
        return {
            "case_id": current["id"],
            "at": at,
            "actor": self.worker.login,
            "verb": step.verb,
            "note": change.note,
            "before": stored(before),
            "after": stored({**values, **texts}, version=version + 1, created=change.created),
            "state": current["state"],
            "phase": current["phase"],
            "origin": change.origin,
            "is_public": change.is_public,
            "is_undone": False,
            "operation_id": operation,
        }

    def _new_values(self, current: Mapping[str, Any], step: Step, at: datetime) -> dict[str, Any]:
        """Return the columns that a step changes; whoever works on a case he took keeps it for another while."""
        phase = str(self.book.of(current["policy_id"], current["received_at"]).policy.workflow.phase(step.target))
        values = {"state": step.target, "phase": phase, **step.change.case}
        if phase == CasePhase.CLOSED.value and current["phase"] != CasePhase.CLOSED.value:
            values["closed_at"] = at
        elif phase != CasePhase.CLOSED.value and current["phase"] == CasePhase.CLOSED.value:
            values["closed_at"] = None
        if current["claimed_until"] is not None and current["assignee_id"] == self.worker.id:
            values.setdefault("claimed_until", None if phase == CasePhase.CLOSED.value else self.now + LEASE)
        return {name: value for name, value in values.items() if current[name] != value}

    def _write_texts(self, connection: Connection, case_id: int, beside: Beside, texts: Mapping[str, Any]) -> None:
        if beside.text:
            connection.execute(update(TEXTS).where(TEXTS.c.case_id == case_id).values(texts))
        else:
            connection.execute(insert(TEXTS).values({**_NO_TEXT, **texts, "case_id": case_id}))


_NO_TEXT = {
    "narrative": "",
    "findings": "",
    "measures": "",
    "reply": "",
    "follow_up": "",
    "cause": "",
    "location": "",
    "extras": "{}",
}


def write_report(connection: Connection, operation: int, outcomes: Sequence[Outcome], *, is_complete: bool) -> None:
    """Write down what became of the cases of an operation."""
    told = {
        "outcomes": [[item.reference, item.is_done, item.text] for item in outcomes],
        "is_complete": is_complete,
    }
    report = json.dumps(told, ensure_ascii=False)
    connection.execute(update(OPERATIONS).where(OPERATIONS.c.id == operation).values(report=report))


def _told_merged(reference: str, merged: Sequence[str]) -> str:
    shown = ", ".join(merged[:3]) + (f" and {len(merged) - 3} more" if len(merged) > 3 else "")
    return f"{shown} went on in {reference} and would stay unanswered; reply, or reopen what was merged first."


def _told_conflict(connection: Connection, row: RowMapping) -> str:
    last = connection.execute(
        select(EVENTS.c.actor, EVENTS.c.verb, EVENTS.c.at)
        .where(EVENTS.c.case_id == row["id"])
        .order_by(EVENTS.c.id.desc())
        .limit(1)
    ).one_or_none()
    if last is None:
        return f"{row['reference']} was changed meanwhile."
    return f"{row['reference']} was changed meanwhile: {last.verb} by {last.actor} at {last.at:%Y-%m-%d %H:%M:%S} UTC."
