"""The queues: views on the left, cases in the middle, the case under the cursor beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

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
from console.i18n import _, ngettext
from console.rules.case_columns import Place
from console.screens.base import NAVIGATION
from console.screens.doings import Deed
from console.screens.filter_bar import FilterField, Proposals
from console.screens.queue_columns import order_words, queue_columns, sort_choices
from console.screens.queue_listing import ListingScreen
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


class QueueScreen(ListingScreen):
    """Shows one queue at a time; the filter bar narrows it."""

    context = "queues"
    AUTO_FOCUS = "#table"
    CSS_PATH = "styles/queues.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("queues", "work"), *NAVIGATION]

    def __init__(self) -> None:
        super().__init__()
        self._details: dict[int, CaseDetail] = {}
        self._following: Timer | None = None
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
                yield WindowTable[CaseRow](
                    queue_columns(now, self.columns_shown, lambda: self.console.zone), widget_id="table"
                )
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

    def begin(self) -> None:
        """Ask for the first queue; for the views and the counts once its rows are there."""
        self.table.empty = _("Asking the database…")
        self._show_views()
        self.ask_ids(keep=False)

    def _ask_behind(self) -> None:
        """Ask for all that is not asked before the rows are drawn: threads that begin earlier keep them from it."""
        self.ask_whole_list()
        self.ask_rest()

    def ask_rest(self) -> None:
        """Ask for the views and the counts once the first rows are there."""
        if not self._has_rows:
            self._has_rows = True
            self.ask_views()
            self._ask_counts()

    # What is shown

    def _ask_counts(self) -> None:
        views = self._views
        self.ask("counts", lambda data: data.counts(views, now()))

    def renew(self) -> None:
        """Ask again; cursor, scroll and marks stay with their cases."""
        if self.is_asking("ids"):
            self._is_stale = True  # what is being answered may be from before the change
            return
        self._details.clear()
        self.ask_ids(keep=True)
        self._has_rows = True
        self.ask_views()
        self._ask_counts()

    def answered(self, group: str, answer: object) -> None:
        """Show rows, counts or the text for the preview."""
        if group == "counts":
            self._counts = dict(cast("Mapping[str, int]", answer))
            self._show_views()
            self.show_status()
        elif group == "rows":
            request, start, rows = cast("tuple[int, int, Sequence[CaseRow]]", answer)
            self.table.put_rows(request, start, rows)
            self.renewed([row.id for row in rows])
            self.call_after_refresh(self._ask_behind)
        elif group == "preview":
            detail = cast("CaseDetail", answer)
            self._details = {detail.row.id: detail}
            self._show_preview()
        else:
            super().answered(group, answer)

    def failed(self, group: str, error: Exception) -> None:
        """Let the table ask again for rows that could not be had."""
        if group == "rows":
            self.table.refuse_page()
            self.ask_whole_list()
        super().failed(group, error)

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
        preview.show(blocks, words=self.searched())

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

    def show_status(self) -> None:
        """Show how many are listed and what is to be said of them, or what is wrong with the filter."""
        bar = self.query_one("#status", Bar)
        if self._fault is not None:
            # Apart, since what is not all ASCII loses the blanks it begins with when it is cleaned.
            blanks, message = self.pointed(self._fault)
            bar.show([("", blanks, ""), ("", message, "bold $error")], between="")
            return
        found = self._found
        if found is None:
            bar.show([])
            return
        told = self._number_found(found)
        parts = [("", told, "")] if told else []
        parts += self._remarks(found)
        parts.append(("queues.sort", _("sorted by {order}").format(order=order_words(self.current_sort())), ""))
        hidden = self.table.hidden_count
        if hidden:
            text = ngettext("{count} column more: {key}", "{count} columns more: {key}", hidden)
            parts.append(("table.wide", text.format(count=number(hidden), key=key_of("table.wide")), "$quiet"))
        bar.show(parts, between=sign("between"))
        self._show_place()

    def _number_found(self, found: IdList) -> str:
        if not self._is_counted:
            return _("counting…") if self._is_beginning else ""
        everything = self._counts.get("all")
        if everything is None:
            return number(found.total)
        return _("{count} of {total}").format(count=number(found.total), total=number(everything))

    def _remarks(self, found: IdList) -> list[tuple[str, str, str]]:
        """Return what is to be said of the list now: how much is new, marked, not listed, or gone."""
        parts: list[tuple[str, str, str]] = []
        if self._new:
            text = ngettext("{count} new", "{count} new", len(self._new)).format(count=number(len(self._new)))
            parts.append(("queues.refresh", text, "bold $accent"))
        if found.is_capped and not self._is_beginning:
            text = _("the first {count} are listed").format(count=number(len(found.ids)))
            parts.append(("", text, ""))
        if self.table.mark_count:
            marked = ngettext("{count} marked", "{count} marked", self.table.mark_count)
            parts.append(("queues.clear", marked.format(count=number(self.table.mark_count)), ""))
        if self.has_unkept:
            text = _("changed: {key} keeps it").format(key=key_of("queues.save-view"))
            parts.append(("queues.save-view", text, "$warning"))
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
        self.ask_ids(keep=False)

    def to_rows(self) -> None:
        """Go to the rows."""
        self.table.focus()

    def action_clear(self) -> None:
        if self.table.clear_marks():
            return
        if self.field.value and not self.view.fault:
            self.put_typed("")
            self.ask_ids(keep=False)

    # Views and orders

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
        self.ask_ids(keep=False)

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
        self.table.set_columns(queue_columns(now, self.columns_shown, lambda: self.console.zone))

    def show_columns(self, sort: str) -> None:
        """Show the columns that were chosen, in an order."""
        self._show_table_columns()
        if sort != self.current_sort():
            self._sort_by(sort)
        self.show_status()

    @on(WindowTable.ColumnSized)
    def keep_width(self, event: WindowTable.ColumnSized) -> None:
        """Keep a column as wide as it was drawn, as if it had been chosen so."""
        places = [
            Place(place.name, event.width if place.name == event.column else place.width)
            for place in self.columns_shown
        ]
        self.keep_layout(tuple(places))

    @on(WindowTable.ColumnsMoved)
    def count_columns(self) -> None:
        """Show how many columns do not fit."""
        self.show_status()

    def action_sort(self) -> None:
        from console.screens.chooser import Chooser

        choices = sort_choices(self.columns_shown)
        dialog = Chooser(_("Sort by"), choices, has_search=False, current=self.current_sort())
        self.app.push_screen(dialog, self._sort_by)

    def _sort_by(self, name: str | None) -> None:
        if name is not None:
            self._sort = name
            self.ask_ids(keep=True)

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

    @on(WindowTable.RowOpened)
    def open_case(self, event: WindowTable.RowOpened) -> None:
        """Open the case screen; coming back, the cursor stands on the case seen last."""
        from console.screens.case import CaseScreen

        screen = CaseScreen(self.table.ids, self.table.cursor, words=self.searched())
        self.app.push_screen(screen, self._come_back)

    def _come_back(self, case_id: int | None) -> None:
        if case_id is not None:
            self.table.move_to_id(case_id)

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
