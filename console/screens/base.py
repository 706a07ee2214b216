"""What all screens share: the bars, the refusal of tiny windows, and questions asked in threads and answered by messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from console.actions import BY_ID, Action, actions_of
from console.i18n import _
from console.screens.data import DataAccess
from console.widgets.bars import Bar, KeyBar
from console.widgets.bindings import bindings, key_name, while_typing
from console.widgets.board import Board
from console.widgets.content import content
from console.widgets.reading import Reading
from console.widgets.window_table import WindowTable

if TYPE_CHECKING:
    from console.screens.desk import Desk

SMALLEST = (60, 15)
WIDTHS = [(0, "-narrow"), (100, "-wide"), (120, "-widest")]
HEIGHTS = [(0, "-short"), (30, "-tall")]
RETRIES = 3
Question = Callable[[DataAccess], object]


class Answered(Message):
    """A question was answered, or failed. ``request`` tells a late answer from the one that is waited for."""

    def __init__(self, group: str, request: int, answer: object, error: Exception | None) -> None:
        super().__init__()
        self.group = group
        self.request = request
        self.answer = answer
        self.error = error


class Field(Input):
    """A line to write in: compact, without a blinking cursor, which would hide a dead connection."""

    def __init__(self, *, placeholder: str = "", widget_id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False, id=widget_id)
        self.cursor_blink = False


class SizedScreen(Screen[Any]):
    """Says that the window is too small instead of drawing what nobody could read."""

    stopping_keys: ClassVar[frozenset[str]] = frozenset({"ctrl+c"})
    """Keys that never wait: they stop what others wait for."""
    is_standing = False
    """Whether it has been drawn and has taken the focus."""

    @property
    def is_opening(self) -> bool:
        """Whether what stands here makes way for something else, for which keys wait that are typed ahead."""
        return False

    def holds(self, key: str) -> bool:
        """Return whether a key typed ahead has to wait."""
        return key not in self.stopping_keys and (self.is_opening or not self.is_standing)

    def on_screen_resume(self) -> None:
        """Take what was typed before, once this has been drawn."""
        self.call_after_refresh(self.stand)

    def stand(self) -> None:
        """Let the keys come that were typed before this stood."""
        self.is_standing = True
        cast("Desk", self.app).give_keys()

    def on_resize(self, event: events.Resize) -> None:
        """Show the contents or the notice."""
        width, height = event.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")

    def notice(self) -> Static:
        """Return the notice that stands in for a screen too small."""
        text = _("This window is too small: make it at least {width} by {height}.")
        return Static(content(text.format(width=SMALLEST[0], height=SMALLEST[1])), classes="too-small")


class ConsoleScreen(SizedScreen):
    """A screen with the bars. ``context`` names its actions in the registry."""

    context: ClassVar[str] = ""
    works: ClassVar[bool] = False
    unstoppable: ClassVar[frozenset[str]] = frozenset()
    """Groups whose questions write: they are stopped between two parts, not in the middle of one."""
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS: ClassVar[str | None] = ""

    def __init__(self) -> None:
        super().__init__()
        self._requests: dict[str, int] = {}
        self._questions: dict[str, tuple[Question, int]] = {}
        self._has_begun = False
        self._version: int | None = None

    @property
    def console(self) -> Desk:
        """The application."""
        return cast("Desk", self.app)

    def compose(self) -> ComposeResult:
        """Lay out the bars around the body."""
        yield Bar("top")
        yield from self.compose_body()
        yield KeyBar(self.keys, self.why_not)
        yield self.notice()

    def compose_body(self) -> ComposeResult:
        """Lay out what stands between the bars."""
        return iter(())

    # Actions

    def nodes(self) -> Iterator[tuple[str, DOMNode]]:
        """Yield each context that applies now with the node that acts for it, nearest first."""
        focused = self.focused
        if isinstance(focused, Field):
            yield "filter" if focused.id == "filter" else "find", focused
        elif isinstance(focused, WindowTable):
            yield "table", focused
        elif isinstance(focused, Reading):
            yield "reading", focused
        elif isinstance(focused, Board):
            yield "board", focused
        if self.context:
            yield self.context, self
        if self.works:
            yield "work", self
        yield "app", self.app

    def active_actions(self) -> list[tuple[Action, DOMNode]]:
        """Return the actions that apply now, each with the node that does it; a nearer action hides a key's others."""
        return [(action, node) for context, node in self.nodes() for action in actions_of([context])]

    def keys(self) -> list[tuple[str, str, str]]:
        """Return what the footer shows: (id, key, label), the most useful first."""
        is_writing = isinstance(self.focused, Field)
        shown = [
            action
            for action, _node in self.active_actions()
            if action.footer and (not is_writing or action.context in ("filter", "find", "app"))
        ]
        shown.sort(key=lambda action: action.footer)
        taken: set[str] = set()
        keys = []
        for action in shown:
            acting = action.keys if not is_writing or action.context != "app" else while_typing(action)
            free = [key for key in acting if key not in taken]
            if free:
                keys.append((action.id, key_name(free[0]), _(action.label)))
            taken.update(action.keys)
        return keys

    def why_not(self, action_id: str) -> str:
        """Return why an action cannot be done to what is shown, or nothing."""
        return ""

    @on(Bar.PartChosen)
    async def act_on_bar(self, event: Bar.PartChosen) -> None:
        """Do what was clicked on the top line or in the footer."""
        if event.bar.id == "top" or isinstance(event.bar, KeyBar):
            event.stop()
            await self.console.act(event.part, self)

    @on(WindowTable.RowCopied)
    def copy_row(self, event: WindowTable.RowCopied) -> None:
        """Copy a row."""
        event.stop()
        self.copy_cells(event.cells)

    @on(Board.LineCopied)
    def take_line(self, event: Board.LineCopied) -> None:
        """Copy a line of figures."""
        event.stop()
        self.copy_line(event.cells, event.keys)

    def copy_line(self, cells: Sequence[str], keys: Sequence[str]) -> None:
        """Copy what stands in a line of figures; ``keys`` are those of the figures."""
        self.copy_cells(cells)

    def copy_cells(self, cells: Sequence[str]) -> None:
        """Copy what stands in the columns of a row, with tabs between, in a form of which a spreadsheet runs nothing."""
        from console.transfer.formulas import guarded

        self.console.copy("\t".join(map(guarded, cells)))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the keys of what has the focus now."""
        self.renew_keys()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Show the keys that are left."""
        self.renew_keys()

    def renew_keys(self) -> None:
        """Show the keys that apply now."""
        for bar in self.query(KeyBar):
            bar.renew()

    def renew_top(self) -> None:
        """Show the modes, the database and the user."""
        for bar in self.query("#top").results(Bar):
            bar.show(self.console.mode_parts(), self.console.place())
        self.console.name_window()

    def on_mount(self) -> None:
        """Draw first; only then begin to ask, since the first question imports the data layer."""
        self.renew_top()
        self.renew_keys()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._has_begun, self._version = True, self.console.link.version
        self.begin()

    def begin(self) -> None:
        """Ask the first questions of this screen."""

    def renew(self) -> None:
        """Ask again what is shown, because somebody may have changed it."""

    def catch_up(self) -> None:
        """Ask again what is shown, if anybody wrote since this screen began to ask or caught up last."""
        link = self.console.link
        before = link.first_version if self._version is None else self._version  # it may have begun before the opening
        self._version = link.version
        # A screen that is being taken down has lost its children already.
        if self._has_begun and self.children and self._version != before:
            self.renew()

    def on_screen_resume(self) -> None:
        """Show where one is, as it is by now."""
        self.renew_top()
        self.renew_keys()
        self.catch_up()

    # Questions

    def ask(self, group: str, question: Question) -> None:
        """Ask in a thread; what is still being asked in the group is stopped, and its answer dropped."""
        self.console.link.interrupt(self._qualified(group))
        self._requests[group] = self._requests.get(group, 0) + 1
        self._questions[group] = (question, 0)
        self._put(group, self._requests[group], question)

    def _qualified(self, group: str) -> str:
        return f"{id(self)}.{group}"

    def _put(self, group: str, request: int, question: Question) -> None:
        link = self.console.link

        def put() -> None:
            worker = get_current_worker()
            link.begin(self._qualified(group))
            try:
                answer, error = question(link.get()), None
            except Exception as failure:
                answer, error = None, failure
            finally:
                link.end(self._qualified(group))
            if not worker.is_cancelled:
                self.post_message(Answered(group, request, answer, error))

        self._run(group, put)

    def _run(self, group: str, put: Callable[[], None]) -> None:
        self.run_worker(put, thread=True, exclusive=True, exit_on_error=False, group=group, description=group)

    def is_asking(self, group: str) -> bool:
        """Return whether the answer to a group's question is still to come."""
        return group in self._questions

    @property
    def is_asking_anything(self) -> bool:
        """Whether any answer is still to come."""
        return bool(self._questions)

    def stop(self) -> bool:
        """Stop what this screen is asking, for good; return whether it was asking."""
        for group, (question, _tries) in self._questions.items():
            if group in self.unstoppable:
                continue
            self._questions[group] = (question, RETRIES)
            self.console.link.interrupt(self._qualified(group))
        return bool(self._questions)

    @on(Answered)
    def take_answer(self, event: Answered) -> None:
        """Hand an answer on, ask once more what was only stopped by mistake, and drop what is late."""
        event.stop()
        if event.request != self._requests.get(event.group) or event.group not in self._questions:
            return
        question, tries = self._questions[event.group]
        if isinstance(event.error, InterruptedError) and tries < RETRIES and not self.console.is_stopping:
            self._questions[event.group] = (question, tries + 1)
            self._put(event.group, event.request, question)
            return
        del self._questions[event.group]
        self.console.know_place()
        if event.error is None:
            self.answered(event.group, event.answer)
        else:
            self.failed(event.group, event.error)

    def answered(self, group: str, answer: object) -> None:
        """Show an answer."""

    def failed(self, group: str, error: Exception) -> None:
        """Show that a question could not be answered."""
        self.console.tell(error)


