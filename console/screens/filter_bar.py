"""The filter bar: a line to write in, with what may stand at the cursor above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from console.i18n import N_, _
from console.labels import LABELS, label
from console.rules.filter_completion import Completion, complete
from console.rules.filter_fields import CASE_FIELDS, case_fields, field_names
from console.rules.filters import COLONS
from console.screens.base import Field
from console.widgets.bindings import bindings
from console.widgets.content import cut, fit
from console.widgets.narrowing import narrowed
from console.words import called

SHOWN = 6
"""Proposals in sight at once; of more the others come into sight with the arrows."""
VALUE_CELLS = 28

WHOLE = frozenset({"team", "segment", "assignee", "category", "region", "source", "responsible"})
"""Fields whose values come whole from the database; of the others those that begin as what was typed."""
NUMBERED = frozenset({"customer", "account", "reference", "external", "parent"})

GROUPS = {
    "kind": ("kind",),
    "state": ("phase", "state"),
    "channel": ("channel",),
    "severity": ("severity",),
    "opinion": ("opinion",),
}
"""Where the values of a field have their labels."""

MEANINGS = (N_("Myself"), N_("My own team"), N_("Not given"), N_("Before now"))


def is_unfinished(typed: str) -> bool:
    """Return whether the last word may yet become a field, so that it is too early to search for it as a word."""
    word = typed.split()[-1].lstrip("-").casefold() if typed and not typed[-1].isspace() else ""
    if not word:
        return False
    names = {*field_names(CASE_FIELDS), "sort", "排序"}
    if word.endswith((":", "：")):
        return word[:-1] in names
    return any(name.startswith(word) for name in names)


def field_at(text: str, start: int) -> str:
    """Return the name of the field whose value begins at a place, or nothing."""
    words = text[:start].split()
    word = words[-1].lstrip("-") if words else ""
    colon = next((at for at, char in enumerate(word) if char in COLONS), -1)
    name = word[:colon].casefold() if colon > 0 else ""
    return "sort" if name in ("sort", "排序") else field_names(CASE_FIELDS).get(name, "")


def meaning_of(proposal: Completion, text: str) -> str:
    """Return what a proposal means, in the language chosen."""
    if proposal.text.endswith(":"):
        name = proposal.text[:-1]
        return _("Order of the rows") if name == "sort" else label(name, "field")
    field = field_at(text, proposal.start)
    if field == "sort":
        return label(proposal.text.lstrip("-"), "field")
    for group in GROUPS.get(field, ()):
        if proposal.text in LABELS[group] or called(group, proposal.text):
            return label(proposal.text, group)
    if proposal.text == "no" and field:
        return _("Not: {field}").format(field=label(field, "field"))
    if proposal.text == "yes" and field:
        return label(field, "field")
    return _(proposal.help) if proposal.help in MEANINGS else proposal.help


class FilterField(Field):
    """The line of the filter bar; Escape gives up what was written."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("filter")]

    class GivenUp(Message):
        """What was written is not wanted."""

    class Applied(Message):
        """What was written is wanted now."""

    class Stepped(Message):
        """Another proposal is looked at."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Completed(Message):
        """The proposal looked at is wanted."""

    def action_apply(self) -> None:
        self.post_message(self.Applied())

    def action_give_up(self) -> None:
        self.post_message(self.GivenUp())

    def action_complete(self) -> None:
        self.post_message(self.Completed())

    def action_next_proposal(self) -> None:
        self.post_message(self.Stepped(1))

    def action_previous_proposal(self) -> None:
        self.post_message(self.Stepped(-1))


class Proposals(Widget):
    """What may stand at the cursor, a line each; not there when there is nothing to propose."""

    DEFAULT_CSS = "Proposals { height: auto; background: $panel; padding: 0 1; display: none; }"

    class Taken(Message):
        """A proposal was clicked."""

    def __init__(self, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._text = ""
        self._names: dict[tuple[str, str], str] = {}
        self._lists: dict[tuple[str, str], list[str]] = {}
        self._found: list[Completion] = []
        self._at: int | None = None
        self.wanted: tuple[str, str] | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether one was looked at with the arrows."""
        return self._at is not None

    @property
    def has_any(self) -> bool:
        """Whether anything is proposed."""
        return bool(self._found)

    def propose(self, text: str, cursor: int) -> None:
        """Propose for a text and a place in it. ``wanted`` is the field and the beginning that values have to be asked for."""
        self.wanted = None
        self._text = text
        self._at = None
        found = complete(text, cursor, case_fields(), self._values)
        # What stands there already is no proposal.
        self._found = [item for item in found if text[item.start : item.end] != item.text]
        self._draw()

    def _values(self, field: str, typed: str) -> Sequence[str]:
        key = (field, "" if field in WHOLE else typed)
        if key not in self._lists:
            if field in WHOLE or (field in NUMBERED and typed):
                self.wanted = key
            return ()
        names = self._names
        return narrowed(self._lists[key], typed, lambda value: (value, names.get((field, value), "")))

    def learn(self, key: tuple[str, str], values: Sequence[tuple[str, str]]) -> None:
        """Take what values a field may have, each with its name."""
        field, _typed = key
        self._lists[key] = [value for value, _name in values]
        self._names.update({(field, value): name for value, name in values if name})

    def forget(self) -> None:
        """Propose nothing, and ask for the values anew next time."""
        self._found, self._at, self.wanted = [], None, None
        self._lists.clear()
        self._names.clear()
        self._draw()

    def step(self, step: int) -> None:
        """Look at another proposal."""
        if self._found:
            at = (-1 if step > 0 else 0) if self._at is None else self._at
            self._at = (at + step) % len(self._found)
            self._draw()

    def chosen(self) -> Completion | None:
        """Return the proposal looked at, or else the first."""
        return self._found[self._at or 0] if self._found else None

    def _draw(self) -> None:
        self.display = bool(self._found)
        self.refresh(layout=True)

    @property
    def _top(self) -> int:
        return max(0, (self._at or 0) - SHOWN + 1)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return a line for each proposal in sight."""
        return min(SHOWN, len(self._found))

    def render(self) -> Content:
        """Draw the proposals in sight."""
        width = self.content_size.width
        lines = []
        for index, item in enumerate(self._found[self._top : self._top + SHOWN], start=self._top):
            field = field_at(self._text, item.start)
            meaning = self._names.get((field, item.text.strip('"')), "") or meaning_of(item, self._text)
            sign = ">" if index == self._at else " "
            cells = min(max(VALUE_CELLS, cell_len(item.text)), width - 3)
            text = f"{sign} {fit(item.text, cells)} {cut(meaning, width - cells - 3)}".rstrip()
            lines.append(Content.styled(text, "bold $accent" if index == self._at else ""))
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Take the proposal clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and self._top + offset.y < len(self._found):
            self._at = self._top + offset.y
            self.post_message(self.Taken())


def completed(text: str, proposal: Completion) -> tuple[str, int]:
    """Return a text with a proposal in its place, and where one writes on."""
    is_value = not proposal.text.endswith(":")
    rest = text[proposal.end :]
    added = f"{proposal.text} " if is_value and not rest[:1].isspace() and not rest.startswith(",") else proposal.text
    return text[: proposal.start] + added + rest, proposal.start + len(added)
