"""Which responses of a survey are left out of all figures: the rule chosen, changed with a reason, and the cells kept by it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select

from console.errors import UsageError, nearest
from console.models import Response, Survey
from console.models.base import table_of
from console.rules.answer_quality import (
    CHECKS,
    CONTRADICTION,
    NOTHING,
    TOLERANCE,
    TOO_FAST,
    QualityRule,
    read_rule,
)
from console.services.answer_judging import excluded_of, rated_items, rule_of
from console.services.answer_rejudging import found_by_check, hasty_of, judge_anew
from console.services.answering import survey_of
from console.services.staffing import required
from console.services.survey_plans import PLANNERS
from console.storage.engine import Store
from console.storage.unit import Work

RESPONSES: Table = table_of(Response)
SURVEYS: Table = table_of(Survey)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyQuality:
    """The rule by which a survey leaves responses out, and how many it leaves out of how many.

    ``rule`` is the checks with commas between, ``none`` where every response counts; ``excluded`` the numbers by check;
    ``found`` how many responses each check finds, also those that are no part of the rule.
    """

    survey: str
    rule: str
    checks: tuple[str, ...]
    contradictions: tuple[tuple[str, str], ...]
    tolerance: float
    seconds_from: float | None
    responses: int
    excluded: dict[str, int]
    found: dict[str, int]

    @property
    def left_out(self) -> int:
        """How many responses no figure counts."""
        return sum(self.excluded.values())


def quality_of(store: Store, code: str) -> SurveyQuality:
    """Return the rule of a survey and what it leaves out. Raises NotFoundError."""
    with store.reading() as connection:
        return _quality(connection, code)


def _quality(connection: Connection, code: str) -> SurveyQuality:
    survey = survey_of(connection, code)
    rule = rule_of(connection, survey.id)
    count = connection.execute(select(SURVEYS.c.response_count).where(SURVEYS.c.id == survey.id)).scalar_one()
    return SurveyQuality(
        survey=code,
        rule=rule.name,
        checks=rule.checks,
        contradictions=rule.contradictions,
        tolerance=rule.tolerance,
        seconds_from=rule.seconds_from,
        responses=int(count),
        excluded=excluded_of(connection, survey.id),
        found=found_by_check(connection, survey.id, rule),
    )


def choose_rule(
    store: Store,
    code: str,
    checks: Sequence[str],
    *,
    reason: str,
    actor: str,
    contradictions: Collection[tuple[str, str]] | None = None,
    tolerance: float | None = None,
) -> SurveyQuality:
    """Leave responses out of all figures by these checks from now on, those there are and those to come.

    Checks are ``double``, ``straight_line``, ``too_fast`` and ``contradiction``; none, or ``none``, counts every response.
    Pairs and tolerance stay as they are where they are not given. Cells change in the same transaction, the reason is on the
    record. Raises UsageError for what is no check or pair or for no reason, NotFoundError, NotAllowedError.
    """
    chosen = _checks(checks)
    if not reason.strip():
        raise UsageError("Say why the rule is changed.", "Give --reason TEXT.")
    with store.writing(actor) as work:
        required(work.connection, actor, PLANNERS, "choose which responses count")
        survey = survey_of(work.connection, code)
        before = rule_of(work.connection, survey.id)
        pairs = before.contradictions if contradictions is None else tuple(contradictions)
        _check_pairs(work.connection, survey.id, code, pairs)
        if CONTRADICTION in chosen and not pairs:
            raise UsageError("No two items are known to ask the same.", "Name them: --contradiction speed,delay")
        points = before.tolerance if tolerance is None else tolerance
        rule = QualityRule(chosen, pairs, points if pairs else TOLERANCE)
        moved = judge_anew(work.connection, survey.id, rule)
        after = _quality(work.connection, code)
        work.record(
            "quality_rule",
            "survey",
            code,
            {
                "before": before.name,
                "after": rule.name,
                "contradictions": [list(pair) for pair in pairs],
                "tolerance": rule.tolerance,
                "excluded": after.excluded,
                "moved": moved,
                "reason": reason.strip(),
            },
        )
    return after


def _checks(names: Sequence[str]) -> tuple[str, ...]:
    wanted = [name.strip().replace("-", "_").replace(" ", "_") for name in names if name.strip()]
    if NOTHING in wanted:
        if len(wanted) > 1:
            raise UsageError(f"{NOTHING} stands alone: it counts every response.")
        return ()
    for name in wanted:
        if name not in CHECKS:
            close = nearest(name, CHECKS)
            hint = f"Did you mean {close}?" if close else f"Known: {', '.join((*CHECKS, NOTHING))}."
            raise UsageError(f"There is no check {name}.", hint)
    return tuple(check for check in CHECKS if check in wanted)


def _check_pairs(connection: Connection, survey_id: int, code: str, pairs: Collection[tuple[str, str]]) -> None:
    items = rated_items(connection, survey_id)
    for pair in pairs:
        for item in pair:
            if item not in items:
                raise UsageError(f"The survey {code} does not rate {item}.", f"It rates: {', '.join(items)}.")


def refresh_haste(work: Work, codes: Collection[str] | None = None) -> None:
    """Judge surveys anew whose responses have become faster or slower, in the caller's transaction; all without ``codes``."""
    question = select(SURVEYS.c.id, SURVEYS.c.quality_rule).where(SURVEYS.c.quality_rule.contains(TOO_FAST))
    if codes is not None:
        question = question.where(SURVEYS.c.code.in_(list(codes)))
    for survey_id, text in work.connection.execute(question).all():
        rule = read_rule(text)
        if TOO_FAST in rule.checks and hasty_of(work.connection, survey_id) != rule.seconds_from:
            judge_anew(work.connection, survey_id, rule)
