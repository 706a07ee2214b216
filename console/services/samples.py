"""The sample of a survey: drawn at random within strata by a recorded seed, without those who may not be asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select, update

from console import clock
from console.codes import SampleState
from console.errors import ConflictError, OmbudError, UsageError
from console.measures.sampling import Allocation, allocate, drawn_sample
from console.models import Customer, SampleMember, Survey
from console.models.base import table_of
from console.services.answering import refuse_closed, survey_of
from console.services.populations import (
    REST_DAYS,
    checked_strata,
    conditions,
    population_of,
    reason_column,
    stratum_column,
)
from console.services.satisfaction_views import SurveyPlan
from console.services.staffing import required
from console.services.survey_plans import PLANNERS, kept_plan, plan_of
from console.storage.bulk import insert_rows
from console.storage.engine import Store

SURVEYS: Table = table_of(Survey)
MEMBERS: Table = table_of(SampleMember)
CUSTOMERS: Table = table_of(Customer)


def draw_sample(
    store: Store, code: str, seed: int, *, actor: str, size: int | None = None, now: clock.Now = clock.now
) -> SurveyPlan:
    """Draw the sample of a planned survey: at random within strata by a recorded seed.

    Left out, each counted with its reason, are those who were erased, do not wish to be asked, were asked within the plan's
    days of rest, or cannot be reached through the channel. The same seed on the same customers draws the same people.
    ``size`` is the number to invite, from the plan without it. Raises NotFoundError, UsageError for a survey without plan,
    ConflictError for one drawn already or closed, OmbudError where nobody is left, MeasureError for a size that is too small.
    """
    if seed < 0:
        raise UsageError(f"{seed} is no seed.", "A seed is a whole number from 0.")
    moment = now()
    with store.writing(actor) as work:
        connection = work.connection
        required(connection, actor, PLANNERS, "draw a sample")
        survey = survey_of(connection, code)
        refuse_closed(connection, code)
        plan = kept_plan(connection, survey.id, code)
        if connection.execute(select(MEMBERS.c.id).where(MEMBERS.c.survey_id == survey.id).limit(1)).first():
            raise ConflictError(f"The sample of {code} has been drawn already.", "Plan a new wave under another code.")
        frame = _frame(connection, survey.id, plan, moment, actor)
        sizes = _sizes(code, frame, plan, size)
        drawn = drawn_sample(
            frame.places, [sizes[name] for name in frame.names], seed, [float(bool(why)) for why in frame.reasons]
        )
        insert_rows(
            connection,
            MEMBERS,
            ("survey_id", "customer_id", "stratum", "state", "attempts", "drawn_at", "updated_at"),
            [
                (survey.id, frame.ids[at], frame.names[frame.places[at]], SampleState.DRAWN.value, 0, moment, moment)
                for at in drawn
            ],
        )
        for name in frame.names:
            known = plan["strata"].setdefault(name, {"needed": 0, "invitations": 0})
            known.update(population=frame.population(name), drawn=sizes[name])
        excluded = {why: frame.reasons.count(why) for why in sorted(set(frame.reasons)) if why}
        plan.update(seed=seed, excluded=excluded, drawn=len(drawn), drawn_at=moment.isoformat())
        connection.execute(
            update(SURVEYS)
            .where(SURVEYS.c.id == survey.id)
            .values(
                plan=json.dumps(plan, sort_keys=True, ensure_ascii=False),
                population=len(frame.ids),
                version=SURVEYS.c.version + 1,
            )
        )
        work.record("sample", "survey", code, {"seed": seed, "drawn": len(drawn), "excluded": excluded})
    return plan_of(store, code)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The customers of a population in the order of their numbers: ids, the places of their strata, why not to draw them."""

    ids: Sequence[int]
    names: Sequence[str]
    places: Sequence[int]
    reasons: Sequence[str]

    def population(self, name: str) -> int:
        """How many customers a stratum has."""
        return self.places.count(self.names.index(name))

    def free(self, name: str) -> int:
        """How many of a stratum may be drawn."""
        place = self.names.index(name)
        return sum(at == place and not why for at, why in zip(self.places, self.reasons, strict=True))


def _frame(connection: Connection, survey_id: int, plan: Mapping[str, Any], moment: datetime, viewer: str) -> _Frame:
    channel = connection.execute(select(SURVEYS.c.channel).where(SURVEYS.c.id == survey_id)).scalar_one()
    name = stratum_column(checked_strata(plan.get("stratify_by") or ""))
    reason = reason_column(survey_id, channel, plan.get("rest_days", REST_DAYS), moment)
    where = conditions(connection, population_of(plan.get("population", {})), moment, viewer)
    rows = connection.execute(select(CUSTOMERS.c.id, name, reason).where(*where).order_by(CUSTOMERS.c.number)).all()
    names = sorted({row[1] for row in rows})
    places = {name: place for place, name in enumerate(names)}
    return _Frame([row[0] for row in rows], names, [places[row[1]] for row in rows], [row[2] for row in rows])


def _sizes(code: str, frame: _Frame, plan: Mapping[str, Any], size: int | None) -> dict[str, int]:
    """How many to draw of each stratum, never more than there are."""
    free = {name: frame.free(name) for name in frame.names}
    if not sum(free.values()):
        counts = ", ".join(f"{why} {frame.reasons.count(why)}" for why in sorted(set(frame.reasons)) if why)
        raise OmbudError(
            f"Nobody is left to draw for {code}: {len(frame.ids)} customers, {counts or 'none in the population'}.",
            "Wait until customers may be asked again, or plan another population or channel.",
        )
    if size is None:
        return {name: min(plan["strata"].get(name, {}).get("invitations", 0), free[name]) for name in frame.names}
    if size > sum(free.values()):
        raise UsageError(
            f"{size} cannot be drawn for {code}: {sum(free.values())} customers are left.", "Ask for fewer."
        )
    allocation = Allocation(plan["allocation"])
    if allocation is Allocation.NEYMAN:
        # The plan holds what Neyman made of the deviations; another size keeps its shares.
        weights = [plan["strata"].get(name, {}).get("needed", 0) for name in frame.names]
        sizes = allocate(
            size, list(free.values()), allocation, [w / max(1, f) for w, f in zip(weights, free.values(), strict=True)]
        )
    else:
        sizes = allocate(size, list(free.values()), allocation, minimum=min(plan["minimum"], size // len(free)))
    return dict(zip(frame.names, sizes.sizes, strict=True))