class ConsoleDialog(SizedScreen, ModalScreen[Any]):
    """A screen above another one."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def bound(self) -> dict[str, tuple[Action, DOMNode]]:
        """Return the actions of what has the focus and of this dialog, by id, each with the node that does it."""
        found: dict[str, tuple[Action, DOMNode]] = {}
        for node in (self.focused or self).ancestors_with_self:
            for bound in node._bindings.key_to_bindings.values():
                for binding in bound:
                    action = BY_ID.get(re.sub(r"\.\d+$", "", binding.id or ""))
                    if action is not None:
                        found.setdefault(action.id, (action, node))
            if node is self:
                break
        return found

    @on(Bar.PartChosen)
    async def act_on_bar(self, event: Bar.PartChosen) -> None:
        """Do what was clicked in the footer."""
        event.stop()
        if event.part in (found := self.bound()):
            action, node = found[event.part]
            await self.app.run_action(action.method, node)

    def show_help(self) -> None:
        """Show what the keys of this dialog do."""
        from console.screens.help import HelpScreen

        self.app.push_screen(HelpScreen([action for action, _node in self.bound().values()]))


NAVIGATION = bindings("app")
__all__ = ["NAVIGATION", "Answered", "ConsoleDialog", "ConsoleScreen", "Field", "SizedScreen"]
