"""The queues: views on the left, cases in the middle, the case under the cursor beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from console.actions import key_of
from console.clock import now
from console.errors import OmbudError
from console.i18n import _, ngettext
from console.labels import label
from console.rules.filter_fields import CASE_FIELDS, field_names
from console.rules.filters import Filter, FilterError, parse
from console.screens.base import NAVIGATION, Field
from console.screens.doings import Deed
from console.screens.dossier import preview_blocks
from console.screens.queue_columns import SORTS, queue_columns
from console.screens.working import WorkScreen
from console.services.views import QUEUE_VIEWS, ActionResult, CaseDetail, CaseRow, IdList
from console.signs import sign
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.content import cut, fit, number
from console.widgets.reading import Reading
from console.widgets.window_table import WindowTable

TYPING_PAUSE = 0.15
PREVIEW_PAUSE = 0.12


def queue_filter(view_filter: str, typed: str, sort: str = "") -> Filter:
    """Return the filter that a view, what was typed and a chosen order make; what is typed orders before the others.

    Raises FilterError, which points into ``typed``.
    """
    own = parse(typed)
    chosen = parse(f"sort:{sort}") if sort else Filter()
    return parse(view_filter).joined(chosen).joined(own)


def is_unfinished(typed: str) -> bool:
    """Return whether the last word may yet become a field, so that it is too early to search for it as a word."""
    word = typed.split()[-1].lstrip("-").casefold() if typed and not typed[-1].isspace() else ""
    if not word:
        return False
    return word.endswith((":", "：")) or any(name.startswith(word) for name in field_names(CASE_FIELDS))


def sort_of(shown: Filter) -> str:
    """Return the first order of a filter, as ``due`` or ``-received``; earliest due first where it names none."""
    return str(shown.sorts[0]) if shown.sorts else "due"


class FilterField(Field):
    """The filter bar; Escape gives up what was written."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("filter")]

    class GivenUp(Message):
        """What was written is not wanted."""

    class Applied(Message):
        """What was written is wanted now."""

    def action_apply(self) -> None:
        self.post_message(self.Applied())

    def action_give_up(self) -> None:
        self.post_message(self.GivenUp())


