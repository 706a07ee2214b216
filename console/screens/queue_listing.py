"""Which cases the queues list: a filter asked for, its beginning shown at once, the rest behind it, and what is new in it."""

from __future__ import annotations

import re
from array import array
from typing import NamedTuple, cast

from textual import on

from console.actions import key_of
from console.clock import now
from console.errors import OmbudError
from console.i18n import _
from console.rules.filters import Filter, FilterError, parse
from console.screens.data import DataAccess
from console.screens.filter_screen import FilterScreen
from console.screens.queue_questions import QueueQuestions
from console.screens.view_list import view_name
from console.sentences import told
from console.services.views import CaseRow, IdList
from console.widgets.content import cut, number
from console.widgets.window_table import WindowTable

WHOLE_LIST = ("table.last", "table.mark-all")
"""Actions of the table that mean the whole list: their keys wait while only its beginning is there."""

OF_ROWS = ("queues.next", "queues.previous", "queues.copy")
"""Actions of the screen that mean a row, as all of the table and all work on cases do."""


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
    """The cases of a queue, and which of them were not there when it was asked before; of a long list the beginning first."""

    ids: IdList
    new: frozenset[int] = frozenset()
    is_beginning: bool = False


def found_since(before: array[int] | None, found: IdList, own: frozenset[int]) -> Found:
    """Return what was found, with what is new since ``before``; what one brought there oneself is not new."""
    if before is None or before == found.ids:
        return Found(found)
    return Found(found, frozenset(set(found.ids).difference(before)) - own)


