"""What the screens of satisfaction ask the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.services.overview_views import Overview, SurveyChoice
from console.services.satisfaction_views import AnswerLine, DriverTable, PivotTable, WeightVersion

if TYPE_CHECKING:
    from console.storage.engine import Store


class SatisfactionQuestions:
    """The questions about surveys and their answers."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer
        self._zone = zone

    def surveys(self) -> Sequence[SurveyChoice]:
        """Return the surveys there are, the last answered first."""
        from console.services import overview

        return overview.surveys(self._store)

    def overview(self, filter_text: str, tree: str = "") -> Overview:
        """Return a survey at a glance. Raises FilterError and NotFoundError."""
        from console.services import overview

        return overview.overview(self._store, filter_text, tree_name=tree or None, zone=self._zone)

    def drivers(self, filter_text: str, crosshair: str, overall: str = "") -> DriverTable:
        """Return what moves overall satisfaction. Raises FilterError, NotFoundError and MeasureError."""
        from console.measures.quadrants import Crosshair
        from console.services import drivers

        return drivers.drivers(
            self._store, filter_text, overall=overall or None, crosshair=Crosshair(crosshair), zone=self._zone
        )

    def rated(self, filter_text: str) -> Sequence[tuple[str, str, str]]:
        """Return the indicators of the survey a filter chooses that were rated: code, label, Chinese label."""
        from console.services import overview

        return overview.rated(self._store, filter_text, zone=self._zone)

    def pivot(self, rows: str, columns: str, filter_text: str, measure: str) -> PivotTable:
        """Return two dimensions against each other. Raises FilterError, NotFoundError and UsageError."""
        from console.services import pivots

        return pivots.pivot(self._store, rows, columns, filter_text, measure=measure, zone=self._zone)

    def answer_count(self, filter_text: str) -> int:
        """Return how many single answers a filter finds. Raises FilterError."""
        from console.services import answer_lines

        return answer_lines.answer_count(self._store, filter_text, zone=self._zone)

    def answers(self, filter_text: str, start: int, end: int) -> Sequence[AnswerLine]:
        """Return some of the answers a filter finds, the newest first. Raises FilterError."""
        from console.services import answer_lines

        return answer_lines.answers(self._store, filter_text, limit=end - start, offset=start, zone=self._zone)

    def months(self, filter_text: str) -> Sequence[str]:
        """Return the months in which the survey of a filter was answered, the newest first."""
        from console.services import answer_lines

        return answer_lines.months(self._store, filter_text, zone=self._zone)

    def weights(self, survey: str) -> Sequence[WeightVersion]:
        """Return the versions of the weights of a survey, the newest first."""
        from console.services import weighting

        return weighting.versions(self._store, survey)
