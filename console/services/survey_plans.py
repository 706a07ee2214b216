"""Survey plans: whom to ask, how many answers are needed, and how the plan stands."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Integer, Table, cast, func, insert, select, update

from console import clock
from console.codes import Assessor, Role
from console.errors import ConflictError, UsageError
from console.measures.sampling import Allocation, allocate, invitations, size_for_share
from console.models import Indicator, Questionnaire, Response, SampleMember, Survey
from console.models.base import table_of
from console.rules.indicator_trees import load_tree
from console.services.answering import ANSWERS, survey_of
from console.services.fieldwork_progress import progress_of
from console.services.populations import (
    BETWEEN,
    REST_DAYS,
    Population,
    Stratum,
    checked_population,
    checked_strata,
    strata_of,
)
from console.services.satisfaction_views import SurveyPlan
from console.services.staffing import required
from console.storage.engine import Store

SURVEYS: Table = table_of(Survey)
INDICATORS: Table = table_of(Indicator)
RESPONSES: Table = table_of(Response)
MEMBERS: Table = table_of(SampleMember)
SCRIPTS: Table = table_of(Questionnaire)

PLANNERS = frozenset({Role.LEAD.value, Role.ANALYST.value, Role.ADMINISTRATOR.value})
"""The roles that plan surveys, draw samples and close."""
ATTEMPTS = 3
TRIGGERS = ("relationship", "event")
PLAN_TEXTS = ("purpose", "mode", "trigger", "owner", "budget")
"""Words of a plan that are kept as they were written."""
LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWish:
    """What is wanted of a survey. Margin, share and response rate are shares from 0 to 1.

    ``regions``, ``kinds`` and the lists after them limit the population (empty: all who are supplied now), and so
    does ``where``, a filter of customers; ``stratify_by`` may
    name several, ``region,kind``; ``minimum`` is the least number of answers of a stratum that is reported alone;
    ``deviations`` are the standard deviations of strata for Neyman allocation, or ``deviations_from`` an earlier survey they
    are taken from; ``tree`` gives the survey the leaves of a ready tree to ask about. ``trigger`` is ``relationship`` (asked
    regularly) or ``event`` (asked within 7 days after a service).
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
    supplies: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    relationships: tuple[str, ...] = ()
    where: str = ""
    tree: str = ""
    purpose: str = ""
    mode: str = ""
    trigger: str = TRIGGERS[0]
    owner: str = ""
    budget: str = ""
    rest_days: int = REST_DAYS
    attempts: int = ATTEMPTS
    deviations: Mapping[str, float] = field(default_factory=dict)
    deviations_from: str = ""

    @property
    def population(self) -> Population:
        """Which customers it is about."""
        return Population(
            filter=self.where,
            region=self.regions,
            kind=self.kinds,
            supply=self.supplies,
            size=self.sizes,
            credit=self.credits,
            relationship=self.relationships,
        )


def plan_survey(store: Store, wish: PlanWish, *, actor: str, now: clock.Now = clock.now) -> SurveyPlan:
    """Make a survey with its plan, or plan one that nobody has been drawn for yet; return the plan.

    The population is the customers there are under the wish; the size follows from margin, share and design effect with the
    finite population correction, is shared over the strata, and is raised where every stratum is to have its least number;
    the invitations follow from the response rate. Raises UsageError, NotFoundError for an unknown tree or earlier survey,
    MeasureError for impossible figures, ConflictError where a sample has been drawn or the scale would change under answers,
    NotAllowedError for a role that plans no surveys.
    """
    _check(wish)
    with store.writing(actor) as work:
        connection = work.connection
        required(connection, actor, PLANNERS, "plan a survey")
        plan, population = _planned(connection, wish, now(), actor)
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
            "plan": json.dumps(plan, sort_keys=True, ensure_ascii=False),
            "tree": wish.tree,
        }
        there = connection.execute(
            select(SURVEYS.c.id, SURVEYS.c.scale_low, SURVEYS.c.scale_high, SURVEYS.c.closed_at).where(
                SURVEYS.c.code == wish.code
            )
        ).one_or_none()
        if there is None:
            survey_id = connection.execute(
                insert(SURVEYS).values(code=wish.code, **values).returning(SURVEYS.c.id)
            ).scalar_one()
        else:
            survey_id = there.id
            _refuse_change(connection, wish, there)
            connection.execute(
                update(SURVEYS).where(SURVEYS.c.id == survey_id).values(**values, version=SURVEYS.c.version + 1)
            )
        if wish.tree:
            _ask_leaves(connection, survey_id, wish.tree)
        work.record("plan", "survey", wish.code, plan)
    return plan_of(store, wish.code)


