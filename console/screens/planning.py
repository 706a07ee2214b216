"""Writing an improvement down from wherever its reason is seen: one form, which opens again with what was refused."""

from __future__ import annotations

from collections.abc import Mapping

from console.errors import OmbudError
from console.i18n import _
from console.screens.base import ConsoleScreen
from console.screens.dialogs import FormDialog
from console.screens.improvement_forms import plan_about, plan_fields
from console.screens.quality_questions import QualityQuestions
from console.sentences import told
from console.services.improvement_views import ImprovementRow

GROUP = "recorded"


class Planning(ConsoleScreen):
    """A screen from which an improvement can be started."""

    def __init__(self) -> None:
        super().__init__()
        self._planned: dict[str, str] = {}

    def plan(self, values: Mapping[str, str], complaint: str = "") -> None:
        """Ask for an improvement in a form that holds some values already, and write it down."""

        def taken(given: Mapping[str, str] | None) -> None:
            if given is not None:
                self._planned = wish = dict(given)
                self.ask(GROUP, lambda data: data.part(QualityQuestions).record_improvement(wish))

        fields = plan_fields(values)
        form = FormDialog(_("An improvement"), plan_about(), fields, complaint=complaint, saves_on_enter=False)
        self.console.push_screen(form, taken)

    def planned(self, row: ImprovementRow) -> None:
        """Say that an improvement was written down."""
        self.console.say(_("{number} was saved.").format(number=row.number))

    def has_planned(self, group: str, answer: object) -> bool:
        """Go on with the improvement that was written down, if this answer is about that."""
        if group != GROUP or not isinstance(answer, ImprovementRow):
            return False
        self._planned = {}
        self.planned(answer)
        return True

    def has_failed_to_plan(self, group: str, error: Exception) -> bool:
        """Open the form again with what was typed, if this failure is about that."""
        if group != GROUP or not isinstance(error, OmbudError):
            return False
        self.plan(self._planned, " ".join(told(error)))
        return True
