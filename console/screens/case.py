"""One case whole: its clocks, what was said, the facts and the history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static

from console.actions import key_of
from console.clock import now
from console.errors import OmbudError
from console.i18n import _, ngettext
from console.screens.base import NAVIGATION
from console.screens.doings import Deed
from console.screens.dossier import CHUNK, case_blocks, is_cut
from console.screens.queue_columns import queue_columns
from console.screens.verb_forms import GRAVE
from console.screens.working import WorkScreen
from console.services.case_views import CaseDetail
from console.services.views import ActionResult, CaseRow
from console.widgets.bindings import bindings
from console.widgets.columns import cells_of
from console.widgets.content import cut, due, number
from console.widgets.reading import Paragraph, Reading


class CaseScreen(WorkScreen):
    """Shows a case of a list; its neighbours are a key away. Returns the id of the case shown last."""

    context = "case"
    AUTO_FOCUS = "#case"
    CSS_PATH = "styles/case.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("case", "work"), *NAVIGATION]

    def __init__(self, ids: Sequence[int], index: int, *, words: Sequence[str] = ()) -> None:
        super().__init__()
        self._ids = ids
        self._index = index
        self._words = tuple(words)
        self._detail: CaseDetail | None = None
        self._limit = CHUNK

    def compose_body(self) -> ComposeResult:
        """Lay out the head and the text."""
        yield Static(id="case-head")
        yield Reading("case")

    def begin(self) -> None:
        """Ask for the case."""
        self.renew()

    def renew(self) -> None:
        """Ask for the case again."""
        case_id = self._ids[self._index]
        self.ask("case", lambda data: data.case(case_id))

    def answered(self, group: str, answer: object) -> None:
        """Show the case."""
        if isinstance(answer, CaseDetail):
            is_same = self._detail is not None and self._detail.row.id == answer.row.id
            self._detail = answer
            self.renewed([answer.row.id])
            self.ask_possible(answer.row.id)
            self._show(keep=is_same)
        else:
            super().answered(group, answer)

    def failed(self, group: str, error: Exception) -> None:
        """Say in the place of the case why it is not there."""
        if group != "case":
            super().failed(group, error)
            return
        self._detail = None
        reason = str(error) if isinstance(error, OmbudError) else _("This case cannot be shown.")
        self.query_one("#case-head", Static).update(Content(""), layout=False)
        self.query_one("#case", Reading).show([Paragraph(reason, "soon")])
        super().failed(group, error)

    def _show(self, *, keep: bool) -> None:
        detail = self._detail
        if detail is None:
            return
        row = detail.row
        width = max(20, self.size.width - 2)
        stand = due(row.due_at, now(), is_closed=row.phase == "closed")
        place = _("{place} of {total}").format(place=number(self._index + 1), total=number(len(self._ids)))
        style = {"overdue": "bold $error", "soon": "$warning"}.get(stand.style, "")
        head = Content.assemble(
            (cut(row.reference, 30), "bold $accent"),
            "   ",
            (stand.text, style),
            "   ",
            (place, "$quiet"),
            "\n",
            (cut(row.subject, width), "bold"),
        )
        self.query_one("#case-head", Static).update(head, layout=False)
        blocks = case_blocks(detail, now(), self.console.zone, self._limit)
        self.query_one("#case", Reading).show(blocks, keep=keep, words=self._words)

    def chosen_ids(self) -> list[int]:
        """Return the case shown."""
        return [self._ids[self._index]] if self._detail is not None else []

    def known_row(self, case_id: int) -> CaseRow | None:
        """Return the line of the case shown."""
        detail = self._detail
        return detail.row if detail is not None and detail.row.id == case_id else None

    def worked(self, deed: Deed, result: ActionResult) -> None:
        """Go to the next case once this one is closed; otherwise stay, since the next step is on the same case."""
        if deed.verb in GRAVE and self._index + 1 < len(self._ids):
            self._step(1)

    def taken_back(self, deed: Deed) -> None:
        """Show the case that was taken back."""
        if deed.case_ids[0] in self._ids:
            self._index = self._ids.index(deed.case_ids[0])

    def _step(self, step: int) -> None:
        index = self._index + step
        if not 0 <= index < len(self._ids):
            self.console.say(_("This is the last case of the list.") if step > 0 else _("This is the first case."))
            return
        self._index = index
        self._limit = CHUNK
        self.renew()

    def action_next_case(self) -> None:
        self._step(1)

    def action_previous_case(self) -> None:
        self._step(-1)

    def action_more(self) -> None:
        if self._detail is not None and is_cut(self._detail, self._limit):
            self._limit += CHUNK
            self._show(keep=True)

    def action_next_match(self) -> None:
        self._go_to_match(1)

    def action_previous_match(self) -> None:
        self._go_to_match(-1)

    def action_find(self) -> None:
        from console.screens.dialogs import FormDialog
        from console.widgets.form import FormField

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self._find(values["words"])

        field = FormField("words", _("Words"), is_required=True)
        self.console.push_screen(FormDialog(_("Find in this case"), (), [field]), take)

    def _find(self, words: str) -> None:
        """Mark what is looked for as it was typed, and go to the first place that is not in sight yet."""
        self._words = (words.strip(),)
        self._show(keep=True)
        reading = self.query_one("#case", Reading)
        found = reading.matches
        if not found:
            self.console.say(_("“{text}” is not in this case.").format(text=cut(words.strip(), 60)))
            return
        shown = range(reading.scroll_offset.y, reading.scroll_offset.y + reading.size.height)
        if found[0] not in shown and not reading.go_to_match(1):
            reading.go_to_match(-1)
        text = ngettext("{count} line with it; {key} goes on.", "{count} lines with it; {key} goes on.", len(found))
        self.console.say(text.format(count=number(len(found)), key=key_of("case.next-match")))

    def _go_to_match(self, step: int) -> None:
        if not self.query_one("#case", Reading).go_to_match(step):
            self.console.say(_("No further match in this case."))

    def action_copy(self) -> None:
        if self._detail is not None:
            self.console.copy(self._detail.row.reference)

    def action_copy_row(self) -> None:
        if self._detail is not None:
            self.copy_cells(cells_of(queue_columns(now, zone=lambda: self.console.zone), self._detail.row))

    def action_refresh(self) -> None:
        self.renew()

    def action_back(self) -> None:
        self.dismiss(self._ids[self._index])