def _planned(connection: Connection, wish: PlanWish, moment: datetime, viewer: str) -> tuple[dict[str, Any], int]:
    """Return the plan as it is kept, and the size of the population."""
    by = checked_strata(wish.stratify_by)
    strata = strata_of(
        connection, wish.population, by, channel=wish.channel, rest_days=wish.rest_days, moment=moment, viewer=viewer
    )
    population = sum(stratum.population for stratum in strata)
    if not population:
        raise UsageError(
            "Nobody is in the population of this survey.", "Check --region and --kind, or import customers."
        )
    least = sum(min(stratum.population, wish.minimum) for stratum in strata)
    needed = max(size_for_share(wish.margin, wish.share, population, wish.deff).n, least)
    deviations = _deviations(connection, wish, by, strata)
    big = [stratum.population for stratum in strata]
    sizes = allocate(needed, big, Allocation(wish.allocation), deviations, wish.minimum).sizes
    asked_least = invitations(wish.minimum, wish.response_rate)
    total = min(population, max(invitations(needed, wish.response_rate), sum(min(n, asked_least) for n in big)))
    asked = allocate(total, big, Allocation(wish.allocation), deviations, asked_least).sizes
    plan = {
        "margin": wish.margin,
        "share": wish.share,
        "deff": wish.deff,
        "response_rate": wish.response_rate,
        "needed": needed,
        "invitations": total,
        "stratify_by": wish.stratify_by,
        "allocation": wish.allocation,
        "minimum": wish.minimum,
        "population": wish.population.record(),
        "frame_on": moment.date().isoformat(),
        "rest_days": wish.rest_days,
        "attempts": wish.attempts,
        **{name: getattr(wish, name) for name in PLAN_TEXTS},
        "strata": {
            stratum.name: {"population": stratum.population, "needed": size, "invitations": ask}
            for stratum, size, ask in zip(strata, sizes, asked, strict=True)
        },
    }
    return plan, population


def _deviations(
    connection: Connection, wish: PlanWish, by: Sequence[str], strata: Sequence[Stratum]
) -> list[float] | None:
    """The standard deviations of the strata for Neyman allocation: as given, or of the top two shares of an earlier survey."""
    if wish.allocation != Allocation.NEYMAN:
        return None
    known = dict(wish.deviations)
    if wish.deviations_from:
        known = {**_earlier_deviations(connection, wish.deviations_from, by), **known}
    if not known:
        raise UsageError(
            "Neyman allocation needs the standard deviation of each stratum.",
            "Give --deviation NAME=0.45 for each, or --deviations-from an earlier SURVEY.",
        )
    for name in known:
        if name not in {stratum.name for stratum in strata} and name in wish.deviations:
            listed = ", ".join(stratum.name or "(empty)" for stratum in strata)
            raise UsageError(f"There is no stratum {name}.", f"There are: {listed}.")
    # A stratum that nobody knows anything of is taken at the widest spread a share can have.
    return [known.get(stratum.name, 0.5) for stratum in strata]


def _earlier_deviations(connection: Connection, code: str, by: Sequence[str]) -> dict[str, float]:
    """Return √(p(1−p)) by stratum, p the share of the top two levels in the answers of an earlier survey."""
    survey = survey_of(connection, code)
    facts = {"region": RESPONSES.c.region, "kind": RESPONSES.c.kind, "supply": RESPONSES.c.supply}
    for name in by:
        if name not in facts:
            raise UsageError(f"Answers do not tell the {name} of a customer.", "Give --deviation NAME=0.45 instead.")
    high = func.coalesce(INDICATORS.c.scale_high, survey.scale_high)
    places = [facts[name] for name in by]
    rows = connection.execute(
        select(*places, func.count(), func.sum(cast(ANSWERS.c.score >= high - 1, Integer)))
        .join_from(ANSWERS, INDICATORS, INDICATORS.c.id == ANSWERS.c.indicator_id)
        .join(RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id)
        .where(INDICATORS.c.survey_id == survey.id, ANSWERS.c.score.is_not(None), RESPONSES.c.excluded == "")
        .group_by(*places)
    )
    found = {}
    for *names, count, good in rows:
        share = float(good) / float(count)
        found[BETWEEN.join(str(name) for name in names)] = math.sqrt(share * (1 - share))
    if not found:
        raise UsageError(f"The survey {code} has no answers to take standard deviations from.")
    return found


def _check(wish: PlanWish) -> None:
    if not wish.code.strip() or len(wish.code) > 64 or any(char.isspace() for char in wish.code):
        raise UsageError("A survey has a code of 1 to 64 characters without blanks.")
    checked_strata(wish.stratify_by)
    checked_population(wish.population)
    if wish.assessor not in tuple(Assessor):
        raise UsageError(f"There is no assessor {wish.assessor}.", f"Known: {', '.join(Assessor)}.")
    if wish.allocation not in tuple(Allocation):
        raise UsageError(f"There is no allocation {wish.allocation}.", f"Known: {', '.join(Allocation)}.")
    if wish.trigger not in TRIGGERS:
        raise UsageError(f"There is no trigger {wish.trigger}.", f"Known: {', '.join(TRIGGERS)}.")
    if wish.scale[0] >= wish.scale[1]:
        raise UsageError("A scale ends above where it begins.", "Write --scale 1,5.")
    if wish.minimum < 0 or wish.rest_days < 0 or wish.attempts < 1:
        raise UsageError("Least number and rest days are 0 or more, attempts 1 or more.")
    if any(not 0 <= value < math.inf for value in wish.deviations.values()):
        raise UsageError("A standard deviation is 0 or more.")
    if wish.starts_on and wish.ends_on and wish.ends_on < wish.starts_on:
        raise UsageError(f"The survey would end on {wish.ends_on}, before it starts on {wish.starts_on}.")
    if wish.level_scores and len(wish.level_scores) != wish.scale[1] - wish.scale[0] + 1:
        raise UsageError(
            f"The scale from {wish.scale[0]} to {wish.scale[1]} needs as many scores as it has levels, "
            f"not {len(wish.level_scores)}."
        )
    for item in fields(wish):
        value = getattr(wish, item.name)
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise UsageError(f"{item.name} is longer than 2,000 characters.")


