"""Journeys through the workflow: whatever is done to a case, by whom and when, the promises of the house hold.

By default 60 journeys on SQLite and 15 on PostgreSQL; ``OMBUD_JOURNEYS`` asks for another number on each.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from office import PEOPLE, START, furnish
from sqlalchemy import event, or_, select

from console.codes import CaseKind, Channel
from console.errors import UsageError
from console.models import whole_schema
from console.rules.policies import Policy
from console.services import promises
from console.services.handling import perform
from console.services.intake import NewCase, take_in
from console.services.policies import policy_in_force
from console.services.undoing import undo
from console.services.verbs import TAKES
from console.storage.engine import Store

JOURNEYS = {"sqlite": 60, "postgresql": 15}
STEPS = 12
TRIES = 4
CATEGORIES = (
    "billing / wrong",
    "outage / fault",
    "service / attitude",
    "request / appliance",
    "misconduct / theft",
    "",
)
ACTORS = ("root", "root", "lin", "ma", *PEOPLE)
TABLES = whole_schema().tables


def fields_for(verb: str, choice: int, other: str) -> dict[str, str]:
    """Return what a person might fill in for a verb; one choice in eight leaves something out."""
    pick = ["satisfied", "neutral", "dissatisfied"][choice % 3]
    values = {
        "action": "",
        "amount": "12.50" if choice % 2 else "",
        "assignee": ["an", "bo", "cai", "dong", "ma"][choice % 5],
        "category": ["billing / wrong", "outage / fault", "quality / voltage"][choice % 3],
        "cause": ["reading", "software"][choice % 2],
        "currency": "CNY" if choice % 2 else "",
        "department": ["", "marketing", "operations"][choice % 3],
        "direction": ["in", "out"][choice % 2],
        "due_on": "2026-11-30",
        "kind": ["", "complaint", "inquiry", "fault"][choice % 4],
        "linked_to": other,
        "measures": "计量装置已更换",
        "merged_into": other,
        "narrative": "另一件事",
        "note": "记录",
        "off": ["", "", "yes"][choice % 3],
        "opinion": pick if choice % 4 else "",
        "opinion_reason": "仍未解决",
        "outcome": ["solved", "partly", "unsolved"][choice % 3],
        "owner": ["an", "ma"][choice % 2],
        "reached": "" if choice % 4 else "no",
        "reason": "原因" if choice % 5 else "",
        "remedy": ["refund", "apology"][choice % 2],
        "reply": "{customer}您好，{reference}已处理",
        "severity": str(1 + choice % 4),
        "summary": "另一件事",
    }
    given = {name: values[name] for name in TAKES[verb] if values.get(name)}
    if choice % 8 == 7 and given:
        del given[sorted(given)[choice % len(given)]]
    return given


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that was done, and what the cases were like before it."""

    operation: int
    actor: str
    before: dict[str, Any] = field(hash=False)