class ViewList(Widget):
    """The queues with their counts; the one shown has a sign before it."""

    DEFAULT_CSS = "ViewList { width: 25; height: 1fr; padding: 0 1; }"

    class ViewChosen(Message):
        """A queue was clicked."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._current = 0
        self._counts: Mapping[str, int] = {}

    def show(self, current: int, counts: Mapping[str, int]) -> None:
        """Show the counts and which queue is shown."""
        self._current, self._counts = current, dict(counts)
        self.refresh()

    def render(self) -> Content:
        """Draw a line for each queue."""
        width = self.content_size.width
        lines: list[Content | str] = []
        for index, view in enumerate(QUEUE_VIEWS):
            count = number(self._counts[view.id]) if view.id in self._counts else ""
            room = width - cell_len(count) - 1
            sign = ">" if index == self._current else " "
            text = f"{sign} {fit(label(view.id, 'view'), room - 2)} {count}"
            lines.append(Content.styled(text, "bold $accent" if index == self._current else ""))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Choose the queue clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(QUEUE_VIEWS):
            self.post_message(self.ViewChosen(offset.y))


class QueueScreen(WorkScreen):
    """Shows one queue at a time; the filter bar narrows it."""

    context = "queues"
    AUTO_FOCUS = "#table"
    CSS_PATH = "styles/queues.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("queues", "work"), *NAVIGATION]

    def __init__(self) -> None:
        super().__init__()
        self._view = 0
        self._typed = ""
        self._sort = ""
        self._counts: Mapping[str, int] = {}
        self._found: IdList | None = None
        self._fault: FilterError | None = None
        self._shown = Filter()
        self._details: dict[int, CaseDetail] = {}
        self._typing: Timer | None = None
        self._following: Timer | None = None
        self._is_keeping = False

    def compose_body(self) -> ComposeResult:
        """Lay out views, table, preview, filter bar and status."""
        yield Bar("strip")
        with Horizontal(id="middle"):
            yield ViewList("views")
            with Container(id="work"):
                yield WindowTable[CaseRow](queue_columns(now), widget_id="table")
                yield Reading("preview")
        with Horizontal(id="filter-line"):
            yield Static(Content("/ "), id="filter-sign")
            yield FilterField(
                placeholder=_("filter: words, or kind:complaint severity:>=3 due:<4h"), widget_id="filter"
            )
        with Horizontal(id="status-line"):
            yield Bar("status")
            yield Bar("row")

    @property
    def table(self) -> WindowTable[CaseRow]:
        """The table of cases."""
        return cast("WindowTable[CaseRow]", self.query_one("#table", WindowTable))

    def begin(self) -> None:
        """Ask for the first queue and for the counts."""
        self.table.empty = _("Asking the database…")
        self._show_views()
        self._ask_ids(keep=False)
        self._ask_counts()

    # What is shown

    def _ask_ids(self, *, keep: bool) -> None:
        try:
            self._shown = queue_filter(QUEUE_VIEWS[self._view].filter, self._typed, self._sort)
        except FilterError as error:
            self._fault = error
            self._show_status()
            return
        text = str(self._shown)
        self._is_keeping = keep
        self.table.show_sort(sort_of(self._shown))
        self.ask("ids", lambda data: data.ids(text, now()))

    def _ask_counts(self) -> None:
        self.ask("counts", lambda data: data.counts(QUEUE_VIEWS, now()))

    def renew(self) -> None:
        """Ask again; cursor, scroll and marks stay with their cases."""
        if self.is_asking("ids"):
            return
        self._details.clear()
        self._ask_ids(keep=True)
        self._ask_counts()

    def answered(self, group: str, answer: object) -> None:
        """Show ids, rows, counts or the text for the preview."""
        if group == "ids" and isinstance(answer, IdList):
            self._take_ids(answer)
        elif group == "counts":
            self._counts = cast("Mapping[str, int]", answer)
            self._show_views()
            self._show_status()
        elif group == "rows":
            request, start, rows = cast("tuple[int, int, Sequence[CaseRow]]", answer)
            self.table.put_rows(request, start, rows)
            self.renewed([row.id for row in rows])
        elif group == "preview" and isinstance(answer, CaseDetail):
            self._details = {answer.row.id: answer}
            self._show_preview()
        else:
            super().answered(group, answer)

    def failed(self, group: str, error: Exception) -> None:
        """Point at a wrong filter; tell anything else."""
        if group == "ids":
            self.table.empty = str(error) if isinstance(error, OmbudError) else _("The database did not answer.")
            self.table.refresh()
        elif group == "rows":
            self.table.refuse_page()
        if not isinstance(error, InterruptedError):
            super().failed(group, error)

    def _take_ids(self, found: IdList) -> None:
        self._found = found
        self._fault = None
        self.table.empty = self._reason_for_nothing()
        self.table.show(found.ids, keep=self._is_keeping)
        if self._wanted is not None:
            self.table.move_to_id(self._wanted)
            self._wanted = None
        self._is_keeping = True
        self._show_status()

    def _reason_for_nothing(self) -> str:
        view = label(QUEUE_VIEWS[self._view].id, "view")
        if self._typed:
            reason = _("No case in the queue “{view}” fits the filter “{filter}”.")
            way_out = _("{key} takes the filter away.").format(key=key_of("queues.clear"))
            return f"{reason.format(view=view, filter=cut(self._typed, 60))}\n\n{way_out}"
        if self._counts and not self._counts.get("all"):
            hint = _("Leave with {key} and load some: ombud import cases FILE, or look around with: ombud demo").format(
                key=key_of("app.leave")
            )
            return f"{_('There are no cases in this database yet.')}\n\n{hint}"
        reason = _("Nothing is waiting in the queue “{view}”.").format(view=view)
        onward = _("{key} shows the next queue.").format(key=key_of("queues.next-view"))
        return f"{reason}\n\n{onward}"

    @on(WindowTable.PageWanted)
    def fetch_page(self, event: WindowTable.PageWanted) -> None:
        """Ask for the rows that come into sight."""
        request, start = event.request, event.start
        ids = self.table.ids[start : event.end].tolist()
        self.ask("rows", lambda data: (request, start, data.rows(ids)))

    @on(WindowTable.RowHighlighted)
    def follow(self) -> None:
        """Let place and preview follow the cursor once it rests, so that a key held down sends two rows a step."""
        if self._following is not None:
            self._following.stop()
        self._following = self.set_timer(PREVIEW_PAUSE, self._rest)

    def _rest(self) -> None:
        self._show_place()
        if self.query_one("#preview").display:
            self._show_preview()
            self._fetch_preview()

    def _fetch_preview(self) -> None:
        case_id = self.table.cursor_id
        if case_id is not None and case_id not in self._details:
            self.ask("preview", lambda data: data.case(case_id))

    def _show_preview(self) -> None:
        preview = self.query_one("#preview", Reading)
        row = self.table.cursor_row
        if row is None:
            preview.show([])
            return
        blocks = preview_blocks(row, self._details.get(row.id), now(), self.console.zone)
        preview.show(blocks, words=self._searched())

    def _show_views(self) -> None:
        self.query_one(ViewList).show(self._view, self._counts)
        view = QUEUE_VIEWS[self._view]
        count = number(self._counts[view.id]) if view.id in self._counts else ""
        text = f"[{self._view + 1}/{len(QUEUE_VIEWS)} {label(view.id, 'view')} {count}".rstrip() + "]"
        self.query_one("#strip", Bar).show([("queues.next-view", text, "bold $accent")], _("[ and ] show other queues"))

    def _show_status(self) -> None:
        bar = self.query_one("#status", Bar)
        if self._fault is not None:
            bar.show([("", self._pointed(self._fault), "bold $error")])
            return
        found = self._found
        if found is None:
            bar.show([])
            return
        everything = self._counts.get("all")
        parts = [
            _("{count} of {total}").format(count=number(found.total), total=number(everything))
            if everything is not None
            else number(found.total)
        ]
        if found.is_capped:
            parts.append(_("the first {count} are listed").format(count=number(len(found.ids))))
        if self.table.mark_count:
            marked = ngettext("{count} marked", "{count} marked", self.table.mark_count)
            parts.append(marked.format(count=number(self.table.mark_count)))
        sort = sort_of(self._shown)
        order = dict(SORTS).get(sort)
        parts.append(_("sorted by {order}").format(order=_(order) if order else label(sort.lstrip("-"), "field")))
        bar.show([("", sign("between").join(parts), "")])
        self._show_place()

    def _show_place(self) -> None:
        place = number(self.table.cursor + 1) if self.table.ids else "0"
        self.query_one("#row", Bar).show([], _("row {row}").format(row=place))

    def _pointed(self, error: FilterError) -> str:
        """Return the message with a sign under the place in the filter line that it is about."""
        indent = cell_len("/ ") + cell_len(self._typed[: error.position])
        room = self.size.width - indent - 4
        for message in (str(error), error.message):
            if cell_len(message) <= room:
                return f"{' ' * indent}^ {message}"
        return str(error)

    # Filter bar

    @on(Input.Changed, "#filter")
    def wait_for_typing(self, event: Input.Changed) -> None:
        """Use what is typed once the fingers rest."""
        if self._typing is not None:
            self._typing.stop()
        if event.value.strip() != self._typed:
            self._typing = self.set_timer(TYPING_PAUSE, self._use_unless_unfinished)

    def _use_unless_unfinished(self) -> None:
        if not is_unfinished(self.query_one("#filter", FilterField).value):
            self._use_typed()

    def _use_typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
        typed = self.query_one("#filter", FilterField).value.strip()
        if typed != self._typed:
            self._typed = typed
            self._ask_ids(keep=False)

    @on(FilterField.Applied)
    def apply_filter(self) -> None:
        """Use what is typed at once."""
        self._use_typed()
        self.table.focus()

    @on(FilterField.GivenUp)
    def give_filter_up(self) -> None:
        """Go back to the filter as it was when writing began."""
        field = self.query_one("#filter", FilterField)
        with field.prevent(Input.Changed):
            field.value = self._before
        self._use_typed()
        self.table.focus()

    _before = ""

    def action_filter(self) -> None:
        self._before = self._typed
        field = self.query_one("#filter", FilterField)
        field.focus()
        field.cursor_position = len(field.value)

    def action_clear(self) -> None:
        if self.table.clear_marks():
            return
        field = self.query_one("#filter", FilterField)
        if field.value:
            with field.prevent(Input.Changed):
                field.value = ""
            self._use_typed()

    # Views and orders

    def _show_view(self, index: int) -> None:
        self._view = index % len(QUEUE_VIEWS)
        self._sort = ""
        self._show_views()
        self._ask_ids(keep=False)

    @on(ViewList.ViewChosen)
    def choose_view(self, event: ViewList.ViewChosen) -> None:
        """Show the queue clicked."""
        self._show_view(event.index)

    @on(Bar.PartChosen, "#strip")
    def choose_next_view(self) -> None:
        """Show the next queue."""
        self.action_next_view()

    def action_next_view(self) -> None:
        self._show_view(self._view + 1)

    def action_previous_view(self) -> None:
        self._show_view(self._view - 1)

    def show_view(self, view_id: str) -> None:
        """Show the queue with this id."""
        self._show_view([view.id for view in QUEUE_VIEWS].index(view_id))

    def action_sort(self) -> None:
        from console.screens.chooser import Chooser

        choices = [(name, _(words)) for name, words in SORTS]
        dialog = Chooser(_("Sort by"), choices, has_search=False, current=sort_of(self._shown))
        self.app.push_screen(dialog, self._sort_by)

    def _sort_by(self, name: str | None) -> None:
        if name is not None:
            self._sort = name
            self._ask_ids(keep=True)

    @on(WindowTable.SortWanted)
    def sort_by_head(self, event: WindowTable.SortWanted) -> None:
        """Sort by the head clicked."""
        self._sort_by(event.sort)

    # Cases

    _wanted: int | None = None

    def chosen_ids(self) -> list[int]:
        """Return the marked cases, or else the one under the cursor."""
        return self.table.selected_ids()

    def known_row(self, case_id: int) -> CaseRow | None:
        """Return the line of a case, if it has been fetched."""
        return self.table.row(case_id)

    def worked(self, deed: Deed, result: ActionResult) -> None:
        """Take the marks away and go to the next case that nothing was done to."""
        if len(deed.case_ids) > 1:
            self.table.clear_marks()
        done = set(deed.case_ids)
        ids = self.table.ids
        index = self.table.cursor
        while index < len(ids) - 1 and ids[index] in done:
            index += 1
        self.table.move_to(index)

    def taken_back(self, deed: Deed) -> None:
        """Go back to the case as soon as it is in the list again."""
        self.want(deed.case_ids[0])

    def want(self, case_id: int) -> None:
        """Go to a case as soon as it is in the list."""
        self._wanted = case_id

    def _searched(self) -> list[str]:
        return [value.text for value in self._shown.searched()]

    @on(WindowTable.RowOpened)
    def open_case(self, event: WindowTable.RowOpened) -> None:
        """Open the case screen; coming back, the cursor stands on the case seen last."""
        from console.screens.case import CaseScreen

        screen = CaseScreen(self.table.ids, self.table.cursor, words=self._searched())
        self.app.push_screen(screen, self._come_back)

    def _come_back(self, case_id: int | None) -> None:
        if case_id is not None:
            self.table.move_to_id(case_id)

    @on(WindowTable.MarksChanged)
    def count_marks(self) -> None:
        """Show how many are marked."""
        self._show_status()

    def action_preview(self) -> None:
        is_shown = self.query_one("#preview").display
        self.set_class(not is_shown, "-preview-on")
        self.set_class(is_shown, "-preview-off")
        if not is_shown:
            self._show_preview()
            self._fetch_preview()

    def action_refresh(self) -> None:
        self.renew()

    def action_next(self) -> None:
        self.table.move_to_mark(1)

    def action_previous(self) -> None:
        self.table.move_to_mark(-1)

    def action_copy(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.console.copy(row.reference)
