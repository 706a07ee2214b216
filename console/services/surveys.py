"""Survey plans: how many answers are needed, whom to ask, and how far asking has come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, exists, func, insert, or_, select, update

from console import clock
from console.codes import Assessor, Relationship, SampleState
from console.errors import ConflictError, NotFoundError, UsageError, nearest
from console.measures.responses import Dispositions, fieldwork_forecast, response_rates
from console.measures.sampling import Allocation, allocate, drawn_sample, invitations, size_for_share
from console.models import Customer, Indicator, Response, SampleMember, Survey
from console.models.base import table_of
from console.rules.indicator_trees import load_tree
from console.services.answering import survey_of
from console.services.satisfaction_views import StratumProgress, SurveyPlan
from console.storage.bulk import insert_rows
from console.storage.engine import Store

SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
RESPONSES: Table = table_of(Response)
MEMBERS: Table = table_of(SampleMember)
CUSTOMERS: Table = table_of(Customer)

REST_DAYS = 90
"""No customer is asked more than once in so many days."""
STRATA: Mapping[str, str] = {"region": "region", "kind": "kind", "supply": "supply_category", "size": "size"}
ASKED = (Relationship.NEW.value, Relationship.LONG_TERM.value, Relationship.NEEDS_CARE.value)
"""Those who are supplied now: the population of every survey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWish:
    """What is wanted of a survey. Margin, share and response rate are shares from 0 to 1.

    ``regions`` and ``kinds`` limit the population (empty: all); ``minimum`` is the least number of answers of a stratum that
    is reported alone; ``tree`` gives the survey the leaves of a ready tree to ask about.
    """

    code: str
    title: str = ""
    title_zh: str = ""
    series: str = ""
    wave: str = ""
    assessor: str = Assessor.SELF.value
    channel: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    scale: tuple[int, int] = (1, 5)
    level_scores: tuple[float, ...] = ()
    margin: float = 0.05
    share: float = 0.5
    deff: float = 1.0
    response_rate: float = 1.0
    stratify_by: str = ""
    allocation: str = Allocation.PROPORTIONAL.value
    minimum: int = 0
    regions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    tree: str = ""


def plan_survey(store: Store, wish: PlanWish, *, actor: str) -> SurveyPlan:
    """Make a survey with its plan, or plan one that nobody has been drawn for yet; return the plan.

    The population is the customers there are under the wish; the size follows from margin, share and design effect, the
    invitations from the response rate. Raises UsageError, NotFoundError for an unknown tree, MeasureError for impossible
    figures, ConflictError where a sample has been drawn or the scale would change under answers.
    """
    _check(wish)
    with store.writing(actor) as work:
        connection = work.connection
        strata = _population(connection, wish)
        population = sum(strata.values())
        if not population:
            raise UsageError(
                "Nobody is in the population of this survey.", "Check --region and --kind, or import customers."
            )
        needed = size_for_share(wish.margin, wish.share, population, wish.deff).n
        plan = {
            "margin": wish.margin,
            "share": wish.share,
            "deff": wish.deff,
            "response_rate": wish.response_rate,
            "needed": needed,
            "invitations": min(population, invitations(needed, wish.response_rate)),
            "stratify_by": wish.stratify_by,
            "allocation": wish.allocation,
            "minimum": wish.minimum,
            "regions": list(wish.regions),
            "kinds": list(wish.kinds),
        }
        values: dict[str, Any] = {
            "title": wish.title or wish.code,
            "title_zh": wish.title_zh,
            "series": wish.series,
            "wave": wish.wave,
            "assessor": wish.assessor,
            "channel": wish.channel,
            "starts_on": wish.starts_on,
            "ends_on": wish.ends_on,
            "scale_low": wish.scale[0],
            "scale_high": wish.scale[1],
            "level_scores": json.dumps(list(wish.level_scores)) if wish.level_scores else "",
            "population": population,
            "plan": json.dumps(plan, sort_keys=True),
            "tree": wish.tree,
        }
        there = connection.execute(
            select(SURVEYS.c.id, SURVEYS.c.scale_low, SURVEYS.c.scale_high).where(SURVEYS.c.code == wish.code)
        ).one_or_none()
        if there is None:
            survey_id = connection.execute(
                insert(SURVEYS).values(code=wish.code, **values).returning(SURVEYS.c.id)
            ).scalar_one()
        else:
            survey_id = there.id
            _refuse_change(connection, wish, survey_id, (there.scale_low, there.scale_high))
            connection.execute(
                update(SURVEYS).where(SURVEYS.c.id == survey_id).values(**values, version=SURVEYS.c.version + 1)
            )
        if wish.tree:
            _ask_leaves(connection, survey_id, wish.tree)
        work.record("plan", "survey", wish.code, plan)
    return plan_of(store, wish.code)


