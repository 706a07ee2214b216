"""A screen of views with a filter bar: what is typed narrows the view, with proposals above and a pointer below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from rich.cells import cell_len
from textual import events, on
from textual.timer import Timer
from textual.widgets import Input

from console.i18n import _
from console.rules.filters import FilterError
from console.screens.filter_bar import FilterField, Proposals, completed, is_unfinished
from console.screens.queue_questions import QueueQuestions
from console.screens.view_keeping import ViewScreen
from console.sentences import said, told

TYPING_PAUSE = 0.15
VALUES = "values"


ROW_CELLS = 18
"""What stands to the right of a message: the number of the row, with its margins."""


FIRST_SENTENCE = re.compile(r".*?[?.？。]")
"""Of a hint what is nearest, where there is no room for the rest."""


class FilterScreen(ViewScreen):
    """What is typed is used once the fingers rest, unless it is plainly not finished."""

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""
        self._before = ""
        self._typing: Timer | None = None

    # What the screen of cases says

    def typed_changed(self) -> None:
        """Use another text of the filter bar."""
        raise NotImplementedError

    def to_rows(self) -> None:
        """Go to the rows."""
        raise NotImplementedError

    @property
    def has_fault(self) -> bool:
        """Whether what was typed last cannot be understood."""
        raise NotImplementedError

    @property
    def field(self) -> FilterField:
        """The line of the filter bar."""
        return self.query_one("#filter", FilterField)

    @property
    def proposals(self) -> Proposals:
        """What may stand at the cursor."""
        return self.query_one(Proposals)

    def put_typed(self, text: str) -> None:
        """Write a text into the filter bar without using it."""
        self._typed = text.strip()
        with self.field.prevent(Input.Changed):
            self.field.value = text

    def pointed(self, error: FilterError) -> tuple[str, str]:
        """Return the message with a sign under the place in the filter line that it is about, and the blanks before it."""
        indent = cell_len("/ ") + cell_len(self._typed[: error.position])
        room = self.size.width - indent - cell_len("^ ") - ROW_CELLS
        what, hint = said(error.what), said(error.hint)
        nearest = FIRST_SENTENCE.match(hint)
        for follows in (hint, nearest.group() if nearest else "", ""):
            message = _joined(what, follows)
            if cell_len(message) <= room:
                return " " * indent, f"^ {message}"
        return "", " ".join(told(error))

    # Typing

    @on(Input.Changed, "#filter")
    def wait_for_typing(self, event: Input.Changed) -> None:
        """Propose at once, and use what is typed once the fingers rest."""
        if self.field.has_focus:
            self._propose()
        if self._typing is not None:
            self._typing.stop()
        if event.value.strip() != self._typed:
            self._typing = self.set_timer(TYPING_PAUSE, self._use_unless_unfinished)

    def _propose(self) -> None:
        self.proposals.propose(self.field.value, self.field.cursor_position)
        wanted = self.proposals.wanted
        if wanted is not None:
            field, typed = wanted
            self.ask(VALUES, lambda data: (wanted, data.part(QueueQuestions).values(field, typed)))

    def answered(self, group: str, answer: object) -> None:
        """Propose the values that came."""
        if group == VALUES:
            key, values = cast("tuple[tuple[str, str], Sequence[tuple[str, str]]]", answer)
            self.proposals.learn(key, values)
            if self.field.has_focus:
                self._propose()
        else:
            super().answered(group, answer)

    def _use_unless_unfinished(self) -> None:
        if not (is_unfinished(self.field.value) or self.proposals.has_any):
            self._use_typed()

    def _use_typed(self) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
        typed = self.field.value.strip()
        if typed != self._typed:
            self._typed = typed
            self.typed_changed()

    @on(FilterField.Applied)
    def apply_filter(self) -> None:
        """Take the proposal looked at, or use what is typed."""
        if self.proposals.is_chosen:
            self.complete_filter()
            return
        self._use_typed()
        if not self.has_fault:
            self._leave_field()

    @on(FilterField.GivenUp)
    def give_filter_up(self) -> None:
        """Go back to the filter as it was when writing began."""
        with self.field.prevent(Input.Changed):
            self.field.value = self._before
        self._use_typed()
        self._leave_field()

    def _leave_field(self) -> None:
        self.proposals.forget()
        self.to_rows()

    @on(FilterField.Stepped)
    def step_through(self, event: FilterField.Stepped) -> None:
        """Look at another proposal; without any, the arrows do nothing."""
        self.proposals.step(event.step)

    @on(FilterField.Completed)
    @on(Proposals.Taken)
    def complete_filter(self) -> None:
        """Put the proposal into the text; without one, Tab goes on to the rows."""
        proposal = self.proposals.chosen()
        if proposal is None:
            self._use_typed()
            self._leave_field()
            return
        text, cursor = completed(self.field.value, proposal)
        self.field.value = text
        self.field.cursor_position = cursor
        self.field.focus()
        self.call_after_refresh(self._propose)

    @on(events.DescendantBlur, "#filter")
    def hide_proposals(self) -> None:
        """Propose nothing to whoever writes elsewhere."""
        self.proposals.forget()

    def action_filter(self) -> None:
        self._before = self._typed
        self.field.focus()
        self.field.cursor_position = len(self.field.value)


def _joined(what: str, hint: str) -> str:
    if not hint or what.endswith((":", "：")):
        return f"{what} {hint}".rstrip()
    return _("{what}. {hint}").format(what=what, hint=hint)
