"""Answer rows before they are scored: missing codes, unknown items, double entries, suspicious respondents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from console.measures.arrays import BoolArray, FloatArray, matrix, vector
from console.measures.results import MeasureError

FEWEST_FOR_STRAIGHT_LINE = 8
HASTY_SHARE = 1 / 3


class Missing(StrEnum):
    """Why an answer has no value; none of them is ever scored 0."""

    NOT_ANSWERED = "NA"
    DO_NOT_KNOW = "DK"
    NOT_APPLICABLE = "NAP"
    REFUSED = "REF"


@dataclass(frozen=True, slots=True, eq=False)
class AnswerTable:
    """Answers as a table: ``values`` of shape (respondents, items), NaN where there is none.

    ``missing`` counts missing codes per item; ``unknown`` counts answers to items the plan does not have, ``doubles``
    those replaced by a later answer of the same respondent to the same item.
    """

    respondents: tuple[str, ...]
    items: tuple[str, ...]
    values: FloatArray
    missing: Mapping[str, Mapping[Missing, int]]
    unknown: Mapping[str, int]
    doubles: int
    warnings: tuple[str, ...]


def answer_table(
    respondents: Sequence[str],
    items: Sequence[str],
    values: Sequence[float | Missing | None],
    known_items: Sequence[str],
    answered_at: ArrayLike | None = None,
) -> AnswerTable:
    """Answer rows (one per respondent and item) as a table of the known items.

    Answers to unknown items are left out and counted by item, never scored; the last of two answers to one item wins
    (by ``answered_at``, otherwise by order) and the others are counted. Raises MeasureError when lengths differ or the
    plan names an item twice.
    """
    if not len(respondents) == len(items) == len(values):
        raise MeasureError("Respondents, items and values differ in length.")
    if len(set(known_items)) != len(known_items):
        raise MeasureError("The plan names an item twice.")
    columns = {item: i for i, item in enumerate(known_items)}
    rows = {name: i for i, name in enumerate(dict.fromkeys(respondents))}
    kept = kept_answers(respondents, items, answered_at)
    table = np.full((len(rows), len(columns)), np.nan)
    missing: dict[str, dict[Missing, int]] = {item: dict.fromkeys(Missing, 0) for item in known_items}
    unknown: dict[str, int] = {}
    for respondent, item, value, is_kept in zip(respondents, items, values, kept, strict=True):
        if not is_kept:
            continue
        if item not in columns:
            unknown[item] = unknown.get(item, 0) + 1
        elif isinstance(value, Missing) or value is None:
            missing[item][value or Missing.NOT_ANSWERED] += 1
        else:
            table[rows[respondent], columns[item]] = value
    doubles = len(kept) - sum(kept)
    warnings = [f"{n} answers to unknown item {item} were left out." for item, n in sorted(unknown.items())]
    if doubles:
        warnings.append(f"{doubles} double entries were set aside; the last answer counts.")
    warnings += [f"Item {item} has no answers." for item, i in columns.items() if np.isnan(table[:, i]).all()]
    return AnswerTable(tuple(rows), tuple(known_items), table, missing, unknown, doubles, tuple(warnings))


def kept_answers(
    respondents: Sequence[str], items: Sequence[str], answered_at: ArrayLike | None = None
) -> tuple[bool, ...]:
    """Which rows count when one respondent answered one item more than once: the last; raises MeasureError on lengths."""
    when = np.arange(len(respondents)) if answered_at is None else vector(answered_at, "times", len(respondents))
    last: dict[tuple[str, str], int] = {}
    for i in np.argsort(when, kind="stable").tolist():
        last[respondents[i], items[i]] = i
    winners = set(last.values())
    return tuple(i in winners for i in range(len(respondents)))


def straight_lined(answers: ArrayLike) -> tuple[bool, ...]:
    """Respondents who gave the same answer to all of at least eight items, answers of shape (respondents, items)."""
    y = matrix(answers, "answers")
    n = (~np.isnan(y)).sum(axis=1)
    top = np.where(np.isnan(y), -np.inf, y).max(axis=1, initial=-np.inf)
    bottom = np.where(np.isnan(y), np.inf, y).min(axis=1, initial=np.inf)
    return tuple(bool(flag) for flag in (n >= FEWEST_FOR_STRAIGHT_LINE) & (top == bottom))


def hasty(seconds: ArrayLike) -> tuple[bool, ...]:
    """Respondents who took less than a third of the median time, shape (respondents,), NaN where it is not known."""
    taken = vector(seconds, "seconds")
    known = taken[~np.isnan(taken)]
    if known.size == 0:
        return (False,) * taken.size
    limit = HASTY_SHARE * float(np.median(known))
    return tuple(bool(flag) for flag in np.nan_to_num(taken, nan=np.inf) < limit)


def contradicting(answers: ArrayLike, pairs: Collection[tuple[int, int]], tolerance: float) -> tuple[bool, ...]:
    """Respondents whose scores (0–100, reversed items already turned) differ by more than ``tolerance`` in a pair.

    Answers of shape (respondents, items), pairs of column numbers that ask the same thing.
    """
    y = matrix(answers, "answers")
    flags: BoolArray = np.zeros(y.shape[0], dtype=bool)
    for first, second in pairs:
        flags |= np.nan_to_num(np.abs(y[:, first] - y[:, second])) > tolerance
    return tuple(flags.tolist())
