"""The dialogs of working on cases: the form of a verb, the question before many cases, the counter, the list of actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from console.actions import BY_ID, actions_of, key_of
from console.i18n import _, ngettext
from console.screens.base import ConsoleDialog
from console.screens.desk import Desk
from console.widgets.bars import KeyBar
from console.widgets.bindings import bindings, is_key_of, key_name, list_step
from console.widgets.content import cut, fit, line, number
from console.widgets.form import Form, FormField

DRAFT_PAUSE = 0.3
"""Seconds after the first letter until what was typed is in the draft."""

AROUND = 7
"""Rows around the form of a dialog: frame, title, complaint, a gap, the keys and one of the screen below."""

KEY_CELLS = 4
NAMED = 6
"""Cases that a question names before it only counts them."""


def keys_of_context(context: str) -> Callable[[], Sequence[tuple[str, str, str]]]:
    """Return what the footer of a dialog shows."""

    def keys() -> Sequence[tuple[str, str, str]]:
        return [
            (action.id, key_name(action.keys[0]), _(action.label)) for action in actions_of([context]) if action.footer
        ]

    return keys


class FormDialog(ConsoleDialog):
    """A form above the screen; returns what was filled in, or None. ``keep`` is given what was typed, as it is typed."""

    CSS_PATH = "styles/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        title: str,
        about: Sequence[str],
        fields: Sequence[FormField],
        *,
        complaint: str = "",
        saves_on_enter: bool = True,
        keep: Callable[[Mapping[str, str]], None] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._about = tuple(about)
        self._fields = tuple(fields)
        self._complaint = complaint
        self._saves_on_enter = saves_on_enter
        self._keep = keep
        self._keeping: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out title, cases, fields and keys."""
        with Vertical(id="dialog"):
            yield Static(line(self._title), id="dialog-title")
            for text in self._about:
                yield Static(line(text), classes="dialog-about")
            yield Static(line(self._complaint), id="dialog-complaint")
            yield Form(self._fields, saves_on_enter=self._saves_on_enter)
            yield KeyBar(keys_of_context("form"))
        yield self.notice()

    def on_mount(self) -> None:
        """Go to the first field that wants something."""
        self.query_one("#dialog-complaint").display = bool(self._complaint)
        self.query_one(KeyBar).renew()
        self.query_one(Form).focus_first()

    def on_resize(self, event: events.Resize) -> None:
        """Leave room for the title above and the keys below the form."""
        super().on_resize(event)
        self.query_one(Form).styles.max_height = max(3, event.size.height - AROUND - len(self._about))

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    @on(Form.Changed)
    def wait_to_keep(self) -> None:
        """Keep what was typed within half a second."""
        if self._keep is not None and self._keeping is None:
            self._keeping = self.set_timer(DRAFT_PAUSE, self.keep_draft)

    def keep_draft(self) -> None:
        """Keep what was typed now."""
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
        if self._keep is not None:
            self._keep(self.form.typed)

    @on(Form.Refused)
    def say_refusal(self, event: Form.Refused) -> None:
        """Say which field stands against saving, or which key saves."""
        saves = _("{key} saves.").format(key=key_of("form.save"))
        text = _("Look at: {field}").format(field=event.label) if event.label else saves
        complaint = self.query_one("#dialog-complaint", Static)
        complaint.display = True
        complaint.update(line(text))

    @on(Form.Saved)
    def give_values(self, event: Form.Saved) -> None:
        """Return what was filled in; the draft stays until it is in the database."""
        self.keep_draft()
        self.dismiss(event.values)

    @on(Form.Left)
    def leave(self) -> None:
        """Return nothing; the draft stays."""
        self.keep_draft()
        self.dismiss(None)


