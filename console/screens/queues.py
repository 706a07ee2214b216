"""The queues: views on the left, cases in the middle, the case under the cursor beside them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.dom import DOMNode
from textual.timer import Timer
from textual.widgets import Static

from console.actions import key_of
from console.clock import now
from console.errors import OmbudError
from console.i18n import _, ngettext
from console.rules.filters import Filter, FilterError, parse
from console.screens.base import NAVIGATION
from console.screens.data import DataAccess
from console.screens.doings import Deed
from console.screens.filter_bar import FilterField, Proposals
from console.screens.filter_screen import FilterScreen
from console.screens.queue_columns import order_words, queue_columns, sort_choices
from console.screens.queue_questions import QueueQuestions
from console.screens.view_list import ViewList, view_name
from console.services.views import ActionResult, CaseRow, IdList
from console.signs import sign
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.content import cut, number
from console.widgets.reading import Reading
from console.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from console.services.case_views import CaseDetail

PREVIEW_PAUSE = 0.12


def queue_filter(view_filter: str, typed: str, sort: str = "") -> Filter:
    """Return the filter that a view, what was typed and a chosen order make; what is typed orders before the others.

    Raises FilterError, which points into ``typed``.
    """
    own = parse(typed)
    chosen = parse(f"sort:{sort}") if sort else Filter()
    return parse(view_filter).joined(chosen).joined(own)


def sort_of(shown: Filter) -> str:
    """Return the first order of a filter, as ``due`` or ``-received``; earliest due first where it names none."""
    return str(shown.sorts[0]) if shown.sorts else "due"


class Found(NamedTuple):
    """The cases of a queue, and which of them were not there when it was asked before."""

    ids: IdList
    new: frozenset[int]


def found_since(before: array[int] | None, found: IdList, own: frozenset[int]) -> Found:
    """Return what was found, with what is new since ``before``; what one brought there oneself is not new."""
    if before is None or before == found.ids:
        return Found(found, frozenset())
    return Found(found, frozenset(set(found.ids).difference(before)) - own)


class QueueScreen(FilterScreen):
    """Shows one queue at a time; the filter bar narrows it."""

    context = "queues"
    AUTO_FOCUS = "#table"
    CSS_PATH = "styles/queues.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("queues", "work"), *NAVIGATION]

    def __init__(self) -> None:
        super().__init__()
        self._sort = ""
        self._found: IdList | None = None
        self._fault: FilterError | None = None
        self._shown = Filter()
        self._details: dict[int, CaseDetail] = {}
        self._following: Timer | None = None
        self._is_keeping = False
        self._is_stale = False
        self._new: frozenset[int] = frozenset()
        self._wanted: int | None = None
        self._is_whole = False
        self._has_rows = False

    def nodes(self) -> Iterator[tuple[str, DOMNode]]:
        """Yield the list of queues before the screen, when it has the focus."""
        if isinstance(self.focused, ViewList):
            yield "views", self.focused
        yield from super().nodes()

    def compose_body(self) -> ComposeResult:
        """Lay out views, table, preview, filter bar and status."""
        yield Bar("strip")
        with Horizontal(id="middle"):
            yield ViewList("views")
            with Container(id="work"):
                yield WindowTable[CaseRow](queue_columns(now, self.columns_shown, self.console.zone), widget_id="table")
                yield Reading("preview")
        yield Proposals("proposals")
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
        """Ask for the first queue; for the views and the counts once its rows are there."""
        self.table.empty = _("Asking the database…")
        self._show_views()
        self._ask_ids(keep=False)

    def _ask_rest(self) -> None:
        if not self._has_rows:
            self._has_rows = True
            self.ask_views()
            self._ask_counts()

    # What is shown

    def _asked(self) -> Filter:
        return queue_filter("" if self.view.fault else self.view.filter, self._typed, self._sort)

    def _ask_ids(self, *, keep: bool) -> None:
        try:
            self._shown = self._asked()
        except FilterError as error:
            self._take_fault(error, is_kept=keep)
            return
        text = str(self._shown)
        self._is_keeping, self._is_stale = keep, False
        if not keep:
            self._new = frozenset()
        before, own = (self.table.ids if keep and self._found is not None else None), self._own_ids()
        self.table.show_sort(sort_of(self._shown))
        # Where all were listed to be marked, a refresh lists as many.
        self._is_whole = is_whole = self._is_whole and keep and bool(self.table.mark_count)

        def question(data: DataAccess) -> Found:
            found = data.part(QueueQuestions).every_id(text, now()) if is_whole else data.ids(text, now())
            return found_since(before, found, own)

        self.ask("ids", question)

    def _take_fault(self, error: FilterError, *, is_kept: bool) -> None:
        """Point at what is wrong in the filter line; the rows stay, unless they are those of another view."""
        self._fault = error
        if self.view.fault and not is_kept:
            self._found = None
            said = _("The filter of the queue “{name}” cannot be read.").format(name=cut(view_name(self.view), 60))
            hint = _("{filter} goes to the filter, to be mended; {keep} keeps it under its name again.").format(
                filter=key_of("queues.filter"), keep=key_of("queues.save-view")
            )
            self.table.empty = f"{said}\n{error}\n\n{hint}"
            self.table.show(array("q"))
        self._show_status()

    def _own_ids(self) -> frozenset[int]:
        """Return the cases that one worked on in this session, here or elsewhere."""
        doings = self.console.doings
        deeds = [*(deed for deed, _operation in doings.done), *doings.undone]
        return frozenset(case_id for deed in deeds for case_id in deed.case_ids) | self._changed_here

    def _ask_counts(self) -> None:
        views = self._views
        self.ask("counts", lambda data: data.counts(views, now()))

    def renew(self) -> None:
        """Ask again; cursor, scroll and marks stay with their cases."""
        if self.is_asking("ids"):
            self._is_stale = True  # what is being answered may be from before the change
            return
        self._details.clear()
        self._ask_ids(keep=True)
        self._has_rows = True
        self.ask_views()
        self._ask_counts()

    def answered(self, group: str, answer: object) -> None:
        """Show ids, rows, counts or the text for the preview."""
        if group == "ids" and isinstance(answer, Found):
            self._take_ids(answer)
        elif group == "all" and isinstance(answer, Found):
            self._take_ids(answer)
            self._is_whole = True
            self.table.action_mark_all()
        elif group == "counts":
            self._counts = dict(cast("Mapping[str, int]", answer))
            self._show_views()
            self._show_status()
        elif group == "rows":
            request, start, rows = cast("tuple[int, int, Sequence[CaseRow]]", answer)
            self.table.put_rows(request, start, rows)
            self.renewed([row.id for row in rows])
            self._ask_rest()
        elif group == "preview":
            detail = cast("CaseDetail", answer)
            self._details = {detail.row.id: detail}
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

    def _take_ids(self, found: Found) -> None:
        self._found = found.ids
        self._fault = None
        self._new = frozenset((self._new | found.new).intersection(found.ids.ids) if self._new else found.new)
        self.table.empty = self._reason_for_nothing()
        self.table.show(found.ids.ids, keep=self._is_keeping, gone=self._own_ids(), new=self._new)
        if self._wanted is not None:
            self.table.move_to_id(self._wanted)
            self._wanted = None
        self._is_keeping = True
        self._show_status()
        if not found.ids.ids:
            self._ask_rest()
        if self._is_stale:
            self.call_later(self.renew)

    def _reason_for_nothing(self) -> str:
        view = view_name(self.view)
        if self._typed:
            reason = _("No case in the queue “{view}” fits the filter “{filter}”.")
            told = reason.format(view=cut(view, 60), filter=cut(self._typed, 60))
            way_out = _("{key} takes the filter away.").format(key=key_of("queues.clear"))
            return f"{told}\n\n{way_out}"
        if self._counts and not self._counts.get("all"):
            hint = _("Leave with {key} and load some: ombud import cases FILE, or look around with: ombud demo").format(
                key=key_of("app.leave")
            )
            return f"{_('There are no cases in this database yet.')}\n\n{hint}"
        reason = _("Nothing is waiting in the queue “{view}”.").format(view=cut(view, 60))
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
        from console.screens.dossier import preview_blocks

        blocks = preview_blocks(row, self._details.get(row.id), now(), self.console.zone)
        preview.show(blocks, words=self._searched())

    def _show_views(self) -> None:
        self.query_one(ViewList).show(self._views, self.view_index, self._counts)
        view = self.view
        count = number(self._counts[view.id]) if view.id in self._counts else ""
        name = cut(view_name(view), 40)
        text = f"[{self.view_index + 1}/{len(self._views)} {name} {count}".rstrip() + "]"
        self.query_one("#strip", Bar).show([("queues.views", text, "bold $accent")], _("[ and ] show other queues"))

    def views_changed(self) -> None:
        """Show the views as they are now, and count what is new among them."""
        self._show_views()
        if any(view.id not in self._counts for view in self._views if not view.fault):
            self._ask_counts()

    def _show_status(self) -> None:
        bar = self.query_one("#status", Bar)
        if self._fault is not None:
            bar.show([("", self.pointed(self._fault), "bold $error")])
            return
        found = self._found
        if found is None:
            bar.show([])
            return
        everything = self._counts.get("all")
        parts = [
            ("", _("{count} of {total}").format(count=number(found.total), total=number(everything)), "")
            if everything is not None
            else ("", number(found.total), "")
        ]
        parts += self._remarks(found)
        parts.append(("queues.sort", _("sorted by {order}").format(order=order_words(sort_of(self._shown))), ""))
        hidden = self.table.hidden_count
        if hidden:
            text = ngettext("{count} column more: {key}", "{count} columns more: {key}", hidden)
            parts.append(("table.wide", text.format(count=number(hidden), key=key_of("table.wide")), "$quiet"))
        bar.show(parts, between=sign("between"))
        self._show_place()

    def _remarks(self, found: IdList) -> list[tuple[str, str, str]]:
        """Return what is to be said of the list now: how much is new, marked, not listed, or gone."""
        parts: list[tuple[str, str, str]] = []
        if self._new:
            text = ngettext("{count} new", "{count} new", len(self._new)).format(count=number(len(self._new)))
            parts.append(("queues.refresh", text, "bold $accent"))
        if found.is_capped:
            text = _("the first {count} are listed").format(count=number(len(found.ids)))
            parts.append(("", text, ""))
        if self.table.mark_count:
            marked = ngettext("{count} marked", "{count} marked", self.table.mark_count)
            parts.append(("queues.clear", marked.format(count=number(self.table.mark_count)), ""))
        if self.table.has_left:
            parts.append(("", _("this case has left the queue"), "$warning"))
        return parts

    def _show_place(self) -> None:
        place = number(self.table.cursor + 1) if self.table.ids else "0"
        self.query_one("#row", Bar).show([], _("row {row}").format(row=place))

    @on(Bar.PartChosen, "#strip")
    @on(Bar.PartChosen, "#status")
    async def act_on_line(self, event: Bar.PartChosen) -> None:
        """Do what was clicked above or below the rows."""
        event.stop()
        await self.console.act(event.part, self)

    # Filter bar

    def typed_changed(self) -> None:
        """Use another text of the filter bar."""
        self._ask_ids(keep=False)

    def to_rows(self) -> None:
        """Go to the rows."""
        self.table.focus()

    def action_clear(self) -> None:
        if self.table.clear_marks():
            return
        if self.field.value and not self.view.fault:
            self.put_typed("")
            self._ask_ids(keep=False)

    # Views and orders

    def filter_to_keep(self) -> str:
        """Return the filter that is in force, with its order. Raises FilterError."""
        return str(self._asked())

    def current_sort(self) -> str:
        """Return the order in force."""
        return sort_of(self._shown)

    def show_view(self, view_id: str, *, is_fresh: bool = False) -> None:
        """Show the queue with this id; a fresh one, or one to be mended, without what was typed."""
        was_faulty = bool(self.view.fault)
        self._view_id = view_id
        self._sort = ""
        if self.view.fault:
            self.put_typed(self.view.filter)
        elif is_fresh or was_faulty:
            self.put_typed("")
        self._show_views()
        self._show_table_columns()
        self._ask_ids(keep=False)

    def show_filter(self, text: str) -> None:
        """Show all cases narrowed to a filter, as if it had been typed."""
        self._view_id = "all"
        self.put_typed(text)
        self.show_view("all")
        self.table.focus()

    def _step_view(self, step: int) -> None:
        self.show_view(self._views[(self.view_index + step) % len(self._views)].id)

    @on(ViewList.ViewChosen)
    def choose_view(self, event: ViewList.ViewChosen) -> None:
        """Show the queue chosen."""
        self.show_view(self._views[event.index].id)
        self.table.focus()

    def action_next_view(self) -> None:
        self._step_view(1)

    def action_previous_view(self) -> None:
        self._step_view(-1)

    def _show_table_columns(self) -> None:
        self.table.set_columns(queue_columns(now, self.columns_shown, self.console.zone))

    def show_columns(self, sort: str) -> None:
        """Show the columns that were chosen, in an order."""
        self._show_table_columns()
        if sort != self.current_sort():
            self._sort_by(sort)
        self._show_status()

    @on(WindowTable.ColumnsMoved)
    def count_columns(self) -> None:
        """Show how many columns do not fit."""
        self._show_status()

    def action_sort(self) -> None:
        from console.screens.chooser import Chooser

        choices = sort_choices(self.columns_shown)
        dialog = Chooser(_("Sort by"), choices, has_search=False, current=self.current_sort())
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
        """Show how many are marked; all that the filter finds means those beyond the list too."""
        found = self._found
        is_everything = bool(self.table.ids) and self.table.mark_count == len(self.table.ids)
        if found is not None and found.is_capped and is_everything:
            text = str(self._shown)
            self.table.clear_marks()
            self._is_keeping = True
            self.console.say(_("All {count} are being listed, to be marked.").format(count=number(found.total)))
            self.ask("all", lambda data: Found(data.part(QueueQuestions).every_id(text, now()), frozenset()))
        self._show_status()

    def action_preview(self) -> None:
        is_shown = self.query_one("#preview").display
        self.set_class(not is_shown, "-preview-on")
        self.set_class(is_shown, "-preview-off")
        if not is_shown:
            self._show_preview()
            self._fetch_preview()

    def action_refresh(self) -> None:
        self._new = frozenset()
        self.renew()

    def action_next(self) -> None:
        self.table.move_to_mark(1)

    def action_previous(self) -> None:
        self.table.move_to_mark(-1)

    def action_copy(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.console.copy(row.reference)
