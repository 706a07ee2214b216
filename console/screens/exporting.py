"""Writing what a screen shows to a file: one key everywhere, one form that asks for the path, the columns of the commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, cast

from console.clock import now
from console.errors import OmbudError
from console.i18n import _, ngettext
from console.screens.base import ConsoleScreen, Question
from console.screens.dialogs import FormDialog
from console.screens.export_questions import FileWriting
from console.sentences import told
from console.widgets.content import number
from console.widgets.form import FormField

ENDINGS = ("csv", "jsonl", "xlsx", "parquet")
GROUP = "export"


class Exporting(ConsoleScreen):
    """A screen whose figures can be written to a file."""

    unstoppable: ClassVar[frozenset[str]] = frozenset({GROUP})

    def __init__(self) -> None:
        super().__init__()
        self._path = ""

    def to_export(self) -> tuple[object, str] | None:
        """Return what is shown and a name for its file; None where nothing is shown yet."""
        raise NotImplementedError

    def written(self, path: str) -> Question | None:
        """Return the question that writes what is shown to a file."""
        found = self.to_export()
        if found is None:
            return None
        figures = found[0]
        return lambda data: data.part(FileWriting).figures(figures, path)  # type: ignore[arg-type]

    def action_export(self, complaint: str = "", path: str = "") -> None:
        """Ask where to, and write."""
        found = self.to_export()
        if found is None:
            self.console.say(_("Nothing is shown yet."))
            return

        def taken(values: Mapping[str, str] | None) -> None:
            if values is None:
                return
            self._path = values["path"]
            question = self.written(self._path)
            if question is not None:
                self.ask(GROUP, question)

        given = path or f"{found[1]}-{now():%Y-%m-%d}.csv"
        field = FormField("path", _("File"), value=given, is_required=True, check=_fault_of_path)
        about = (
            _("The ending chooses the format: .csv, .jsonl, .xlsx or .parquet. The columns are those of the commands."),
        )
        self.console.push_screen(FormDialog(_("Write what is shown"), about, [field], complaint=complaint), taken)

    def has_exported(self, group: str, answer: object) -> bool:
        """Say what was written, if this answer is about that."""
        if group != GROUP:
            return False
        count, path = cast("tuple[int, str]", answer)
        text = ngettext("{count} row written to {path}.", "{count} rows written to {path}.", count)
        self.console.say(text.format(count=number(count), path=path))
        return True

    def has_failed_to_export(self, group: str, error: Exception) -> bool:
        """Ask for another path, if this failure is about writing to one."""
        if group != GROUP or not isinstance(error, OmbudError):
            return False
        self.action_export(" ".join(told(error)), self._path)
        return True


def _fault_of_path(text: str) -> str:
    ending = text.strip().rpartition(".")[2].lower()
    return "" if "." in text and ending in ENDINGS else _("End the name in .csv, .jsonl, .xlsx or .parquet.")
