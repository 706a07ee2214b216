"""Writing a new case: its row, texts, first event and search entry, in a transaction that is open already."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, insert

from console.models import Case, CaseEvent, CaseText
from console.models.base import table_of
from console.rules.policies import Policy
from console.storage.numbers import take_case_numbers
from console.storage.search import index_cases
from console.storage.unit import Work

CASES: Table = table_of(Case)
TEXTS: Table = table_of(CaseText)
EVENTS: Table = table_of(CaseEvent)


def write_case(
    work: Work,
    row: Mapping[str, Any],
    narrative: str,
    location: str,
    *,
    policy: Policy,
    operation: int,
    details: Mapping[str, str] | None = None,
    verb: str = "new",
    note: str = "",
) -> tuple[int, str]:
    """Write a case in the first state of its policy, with its text, first event and search entry; return id and reference."""
    connection = work.connection
    (case_id, reference) = take_case_numbers(connection, 1)[0]
    initial = policy.workflow.initial
    values = {
        "source": None,
        "external_reference": None,
        "responsible": "",
        "is_vulnerable": False,
        "is_supervised": False,
        "validity": "",
        "source_digest": "",
        "version": 1,
        "times_repeated": 0,
        "times_urged": 0,
        "times_reopened": 0,
        "callback_attempts": 0,
        "escalation_level": 0,
        **row,
        "id": case_id,
        "reference": reference,
        "state": initial.name,
        "phase": str(initial.phase),
    }
    connection.execute(insert(CASES).values(values))
    connection.execute(
        insert(TEXTS).values(
            case_id=case_id,
            narrative=narrative,
            findings="",
            measures="",
            reply="",
            follow_up="",
            cause="",
            location=location,
            extras=json.dumps(details or {}, ensure_ascii=False),
        )
    )
    connection.execute(
        insert(EVENTS).values(
            case_id=case_id,
            at=row["received_at"],
            actor=work.actor,
            verb=verb,
            note=note,
            before="{}",
            after=stored({"state": initial.name}, version=1, created=[("cases", {"id": case_id})]),
            state=initial.name,
            phase=str(initial.phase),
            origin="customer",
            is_public=True,
            is_undone=False,
            operation_id=operation,
        )
    )
    index_cases(connection, [(case_id, values["subject"], narrative)])
    return case_id, reference


def stored(
    values: Mapping[str, Any], *, version: int | None = None, created: Sequence[tuple[str, dict[str, Any]]] = ()
) -> str:
    """Return changed columns as the JSON object that an event keeps."""
    plain: dict[str, Any] = {
        name: value.isoformat() if isinstance(value, datetime | date) else value for name, value in values.items()
    }
    if version is not None:
        plain["version"] = version
    if created:
        plain["created"] = [list(item) for item in created]
    return json.dumps(plain, ensure_ascii=False)
