"""What a screen of figures shows, written to a file: the same rows and columns as the commands write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from console.errors import OmbudError, UsageError
from console.rules.column_types import Types
from console.services import figure_tables, quality_tables
from console.services.answer_lines import answers
from console.services.figure_tables import Row, with_exclusions
from console.services.improvement_views import Effect, ImprovementRow
from console.services.overview_views import Overview
from console.services.quality_views import Ageing, CardHistory, ComplaintTrend, ScoreCard
from console.services.satisfaction_views import AnswerLine, DriverTable, PivotTable
from console.storage.engine import Store
from console.transfer.export import chosen_format
from console.transfer.tables import write_table

QualityFigures = ComplaintTrend | ScoreCard | CardHistory | Ageing | Effect | Sequence[ImprovementRow]
Figures = Overview | PivotTable | DriverTable | QualityFigures
"""What the screens of satisfaction and quality show."""


def table_of_figures(store: Store, found: Figures) -> tuple[list[Row], Types]:
    """Return what is shown as rows, and what their columns hold that are no texts."""
    if isinstance(found, Overview):
        return with_exclusions(store, figure_tables.overview_rows(found)), figure_tables.TYPES
    if isinstance(found, PivotTable):
        return with_exclusions(store, figure_tables.pivot_rows(found)), figure_tables.TYPES
    if isinstance(found, DriverTable):
        return with_exclusions(store, figure_tables.driver_rows(found)), figure_tables.TYPES
    return list(_quality_rows(found)), quality_tables.TYPES


def _quality_rows(found: QualityFigures) -> Iterator[Row]:
    if isinstance(found, ComplaintTrend):
        yield from quality_tables.trend_rows(found)
    elif isinstance(found, CardHistory):
        yield from quality_tables.history_rows(found)
    elif isinstance(found, ScoreCard):
        yield from quality_tables.card_rows(found)
    elif isinstance(found, Ageing):
        yield from quality_tables.ageing_rows(found)
    elif isinstance(found, Effect):
        yield from quality_tables.effect_rows(found)
    else:
        yield from quality_tables.improvement_rows(found)


def write_figures(store: Store, found: Figures, path: Path) -> int:
    """Write what is shown as the ending of the path says, and return how many rows.

    Raises UsageError for another ending than those of the formats and for a file that is there already, OmbudError where it
    cannot be written or nothing is shown.
    """
    kind = _checked(path)
    rows, types = table_of_figures(store, found)
    if not rows:
        raise OmbudError("Nothing is shown that could be written.", "Choose another slice first.")
    return write_table(rows, path, kind, types)


def write_answers(store: Store, filter_text: str, path: Path, *, zone: str = "") -> int:
    """Write the single answers that a filter finds, and return how many; raises as ``write_figures`` does."""
    kind = _checked(path)
    found: Sequence[AnswerLine] = answers(store, filter_text, limit=MOST_ANSWERS, zone=zone)
    return write_table([asdict(line) for line in found], path, kind, figure_tables.ANSWER_TYPES)


MOST_ANSWERS = 100_000
"""Single answers that a screen writes at most; `ombud export responses` has no limit."""


def _checked(path: Path) -> str:
    kind = chosen_format(path.suffix.lower().removeprefix(".") or None, path)
    if path.exists():
        raise UsageError(f"There is a file {path} already.", "Name another one.")
    return kind