class Confirm(ConsoleDialog):
    """Asks before something is done to many: names them, counts them, and has a key of its own for yes."""

    CSS_PATH = "styles/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("confirm")]

    def __init__(self, question: str, named: Sequence[str], count: int, details: Sequence[str] = ()) -> None:
        super().__init__()
        self._question = question
        self._named = tuple(named[:NAMED])
        self._count = count
        self._details = tuple(details)

    def compose(self) -> ComposeResult:
        """Lay out the question and what it is about."""
        with Vertical(id="dialog"):
            yield Static(line(self._question), id="dialog-title")
            for text in self._details:
                yield Static(line(text), classes="dialog-about")
            for text in self._named:
                yield Static(line(f"  {text}"))
            rest = self._count - len(self._named)
            if rest > 0:
                text = ngettext("  and {count} more", "  and {count} more", rest).format(count=number(rest))
                yield Static(line(text))
            yield KeyBar(keys_of_context("confirm"))
        yield self.notice()

    def on_mount(self) -> None:
        """Show the keys."""
        self.query_one(KeyBar).renew()

    def stand(self) -> None:
        """Forget what was typed before: nobody confirms what he has not seen."""
        cast("Desk", self.app).drop_keys()
        super().stand()

    def action_yes(self) -> None:
        self.dismiss(True)

    def action_no(self) -> None:
        self.dismiss(False)


class Progress(ConsoleDialog):
    """Counts the cases that are worked; Escape stops after those at hand."""

    CSS_PATH = "styles/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("progress")]
    stopping_keys = frozenset({"ctrl+c", *BY_ID["progress.halt"].keys})

    def __init__(self, title: str, halt: Callable[[], None]) -> None:
        super().__init__()
        self._title = title
        self._halt = halt

    @property
    def is_opening(self) -> bool:
        """It stands only until something is done."""
        return True

    def compose(self) -> ComposeResult:
        """Lay out title and counter."""
        with Vertical(id="dialog"):
            yield Static(line(self._title), id="dialog-title")
            yield Static(line(_("Working…")), id="progress-count")
            yield KeyBar(keys_of_context("progress"))
        yield self.notice()

    def on_mount(self) -> None:
        """Show the keys."""
        self.query_one(KeyBar).renew()

    def show(self, done: int, total: int) -> None:
        """Show how many of how many are done."""
        text = _("{done} of {total}").format(done=number(done), total=number(total))
        self.query_one("#progress-count", Static).update(line(text))

    def action_halt(self) -> None:
        self._halt()
        self.query_one("#progress-count", Static).update(line(_("Stopping…")))


class ActionMenu(ConsoleDialog):
    """All that can be done to a case; what cannot be done now stands dimmed with the reason. Returns the verb, or None."""

    CSS_PATH = "styles/dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("chooser")]

    def __init__(self, title: str, entries: Sequence[tuple[str, str, str, str]]) -> None:
        """Take entries as (verb, key, label, reason against it)."""
        super().__init__()
        self._title = title
        self._entries = tuple(entries)

    def compose(self) -> ComposeResult:
        """Lay out the list, and below it the reason in full."""
        with Vertical(id="chooser"):
            yield Static(line(self._title), id="chooser-title")
            yield OptionList(id="chooser-list", markup=False)
            yield Static(id="menu-reason")
        yield self.notice()

    def on_mount(self) -> None:
        """Show the entries."""
        options = self.query_one(OptionList)
        options.add_options([Option(self._drawn(entry), id=entry[0]) for entry in self._entries])
        options.highlighted = 0 if self._entries else None
        options.focus()

    @staticmethod
    def _drawn(entry: tuple[str, str, str, str]) -> Content:
        _verb, key, label, reason = entry
        if reason:
            return Content.assemble((fit(key, KEY_CELLS), "dim"), (cut(f"{label} - {reason}", 63), "dim"))
        return Content.assemble((fit(key, KEY_CELLS), "$accent"), cut(label, 63))

    @on(OptionList.OptionHighlighted)
    def explain(self, event: OptionList.OptionHighlighted) -> None:
        """Say in full why the entry under the cursor cannot be done."""
        self.query_one("#menu-reason", Static).update(line(self._entries[event.option_index][3]))

    @on(OptionList.OptionSelected)
    def take_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the entry, unless it cannot be done."""
        event.stop()
        self.action_take()

    def action_take(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None and not self._entries[highlighted][3]:
            self.dismiss(self._entries[highlighted][0])

    def action_back(self) -> None:
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """Move by letters too; a key of an action chooses it."""
        for verb, key, _label, reason in self._entries:
            if key and key in (event.character, key_name(event.key)):
                event.stop()
                if not reason:
                    self.dismiss(verb)
                return
        step = list_step(event)
        if step:
            event.stop()
            getattr(self.query_one(OptionList), f"action_{step}")()
        elif is_key_of(event, "work.menu", "page.back"):
            event.stop()
            self.dismiss(None)