def _check(wish: PlanWish) -> None:
    if not wish.code.strip() or len(wish.code) > 64:
        raise UsageError("A survey has a code of 1 to 64 characters.")
    if wish.stratify_by and wish.stratify_by not in STRATA:
        close = nearest(wish.stratify_by, tuple(STRATA))
        hint = f"Did you mean {close}?" if close else f"Known: {', '.join(STRATA)}."
        raise UsageError(f"A sample is not stratified by {wish.stratify_by}.", hint)
    if wish.assessor not in tuple(Assessor):
        raise UsageError(f"There is no assessor {wish.assessor}.", f"Known: {', '.join(Assessor)}.")
    known = tuple(code for code in Allocation if code is not Allocation.NEYMAN)
    if wish.allocation not in known:
        raise UsageError(f"There is no allocation {wish.allocation}.", f"Known: {', '.join(known)}.")
    if wish.scale[0] >= wish.scale[1]:
        raise UsageError("A scale ends above where it begins.", "Write --scale 1,5.")
    if wish.level_scores and len(wish.level_scores) != wish.scale[1] - wish.scale[0] + 1:
        raise UsageError(
            f"The scale from {wish.scale[0]} to {wish.scale[1]} needs as many scores as it has levels, "
            f"not {len(wish.level_scores)}."
        )


def _refuse_change(connection: Connection, wish: PlanWish, survey_id: int, scale: tuple[int, int]) -> None:
    if connection.execute(select(MEMBERS.c.id).where(MEMBERS.c.survey_id == survey_id).limit(1)).first():
        raise ConflictError(f"The sample of {wish.code} has been drawn already.", "Plan a new wave under another code.")
    answered = connection.execute(select(RESPONSES.c.id).where(RESPONSES.c.survey_id == survey_id).limit(1)).first()
    if answered and scale != wish.scale:
        raise ConflictError(f"{wish.code} has been answered on another scale.", "Plan a new survey under another code.")


def _ask_leaves(connection: Connection, survey_id: int, tree: str) -> None:
    known = set(connection.execute(select(INDICATORS.c.code).where(INDICATORS.c.survey_id == survey_id)).scalars())
    leaves = [leaf for leaf in load_tree(tree).leaves if leaf.id not in known]
    if leaves:
        connection.execute(
            insert(INDICATORS),
            [
                {
                    "survey_id": survey_id,
                    "code": leaf.id,
                    "label": leaf.label,
                    "label_zh": leaf.label_zh,
                    "position": place,
                    "node": leaf.id,
                }
                for place, leaf in enumerate(leaves, len(known) + 1)
            ],
        )


def _members_of_population(regions: Sequence[str], kinds: Sequence[str]) -> list[Any]:
    conditions: list[Any] = [CUSTOMERS.c.relationship.in_(ASKED)]
    if regions:
        conditions.append(CUSTOMERS.c.region.in_(list(regions)))
    if kinds:
        conditions.append(CUSTOMERS.c.kind.in_(list(kinds)))
    return conditions


def _population(connection: Connection, wish: PlanWish) -> dict[str, int]:
    """The number of customers by stratum."""
    column = func.coalesce(CUSTOMERS.c[STRATA[wish.stratify_by]], "") if wish.stratify_by else None
    where = _members_of_population(wish.regions, wish.kinds)
    if column is None:
        return {"": connection.execute(select(func.count()).select_from(CUSTOMERS).where(*where)).scalar_one()}
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column).order_by(column))
    return {str(name): int(count) for name, count in rows}


