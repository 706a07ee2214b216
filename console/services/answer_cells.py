"""Answer cells: answers added up as they are written, so that a mean, a share or a pivot is an addition of few rows.

``answer_cells`` keeps every combination of segment and month. Where these have become many, ``answer_pairs`` keeps the same added
up over all but two dimensions. Both are kept in the transaction that writes the answers, and can be counted anew at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, insert, literal, select, update

from console.models import Answer, AnswerCell, AnswerPair, AnswerSegment, Indicator, Response, Survey
from console.models.base import table_of
from console.storage.adding import add_rows, add_selected, drop_empty

ANSWERS: Table = table_of(Answer)
RESPONSES: Table = table_of(Response)
CELLS: Table = table_of(AnswerCell)
PAIRS: Table = table_of(AnswerPair)
SEGMENTS: Table = table_of(AnswerSegment)
INDICATORS: Table = table_of(Indicator)
SURVEYS: Table = table_of(Survey)

SEGMENT = ("region", "kind", "supply", "channel", "department")
DIMENSIONS = (*SEGMENT, "month")
PAIRED: tuple[tuple[str, str], ...] = tuple(combinations(DIMENSIONS, 2))
"""The pairs of dimensions in the order of their numbers in ``answer_pairs.dimensions``."""
_PLACES = tuple(combinations(range(len(DIMENSIONS)), 2))
SUMS = ("n", "weight", "weight_squared")
PAIR_FROM = 50_000
"""Cells of a survey from which its pairs are kept: fewer are added up in a few hundredths of a second."""

Place = tuple[str, ...]
"""Region, kind, supply, channel, department, month."""
CellKey = tuple[int, Place, int, str]
"""Indicator, place, level, reason for no score."""


@dataclass(slots=True)
class Tally:
    """Answers counted up, to be added to the cells; those taken away count negative."""

    cells: dict[CellKey, list[float]] = field(default_factory=dict)
    takes_away: bool = False

    def count(
        self, place: Place, weight: float, answers: Mapping[int, tuple[int | None, str | None]], sign: int = 1
    ) -> None:
        """Count the answers of one response: by indicator its score, or the reason why there is none."""
        self.takes_away = self.takes_away or sign < 0
        squared = weight * weight
        for indicator_id, (score, missing) in answers.items():
            key = (indicator_id, place, score or 0, missing or "")
            sums = self.cells.get(key)
            if sums is None:
                self.cells[key] = [sign, sign * weight, sign * squared]
            else:
                sums[0] += sign
                sums[1] += sign * weight
                sums[2] += sign * squared


def keep(connection: Connection, tally: Tally) -> None:
    """Add a tally to the cells, in the transaction that writes its answers."""
    cells = {key: sums for key, sums in tally.cells.items() if sums[0] or sums[1]}
    if not cells:
        return
    segments = _segment_ids(connection, {key[1][:-1] for key in cells})
    paired = _paired_indicators(connection, {key[0] for key in cells})
    rows: list[tuple[Any, ...]] = []
    pairs: dict[tuple[int, int, str, str, int, str], list[float]] = {}
    for (indicator_id, place, level, missing), (n, weight, squared) in cells.items():
        rows.append((indicator_id, segments[place[:-1]], place[-1], level, missing, n, weight, squared))
        if indicator_id not in paired:
            continue
        for number, (i, j) in enumerate(_PLACES):
            key = (indicator_id, number, place[i], place[j], level, missing)
            sums = pairs.get(key)
            if sums is None:
                pairs[key] = [n, weight, squared]
            else:
                sums[0] += n
                sums[1] += weight
                sums[2] += squared
    add_rows(connection, CELLS, SUMS, rows)
    add_rows(connection, PAIRS, SUMS, [(*key, *sums) for key, sums in pairs.items()])
    if tally.takes_away:
        drop_empty(connection, CELLS, "n", [row[:5] for row in rows if row[5] <= 0])
        drop_empty(connection, PAIRS, "n", [key for key, sums in pairs.items() if sums[0] <= 0])


def _paired_indicators(connection: Connection, indicators: Iterable[int]) -> set[int]:
    question = (
        select(INDICATORS.c.id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(SURVEYS.c.is_paired, INDICATORS.c.id.in_(sorted(indicators)))
    )
    return set(connection.execute(question).scalars())


def pair_large(connection: Connection) -> list[int]:
    """Begin to keep pairs for the surveys whose cells have become many, in the caller's transaction; return their ids."""
    counted = (
        select(INDICATORS.c.survey_id)
        .join(CELLS, CELLS.c.indicator_id == INDICATORS.c.id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .where(SURVEYS.c.is_paired.is_(False))
        .group_by(INDICATORS.c.survey_id)
        .having(func.count() >= PAIR_FROM)
    )
    grown = list(connection.execute(counted).scalars())
    if grown:
        connection.execute(update(SURVEYS).where(SURVEYS.c.id.in_(grown)).values(is_paired=True))
        _insert_pairs(connection, grown)
    return grown


def _insert_pairs(connection: Connection, surveys: Iterable[int]) -> None:
    columns = [column.name for column in PAIRS.columns]
    wanted = sorted(surveys)
    for number in range(len(PAIRED)):
        connection.execute(insert(PAIRS).from_select(columns, _paired(number, wanted)))


def _segment_ids(connection: Connection, wanted: Iterable[Place]) -> dict[Place, int]:
    needed = set(wanted)
    # A few thousand combinations at most: reading those of the regions at hand is one short question.
    question = select(SEGMENTS.c.id, *[SEGMENTS.c[name] for name in SEGMENT])
    regions = {place[0] for place in needed}

    def found() -> dict[Place, int]:
        rows = connection.execute(question.where(SEGMENTS.c.region.in_(sorted(regions))))
        return {tuple(row[1:]): int(row[0]) for row in rows}

    known = found()
    missing = sorted(needed - known.keys())
    if missing:
        if connection.dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import insert as insert_or_leave
        else:
            from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
        rows = [dict(zip(SEGMENT, place, strict=True)) for place in missing]
        connection.execute(insert_or_leave(SEGMENTS).on_conflict_do_nothing(), rows)
        known = found()
    return known


def _same_segment() -> Any:
    return and_(*[SEGMENTS.c[name] == RESPONSES.c[name] for name in SEGMENT])


def _counted() -> Any:
    """The cells as the answers that count say they are."""
    key = (
        ANSWERS.c.indicator_id,
        SEGMENTS.c.id.label("segment_id"),
        RESPONSES.c.month,
        func.coalesce(ANSWERS.c.score, 0).label("level"),
        func.coalesce(ANSWERS.c.missing, "").label("missing"),
    )
    return (
        select(
            *key,
            func.count().label("n"),
            func.sum(RESPONSES.c.weight).label("weight"),
            func.sum(RESPONSES.c.weight * RESPONSES.c.weight).label("weight_squared"),
        )
        .select_from(ANSWERS.join(RESPONSES, RESPONSES.c.id == ANSWERS.c.response_id).join(SEGMENTS, _same_segment()))
        .where(RESPONSES.c.excluded == "")
        .group_by(*key)
    )


def _paired(number: int, surveys: Iterable[int], cells: Table = CELLS) -> Any:
    """The cells of surveys added up over all but two dimensions."""
    first, second = (cells.c.month if name == "month" else SEGMENTS.c[name] for name in PAIRED[number])
    key = (
        cells.c.indicator_id,
        literal(number).label("dimensions"),
        first.label("first"),
        second.label("second"),
        cells.c.level,
        cells.c.missing,
    )
    sums = [func.sum(cells.c[name]).label(name) for name in SUMS]
    groups = (cells.c.indicator_id, first, second, cells.c.level, cells.c.missing)
    own = select(INDICATORS.c.id).where(INDICATORS.c.survey_id.in_(list(surveys)))
    return (
        select(*key, *sums)
        .join_from(cells, SEGMENTS, SEGMENTS.c.id == cells.c.segment_id)
        .where(cells.c.indicator_id.in_(own))
        .group_by(*groups)
    )


def add_moved(connection: Connection, survey_id: int, moved: Table) -> None:
    """Add what moved to the cells of a survey, and to its pairs where these are kept; ``moved`` has the columns of the cells."""
    names = [column.name for column in CELLS.columns]
    add_selected(connection, CELLS, SUMS, select(*[moved.c[name] for name in names]))
    own = select(INDICATORS.c.id).where(INDICATORS.c.survey_id == survey_id)
    connection.execute(delete(CELLS).where(CELLS.c.indicator_id.in_(own), CELLS.c.n == 0))
    if connection.execute(select(SURVEYS.c.is_paired).where(SURVEYS.c.id == survey_id)).scalar_one():
        for number in range(len(PAIRED)):
            add_selected(connection, PAIRS, SUMS, _paired(number, [survey_id], moved))
        connection.execute(delete(PAIRS).where(PAIRS.c.indicator_id.in_(own), PAIRS.c.n == 0))


def rebuild(connection: Connection) -> int:
    """Count every cell, and the responses of every survey, anew in the caller's transaction; return the number of cells."""
    for table in (PAIRS, CELLS, SEGMENTS):
        connection.execute(delete(table))
    places = [RESPONSES.c[name] for name in SEGMENT]
    connection.execute(insert(SEGMENTS).from_select(list(SEGMENT), select(*places).distinct()))
    connection.execute(insert(CELLS).from_select([column.name for column in CELLS.columns], _counted()))
    counted = select(func.count()).where(RESPONSES.c.survey_id == SURVEYS.c.id).scalar_subquery()
    connection.execute(update(SURVEYS).values(is_paired=False, response_count=counted))
    pair_large(connection)
    return int(connection.execute(select(func.count()).select_from(CELLS)).scalar_one())


def recount(connection: Connection, survey_id: int) -> None:
    """Count the cells and pairs of one survey anew from its answers, in the caller's transaction."""
    own = select(INDICATORS.c.id).where(INDICATORS.c.survey_id == survey_id)
    for table in (PAIRS, CELLS):
        connection.execute(delete(table).where(table.c.indicator_id.in_(own)))
    counted = _counted().where(RESPONSES.c.survey_id == survey_id)
    connection.execute(insert(CELLS).from_select([column.name for column in CELLS.columns], counted))
    if connection.execute(select(SURVEYS.c.is_paired).where(SURVEYS.c.id == survey_id)).scalar_one():
        _insert_pairs(connection, [survey_id])


def listed(connection: Connection) -> list[dict[str, Any]]:
    """Return every cell as a record: where, which level or reason for none, how many answers and their weight."""
    low, high = (func.coalesce(INDICATORS.c[name], SURVEYS.c[name]).label(name) for name in ("scale_low", "scale_high"))
    question = (
        select(
            SURVEYS.c.code.label("survey"),
            INDICATORS.c.code.label("indicator"),
            *[SEGMENTS.c[name] for name in SEGMENT],
            CELLS.c.month,
            CELLS.c.level,
            CELLS.c.missing,
            CELLS.c.n,
            CELLS.c.weight,
            CELLS.c.weight_squared,
            low,
            high,
            SURVEYS.c.weights_version,
        )
        .join_from(CELLS, SEGMENTS, SEGMENTS.c.id == CELLS.c.segment_id)
        .join(INDICATORS, INDICATORS.c.id == CELLS.c.indicator_id)
        .join(SURVEYS, SURVEYS.c.id == INDICATORS.c.survey_id)
        .order_by(SURVEYS.c.code, INDICATORS.c.code, CELLS.c.segment_id, CELLS.c.month, CELLS.c.level, CELLS.c.missing)
    )
    return [
        {
            **{name: value for name, value in row.items() if name not in ("scale_low", "scale_high")},
            "scale": f"{row['scale_low']}-{row['scale_high']}",
            "level": None if row["missing"] else row["level"],
        }
        for row in connection.execute(question).mappings()
    ]


@dataclass(frozen=True, slots=True)
class CellCheck:
    """Whether the cells kept are the cells counted: how many there are, and how many differ in number or weight."""

    cells: int
    pairs: int
    different_cells: int
    different_pairs: int

    @property
    def is_sound(self) -> bool:
        """Whether every cell is what its answers say."""
        return not (self.different_cells or self.different_pairs)


def check(connection: Connection, tolerance: float = 1e-6) -> CellCheck:
    """Count the cells anew beside those kept, changing nothing; ``tolerance`` is relative, for sums of weights."""
    cells = _differing(connection, CELLS, [_counted()], tolerance)
    large = list(connection.execute(select(SURVEYS.c.id).where(SURVEYS.c.is_paired)).scalars())
    pairs = _differing(connection, PAIRS, [_paired(number, large) for number in range(len(PAIRED))], tolerance)
    return CellCheck(cells[0], pairs[0], cells[1], pairs[1])


def _differing(connection: Connection, table: Table, counted: list[Any], tolerance: float) -> tuple[int, int]:
    width = len(table.primary_key.columns)
    kept = {tuple(row[:width]): tuple(row[width:]) for row in connection.execute(select(table))}
    size, different = len(kept), 0
    for question in counted:
        for row in connection.execute(question):
            there = kept.pop(tuple(row[:width]), None)
            is_same = there is not None and all(
                abs(a - b) <= tolerance * max(1.0, abs(b)) for a, b in zip(there, row[width:], strict=True)
            )
            different += not is_same
    return size, different + len(kept)
