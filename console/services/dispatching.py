"""Giving a case to a department and a person: as told, or as the routing of the policy has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Table, func, select

from console.codes import CasePhase
from console.models import Case, Department, Staff
from console.models.base import table_of
from console.rules.routing import Candidate, route
from console.services.bench import Bench, CaseRow, Change
from console.services.case_histories import traits_of

CASES: Table = table_of(Case)
DEPARTMENTS: Table = table_of(Department)
STAFF: Table = table_of(Staff)


def dispatch(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """Give a case to the department named, or to the one that the rules name. Raises OmbudError for a name that is none."""
    if "department" in fields:
        change.case["department_id"] = bench.names.department(bench.connection, fields["department"])
        assignee = fields.get("assignee")
        change.said = fields["department"]
    else:
        candidates = _candidates(bench)
        routed = route(bench.policy, traits_of(case, bench.policy.zone), candidates.values())
        change.case["department_id"] = bench.names.department(bench.connection, routed.department)
        assignee = fields.get("assignee") or routed.assignee
        change.note = change.note or routed.why
        change.said = f"{routed.department}: {routed.why}"
        if assignee in candidates:
            _count_given(bench, candidates, assignee)
    if assignee:
        change.case["assignee_id"] = bench.names.person(bench.connection, assignee)["id"]
    elif case["department_id"] != change.case["department_id"]:
        change.case["assignee_id"] = None
    change.case["claimed_until"] = None


def _candidates(bench: Bench) -> dict[str, Candidate]:
    """Return the active staff by login, with their open cases and the time they were last given one of those.

    Asked once for an operation; what the operation itself gives them is counted on.
    """
    if "candidates" not in bench.shared:
        rows = bench.connection.execute(
            select(
                STAFF.c.login,
                DEPARTMENTS.c.code,
                STAFF.c.skills,
                STAFF.c.territory,
                func.count(CASES.c.id),
                func.max(CASES.c.updated_at, type_=CASES.c.updated_at.type),
            )
            .join_from(STAFF, DEPARTMENTS, DEPARTMENTS.c.id == STAFF.c.department_id)
            .join(
                CASES,
                (CASES.c.assignee_id == STAFF.c.id) & (CASES.c.phase != CasePhase.CLOSED.value),
                isouter=True,
            )
            .where(STAFF.c.is_active)
            .group_by(STAFF.c.id, STAFF.c.login, DEPARTMENTS.c.code, STAFF.c.skills, STAFF.c.territory)
        )
        bench.shared["candidates"] = {
            login: Candidate(login, department, load, given_at, _words(skills), _words(territory))
            for login, department, skills, territory, load, given_at in rows
        }
    candidates: dict[str, Candidate] = bench.shared["candidates"]
    return candidates


def _count_given(bench: Bench, candidates: dict[str, Candidate], login: str) -> None:
    """Remember that somebody was given a case; each of one operation a little later than the one before."""
    given = bench.shared["given"] = bench.shared.get("given", 0) + 1
    person = candidates[login]
    given_at = bench.now + timedelta(microseconds=given)
    candidates[login] = replace(person, load=person.load + 1, assigned_at=given_at)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())