def draw_sample(
    store: Store, code: str, seed: int, *, actor: str, size: int | None = None, now: clock.Now = clock.now
) -> SurveyPlan:
    """Draw the sample of a planned survey: at random within strata by a recorded seed, without those asked within 90 days.

    The same seed on the same customers draws the same people. ``size`` is the number to invite, from the plan without it.
    Raises NotFoundError, UsageError for a survey without plan, ConflictError for one drawn already, MeasureError naming a
    stratum with too few people left.
    """
    moment = now()
    with store.writing(actor) as work:
        connection = work.connection
        survey = survey_of(connection, code)
        plan = _plan(connection, survey.id, code)
        if connection.execute(select(MEMBERS.c.id).where(MEMBERS.c.survey_id == survey.id).limit(1)).first():
            raise ConflictError(f"The sample of {code} has been drawn already.", "Plan a new wave under another code.")
        by = plan.get("stratify_by") or ""
        column = func.coalesce(CUSTOMERS.c[STRATA[by]], "") if by else CUSTOMERS.c.number.op("||")("")
        rows = connection.execute(
            select(CUSTOMERS.c.id, column, _was_asked(survey.id, moment))
            .where(*_members_of_population(plan["regions"], plan["kinds"]))
            .order_by(CUSTOMERS.c.number)
        ).all()
        names = sorted({str(row[1]) for row in rows}) if by else [""]
        places = {name: place for place, name in enumerate(names)}
        codes = [places[str(row[1])] if by else 0 for row in rows]
        free = [
            sum(1 for at, row in zip(codes, rows, strict=True) if at == place and not row[2])
            for place in range(len(names))
        ]
        wanted = min(plan["invitations"] if size is None else size, sum(free))
        sizes = allocate(
            wanted, free, Allocation(plan["allocation"]), minimum=min(plan["minimum"], min(free, default=0))
        ).sizes
        drawn = drawn_sample(codes, sizes, seed, [float(bool(row[2])) for row in rows])
        insert_rows(
            connection,
            MEMBERS,
            ("survey_id", "customer_id", "stratum", "state", "attempts", "drawn_at", "updated_at"),
            [
                (survey.id, rows[place][0], names[codes[place]], SampleState.DRAWN.value, 0, moment, moment)
                for place in drawn
            ],
        )
        excluded = sum(bool(row[2]) for row in rows)
        strata = {name: {"population": codes.count(place), "drawn": sizes[place]} for name, place in places.items()}
        plan.update(seed=seed, excluded=excluded, drawn=len(drawn), strata=strata)
        connection.execute(
            update(SURVEYS)
            .where(SURVEYS.c.id == survey.id)
            .values(plan=json.dumps(plan, sort_keys=True, ensure_ascii=False), version=SURVEYS.c.version + 1)
        )
        work.record("sample", "survey", code, {"seed": seed, "drawn": len(drawn), "excluded": excluded})
    return plan_of(store, code)


def _was_asked(survey_id: int, moment: datetime) -> Any:
    since = moment - timedelta(days=REST_DAYS)
    return or_(
        exists().where(
            and_(MEMBERS.c.customer_id == CUSTOMERS.c.id, MEMBERS.c.drawn_at >= since, MEMBERS.c.survey_id != survey_id)
        ),
        exists().where(and_(RESPONSES.c.customer_id == CUSTOMERS.c.id, RESPONSES.c.answered_at >= since)),
    ).label("was_asked")


def _plan(connection: Connection, survey_id: int, code: str) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(
        connection.execute(select(SURVEYS.c.plan).where(SURVEYS.c.id == survey_id)).scalar_one()
    )
    if "needed" not in plan:
        raise UsageError(f"The survey {code} has no plan.", f"Make one: ombud satisfaction plan {code} --margin 0.05")
    return plan


def note_attempt(
    store: Store, code: str, customer_number: str, state: str, *, actor: str, now: clock.Now = clock.now
) -> None:
    """Note how asking a member of the sample went. Raises UsageError for an unknown state, NotFoundError for a stranger."""
    if state not in tuple(SampleState):
        raise UsageError(f"There is no state {state} of a member of a sample.", f"Known: {', '.join(SampleState)}.")
    with store.writing(actor) as work:
        survey = survey_of(work.connection, code)
        customer = select(CUSTOMERS.c.id).where(CUSTOMERS.c.number == customer_number).scalar_subquery()
        done = work.connection.execute(
            update(MEMBERS)
            .where(MEMBERS.c.survey_id == survey.id, MEMBERS.c.customer_id == customer)
            .values(state=state, attempts=MEMBERS.c.attempts + 1, updated_at=now())
        ).rowcount
        if not done:
            raise NotFoundError(f"The customer {customer_number} is not in the sample of {code}.")
        work.record("sample_state", "survey", code, {"customer": customer_number, "state": state})