def _refuse_change(connection: Connection, wish: PlanWish, there: Any) -> None:
    if there.closed_at is not None:
        raise ConflictError(f"The survey {wish.code} is closed.", "Plan a new wave under another code.")
    if connection.execute(select(MEMBERS.c.id).where(MEMBERS.c.survey_id == there.id).limit(1)).first():
        raise ConflictError(f"The sample of {wish.code} has been drawn already.", "Plan a new wave under another code.")
    answered = connection.execute(select(RESPONSES.c.id).where(RESPONSES.c.survey_id == there.id).limit(1)).first()
    if answered and (there.scale_low, there.scale_high) != wish.scale:
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


def kept_plan(connection: Connection, survey_id: int, code: str) -> dict[str, Any]:
    """Return the plan of a survey as it is kept. Raises UsageError where there is none."""
    plan: dict[str, Any] = json.loads(
        connection.execute(select(SURVEYS.c.plan).where(SURVEYS.c.id == survey_id)).scalar_one() or "{}"
    )
    if "needed" not in plan:
        raise UsageError(f"The survey {code} has no plan.", f"Make one: ombud survey plan {code} --margin 0.05")
    return plan


def state_of(closed_at: datetime | None, plan: Mapping[str, Any], drawn: int | None, responses: int | None) -> str:
    """Return how far a survey has come: planned, drawn, in the field, or closed."""
    if closed_at is not None:
        return "closed"
    if responses:
        return "field"
    if drawn:
        return "drawn"
    return "planned" if plan.get("needed") else "new"


def is_known(store: Store, code: str) -> bool:
    """Return whether there is a survey with a code."""
    with store.reading() as connection:
        return connection.execute(select(SURVEYS.c.id).where(SURVEYS.c.code == code)).first() is not None


def plan_of(store: Store, code: str) -> SurveyPlan:
    """Return the plan of a survey and how far fieldwork has come, stratum by stratum. Raises NotFoundError."""
    with store.reading() as connection:
        survey = survey_of(connection, code)
        row = connection.execute(select(SURVEYS).where(SURVEYS.c.id == survey.id)).mappings().one()
        plan: dict[str, Any] = json.loads(row["plan"] or "{}")
        responses = connection.execute(
            select(func.count()).select_from(RESPONSES).where(RESPONSES.c.survey_id == survey.id)
        ).scalar_one()
        progress = progress_of(connection, survey.id, plan)
        version = questionnaire_number(connection, survey.id)
    excluded = plan.get("excluded") or {}
    return SurveyPlan(
        code=code,
        title=row["title"],
        title_zh=row["title_zh"],
        assessor=row["assessor"],
        channel=row["channel"],
        population=row["population"],
        needed=plan.get("needed"),
        margin=plan.get("margin"),
        share=plan.get("share"),
        deff=plan.get("deff"),
        response_rate=plan.get("response_rate"),
        invitations=plan.get("invitations"),
        allocation=plan.get("allocation", ""),
        stratify_by=plan.get("stratify_by", ""),
        seed=plan.get("seed"),
        excluded=sum(excluded.values()),
        strata=progress.strata,
        rates=progress.rates,
        responses=responses,
        warnings=progress.warnings,
        series=row["series"],
        wave=row["wave"],
        tree=row["tree"],
        scale=f"{row['scale_low']}-{row['scale_high']}",
        state=state_of(row["closed_at"], plan, progress.drawn, responses),
        starts_on=row["starts_on"].isoformat() if row["starts_on"] else "",
        ends_on=row["ends_on"].isoformat() if row["ends_on"] else "",
        frame_on=plan.get("frame_on", ""),
        rest_days=plan.get("rest_days", REST_DAYS),
        attempts=plan.get("attempts", ATTEMPTS),
        minimum=plan.get("minimum", 0),
        frame=plan.get("population", {}),
        exclusions=excluded,
        questionnaire=version,
        closed_at=row["closed_at"],
        total=progress.total,
        **{name: plan.get(name, "") for name in PLAN_TEXTS},
    )


def questionnaire_number(connection: Connection, survey_id: int) -> int:
    """Return the number of the newest version of a survey's questionnaire, 0 where none was entered."""
    newest = select(func.coalesce(func.max(SCRIPTS.c.number), 0)).where(SCRIPTS.c.survey_id == survey_id)
    return int(connection.execute(newest).scalar_one())
