"""Which responses of a survey are left out of all figures: the rule chosen, changed with a reason, and the cells kept by it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Table, bindparam, select, update

from console.errors import UsageError, nearest
from console.models import Response, Survey
from console.models.base import table_of
from console.rules.answer_quality import (
    CHECKS,
    CONTRADICTION,
    NOTHING,
    TOLERANCE,
    TOO_FAST,
    Judge,
    QualityRule,
    hasty_below,
    read_rule,
)
from console.services.answer_cells import SEGMENT, Tally, keep
from console.services.answer_judging import excluded_of, rated_items, rule_of
from console.services.answering import read_responses, reason_of, survey_of
from console.services.staffing import required
from console.services.survey_plans import PLANNERS
from console.storage.engine import Store
from console.storage.unit import Work

RESPONSES: Table = table_of(Response)
SURVEYS: Table = table_of(Survey)
PART = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyQuality:
    """The rule by which a survey leaves responses out, and how many it leaves out of how many.

    ``rule`` is the checks with commas between, ``none`` where every response counts; ``excluded`` the numbers by check.
    """

    survey: str
    rule: str
    checks: tuple[str, ...]
    contradictions: tuple[tuple[str, str], ...]
    tolerance: float
    seconds_from: float | None
    responses: int
    excluded: dict[str, int]

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
        moved = _judge_anew(work, survey.id, rule)
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


def _judge_anew(work: Work, survey_id: int, rule: QualityRule) -> int:
    """Give every response of a survey its reason by a rule, and move the cells by what changed; return how many did."""
    connection = work.connection
    if TOO_FAST in rule.checks:
        rule = replace(rule, seconds_from=_hasty_below(connection, survey_id))
    connection.execute(
        update(SURVEYS).where(SURVEYS.c.id == survey_id).values(quality_rule=rule.text(), version=SURVEYS.c.version + 1)
    )
    judge = Judge(rule, rated_items(connection, survey_id)) if rule.checks else None
    last, moved = 0, 0
    while True:
        stored = connection.execute(
            select(RESPONSES.c.id, RESPONSES.c.month, RESPONSES.c.excluded)
            .where(RESPONSES.c.survey_id == survey_id, RESPONSES.c.id > last)
            .order_by(RESPONSES.c.id)
            .limit(PART)
        ).all()
        if not stored:
            return moved
        last = stored[-1][0]
        tally, changed = Tally(), []
        found = read_responses(connection, [row[0] for row in stored])
        for id_, month, old in stored:
            said = found[id_]
            new = reason_of(judge, said)
            if new == old:
                continue
            changed.append({"response": id_, "reason": new})
            if bool(new) != bool(old):
                place = (*(getattr(said, name) for name in SEGMENT), month)
                tally.count(place, said.weight, said.answers, sign=-1 if new else 1)
        if changed:
            connection.execute(
                update(RESPONSES).where(RESPONSES.c.id == bindparam("response")).values(excluded=bindparam("reason")),
                changed,
            )
            keep(connection, tally)
            moved += len(changed)


def _hasty_below(connection: Connection, survey_id: int) -> float | None:
    seconds = select(RESPONSES.c.seconds).where(RESPONSES.c.survey_id == survey_id, RESPONSES.c.seconds.is_not(None))
    return hasty_below(list(connection.execute(seconds).scalars()))


def refresh_haste(work: Work, codes: Collection[str] | None = None) -> None:
    """Judge surveys anew whose responses have become faster or slower, in the caller's transaction; all without ``codes``."""
    question = select(SURVEYS.c.id, SURVEYS.c.quality_rule).where(SURVEYS.c.quality_rule.contains(TOO_FAST))
    if codes is not None:
        question = question.where(SURVEYS.c.code.in_(list(codes)))
    for survey_id, text in work.connection.execute(question).all():
        rule = read_rule(text)
        if TOO_FAST in rule.checks and _hasty_below(work.connection, survey_id) != rule.seconds_from:
            _judge_anew(work, survey_id, rule)
