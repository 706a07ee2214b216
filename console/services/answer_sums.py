"""Answers added up by the database into the sums that means, shares and indices are made of."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from console.services.answer_counts import SurveyFrame
from console.services.answer_filtering import AnswerQuestion
from console.services.answer_sources import Source, source_of
from console.services.answering import Item

SUMS = 7
"""How many sums there are of a place."""

Values = Mapping[int, float]
"""What each level of an item is worth."""


@dataclass(frozen=True, slots=True)
class SummedPlace:
    """The sums of the answers to one indicator in one place, in the order of ``measures.cells.CellSums``."""

    indicator: int
    place: tuple[str, ...]
    sums: tuple[float, ...]


def summed(
    connection: Connection,
    frame: SurveyFrame,
    items: Sequence[Item],
    question: AnswerQuestion,
    by: tuple[str, ...],
    values: Mapping[int, Values],
) -> tuple[list[SummedPlace], str]:
    """Return the sums of the answers to items by the values of dimensions, and what was added up.

    ``values`` says by indicator what each of its levels is worth. One row a place comes back however many levels there are: a
    pivot over eight indicators, twelve regions and two years is 2,304 rows.
    """
    source = source_of(connection, frame.is_paired, [item.id for item in items], question, by)
    value = _worth(source, items, values)
    groups = (source.indicator, *(source.groups[name] for name in by))
    scored = source.scored
    sums = (
        func.sum(source.n).filter(scored),
        func.sum(source.weight).filter(scored),
        func.sum(source.weight_squared).filter(scored),
        func.sum(source.weight * value).filter(scored),
        func.sum(source.weight * value * value).filter(scored),
        func.sum(source.weight).filter(scored & _best(source, items)),
        func.sum(source.n),
    )
    rows = connection.execute(
        select(*groups, *sums).select_from(source.joined).where(*source.where).group_by(*groups)
    ).all()
    found = []
    for row in rows:
        *_key, n, weight, squared, first, second, top, of_all = row
        n = n or 0
        sums_here = (n, weight or 0.0, squared or 0.0, first or 0.0, second or 0.0, top or 0.0, of_all - n)
        found.append(SummedPlace(row[0], tuple(row[1 : len(groups)]), sums_here))
    return found, source.name


def _worth(source: Source, items: Sequence[Item], values: Mapping[int, Values]) -> ColumnElement[Any]:
    """What an answer is worth: by its level, and by its indicator where these are worth different things."""
    tables = {item.id: tuple(sorted(values[item.id].items())) for item in items}

    def worth(table: tuple[tuple[int, float], ...]) -> ColumnElement[Any]:
        if all(level == value for level, value in table):
            return source.level
        return case(dict(table), value=source.level)

    return _by_indicator(source, {id_: (table, worth(table)) for id_, table in tables.items()})


def _best(source: Source, items: Sequence[Item]) -> ColumnElement[Any]:
    """Whether an answer is one of the best levels of its scale."""

    def best(item: Item) -> tuple[Hashable, ColumnElement[Any]]:
        if item.is_reversed:
            return (True, item.low + item.best_levels), source.level < item.low + item.best_levels
        return (False, item.high - item.best_levels), source.level > item.high - item.best_levels

    return _by_indicator(source, {item.id: best(item) for item in items})


def _by_indicator(source: Source, told: Mapping[int, tuple[Hashable, ColumnElement[Any]]]) -> ColumnElement[Any]:
    """One expression for all indicators; those with equal keys share theirs."""
    shared: dict[Hashable, tuple[list[int], ColumnElement[Any]]] = {}
    for id_, (key, expression) in told.items():
        shared.setdefault(key, ([], expression))[0].append(id_)
    if not shared:
        return literal(None)
    if len(shared) == 1:
        return next(iter(shared.values()))[1]
    return case(*((source.indicator.in_(ids), expression) for ids, expression in shared.values()))
