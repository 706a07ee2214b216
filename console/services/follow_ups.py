"""What follows from a case: remedies for the customer, corrective actions against the cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Table, func, insert, select, update

from console.codes import TaskState
from console.errors import OmbudError
from console.models import CorrectiveAction, CorrectiveActionCase, Remedy
from console.models.base import table_of
from console.services.bench import Bench, CaseRow, Change
from console.services.fields import minor_units
from console.text import clean_line

REMEDIES: Table = table_of(Remedy)
ACTIONS: Table = table_of(CorrectiveAction)
ACTION_CASES: Table = table_of(CorrectiveActionCase)


def remedy(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """Promise the customer something. Raises OmbudError for an amount or a person that is none."""
    change.rows.append(
        (
            REMEDIES,
            {
                "case_id": case["id"],
                "kind": fields["remedy"],
                "note": fields.get("note", "")[:500],
                "amount_minor": minor_units(fields["amount"]) if "amount" in fields else None,
                "currency": fields.get("currency", "").upper(),
                "due_on": date.fromisoformat(fields["due_on"]) if "due_on" in fields else None,
                "owner_id": _owner(bench, fields),
                "state": TaskState.OPEN.value,
                "checked_by": "",
                "version": 1,
            },
        )
    )
    change.note = " ".join([fields["remedy"], *(fields[name] for name in ("amount", "currency") if name in fields)])


def rectify(bench: Bench, case: CaseRow, fields: Mapping[str, str], change: Change) -> None:
    """Put a case to a corrective action, begun once for all cases of an operation. Raises OmbudError if it belongs to it."""
    if "cause" in fields:
        change.text["cause"] = fields["cause"]
    if "action" in fields:
        action_id, number = bench.names.action(bench.connection, fields["action"]), fields["action"]
    elif "action" in bench.shared:
        action_id, number = bench.shared["action"]
    else:
        action_id, number = bench.shared["action"] = _new_action(bench, fields)
        change.created.append((ACTIONS.name, {"id": action_id}))
    link = {"action_id": action_id, "case_id": case["id"]}
    known = select(func.count()).where(*(ACTION_CASES.c[name] == value for name, value in link.items()))
    if bench.connection.execute(known).scalar_one():
        raise OmbudError(f"{case['reference']} belongs to {number} already.")
    change.note = change.said = " ".join(part for part in (number, fields.get("measures", "")) if part)
    change.rows.append((ACTION_CASES, link))


def _owner(bench: Bench, fields: Mapping[str, str]) -> int | None:
    return bench.names.person(bench.connection, fields["owner"])["id"] if "owner" in fields else None


def _new_action(bench: Bench, fields: Mapping[str, str]) -> tuple[int, str]:
    """Begin a corrective action; its number is made of its id, so that two begun at once never share one."""
    values = {
        "number": f"new-{bench.operation}",
        "title": clean_line(fields["measures"])[:200],
        "cause": fields.get("cause", ""),
        "evidence": fields.get("evidence", ""),
        "due_on": date.fromisoformat(fields["due_on"]) if "due_on" in fields else None,
        "owner_id": _owner(bench, fields),
        "state": TaskState.OPEN.value,
        "version": 1,
    }
    action_id = int(bench.connection.execute(insert(ACTIONS).values(values).returning(ACTIONS.c.id)).scalar_one())
    number = f"R-{action_id:05d}"
    bench.connection.execute(update(ACTIONS).where(ACTIONS.c.id == action_id).values(number=number))
    return action_id, number
