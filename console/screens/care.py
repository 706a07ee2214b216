"""The work lists of customer care: dossiers to complete, doubles, calls, campaigns, callbacks, visits."""

from __future__ import annotations

import uuid
from array import array
from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from console.i18n import N_, _, ngettext
from console.labels import label
from console.screens.base import NAVIGATION
from console.screens.care_forms import (
    ask_contact,
    call_fields,
    callback_fields,
    campaign_fields,
    double_fields,
    visit_fields,
)
from console.screens.care_questions import CareQuestions
from console.screens.data import DataAccess
from console.screens.dialogs import Confirm
from console.screens.form_work import DOING, FormWork, Values
from console.services.care_views import WorkLine
from console.services.views import ActionResult
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.content import Piece, number
from console.widgets.window_table import Column, WindowTable

LISTS: tuple[tuple[str, str], ...] = (
    ("complete", N_("Dossiers to complete")),
    ("doubles", N_("Probable doubles")),
    ("calls", N_("Calls of campaigns")),
    ("campaigns", N_("Campaigns")),
    ("callbacks", N_("Callbacks")),
    ("visits", N_("Visits due")),
)
EMPTY: Mapping[str, str] = {
    "complete": N_("Every dossier is complete and verified."),
    "doubles": N_("No two customers look alike."),
    "calls": N_("No campaign is under way. n begins one."),
    "campaigns": N_("No campaign is under way. n begins one."),
    "callbacks": N_("Nobody is to be called back."),
    "visits": N_("No visit is due."),
}
CLOSING = "closing"
"""The group of the question that closes a campaign."""
NOTES = {"complete": "lacking", "doubles": "likeness", "calls": "contact"}
"""What the codes in the notes of a list are called by: the group of their labels."""


def note(row: WorkLine) -> str:
    """Return what a line says: what is missing, why two are alike, what to say, when the last visit was."""
    told = ", ".join(label(code, NOTES[row.kind]) for code in row.notes) if row.kind in NOTES else ""
    if row.kind == "campaigns":
        return progress(row)
    if row.kind == "visits":
        return _("last visit {day}").format(day=row.said) if row.said else _("never visited")
    return "  ".join(part for part in (row.said, told) if part)


def progress(row: WorkLine) -> str:
    """Return how far a campaign has come."""
    listed, done, reached, refused, dropped = map(int, row.notes)
    parts = [
        _("{done} of {listed} done").format(done=number(done), listed=number(listed)),
        _("{count} reached").format(count=number(reached)) if reached else "",
        _("{count} refused").format(count=number(refused)) if refused else "",
        _("{count} given up").format(count=number(dropped)) if dropped else "",
    ]
    return _(", ").join(part for part in parts if part)


COLUMNS: tuple[Column[WorkLine], ...] = (
    Column("number", N_("Number"), 11, lambda row: Piece(row.customer), rank=6),
    Column("name", N_("Name"), 16, lambda row: Piece(row.name), rank=7),
    Column("about", N_("For"), 12, lambda row: Piece(row.about), rank=5),
    Column("note", N_("What"), 0, lambda row: Piece(note(row))),
    Column("phone", N_("Telephone"), 12, lambda row: Piece(row.phone_masked), rank=3),
    Column("due", N_("Due"), 10, lambda row: Piece(row.due_on.isoformat() if row.due_on else ""), rank=4),
    Column("manager", N_("Manager"), 10, lambda row: Piece(row.manager), rank=1),
)


LACKING: Mapping[str, frozenset[str]] = {
    "complete": frozenset({"about", "phone", "due", "manager"}),
    "doubles": frozenset({"due", "manager"}),
    "calls": frozenset({"manager"}),
    "campaigns": frozenset({"number", "phone"}),
    "callbacks": frozenset({"manager"}),
    "visits": frozenset({"about", "phone"}),
}
"""The columns for which a list has nothing."""