def sample(store: Store, code: str, *, state: str | None = None) -> list[tuple[str, str, str, str, int]]:
    """Return the members of a sample to be asked: number, name, stratum, state, attempts. Raises NotFoundError."""
    with store.reading() as connection:
        survey = survey_of(connection, code)
        question = (
            select(CUSTOMERS.c.number, CUSTOMERS.c.name, MEMBERS.c.stratum, MEMBERS.c.state, MEMBERS.c.attempts)
            .join_from(MEMBERS, CUSTOMERS, CUSTOMERS.c.id == MEMBERS.c.customer_id)
            .where(MEMBERS.c.survey_id == survey.id)
            .order_by(MEMBERS.c.stratum, CUSTOMERS.c.number)
        )
        if state is not None:
            question = question.where(MEMBERS.c.state == state)
        return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(question)]


def plan_of(store: Store, code: str) -> SurveyPlan:
    """Return the plan of a survey and how far fieldwork has come, stratum by stratum. Raises NotFoundError."""
    with store.reading() as connection:
        survey = survey_of(connection, code)
        row = connection.execute(select(SURVEYS).where(SURVEYS.c.id == survey.id)).mappings().one()
        plan: dict[str, Any] = json.loads(row["plan"] or "{}")
        responses = connection.execute(
            select(func.count()).select_from(RESPONSES).where(RESPONSES.c.survey_id == survey.id)
        ).scalar_one()
        counts: dict[str, dict[str, int]] = {}
        for stratum, state, n in connection.execute(
            select(MEMBERS.c.stratum, MEMBERS.c.state, func.count())
            .where(MEMBERS.c.survey_id == survey.id)
            .group_by(MEMBERS.c.stratum, MEMBERS.c.state)
        ):
            counts.setdefault(stratum, {})[state] = n
    margin = plan.get("margin")
    strata = tuple(_progress(name, counts[name], plan, margin) for name in sorted(counts))
    rates: Mapping[str, float | None] = {}
    warnings: tuple[str, ...] = ()
    if counts:
        whole = {state.value: sum(own.get(state.value, 0) for own in counts.values()) for state in SampleState}
        found = response_rates(_dispositions(whole))
        rates = {
            name: getattr(found, name) for name in ("rr1", "rr2", "rr3", "rr4", "rr5", "rr6", "cooperation", "refusal")
        }
        warnings = (
            found.warnings if any(whole[state] for state in ("complete", "partial", "refused", "not_reached")) else ()
        )
    return SurveyPlan(
        code=code,
        title=row["title"],
        title_zh=row["title_zh"],
        assessor=row["assessor"],
        channel=row["channel"],
        population=row["population"],
        needed=plan.get("needed"),
        margin=margin,
        share=plan.get("share"),
        deff=plan.get("deff"),
        response_rate=plan.get("response_rate"),
        invitations=plan.get("invitations"),
        allocation=plan.get("allocation", ""),
        stratify_by=plan.get("stratify_by", ""),
        seed=plan.get("seed"),
        excluded=plan.get("excluded", 0),
        strata=strata,
        rates=rates,
        responses=responses,
        warnings=warnings,
    )


def _dispositions(states: Mapping[str, int]) -> Dispositions:
    return Dispositions(
        complete=states.get("complete", 0),
        partial=states.get("partial", 0),
        refused=states.get("refused", 0),
        not_reached=states.get("not_reached", 0),
        other=states.get("other", 0),
        unknown_household=states.get("unknown", 0) + states.get("invited", 0) + states.get("drawn", 0),
    )


def _progress(name: str, states: Mapping[str, int], plan: Mapping[str, Any], margin: float | None) -> StratumProgress:
    drawn = sum(states.values())
    complete = states.get("complete", 0)
    pending = states.get("drawn", 0) + states.get("invited", 0)
    found = fieldwork_forecast(complete, drawn - pending, drawn, plan.get("share") or 0.5, margin)
    return StratumProgress(
        name=name,
        population=plan.get("strata", {}).get(name, {}).get("population", 0),
        planned=plan.get("strata", {}).get(name, {}).get("drawn", drawn),
        drawn=drawn,
        invited=drawn - states.get("drawn", 0),
        complete=complete,
        partial=states.get("partial", 0),
        refused=states.get("refused", 0),
        not_reached=states.get("not_reached", 0),
        other=states.get("other", 0) + states.get("unknown", 0),
        expected=found.value,
        half_width=found.half_width,
        meets=found.meets,
    )