class ListingScreen(FilterScreen):
    """Lists the cases of a view and what was typed. A list asked for afresh shows its beginning before the rest is there."""

    def __init__(self) -> None:
        super().__init__()
        self._sort = ""
        self._found: IdList | None = None
        self._fault: FilterError | None = None
        self._shown = Filter()
        self._is_keeping = False
        self._is_stale = False
        self._is_beginning = False
        self._is_counted = True
        self._is_holding = False
        self._is_whole = False
        self._new: frozenset[int] = frozenset()
        self._wanted: int | None = None

    @property
    def table(self) -> WindowTable[CaseRow]:
        """The table of cases."""
        return cast("WindowTable[CaseRow]", self.query_one("#table", WindowTable))

    # What the screen around the list does

    def show_status(self) -> None:
        """Show how many are listed and what is to be said of them."""
        raise NotImplementedError

    def ask_rest(self) -> None:
        """Ask what is not asked before the first rows are there."""
        raise NotImplementedError

    @property
    def has_own_sort(self) -> bool:
        """Whether the rows are sorted otherwise than the view says."""
        return (
            bool(self._sort) and not self.view.fault and self._sort != sort_of(queue_filter(self.view.filter, "", ""))
        )

    @property
    def has_fault(self) -> bool:
        """Whether what was typed last cannot be understood."""
        return self._fault is not None

    # Asking

    def _asked(self) -> Filter:
        return queue_filter("" if self.view.fault else self.view.filter, self._typed, self._sort)

    def ask_ids(self, *, keep: bool) -> None:
        """Ask which cases there are; ``keep`` holds cursor, scroll and marks with their cases."""
        try:
            self._shown = self._asked()
        except FilterError as error:
            self._take_fault(error, is_kept=keep)
            return
        self._fault = None
        self._is_keeping, self._is_stale, self._is_beginning = keep, False, False
        if not keep:
            self._new = frozenset()
        before, own = (self.table.ids if keep and self._found is not None else None), self._own_ids()
        text = str(self._shown)
        self.table.show_sort(sort_of(self._shown))
        # Where all were listed to be marked, a refresh lists as many.
        self._is_whole = is_whole = self._is_whole and keep and bool(self.table.mark_count)

        def question(data: DataAccess) -> Found:
            if not keep:
                beginning = data.part(QueueQuestions).first_ids(text, now())
                return Found(beginning, is_beginning=beginning.is_capped)
            found = data.part(QueueQuestions).every_id(text, now()) if is_whole else data.ids(text, now())
            return found_since(before, found, own)

        self.ask("ids", question)

    def ask_whole_list(self) -> None:
        """Ask for the rest of a list once the rows of its beginning are there."""
        if self._is_beginning and not self.is_asking("ids"):
            text = str(self._shown)
            self.ask("ids", lambda data: Found(data.ids(text, now())))

    def _take_fault(self, error: FilterError, *, is_kept: bool) -> None:
        """Point at what is wrong in the filter line; the rows stay, unless they are those of another view."""
        self._fault = error
        if self.view.fault and not is_kept:
            self._found = None
            said = _("The filter of the queue “{name}” cannot be read.").format(name=cut(view_name(self.view), 60))
            hint = _("{filter} goes to the filter, to be mended; {keep} keeps it under its name again.").format(
                filter=key_of("queues.filter"), keep=key_of("queues.save-view")
            )
            why = " ".join(told(error))
            self.table.empty = f"{said}\n{why}\n\n{hint}"
            self.table.show(array("q"))
        self.show_status()

    def _own_ids(self) -> frozenset[int]:
        """Return the cases that one worked on in this session, here or elsewhere."""
        doings = self.console.doings
        deeds = [*(deed for deed, _operation in doings.done), *doings.undone]
        return frozenset(case_id for deed in deeds for case_id in deed.case_ids) | self._changed_here

    def holds(self, key: str) -> bool:
        """Return whether a key typed ahead has to wait: what means a row, or all, until the list asked for is there."""
        if super().holds(key):
            return True
        if self.focused is not self.table:
            return False
        bound = {re.sub(r"\.\d+$", "", name) for name in self._bound_to(key)}
        is_coming = self.is_asking("ids") and not self._is_keeping
        means_row = any(name.startswith(("table.", "work.")) or name in OF_ROWS for name in bound)
        means_whole = not bound.isdisjoint(WHOLE_LIST)
        self._is_holding = (is_coming and means_row) or (self._is_beginning and means_whole)
        return self._is_holding

    def _bound_to(self, key: str) -> list[str]:
        """Return the names of what a key is bound to in the table and on this screen."""
        nodes = (self.table, self)
        return [binding.id or "" for node in nodes for binding in node._bindings.key_to_bindings.get(key, [])]

    # Answers

    def answered(self, group: str, answer: object) -> None:
        """Show the ids that came."""
        if group == "ids" and isinstance(answer, Found):
            self._take_ids(answer)
        elif group == "all" and isinstance(answer, Found):
            self._take_ids(answer)
            self._is_whole = True
            self.table.action_mark_all()
        else:
            super().answered(group, answer)

    def failed(self, group: str, error: Exception) -> None:
        """Say that the list could not be had; tell why unless it was stopped."""
        if group == "ids":
            known = told(error) if isinstance(error, OmbudError) else (_("The database did not answer."),)
            self.table.empty = " ".join(known)
            self.table.refresh()
            self._stand_as(is_beginning=False)
            self.show_status()
        if not isinstance(error, InterruptedError):
            super().failed(group, error)

    def _stand_as(self, *, is_beginning: bool) -> None:
        """Know whether only a beginning is there; the keys that waited for it are looked at again."""
        self._is_beginning = is_beginning
        if self._is_holding:
            self._is_holding = False
            self.call_after_refresh(self.console.give_keys)

    def _take_ids(self, found: Found) -> None:
        self._found = found.ids
        self._fault = None
        self._new = frozenset((self._new | found.new).intersection(found.ids.ids) if self._new else found.new)
        self.table.empty = self._reason_for_nothing()
        if self._is_beginning:
            self.table.extend(found.ids.ids, gone=self._own_ids())
        else:
            self.table.show(found.ids.ids, keep=self._is_keeping, gone=self._own_ids(), new=self._new)
        self._is_counted = not found.is_beginning
        self._is_keeping = True
        self._stand_as(is_beginning=found.is_beginning)
        if self._wanted is not None and (not found.is_beginning or self._wanted in found.ids.ids):
            self.table.move_to_id(self._wanted)
            self._wanted = None
        self.show_status()
        if not found.ids.ids:
            self.ask_rest()
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

    @on(WindowTable.MarksChanged)
    def count_marks(self) -> None:
        """Show how many are marked; all that the filter finds means those beyond the list too."""
        found = self._found
        is_everything = bool(self.table.ids) and self.table.mark_count == len(self.table.ids)
        if found is not None and found.is_capped and is_everything and not self._is_beginning:
            text = str(self._shown)
            self.table.clear_marks()
            self._is_keeping = True
            if self._is_counted:
                self.console.say(_("All {count} are being listed, to be marked.").format(count=number(found.total)))
            self.ask("all", lambda data: Found(data.part(QueueQuestions).every_id(text, now())))
        self.show_status()

    # What is asked of the list

    def filter_to_keep(self) -> str:
        """Return the filter that is in force, with its order. Raises FilterError."""
        return str(self._asked())

    def current_sort(self) -> str:
        """Return the order in force."""
        return sort_of(self._shown)

    def want(self, case_id: int) -> None:
        """Go to a case as soon as it is in the list."""
        self._wanted = case_id

    def searched(self) -> list[str]:
        """Return the words that the filter searches for."""
        return [value.text for value in self._shown.searched()]
