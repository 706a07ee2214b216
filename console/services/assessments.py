"""The utility's own assessment beside a third party's: the same indicators in two columns, never pooled into one figure."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table, func, select

from console.codes import Assessor
from console.errors import NotFoundError, UsageError
from console.models import Response, Survey
from console.models.base import table_of
from console.services.comparisons import compare
from console.services.satisfaction_views import Comparison
from console.storage.engine import Store

SURVEYS: Table = table_of(Survey)
RESPONSES: Table = table_of(Response)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Two surveys, one of each assessor, with the comparison of every indicator both ask: the third party's minus one's own."""

    own: str
    own_title: str
    own_title_zh: str
    third: str
    third_title: str
    third_title_zh: str
    rows: tuple[Comparison, ...]


def side_by_side(store: Store, first: str, second: str | None = None, *, zone: str = "") -> SideBySide:
    """Compare self-assessment with a third party's: two surveys by code, or the newest answered of each in a series.

    Raises NotFoundError where one of the two is lacking, UsageError for two surveys of one assessor, OmbudError where no
    indicator is in both or its scales differ.
    """
    with store.reading() as connection:
        newest = (
            select(SURVEYS.c.code, SURVEYS.c.title, SURVEYS.c.title_zh, SURVEYS.c.assessor)
            .join_from(SURVEYS, RESPONSES, RESPONSES.c.survey_id == SURVEYS.c.id)
            .group_by(SURVEYS.c.id, SURVEYS.c.code, SURVEYS.c.title, SURVEYS.c.title_zh, SURVEYS.c.assessor)
        )
        if second is not None:
            rows = connection.execute(newest.where(SURVEYS.c.code.in_([first, second])).order_by(SURVEYS.c.id)).all()
            lacking = {first, second} - {row.code for row in rows}
            if lacking:
                raise NotFoundError(
                    f"There is no answered survey {', '.join(sorted(lacking))}.", "See: ombud survey list"
                )
        else:
            rows = connection.execute(
                newest.where(SURVEYS.c.series == first).order_by(func.max(RESPONSES.c.answered_at).desc())
            ).all()
            if not rows:
                raise NotFoundError(f"There is no answered survey of the series {first}.", "See: ombud survey list")
    own = next((row for row in rows if row.assessor == Assessor.SELF), None)
    third = next((row for row in rows if row.assessor == Assessor.THIRD_PARTY), None)
    if own is None or third is None:
        lacking_one = "a third party's assessment" if third is None else "a self-assessment"
        if second is None:
            raise NotFoundError(
                f"The series {first} has no answered survey that is {lacking_one}.", "Name two surveys."
            )
        raise UsageError(
            f"{first} and {second} were both made by the same assessor.", f"One of the two must be {lacking_one}."
        )
    return SideBySide(
        own=own.code,
        own_title=own.title,
        own_title_zh=own.title_zh,
        third=third.code,
        third_title=third.title,
        third_title_zh=third.title_zh,
        rows=compare(store, f'survey:"{own.code}"', f'survey:"{third.code}"', zone=zone),
    )
