"""A list to choose from, with a line to narrow it: the palette and the small menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from console.i18n import _
from console.screens.base import ConsoleDialog, Field
from console.widgets.bindings import bindings, is_key_of, list_step
from console.widgets.content import line
from console.widgets.narrowing import narrowed

Choice = tuple[str, str]
"""What is returned when it is chosen, and what is shown."""


class Chooser(ConsoleDialog):
    """Returns the name of the entry chosen, or None.

    ``code_of`` gives what finds an entry by its name besides what is shown; without it only that is looked through.
    """

    CSS_PATH = "styles/dialogs.tcss"
    BINDINGS = bindings("chooser")

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        has_search: bool = True,
        code_of: Callable[[str], str] = lambda _name: "",
        current: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._has_search = has_search
        self._code_of = code_of
        self._current = current

    def compose(self) -> ComposeResult:
        """Lay out title, line and list."""
        with Vertical(id="chooser"):
            yield Static(line(self._title), id="chooser-title")
            if self._has_search:
                yield Field(placeholder=_("Type to narrow the list"), widget_id="chooser-search")
            yield OptionList(id="chooser-list", markup=False)
        yield self.notice()

    def on_mount(self) -> None:
        """Show everything; the line takes what is typed."""
        self._fill("")
        (self.query_one(Field) if self._has_search else self.query_one(OptionList)).focus()

    def _fill(self, text: str) -> None:
        found = narrowed(self._choices, text, lambda choice: (choice[1], self._code_of(choice[0])))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(line(label), id=name) for name, label in found])
        if not found:
            options.add_options([Option(line(_("Nothing in this list fits what was typed.")), disabled=True)])
        names = [name for name, _label in found]
        if found:
            options.highlighted = names.index(self._current) if self._current in names else 0

    @on(Input.Changed)
    def narrow(self, event: Input.Changed) -> None:
        """Show the entries that hold the words typed."""
        event.stop()
        self._fill(event.value)

    def on_key(self, event: events.Key) -> None:
        """Move through the list while the line keeps the focus."""
        steps = {"down": "cursor_down", "up": "cursor_up", "pagedown": "page_down", "pageup": "page_up"}
        name = steps.get(event.key, "")
        if not self._has_search:
            name = "back" if is_key_of(event, "page.back") else list_step(event)
        if not name:
            return
        event.stop()
        event.prevent_default()
        if name == "back":
            self.action_back()
            return
        getattr(self.query_one(OptionList), f"action_{name}")()

    @on(Input.Submitted)
    def take_submitted(self, event: Input.Submitted) -> None:
        """Take the entry under the cursor."""
        event.stop()
        self.action_take()

    @on(OptionList.OptionSelected)
    def take_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the entry clicked."""
        event.stop()
        self.dismiss(event.option_id)

    def action_take(self) -> None:
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self.dismiss(options.get_option_at_index(options.highlighted).id)

    def action_back(self) -> None:
        self.dismiss(None)