def columns_of(kind: str) -> tuple[Column[WorkLine], ...]:
    """Return the columns of a list."""
    return tuple(column for column in COLUMNS if column.id not in LACKING.get(kind, frozenset()))


class CareScreen(FormWork):
    """One work list at a time; the brackets go from one to the next, a form does the line under the cursor."""

    context = "care"
    unstoppable: ClassVar[frozenset[str]] = frozenset({DOING, CLOSING})
    AUTO_FOCUS = "#table"
    CSS_PATH = "styles/care.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("care"), *NAVIGATION]

    def __init__(self, kind: str = "complete") -> None:
        super().__init__()
        self._kind = kind
        self._shown = ""
        self._rows: dict[int, WorkLine] = {}

    def compose_body(self) -> ComposeResult:
        """Lay out the names of the lists, the list, and the status."""
        yield Bar("lists")
        yield WindowTable[WorkLine](columns_of(self._kind), widget_id="table")
        yield Bar("status")

    @property
    def table(self) -> WindowTable[WorkLine]:
        """The list."""
        return cast("WindowTable[WorkLine]", self.query_one("#table", WindowTable))

    @property
    def is_opening(self) -> bool:
        """Whether the list that was gone to is not there yet."""
        return self.is_asking("list") and self._kind != self._shown

    def begin(self) -> None:
        """Ask for the list."""
        self.renew()

    def renew(self) -> None:
        """Ask again for the list that is shown."""
        self._show_lists()
        kind = self._kind
        self.ask("list", lambda data: (kind, data.part(CareQuestions).work_list(kind)))

    def _show_lists(self) -> None:
        parts = [
            (kind, f"[{_(name)}]", "accent") if kind == self._kind else (kind, _(name), "") for kind, name in LISTS
        ]
        self.query_one("#lists", Bar).show(parts, current=self._kind)

    @on(Bar.PartChosen)
    def choose_list(self, event: Bar.PartChosen) -> None:
        """Go to the list that was clicked."""
        if event.bar.id == "lists":
            event.stop()
            self._go_to(event.part)

    def _go_to(self, kind: str) -> None:
        self._kind = kind
        self.renew()

    def answered(self, group: str, answer: object) -> None:
        """Show the list, or what was done."""
        if group == "list":
            kind, rows = cast("tuple[str, Sequence[WorkLine]]", answer)
            self._take_rows(kind, rows)
            self.call_after_refresh(self.console.give_keys)
        elif group == DOING:
            self._tell(answer)
            self.renew()
        elif group == CLOSING:
            campaign, left = cast("tuple[str, int]", answer)
            text = ngettext(
                "{number} is closed; {count} customer was not contacted.",
                "{number} is closed; {count} customers were not contacted.",
                left,
            )
            self.console.say(text.format(number=campaign, count=number(left)))
            self.renew()
        elif group == "verified":
            self.console.say(_("{number} is verified.").format(number=answer))
            self.renew()

    def failed(self, group: str, error: Exception) -> None:
        """Tell; keys that were meant for the lines are forgotten."""
        if group == "list":
            self.console.drop_keys()
        super().failed(group, error)

    def _tell(self, answer: object) -> None:
        if isinstance(answer, ActionResult) and answer.skipped:
            reference, why = answer.skipped[0]
            self.console.say(f"{reference}: {why}")
        elif isinstance(answer, tuple):
            name, count = answer
            text = ngettext("{name}: {count} customer to contact", "{name}: {count} customers to contact", count)
            self.console.say(text.format(name=name, count=number(count)))
        else:
            self.console.say(self.said())

    def _take_rows(self, kind: str, rows: Sequence[WorkLine]) -> None:
        # Lines are numbered anew: the cursor stays at its place, where the next line to be done now stands.
        place = self.table.cursor if kind == self._shown else 0
        if kind != self._shown:
            self.table.set_columns(columns_of(kind))
        self._shown = kind
        self._rows = {row.id: row for row in rows}
        self.table.empty = _(EMPTY[kind])
        self.table.show(array("q", self._rows))
        self.table.move_to(place)
        text = ngettext("{count} line", "{count} lines", len(rows)).format(count=number(len(rows)))
        self.query_one("#status", Bar).show([("", text, "")])

    @on(WindowTable.PageWanted)
    def put_page(self, event: WindowTable.PageWanted) -> None:
        """Give the rows that came with the answer."""
        self.table.put_page(event, self._rows)

    @on(WindowTable.RowOpened)
    def do_opened(self) -> None:
        """Do the line that was opened."""
        self.action_do()

    def action_next_list(self) -> None:
        self._step(1)

    def action_previous_list(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        kinds = [kind for kind, _name in LISTS]
        self._go_to(kinds[(kinds.index(self._kind) + step) % len(kinds)])

    def action_refresh(self) -> None:
        self.renew()

    def action_back(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            self.console.copy(row.customer or row.about)

    # Doing

    def action_do(self) -> None:
        row = self.table.cursor_row
        if row is None:
            self.console.say(self.table.empty)
        else:
            getattr(self, f"_do_{row.kind}")(row)

    def _do_complete(self, row: WorkLine) -> None:
        missing = [code for code in row.notes if code != "verification"]
        if missing:
            lacking = ", ".join(label(code, "lacking") for code in missing)
            self.console.say(_("{number} lacks: {what}").format(number=row.customer, what=lacking))
            return

        def take(is_sure: bool | None) -> None:
            if is_sure:
                self.ask("verified", lambda data: data.part(CareQuestions).verify(row.customer))

        question = _("Were the facts of this dossier seen to be true?")
        self.console.push_screen(Confirm(question, [f"{row.customer}  {row.name}"], 1), take)

    def _do_doubles(self, row: WorkLine) -> None:
        self.fill(
            _("One customer or two?"),
            ", ".join(label(code, "likeness") for code in row.notes),
            double_fields(row),
            lambda data, values: data.part(CareQuestions).judge(row.customer, row.about, values),
            _("{number} and {other} are judged.").format(number=row.customer, other=row.about),
        )

    def _do_calls(self, row: WorkLine) -> None:
        self.fill(
            f"{row.about}  {row.customer}  {row.name}",
            row.said,
            call_fields(),
            lambda data, values: data.part(CareQuestions).record_call(row.about, row.customer, values),
            _("{number}: recorded.").format(number=row.customer),
        )

    def _do_campaigns(self, row: WorkLine) -> None:
        def take(is_sure: bool | None) -> None:
            if is_sure:
                self.ask(CLOSING, lambda data: data.part(CareQuestions).close_campaign(row.about))

        question = _("Close this campaign? Nobody more is contacted for it.")
        self.console.push_screen(Confirm(question, [f"{row.about}  {row.name}"], 1, [progress(row)]), take)

    def _do_callbacks(self, row: WorkLine) -> None:
        key = uuid.uuid4().hex

        def act(data: DataAccess, values: Values) -> object:
            given = {name: value for name, value in values.items() if value and (name, value) != ("reached", "yes")}
            return data.perform(
                "callback",
                [row.case_id],
                given,
                key=key,
                versions={row.case_id: row.version},
                progress=lambda _done, _total: True,
            )

        done = _("{number}: recorded.").format(number=row.about)
        self.fill(f"{row.about}  {row.name}", row.said, callback_fields(), act, done)

    def _do_visits(self, row: WorkLine) -> None:
        self.fill(
            _("Visit to {number} {name}").format(number=row.customer, name=row.name),
            note(row),
            visit_fields(),
            lambda data, values: data.part(CareQuestions).visited(row.customer, values),
            _("{number}: recorded.").format(number=row.customer),
        )

    def action_contact(self) -> None:
        row = self.table.cursor_row
        if row is not None and row.customer:
            ask_contact(self, row.customer, row.name)

    def action_new(self) -> None:
        self.fill(
            _("New campaign"),
            "",
            campaign_fields(),
            lambda data, values: data.part(CareQuestions).begin_campaign(values),
            "",
        )
