"""Improvements: what is to get better is written down before anybody looks, and closed with a judgement (requirement C7).

Whoever records one after its after-window began is not refused, since it happens, but it says so wherever it is shown. What did
not work stays in the list.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, func, insert, select, update

from console import clock
from console.codes import ImprovementState, Role, Verdict
from console.errors import NotFoundError, OmbudError, UsageError, nearest
from console.models import Alert, CorrectiveAction, Improvement, Indicator, Staff, Survey
from console.models.base import table_of
from console.rules.answer_fields import ANSWER_FIELDS
from console.rules.filters import case_fields, parse
from console.services.handling import Worker, worker_of
from console.services.improvement_views import INDICATORS, ImprovementRow
from console.services.lookups import Names
from console.services.staffing import required
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean, clean_line

IMPROVEMENTS: Table = table_of(Improvement)
ALERTS: Table = table_of(Alert)
ACTIONS: Table = table_of(CorrectiveAction)
STAFF: Table = table_of(Staff)
SURVEYS: Table = table_of(Survey)
INDICATOR_TABLE: Table = table_of(Indicator)

PLANNERS = frozenset({Role.LEAD.value, Role.ANALYST.value, Role.ADMINISTRATOR.value})
MOST_MONTHS = 24
POINTS = "points"
A_MONTH = "a_month"
FALLING = frozenset({"reopened", "repeats", "complaints"})
"""Indicators of which less is better."""

_ROW = (
    select(
        IMPROVEMENTS,
        func.coalesce(STAFF.c.login, "").label("owner"),
        func.coalesce(ALERTS.c.number, "").label("alert"),
        func.coalesce(ACTIONS.c.number, "").label("action"),
    )
    .select_from(IMPROVEMENTS)
    .join(STAFF, STAFF.c.id == IMPROVEMENTS.c.owner_id, isouter=True)
    .join(ALERTS, ALERTS.c.id == IMPROVEMENTS.c.alert_id, isouter=True)
    .join(ACTIONS, ACTIONS.c.id == IMPROVEMENTS.c.action_id, isouter=True)
)


def _shown(row: RowMapping) -> ImprovementRow:
    return ImprovementRow(**{name: row[name] for name in ImprovementRow.__dataclass_fields__})


def improvements(store: Store, *, state: str = "") -> list[ImprovementRow]:
    """Return the improvements, the newest first, those that did not work among them. Raises UsageError for a state."""
    if state and state not in tuple(ImprovementState):
        raise UsageError(f"An improvement cannot be {state}.", f"It is {', '.join(ImprovementState)}.")
    question = _ROW.order_by(IMPROVEMENTS.c.id.desc())
    if state:
        question = question.where(IMPROVEMENTS.c.state == state)
    with store.reading() as connection:
        return [_shown(row) for row in connection.execute(question).mappings()]


def improvement(store: Store, number: str) -> ImprovementRow:
    """Return one improvement. Raises NotFoundError."""
    with store.reading() as connection:
        return _found(connection, number)


def _found(connection: Connection, number: str) -> ImprovementRow:
    row = connection.execute(_ROW.where(IMPROVEMENTS.c.number == number.strip().upper())).mappings().one_or_none()
    if row is None:
        newest = connection.execute(select(IMPROVEMENTS.c.number).order_by(IMPROVEMENTS.c.id.desc()).limit(3)).scalars()
        known = ", ".join(newest)
        raise NotFoundError(
            f"There is no improvement {number}.",
            f"The newest are {known}." if known else "Record one: ombud improvement new",
        )
    return _shown(row)


def _checked_plan(title: str, indicator: str, minimum_effect: float, before: int, after: int) -> str:
    """Return the title as it is kept. Raises UsageError for a plan that cannot be measured."""
    name = clean_line(title).strip()[:200]
    if not name:
        raise UsageError("An improvement needs a title.", "Say in one line what is done.")
    for months, what in ((before, "before"), (after, "after")):
        if not 1 <= months <= MOST_MONTHS:
            raise UsageError(f"The window {what} has {months} months.", f"Take 1 to {MOST_MONTHS}.")
    if not 0 < minimum_effect <= 1_000_000 or (indicator != "complaints" and minimum_effect > 100):
        raise UsageError(f"A smallest effect of {minimum_effect:g} is impossible.", "Give points above 0, such as 5.")
    return name


def _checked_groups(indicator: str, treated: str, control: str, *, is_randomised: bool) -> tuple[str, str]:
    """Return the filters of both groups as they are kept. Raises UsageError and FilterError."""
    fields = ANSWER_FIELDS if indicator.startswith("survey:") else case_fields()
    groups = [str(parse(clean_line(text), fields)) for text in (treated, control)]
    if not groups[0]:
        raise UsageError("The group treated is everybody.", "Name it with a filter, such as region:east.")
    if groups[0] == groups[1]:
        raise UsageError("The comparison group is the group treated.", "Name those with whom nothing was done.")
    if is_randomised and not groups[1]:
        raise UsageError("A randomised roll-out has a comparison group.", "Name it with a filter.")
    return groups[0], groups[1]


def register(
    store: Store,
    title: str,
    *,
    indicator: str,
    treated: str,
    starts_on: date,
    minimum_effect: float,
    actor: str,
    zone: tzinfo = UTC,
    control: str = "",
    months_before: int = 3,
    months_after: int = 3,
    is_randomised: bool = False,
    owner: str = "",
    alert: str = "",
    action: str = "",
    now: datetime | None = None,
) -> ImprovementRow:
    """Write an improvement down: indicator, groups, start, windows in months, and the smallest effect worth having.

    ``minimum_effect`` is in percentage points, or in complaints a month. Raises UsageError for anything that names nothing or
    cannot be measured, NotAllowedError for who is no lead, analyst or administrator.
    """
    moment = now or clock.now()
    name = _checked_plan(title, indicator, minimum_effect, months_before, months_after)
    groups = _checked_groups(indicator, treated, control, is_randomised=is_randomised)
    late = (moment.astimezone(zone).date() - starts_on).days

    def enter(work: Work) -> ImprovementRow:
        connection = work.connection
        worker = required(connection, actor, PLANNERS, "record improvements")
        _checked_indicator(connection, indicator)
        newest = int(connection.execute(select(func.coalesce(func.max(IMPROVEMENTS.c.id), 0))).scalar_one())
        number = f"M-{newest + 1:03d}"
        connection.execute(
            insert(IMPROVEMENTS).values(
                number=number,
                title=name,
                indicator=indicator,
                unit=A_MONTH if indicator == "complaints" else POINTS,
                is_rise_good=indicator not in FALLING,
                treated=groups[0],
                control=groups[1],
                starts_on=starts_on,
                months_before=months_before,
                months_after=months_after,
                minimum_effect=minimum_effect,
                is_randomised=is_randomised,
                owner_id=Names().person(connection, owner)["id"] if owner else worker.id,
                alert_id=_id(connection, ALERTS, alert, "alert"),
                action_id=_id(connection, ACTIONS, action, "corrective action"),
                state=ImprovementState.OPEN.value,
                looked_before=f"recorded {late} days after the start" if late > 0 else "",
                verdict="",
                conclusion="",
                result="{}",
                actor=actor,
                registered_at=moment,
                version=1,
            )
        )
        work.record("record improvement", "improvement", number, {"indicator": indicator, "late": max(0, late)})
        return _found(connection, number)

    return store.write(actor, enter)


def _id(connection: Connection, table: Table, number: str, what: str) -> int | None:
    if not number:
        return None
    found: int | None = connection.execute(select(table.c.id).where(table.c.number == number.strip().upper())).scalar()
    if found is None:
        raise UsageError(f"There is no {what} {number}.", "Check its number.")
    return found


def _checked_indicator(connection: Connection, indicator: str) -> None:
    if not indicator.startswith("survey:"):
        if indicator not in INDICATORS:
            close = nearest(indicator, INDICATORS)
            known = f"Known: {', '.join(INDICATORS)}, survey:CODE/ITEM."
            raise UsageError(f"There is no indicator {indicator}.", f"Did you mean {close}?" if close else known)
        return
    survey, _slash, item = indicator.removeprefix("survey:").partition("/")
    found = connection.execute(
        select(INDICATOR_TABLE.c.id)
        .join(SURVEYS, SURVEYS.c.id == INDICATOR_TABLE.c.survey_id)
        .where(SURVEYS.c.code == survey, INDICATOR_TABLE.c.code == item)
    ).scalar()
    if found is None:
        raise UsageError(f"No survey asks {indicator.removeprefix('survey:')}.", "Write survey:CODE/ITEM.")


def _may(connection: Connection, actor: str, row: ImprovementRow) -> Worker:
    worker = worker_of(connection, actor)
    if worker.role not in PLANNERS and row.owner != actor:
        return required(connection, actor, PLANNERS, f"change improvement {row.number}")
    return worker


def compare_with(
    store: Store, number: str, control: str, *, reason: str, actor: str, zone: tzinfo = UTC, now: datetime | None = None
) -> ImprovementRow:
    """Choose another comparison group for a reason; after the start that counts as looked at before.

    Raises NotFoundError, UsageError without a reason, OmbudError for one that is closed, NotAllowedError, FilterError.
    """
    why = clean_line(reason).strip()
    if not why:
        raise UsageError("A comparison group is changed for a reason.", "Say it with --reason.")
    moment = now or clock.now()

    def alter(work: Work) -> ImprovementRow:
        row = _open(work.connection, number)
        _may(work.connection, actor, row)
        group = str(parse(clean_line(control), ANSWER_FIELDS if row.indicator.startswith("survey:") else case_fields()))
        if group in (row.treated, row.control):
            raise UsageError("That is the group treated or compared with already.", "Name another one.")
        has_begun = moment.astimezone(zone).date() > row.starts_on
        looked = "; ".join(part for part in (row.looked_before, "comparison group changed after the start") if part)
        work.connection.execute(
            update(IMPROVEMENTS)
            .where(IMPROVEMENTS.c.number == row.number)
            .values(
                control=group, looked_before=looked[:300] if has_begun else row.looked_before, version=row.version + 1
            )
        )
        work.record("change comparison", "improvement", row.number, {"control": group, "reason": why})
        return _found(work.connection, row.number)

    return store.write(actor, alter)


def _open(connection: Connection, number: str) -> ImprovementRow:
    row = _found(connection, number)
    if row.state == ImprovementState.CLOSED.value:
        raise OmbudError(f"Improvement {row.number} is closed: {row.conclusion}.")
    return row


def close(
    store: Store,
    number: str,
    *,
    verdict: str,
    conclusion: str,
    actor: str,
    zone: tzinfo = UTC,
    now: datetime | None = None,
) -> ImprovementRow:
    """Close an improvement with a judgement and its reason; what was measured then is kept with it.

    Raises UsageError for a judgement that is none or without a conclusion, OmbudError for ``worked`` where the data do not show
    it, or one that is closed; NotFoundError, NotAllowedError.
    """
    from console.services.improvement_effects import effect_of

    said = clean(conclusion).strip()
    if verdict not in tuple(Verdict):
        raise UsageError(f"An improvement cannot end as {verdict}.", f"It ends as {', '.join(Verdict)}.")
    if not said:
        raise UsageError("An improvement is closed with its conclusion.", "Say it with --conclusion.")
    moment = now or clock.now()
    effect = effect_of(store, number, zone=zone, now=moment)
    if verdict == Verdict.WORKED.value and effect.finding not in ("better", "before_after_only"):
        raise OmbudError(
            f"The data do not show that {effect.row.number} worked: {effect.finding.replace('_', ' ')}.",
            "Close it as unclear or not_worked, or wait for more.",
        )

    def act(work: Work) -> ImprovementRow:
        row = _open(work.connection, number)
        _may(work.connection, actor, row)
        kept: dict[str, Any] = {name: value for name, value in asdict(effect).items() if name not in ("row", "months")}
        work.connection.execute(
            update(IMPROVEMENTS)
            .where(IMPROVEMENTS.c.number == row.number)
            .values(
                state=ImprovementState.CLOSED.value,
                verdict=verdict,
                conclusion=said,
                result=json.dumps(kept, default=str, ensure_ascii=False),
                closed_at=moment,
                version=row.version + 1,
            )
        )
        work.record("close improvement", "improvement", row.number, {"verdict": verdict, "finding": effect.finding})
        return _found(work.connection, row.number)

    return store.write(actor, act)
