"""The one form of all dialogs: labelled fields, checked as one types, walked through with Enter and Tab, saved with F2."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.css.query import NoMatches
from textual.message import Message
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from console.i18n import _
from console.widgets.bindings import bindings
from console.widgets.content import fit, line
from console.widgets.narrowing import narrowed

Kind = Literal["line", "text", "choice", "date", "amount", "person"]
WIDEST_LABEL = 22
LISTED = 200
"""The most entries of a long list that are drawn; who looks for one types more of it."""

AMOUNT = re.compile(r"\d{1,7}([.]\d{1,2})?")
BEGINNINGS = {"amount": re.compile(r"\d{1,7}([.]\d{0,2})?"), "date": re.compile(r"\d{1,4}|\d{4}-(\d{0,2}|\d\d-\d?)")}
"""What may still become an amount or a day."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form.

    ``choices`` are (code, name): a choice holds a code and shows its name. ``is_free`` lets one write what no list has;
    ``is_searched`` asks others for the list while one types. ``check`` returns what is wrong with a value, or nothing;
    ``nothing`` is said of words that no entry of the list fits.
    """

    name: str
    label: str
    kind: Kind = "line"
    value: str = ""
    is_required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    is_free: bool = False
    is_searched: bool = False
    lines: int = 4
    check: Callable[[str], str] | None = None
    nothing: str = ""


def yes_no() -> tuple[tuple[str, str], ...]:
    """Return the two answers of a question as choices."""
    return ("yes", _("yes")), ("no", _("no"))


def filled(fields: Sequence[FormField]) -> dict[str, str]:
    """Return what stands in fields before anybody writes, by name; empty ones are left out."""
    return {field.name: field.value for field in fields if field.value.strip()}


def fault_in(field: FormField, value: str) -> str:
    """Return what is wrong with the value of a field, in words, or nothing."""
    if not value.strip():
        return _("This has to be filled in.") if field.is_required else ""
    if field.kind == "date" and not _is_day(value.strip()):
        return _("Write the day as 2026-11-30.")
    if field.kind == "amount" and not AMOUNT.fullmatch(value.strip()):
        return _("Write the amount as 12.50.")
    return field.check(value) if field.check is not None else ""


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2026-11-30")


class FormInput(Input):
    """A line of a form: compact, its cursor does not blink, which would hide a dead connection."""

    def __init__(self, value: str, *, placeholder: str = "", selects: bool = False) -> None:
        super().__init__(value, placeholder=placeholder, compact=True, select_on_focus=selects)
        self.cursor_blink = False


class FormText(TextArea):
    """Several lines of a form; Tab leaves it, so that a hand never has to leave the keys."""

    def __init__(self, value: str) -> None:
        super().__init__(value, compact=True, tab_behavior="focus", highlight_cursor_line=False)
        self.cursor_blink = False


class FieldRow(Vertical):
    """One field with its label before it, and below it what is wrong with what stands in it."""

    class Changed(Message):
        """What stands in the field is another."""

        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

    class Searched(Message):
        """The list for what was typed is wanted."""

        def __init__(self, row: FieldRow, text: str) -> None:
            super().__init__()
            self.row = row
            self.text = text

    class Finished(Message):
        """Enter was pressed: on to the next field."""

        def __init__(self, row: FieldRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, field: FormField, label_cells: int) -> None:
        super().__init__(classes="field-row")
        self.field = field
        self._label_cells = label_cells
        self._choices = field.choices
        self._code = field.value
        self._is_touched = False
        self._shown: list[str] = []

    def compose(self) -> ComposeResult:
        """Lay out label, editor, list and complaint."""
        field = self.field
        with Horizontal(classes="field-line"):
            sign = "*" if field.is_required else " "
            label = fit(field.label, self._label_cells)
            yield Static(line(f"{label}{sign} "), classes="field-label")
            if field.kind == "text":
                area = FormText(field.value)
                area.styles.height = field.lines
                yield area
            else:
                is_choice = field.kind == "choice"
                yield FormInput(
                    self._named(field.value) if is_choice else field.value, placeholder=field.hint, selects=is_choice
                )
        if field.kind == "choice":
            yield OptionList(classes="field-list", markup=False)
        yield Static(classes="field-fault")

    def on_mount(self) -> None:
        """Set the label's width, and what stands under the field apart from it."""
        width = self._label_cells + 2
        self.query_one(".field-label").styles.width = width
        for name in (".field-list", ".field-fault"):
            for widget in self.query(name):
                widget.styles.margin = (0, 0, 0, width)
                widget.display = False
        for options in self.query(OptionList):
            options.can_focus = False

    # What stands in it

    def _named(self, code: str) -> str:
        return next((name or known for known, name in self._choices if known == code), code)

    def has_choice(self, code: str) -> bool:
        """Return whether a code is one of the list."""
        return any(known == code for known, _name in self._choices)

    @property
    def editor(self) -> FormInput | FormText:
        """What is written in."""
        return self.query_one(FormText) if self.field.kind == "text" else self.query_one(FormInput)

    @property
    def typed(self) -> str:
        """What is written there, whether it means something or not."""
        editor = self.editor
        return editor.text if isinstance(editor, FormText) else editor.value

    @property
    def value(self) -> str:
        """What the field holds: the code of a choice, the text of anything else."""
        if self.field.kind != "choice":
            return self.typed.strip()
        typed = self.typed.strip()
        if not typed:
            return ""
        if self._code and typed == self._named(self._code).strip():
            return self._code
        return self._code_of(typed)

    def _code_of(self, typed: str) -> str:
        for code, name in self._choices:
            if typed in (code, name.strip()):
                return code
        found = self._found(typed)
        return found[0][0] if len(found) == 1 and not self.field.is_free else typed if self.field.is_free else ""

    def _found(self, typed: str) -> list[tuple[str, str]]:
        if self.field.is_searched:
            return list(self._choices)
        return narrowed(self._choices, typed, lambda choice: (choice[1] or choice[0], choice[0]))

    @property
    def fault(self) -> str:
        """What is wrong with it, or nothing."""
        value = self.value
        if self.field.kind == "choice" and self.typed.strip() and not value:
            return self.field.nothing or _("Choose one of the list.")
        return fault_in(self.field, value)

    @property
    def hopeless(self) -> str:
        """What is wrong with it already while it is being typed, because no more letters can make it right; or nothing."""
        typed = self.typed.strip()
        begins = BEGINNINGS.get(self.field.kind)
        if not typed or (begins is not None and begins.fullmatch(typed)):
            return ""
        if self.field.kind == "choice":
            is_open = self.field.is_free or self.field.is_searched or not self._choices
            return "" if is_open or self._found(typed) else self.fault
        return self.fault if begins is not None else ""

    def show_fault(self, *, is_touched: bool | None = None) -> None:
        """Show what is wrong below the field, once somebody has been in it."""
        if is_touched is not None:
            self._is_touched = is_touched
        fault = self.fault if self._is_touched else self.hopeless
        for widget in self.query(".field-fault").results(Static):
            widget.display = bool(fault)
            widget.update(line(f"^ {fault}") if fault else line(""))

    def put(self, value: str) -> None:
        """Write a value into the field."""
        self._code = value
        editor = self.editor
        if isinstance(editor, FormText):
            editor.text = value
        else:
            with editor.prevent(Input.Changed):
                editor.value = self._named(value) if self.field.kind == "choice" else value
                editor.cursor_position = len(editor.value)
        self.post_message(self.Changed(self))

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Put another list behind a choice."""
        self._choices = tuple(choices)
        if self.editor.has_focus:
            if self._is_listing or self.field.is_searched:
                self._list()
        else:
            self._settle()

    def _settle(self) -> None:
        """Take what can only be meant by the words written."""
        value = self.value
        if value and self.typed != self._named(value):
            self.put(value)
        self.show_fault()

    # The list of a choice

    @property
    def _is_listing(self) -> bool:
        return any(options.display for options in self.query(OptionList))

    def _list(self, *, is_all: bool = False) -> None:
        for options in self.query(OptionList):
            found = self._found("" if is_all else self.typed)[:LISTED]
            self._shown = [code for code, _name in found]
            options.clear_options()
            options.add_options([Option(line(name or code)) for code, name in found])
            options.display = bool(found)
            if found:
                options.highlighted = self._shown.index(self._code) if self._code in self._shown else 0
                self.call_after_refresh(self.scroll_visible, animate=False)

    def _close(self) -> None:
        for options in self.query(OptionList):
            options.display = False

    def _take(self) -> None:
        for options in self.query(OptionList):
            if options.display and options.highlighted is not None and options.highlighted < len(self._shown):
                self.put(self._shown[options.highlighted])
        self._close()

    @on(OptionList.OptionSelected)
    def take_clicked(self, event: OptionList.OptionSelected) -> None:
        """Take the entry clicked."""
        event.stop()
        self._take()

    @on(Input.Changed)
    def follow_line(self, event: Input.Changed) -> None:
        """Check, narrow the list, tell."""
        event.stop()
        if self.field.kind == "choice":
            if self.field.is_searched:
                self.post_message(self.Searched(self, event.value))
            if event.input.has_focus:
                self._list()
        self.show_fault()
        self.post_message(self.Changed(self))

    @on(TextArea.Changed)
    def follow_text(self, event: TextArea.Changed) -> None:
        """Check and tell."""
        event.stop()
        self.show_fault()
        self.post_message(self.Changed(self))

    @on(Input.Submitted)
    def go_on(self, event: Input.Submitted) -> None:
        """Take what is highlighted in the list, and go to the next field."""
        event.stop()
        is_chosen = bool(self.value) and self.value == self._code
        is_meant = bool(self.typed.strip()) or self.field.is_required
        if self._is_listing and is_meant and not is_chosen and not self.field.is_free:
            self._take()
        self._close()
        self.show_fault(is_touched=True)
        self.post_message(self.Finished(self))

    def on_key(self, event: events.Key) -> None:
        """Move through the list while the line keeps the focus."""
        if self.field.kind != "choice" or event.key not in ("down", "up", "pagedown", "pageup"):
            return
        event.stop()
        event.prevent_default()
        options = self.query_one(OptionList)
        if not options.display:
            self._list(is_all=True)
            return
        names = {"down": "cursor_down", "up": "cursor_up", "pagedown": "page_down", "pageup": "page_up"}
        getattr(options, f"action_{names[event.key]}")()
        if options.highlighted is not None and options.highlighted < len(self._shown):
            self._code = self._shown[options.highlighted]
            editor = self.query_one(FormInput)
            with editor.prevent(Input.Changed):
                editor.value = self._named(self._code)
                editor.cursor_position = len(editor.value)
            self.post_message(self.Changed(self))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the list of a choice."""
        if self.field.kind == "choice" and not self._is_listing:
            self._list(is_all=True)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Take what can only be meant, and say what is wrong."""
        if self.field.kind == "choice":
            self._settle()
            self._close()
        self.show_fault(is_touched=True)


class Form(VerticalScroll, can_focus=False):
    """Fields one below the other. ``saves_on_enter`` lets Enter on the last field save."""

    DEFAULT_CSS = """
    Form { height: auto; scrollbar-size: 1 1; background: $panel; }
    Form FieldRow { height: auto; }
    Form .field-line { height: auto; }
    Form .field-label { height: 1; color: $quiet; }
    Form FieldRow:focus-within .field-label { color: $accent; }
    Form FormInput, Form FormInput:focus {
        width: 1fr; height: 1; background: $surface; color: $foreground; border: none; padding: 0;
    }
    Form FormText, Form FormText:focus { width: 1fr; background: $surface; color: $foreground; border: none; padding: 0; }
    Form FormInput:focus, Form FormText:focus { background-tint: $foreground 8%; }
    Form FormText { scrollbar-size: 1 1; }
    Form .field-list, Form .field-list:focus {
        height: auto; max-height: 6; border: none; padding: 0; background: $surface; scrollbar-size: 1 1;
    }
    Form .field-fault { height: 1; color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("form")]

    class Ready(Message):
        """The fields are there."""

        def __init__(self, form: Form) -> None:
            super().__init__()
            self.form = form

    class Changed(Message):
        """What stands in the form is another."""

        def __init__(self, form: Form, name: str) -> None:
            super().__init__()
            self.form = form
            self.name = name

    class Searched(Message):
        """The list of a field is wanted for what was typed."""

        def __init__(self, form: Form, name: str, text: str) -> None:
            super().__init__()
            self.form = form
            self.name = name
            self.text = text

    class Saved(Message):
        """The form is complete, and wanted."""

        def __init__(self, form: Form, values: dict[str, str]) -> None:
            super().__init__()
            self.form = form
            self.values = values

    class Refused(Message):
        """The form was wanted and is not complete; the field named is to be mended."""

        def __init__(self, form: Form, label: str) -> None:
            super().__init__()
            self.form = form
            self.label = label

    class Left(Message):
        """The form is not wanted now."""

        def __init__(self, form: Form) -> None:
            super().__init__()
            self.form = form

    def __init__(self, fields: Sequence[FormField], *, saves_on_enter: bool = True, widget_id: str = "form") -> None:
        super().__init__(id=widget_id)
        self._fields = tuple(fields)
        self._saves_on_enter = saves_on_enter

    def compose(self) -> ComposeResult:
        """Lay out the fields, their labels as wide as the widest."""
        cells = min(WIDEST_LABEL, max((cell_len(field.label) for field in self._fields), default=0))
        for field in self._fields:
            yield FieldRow(field, cells)

    def on_mount(self) -> None:
        """Tell that the fields are there."""
        self.post_message(self.Ready(self))

    @property
    def rows(self) -> list[FieldRow]:
        """The fields that are asked, in their order."""
        return [row for row in self.query(FieldRow) if row.display]

    def row(self, name: str) -> FieldRow:
        """Return the field with a name. Raises NoMatches where there is none."""
        for row in self.query(FieldRow):
            if row.field.name == name:
                return row
        raise NoMatches(f"no field {name}")

    @property
    def values(self) -> dict[str, str]:
        """What the fields hold, by name; empty ones are left out."""
        return {row.field.name: row.value for row in self.rows if row.value}

    @property
    def typed(self) -> dict[str, str]:
        """What is written in the fields, by name, to be kept as a draft."""
        return {row.field.name: row.value or row.typed for row in self.rows if row.typed.strip()}

    def put(self, values: Mapping[str, str]) -> None:
        """Write values into fields; those of other fields are left alone."""
        for row in self.rows:
            if row.field.name in values:
                row.put(values[row.field.name])

    def focus_first(self) -> None:
        """Go to the first field that wants something, or else to the first."""
        rows = self.rows
        wanting = [row for row in rows if row.field.is_required and not row.value]
        for row in (wanting or rows)[:1]:
            row.editor.focus()

    def _step(self, row: FieldRow) -> None:
        rows = self.rows
        index = rows.index(row)
        if index + 1 < len(rows):
            rows[index + 1].editor.focus()
        elif self._saves_on_enter:
            self.action_save()
        else:
            self.post_message(self.Refused(self, ""))

    @on(FieldRow.Changed)
    def tell_change(self, event: FieldRow.Changed) -> None:
        """Tell that something was written."""
        event.stop()
        self.post_message(self.Changed(self, event.row.field.name))

    @on(FieldRow.Searched)
    def tell_search(self, event: FieldRow.Searched) -> None:
        """Tell what is looked for."""
        event.stop()
        self.post_message(self.Searched(self, event.row.field.name, event.text))

    @on(FieldRow.Finished)
    def go_on(self, event: FieldRow.Finished) -> None:
        """Go to the next field, or save."""
        event.stop()
        self._step(event.row)

    def action_save(self) -> None:
        faulty = None
        for row in self.rows:
            row.show_fault(is_touched=True)
            if faulty is None and row.fault:
                faulty = row
        if faulty is not None:
            faulty.editor.focus()
            faulty.scroll_visible(animate=False)
            self.post_message(self.Refused(self, faulty.field.label))
            return
        self.post_message(self.Saved(self, self.values))

    def action_leave(self) -> None:
        self.post_message(self.Left(self))
