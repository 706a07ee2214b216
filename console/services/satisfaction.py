"""What customers think, survey by survey: indicators with sample, interval and coverage, and the index above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, literal_column, select

from console.codes import SampleState
from console.measures.proportions import proportion
from console.models import SampleMember, Survey
from console.models.base import table_of
from console.rules.answer_quality import DOUBLE
from console.services.answer_counts import (
    HUNDRED,
    Levels,
    SurveyFrame,
    chosen_items,
    counted,
    figure_of,
    frames,
    mean_figure,
    special_figure,
    top_figure,
    values_of,
)
from console.services.answer_filtering import RESPONSES, AnswerQuestion, asked
from console.services.answer_judging import excluded_of, rule_of
from console.services.answer_matrix import answer_matrix, answers_counted
from console.services.answering import Item
from console.services.satisfaction_views import Figure, ItemFigures, SurveyFigures
from console.storage.engine import Store

MEMBERS = table_of(SampleMember)
SURVEYS = table_of(Survey)
MOST_FOR_RESPONDENTS = 200_000
"""Answers up to which a summary takes its index respondent by respondent; above, from the totals of items."""


def figures(store: Store, filter_text: str = "", *, zone: str = "") -> tuple[SurveyFigures, ...]:
    """Return the surveys that a filter chooses with the figures of their indicators under it.

    Raises FilterError, and NotFoundError where no survey or indicator is chosen.
    """
    question = asked(filter_text, zone=zone)
    with store.reading() as connection:
        return tuple(_survey(connection, frame, question) for frame in frames(connection, question))


def _survey(connection: Connection, frame: SurveyFrame, question: AnswerQuestion) -> SurveyFigures:
    items = chosen_items(connection, frame, question)
    found, _ = counted(connection, frame, list(items.values()), question)
    base = str(question.filter)
    own = tuple(
        item_figures(frame, item, found[item.id].get((), Levels()), _with(base, frame.code, item.code))
        for item in items.values()
    )
    of_survey = RESPONSES.c.survey_id == frame.id
    times = RESPONSES.c.answered_at
    # Each of these is answered from an index alone, however many responses there are.
    first_at = connection.execute(select(times).where(of_survey).order_by(times).limit(1)).scalar()
    last_at = connection.execute(select(times).where(of_survey).order_by(times.desc()).limit(1)).scalar()
    responses = connection.execute(select(SURVEYS.c.response_count).where(SURVEYS.c.id == frame.id)).scalar_one()
    # The bare column is what the index over doubles is bound to: only so SQLite reads that index and not all responses.
    doubles = connection.execute(
        select(func.count()).select_from(RESPONSES).where(of_survey, literal_column("responses.is_double"))
    ).scalar_one()
    left_out = excluded_of(connection, frame.id)
    invited, rate = _response_rate(connection, frame)
    index = index_of(connection, frame, items, found, question)
    warnings = []
    doubles_counted = doubles - left_out.get(DOUBLE, 0)
    if doubles_counted:
        warnings.append(f"{doubles_counted} responses say exactly what another says; leave them out with -double:yes.")
    return SurveyFigures(
        code=frame.code,
        title=frame.title,
        title_zh=frame.title_zh,
        series=frame.series,
        wave=frame.wave,
        assessor=frame.assessor,
        scale=f"{frame.low}-{frame.high}",
        weights_version=frame.weights_version,
        responses=responses,
        doubles=doubles,
        excluded=sum(left_out.values()),
        quality_rule=rule_of(connection, frame.id).name,
        invited=invited,
        response_rate=rate,
        first_at=first_at,
        last_at=last_at,
        filter=base,
        index=index,
        items=own,
        warnings=tuple(warnings),
    )


def _response_rate(connection: Connection, frame: SurveyFrame) -> tuple[int, Figure | None]:
    question = select(MEMBERS.c.state, func.count()).where(MEMBERS.c.survey_id == frame.id).group_by(MEMBERS.c.state)
    states: dict[str, int] = {row[0]: row[1] for row in connection.execute(question)}
    invited = sum(n for state, n in states.items() if state not in (SampleState.DRAWN, SampleState.INELIGIBLE))
    if not invited:
        return 0, None
    found = proportion(
        min(states.get(SampleState.COMPLETE.value, 0), invited), invited, method="response rate (AAPOR RR1)"
    )
    return invited, figure_of(found, "share", "0-1", hides=False)


def _with(base: str, survey: str, indicator: str) -> str:
    parts = [f"survey:{_quoted(survey)}" if "survey:" not in base else "", f"indicator:{_quoted(indicator)}", base]
    return " ".join(part for part in parts if part)


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"' if any(char.isspace() or char in ',"' for char in text) else text


def item_figures(frame: SurveyFrame, item: Item, counts: Levels, filter_text: str = "") -> ItemFigures:
    """Return everything that is said of one indicator from its counts."""
    values, scale = values_of(item, frame)
    hidden = 0 < counts.n < 5
    return ItemFigures(
        survey=frame.code,
        code=item.code,
        label=item.label,
        label_zh=item.label_zh,
        kind=item.kind,
        mean=mean_figure(counts, item, filter_text=filter_text),
        plain_mean=mean_figure(counts, item, is_plain=True, filter_text=filter_text),
        score=mean_figure(counts, item, values, scale=scale, filter_text=filter_text),
        top_two=top_figure(counts, item, filter_text=filter_text),
        plain_top_two=top_figure(counts, item, is_plain=True, filter_text=filter_text),
        top_box=top_figure(counts, item, levels=1, filter_text=filter_text),
        special=special_figure(counts, item, filter_text=filter_text),
        plain_special=special_figure(counts, item, is_plain=True, filter_text=filter_text),
        levels=None if hidden else {level: sums[0] for level, sums in sorted(counts.levels.items())},
        missing=None if hidden else dict(sorted(counts.missing.items())),
    )


def index_of(
    connection: Connection,
    frame: SurveyFrame,
    items: Mapping[str, Item],
    found: Mapping[int, Mapping[tuple[str, ...], Levels]],
    question: AnswerQuestion,
) -> Figure:
    """Return the composite index of a survey on 0–100 over the chosen rating items, by their weights.

    Respondent by respondent, so that the interval knows that the same people answered; for a very large survey from item
    totals, which is said. Items without weights count alike.
    """
    rated = [item for item in items.values() if item.code in frame.scored]
    if not rated:
        return Figure(
            value=None, unit="0-100", scale=HUNDRED, n=0, coverage=0.0, warnings=("No rating item is chosen.",)
        )
    weights, version = item_weights(frame, rated)
    scale = values_of(rated[0], frame)[1]
    from console.measures.composites import composite_from_answers, composite_from_counts
    from console.measures.weights import WeightKind

    if len(rated) == 1:
        values = values_of(rated[0], frame)[0]
        counts = found[rated[0].id].get((), Levels())
        made = replace(mean_figure(counts, rated[0], values, scale=scale), weights_version=version)
    elif answers_counted(connection, rated) <= MOST_FOR_RESPONDENTS:
        table = answer_matrix(connection, rated, question)
        composite = composite_from_answers(table.scores(frame), weights, table.weights, kind=WeightKind.POINTS)
        made = figure_of(composite, "0-100", scale, deff=composite.deff, weights_version=version)
    else:
        levels = sorted({value for item in rated for value in values_of(item, frame)[0].values()}, reverse=True)
        rows = []
        for item in rated:
            values = values_of(item, frame)[0]
            sums = dict.fromkeys(levels, 0.0)
            for level, (_, weight, _) in found[item.id].get((), Levels()).levels.items():
                sums[values[level]] += weight
            rows.append([sums[value] for value in levels])
        composite = composite_from_counts(rows, weights, levels, kind=WeightKind.POINTS)
        made = figure_of(composite, "0-100", scale, weights_version=version)
    return replace(made, filter=str(question.filter))


def item_weights(frame: SurveyFrame, items: Sequence[Item]) -> tuple[list[float], str]:
    """Return the weight of each item within the whole tree of its survey, and the version they belong to.

    Where no item has a weight all count alike, and the version says ``equal``.
    """
    by_id = {item.id: item for item in frame.items.values()}
    if not any(item.weight is not None for item in frame.items.values()):
        return [1.0] * len(items), "equal"
    weights = []
    for item in items:
        weight, node = 1.0, item
        while True:
            weight *= node.weight if node.weight is not None else 0.0
            if node.parent_id is None:
                break
            node = by_id[node.parent_id]
        weights.append(weight)
    if not sum(weights):
        return [1.0] * len(items), "equal"
    return weights, frame.weights_version or "as entered"
