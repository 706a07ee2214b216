"""Work that a form asks for: filled in, done in a thread, and asked again as it was typed where that was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from console.errors import OmbudError
from console.i18n import _
from console.screens.base import ConsoleScreen
from console.screens.data import DataAccess
from console.screens.dialogs import FormDialog
from console.screens.drafts import ERRAND
from console.widgets.form import FormField, filled

DOING = "doing"
"""The group of questions that write."""

Values = Mapping[str, str]
Act = Callable[[DataAccess, Values], object]


@dataclass(frozen=True, slots=True)
class Errand:
    """What a form is for: its title, what it is about, its fields, what is done with them, and what is said then."""

    title: str
    about: str
    fields: tuple[FormField, ...]
    act: Act
    done: str


class FormWork(ConsoleScreen):
    """A screen whose verbs are done by forms."""

    unstoppable = frozenset({DOING})

    def __init__(self) -> None:
        super().__init__()
        self._errand: Errand | None = None
        self._typed: Values = {}

    def fill(self, title: str, about: str, fields: Sequence[FormField], act: Act, done: str) -> None:
        """Let a form be filled in, and do with it what is to be done; ``done`` is said when it is."""
        self._open(Errand(title, about, tuple(fields), act, done), "")

    def _open(self, errand: Errand, complaint: str) -> None:
        drafts, database = self.console.drafts, self.console.database_name
        place, untouched, fields = f"{errand.title}\n{errand.about}", filled(errand.fields), errand.fields
        draft = None if complaint else drafts.find(database, ERRAND, place)
        if draft is not None:
            complaint = _("This is what you had typed before; it was kept.")
            fields = tuple(replace(field, value=draft.values.get(field.name, field.value)) for field in fields)

        def keep(values: Values) -> None:
            drafts.keep(database, ERRAND, place, {} if values == untouched else values, errand.title)

        def act(data: DataAccess, values: Values) -> object:
            answer = errand.act(data, values)
            drafts.remove(database, ERRAND, place)
            return answer

        def take(values: Values | None) -> None:
            if values is not None:
                self._errand, self._typed = errand, dict(values)
                self.ask(DOING, lambda data: act(data, values))

        about = [errand.about] if errand.about else []
        dialog = FormDialog(errand.title, about, fields, complaint=complaint, saves_on_enter=False, keep=keep)
        self.console.push_screen(dialog, take)

    def said(self) -> str:
        """Return what is said of the errand that was done."""
        return self._errand.done if self._errand is not None else ""

    def failed(self, group: str, error: Exception) -> None:
        """Show why it could not be done, in the form as it was filled in."""
        if group != DOING or self._errand is None or not isinstance(error, OmbudError):
            super().failed(group, error)
            return
        errand = self._errand
        fields = tuple(replace(field, value=self._typed.get(field.name, field.value)) for field in errand.fields)
        self._open(replace(errand, fields=fields), str(error))