class Journey(RuleBasedStateMachine):
    """Two cases on their way, several people, and a clock that moves on."""

    store: Store
    policy: Policy

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = START
        self.cases: list[tuple[int, str]] = []
        self.done: list[Done] = []

    @initialize(
        kinds=st.tuples(st.sampled_from(list(CaseKind)), st.sampled_from(list(CaseKind))),
        channel=st.sampled_from(list(Channel)),
        category=st.sampled_from(CATEGORIES),
        severity=st.integers(1, 4),
    )
    def two_cases_come_in(
        self, kinds: tuple[CaseKind, CaseKind], channel: Channel, category: str, severity: int
    ) -> None:
        new = NewCase(
            "停电 no power",
            kind=kinds[0],
            channel=channel,
            category=category,
            severity=severity,
            customer="K-1",
            account="A-1",
            details={"contact": "13800138000"},
        )
        for kind in kinds:
            taken = take_in(self.store, replace(new, kind=kind), actor="an", now=self.now)
            self.cases.append((taken.id, taken.reference))

    @rule(
        which=st.integers(0, 1), choice=st.integers(0, 839), actor=st.sampled_from(ACTORS), minutes=st.integers(0, 4000)
    )
    def somebody_goes_on(self, which: int, choice: int, actor: str, minutes: int) -> None:
        """Do a step that leads on, or the next that can be done; who may not leaves it to the administrator."""
        self.now += timedelta(minutes=minutes)
        case_id, _ = self.cases[which]
        state = self._row(case_id)["state"]
        flow = self.policy.workflow
        moving = [step.verb for step in flow.transitions if state in step.sources and step.lands(state) != state]
        verbs = [*moving, *moving, *flow.verbs(state)]
        for attempt in range(TRIES):
            verb = verbs[(choice + 5 * attempt) % len(verbs)]
            other = self.cases[1 - which][1]
            if self._do(verb, [case_id], choice + attempt, "root" if attempt else actor, other):
                break

    @rule(verb=st.sampled_from(sorted(TAKES)), choice=st.integers(0, 839), actor=st.sampled_from(ACTORS))
    def somebody_tries_anything_with_both(self, verb: str, choice: int, actor: str) -> None:
        self._do(verb, [case_id for case_id, _ in self.cases], choice, actor, self.cases[choice % 2][1])

    @rule()
    def the_last_operation_is_taken_back(self) -> None:
        if not self.done:
            return
        last = self.done.pop()
        report = undo(self.store, last.operation, actor="root", now=self.now)
        assert not report.skipped, report.skipped
        assert self._picture() == last.before

    def _do(self, verb: str, case_ids: list[int], choice: int, actor: str, other: str) -> bool:
        before = self._picture()
        given = fields_for(verb, choice, other)
        if "opinion" in given:
            given.pop("reached", None)
        if "amount" in given and "currency" not in given:
            del given["amount"]
        try:
            report = perform(self.store, verb, case_ids, given, actor=actor, now=self.now)
        except UsageError:
            assert self._picture() == before
            return False
        if report.operation is None:
            assert not report.done
            assert self._picture() == before
        else:
            self.done.append(Done(report.operation, actor, before))
        return report.operation is not None

    def _row(self, case_id: int) -> dict[str, Any]:
        cases = TABLES["cases"]
        with self.store.reading() as connection:
            return dict(connection.execute(select(cases).where(cases.c.id == case_id)).mappings().one())

    def _picture(self) -> dict[str, Any]:
        """Return all that is stored of the two cases, save what counts how often they were touched."""
        ids = [case_id for case_id, _ in self.cases]
        links, events = TABLES["case_links"], TABLES["case_events"]
        wanted = {
            "cases": TABLES["cases"].c.id.in_(ids),
            "case_texts": TABLES["case_texts"].c.case_id.in_(ids),
            "clocks": TABLES["clocks"].c.case_id.in_(ids),
            "case_links": or_(links.c.case_id.in_(ids), links.c.other_id.in_(ids)),
            "remedies": TABLES["remedies"].c.case_id.in_(ids),
            "notices": TABLES["notices"].c.case_id.in_(ids),
            "corrective_action_cases": TABLES["corrective_action_cases"].c.case_id.in_(ids),
        }
        picture: dict[str, Any] = {}
        with self.store.reading() as connection:
            for name, condition in wanted.items():
                rows = [dict(row) for row in connection.execute(select(TABLES[name]).where(condition)).mappings()]
                for row in rows:
                    for passing in {"cases": ("version", "updated_at"), "clocks": ("id",)}.get(name, ()):
                        del row[passing]
                picture[name] = sorted(rows, key=repr)
            whole = select(TABLES["cases"].c.id)
            picture["other cases"] = sorted(connection.execute(whole).scalars())
            actions = select(TABLES["corrective_actions"].c.id)
            picture["actions"] = sorted(connection.execute(actions).scalars())
            stands = select(events.c.case_id, events.c.verb, events.c.at).where(
                events.c.case_id.in_(ids), events.c.is_undone.is_(False), events.c.verb != "undo"
            )
            picture["events"] = [tuple(row) for row in connection.execute(stands.order_by(events.c.id))]
        return picture

    def _history(self, case_id: int) -> list[dict[str, Any]]:
        events = TABLES["case_events"]
        with self.store.reading() as connection:
            wanted = select(events).where(events.c.case_id == case_id).order_by(events.c.id)
            return [dict(row) for row in connection.execute(wanted).mappings()]

    @invariant()
    def nothing_is_archived_without_a_reply_or_a_reason(self) -> None:
        for case_id, _ in self.cases:
            row = self._row(case_id)
            if row["phase"] != "closed":
                continue
            assert row["closed_at"] is not None
            standing = [step for step in self._history(case_id) if not step["is_undone"] and step["verb"] != "undo"]
            verbs = [step["verb"] for step in standing]
            closing = next(step for step in reversed(standing) if "closed_at" in json.loads(step["after"]))
            is_answered = "reply" in verbs and "return" not in verbs[len(verbs) - verbs[::-1].index("reply") :]
            assert is_answered or closing["note"]

    @invariant()
    def no_open_case_is_without_a_deadline_or_a_reason(self) -> None:
        for case_id, reference in self.cases:
            row = self._row(case_id)
            if row["phase"] == "open":
                assert row["due_at"] is not None, (reference, row["kind"], row["state"])
            elif row["phase"] == "waiting":
                waits = [step for step in self._history(case_id) if step["verb"] == "await-customer"]
                assert waits[-1]["note"]

    @invariant()
    def stored_clocks_are_what_the_events_amount_to(self) -> None:
        with self.store.reading() as connection:
            assert promises.disagreements(connection, [case_id for case_id, _ in self.cases]) == ()

    @invariant()
    def the_history_is_in_order_and_counts_the_changes(self) -> None:
        for case_id, _ in self.cases:
            events = self._history(case_id)
            times = [step["at"] for step in events]
            assert times == sorted(times)
            assert self._row(case_id)["version"] == len(events)
            assert json.loads(events[-1]["after"])["version"] == len(events)


def _hurry(store: Store) -> None:
    """Let an SQLite file not wait for the disk: what a power cut would leave is another test's subject."""
    if store.is_sqlite:
        event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        store.engine.dispose()


def test_whatever_happens_to_a_case_the_promises_of_the_house_hold(store: Store) -> None:
    _hurry(store)
    furnish(store)
    made = type("JourneyHere", (Journey,), {"store": store, "policy": policy_in_force(store, START).policy})
    journeys = int(os.environ.get("OMBUD_JOURNEYS", JOURNEYS[store.engine.dialect.name]))
    run_state_machine_as_test(
        made,
        settings=settings(
            max_examples=journeys,
            stateful_step_count=int(os.environ.get("OMBUD_JOURNEY_STEPS", str(STEPS))),
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
