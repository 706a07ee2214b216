"""How far asking has come against the plan, and what those who did not answer could change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from console.codes import IndicatorKind, SampleState
from console.errors import UsageError
from console.measures.proportions import wilson
from console.measures.responses import (
    Dispositions,
    fieldwork_forecast,
    late_against_early,
    non_response,
    response_rates,
)
from console.measures.sampling import finite_correction
from console.models import SampleContact, SampleMember
from console.models.base import table_of
from console.services.answering import ANSWERS, RESPONSES, items_of, survey_of
from console.services.satisfaction_views import StratumProgress
from console.services.survey_views import FieldProgress, SilentBounds, WaveHalf
from console.storage.engine import Store

MEMBERS: Table = table_of(SampleMember)
CONTACTS: Table = table_of(SampleContact)

OPEN_STATES = frozenset({SampleState.DRAWN, SampleState.INVITED, SampleState.DELIVERED, SampleState.STARTED})
"""States in which an answer may still come of itself."""
OVERALL = ("overall", "all", "opinion")
"""Codes under which surveys ask for satisfaction as a whole."""


def progress_of(connection: Connection, survey_id: int, plan: Mapping[str, Any]) -> FieldProgress:
    """Return how far asking has come, stratum by stratum and in all, with what is to be expected."""
    most = int(plan.get("attempts", 3))
    counts: dict[str, dict[str, int]] = {}
    is_settled = (MEMBERS.c.attempts >= most).label("is_settled")
    for stratum, state, settled, n in connection.execute(
        select(MEMBERS.c.stratum, MEMBERS.c.state, is_settled, func.count())
        .where(MEMBERS.c.survey_id == survey_id)
        .group_by(MEMBERS.c.stratum, MEMBERS.c.state, is_settled)
    ):
        own = counts.setdefault(stratum, {})
        own[state] = own.get(state, 0) + n
        if state in OPEN_STATES or (state == SampleState.NOT_REACHED and not settled):
            own["pending"] = own.get("pending", 0) + n
    if not counts:
        return FieldProgress(drawn=0, strata=())
    whole: dict[str, int] = {}
    for own in counts.values():
        for name, n in own.items():
            whole[name] = whole.get(name, 0) + n
    strata = plan.get("strata", {})
    population = sum(one.get("population", 0) for one in strata.values())
    total = _progress(
        "", whole, {"population": population, "needed": plan.get("needed", 0)}, plan, margin=plan.get("margin")
    )
    found = response_rates(_dispositions(whole))
    names = ("rr1", "rr2", "rr3", "rr4", "rr5", "rr6", "cooperation", "refusal")
    return FieldProgress(
        drawn=total.drawn,
        strata=tuple(_progress(name, counts[name], strata.get(name, {}), plan) for name in sorted(counts)),
        total=total,
        rates={name: getattr(found, name) for name in names},
        warnings=_warnings({name: n for name, n in whole.items() if n and name != "pending"}, found.warnings),
    )


def _dispositions(states: Mapping[str, int]) -> Dispositions:
    """The states after the AAPOR standard: who was begun with is a partial one, who was only invited is not known."""
    return Dispositions(
        complete=states.get("complete", 0),
        partial=states.get("partial", 0) + states.get("started", 0),
        refused=states.get("refused", 0),
        not_reached=states.get("not_reached", 0),
        other=states.get("other", 0),
        unknown_household=sum(states.get(name, 0) for name in ("drawn", "invited", "delivered")),
        unknown_other=states.get("unknown", 0),
    )


def _progress(
    name: str,
    states: Mapping[str, int],
    planned: Mapping[str, Any],
    plan: Mapping[str, Any],
    *,
    margin: float | None = None,
) -> StratumProgress:
    drawn = sum(states.get(state.value, 0) for state in SampleState)
    eligible = drawn - states.get("ineligible", 0)
    complete, pending = states.get("complete", 0), states.get("pending", 0)
    share = plan.get("share") or 0.5
    found = fieldwork_forecast(complete, eligible - pending, eligible, share)
    population = planned.get("population") or 0
    half = _half_width(found.value, share, population)
    needed = int(planned.get("needed", 0))
    meets = None
    if found.value is not None and margin is not None:
        meets = half is not None and half <= margin + 1e-9
    elif found.value is not None and needed:
        meets = found.value >= needed - 0.5
    rates = response_rates(_dispositions(states))
    return StratumProgress(
        name=name,
        population=population,
        planned=planned.get("drawn", drawn),
        drawn=drawn,
        invited=drawn - states.get("drawn", 0),
        complete=complete,
        partial=states.get("partial", 0),
        refused=states.get("refused", 0),
        not_reached=states.get("not_reached", 0),
        other=states.get("other", 0) + states.get("unknown", 0),
        expected=found.value,
        half_width=half,
        meets=meets,
        delivered=states.get("delivered", 0),
        started=states.get("started", 0),
        ineligible=states.get("ineligible", 0),
        pending=pending,
        needed=needed,
        rr1=rates.rr1,
        low=found.interval.low if found.interval else None,
        high=found.interval.high if found.interval else None,
    )


def _half_width(expected: float | None, share: float, population: int) -> float | None:
    """The Wilson half width of a share from so many answers, with the finite population correction above 5 %."""
    if not expected:
        return None
    correction = finite_correction(min(expected, population), population) if population else 1.0
    if correction == 0:
        return 0.0
    n = expected / correction**2
    interval = wilson(share * n, n)
    return interval.half_width if interval is not None else None


def silent_bounds(
    store: Store, code: str, *, indicator: str | None = None, eligible_share: float = 1.0
) -> SilentBounds:
    """Return the response rates of a survey and what those who did not answer could change of one indicator.

    ``indicator`` is the one asked for satisfaction as a whole, else the first rating; ``eligible_share`` is the part of those of
    unknown eligibility thought eligible, 0 to 1. Early and late are the two halves of the answers in their order. Raises
    NotFoundError, UsageError for an indicator the survey has not, MeasureError for a share outside 0 to 1. Source: AAPOR
    Standard Definitions; early against late as in Armstrong and Overton (1977).
    """
    with store.reading() as connection:
        survey = survey_of(connection, code)
        states: dict[str, int] = {
            state: int(n)
            for state, n in connection.execute(
                select(MEMBERS.c.state, func.count()).where(MEMBERS.c.survey_id == survey.id).group_by(MEMBERS.c.state)
            )
        }
        outcomes = {
            outcome: int(n)
            for outcome, n in connection.execute(
                select(CONTACTS.c.outcome, func.count())
                .join_from(CONTACTS, MEMBERS, MEMBERS.c.id == CONTACTS.c.member_id)
                .where(MEMBERS.c.survey_id == survey.id)
                .group_by(CONTACTS.c.outcome)
                .order_by(CONTACTS.c.outcome)
            )
        }
        good = _good_in_order(connection, survey.id, code, indicator)
    found = response_rates(_dispositions(states), eligible_share)
    names = ("rr1", "rr2", "rr3", "rr4", "rr5", "rr6", "cooperation", "refusal")
    half = len(good) // 2
    early, late = good[: len(good) - half], good[len(good) - half :]
    share = sum(good) / len(good) if good else None
    difference, p, bias, low, high = None, None, None, None, None
    if early and late:
        tested = late_against_early(sum(early), len(early), sum(late), len(late))
        difference, p = tested.value, tested.p
    if share is not None and found.rr1 is not None:
        silent = sum(late) / len(late) if late else None
        bound = non_response(share, found.rr1, silent, len(good))
        bias = bound.bias
        if bound.interval is not None:
            low, high = bound.interval.low, bound.interval.high
    return SilentBounds(
        rates={name: getattr(found, name) for name in names},
        counts=states,
        eligible_share=eligible_share,
        interval=(found.interval.low, found.interval.high) if found.interval else None,
        outcomes=outcomes,
        share=share,
        low=low,
        high=high,
        early=_half(early),
        late=_half(late),
        difference=difference,
        p=p,
        bias=bias,
        warnings=_warnings(states, found.warnings),
    )


def _warnings(states: Mapping[str, int], found: tuple[str, ...]) -> tuple[str, ...]:
    if not states:
        return ("No sample was drawn, so that there is no response rate.",)
    return found if set(states) - {"drawn", "invited", "delivered"} else ()


def _half(good: Sequence[bool]) -> WaveHalf:
    return WaveHalf(n=len(good), good=sum(good), share=sum(good) / len(good) if good else None)


def _good_in_order(connection: Connection, survey_id: int, code: str, indicator: str | None) -> list[bool]:
    """Whether each answer to an indicator is in its two good levels, in the order in which they were given."""
    items = items_of(connection, survey_id)
    if indicator is not None and indicator not in items:
        raise UsageError(
            f"The survey {code} does not ask {indicator}.", f"It asks: {', '.join(items) or 'nothing yet'}."
        )
    rated = [
        item for item in items.values() if item.kind in (IndicatorKind.SCORE, IndicatorKind.NPS, IndicatorKind.CES)
    ]
    chosen = items.get(indicator or "") or next((item for item in rated if item.code in OVERALL), None)
    item = chosen or (rated[0] if rated else None)
    if item is None:
        return []
    rows = connection.execute(
        select(ANSWERS.c.score)
        .join_from(ANSWERS, RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .where(ANSWERS.c.indicator_id == item.id, ANSWERS.c.score.is_not(None), RESPONSES.c.excluded == "")
        .order_by(RESPONSES.c.answered_at, RESPONSES.c.id)
    ).scalars()
    if item.is_reversed:
        return [score <= item.low + 1 for score in rows]
    return [score >= item.high - 1 for score in rows]
