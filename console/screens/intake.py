"""Intake: a case taken down while the customer speaks, with the promises it would get; what was typed survives a lost line."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields as fields_of
from datetime import tzinfo
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.dom import DOMNode
from textual.timer import Timer
from textual.widgets import Static

from console.actions import key_of
from console.clock import now
from console.i18n import _, ngettext
from console.labels import label
from console.screens.base import NAVIGATION, ConsoleScreen
from console.screens.verb_forms import coded, field_of
from console.services.customer_views import CustomerDetail, CustomerRow
from console.services.form_views import FormChoices, Intake, IntakePreview, TakenIn
from console.services.views import Choice
from console.widgets.bars import Bar
from console.widgets.bindings import bindings
from console.widgets.content import cut, due, line, moment, number
from console.widgets.form import Form, FormField
from console.widgets.reading import Block, Grid, Paragraph, Reading

DRAFT_PAUSE = 0.3
SEARCH_PAUSE = 0.15
SHORTEST_SEARCH = 2
KIND = "intake"
"""The kind under which its drafts are kept."""


LISTED = ("category", "impact", "urgency", "region", "area")
"""Fields whose lists come from the policy; one without a list is not shown."""


def intake_fields(values: Mapping[str, str]) -> list[FormField]:
    """Return the fields of the intake in the order in which one asks on the telephone; most lists are offered later."""

    def line_of(name: str, said: str = "", *, is_required: bool = False) -> FormField:
        return FormField(name, label(said or name, "given"), value=values.get(name, ""), is_required=is_required)

    def choice_of(
        name: str, choices: tuple[Choice, ...] = (), default: str = "", *, is_free: bool = False
    ) -> FormField:
        value = values.get(name, default)
        return FormField(name, label(name, "given"), "choice", value, choices=choices, is_free=is_free)

    caller = values.get("customer", "")
    return [
        FormField(
            "customer",
            label("customer", "given"),
            "choice",
            caller,
            hint=_("name, part of a name, number or telephone"),
            is_searched=True,
            nothing=_("Nobody was found; write the name under “{field}”.").format(field=label("complainant", "given")),
            choices=((caller, caller),) if caller else (),
        ),
        choice_of("account", is_free=True),
        line_of("contact"),
        line_of("subject", "summary", is_required=True),
        FormField("narrative", label("narrative", "given"), "text", values.get("narrative", ""), lines=5),
        choice_of("category"),
        choice_of("kind", coded("kind"), "complaint"),
        choice_of("channel", coded("channel"), "telephone"),
        choice_of("impact"),
        choice_of("urgency"),
        choice_of("region", is_free=True),
        choice_of("area"),
        line_of("location"),
        line_of("complainant"),
    ]


class IntakeScreen(ConsoleScreen):
    """Takes one case down. Returns what was made, or None."""

    context = "intake"
    unstoppable = frozenset({"save"})
    AUTO_FOCUS = None
    CSS_PATH = "styles/intake.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("intake"), *NAVIGATION]

    def __init__(self, key: str = "", values: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._key = key or secrets.token_hex(12)
        self._values = dict(values or {})
        self._is_taken_up = bool(values)
        self._keeping: Timer | None = None
        self._searching: Timer | None = None
        self._previewing: Timer | None = None
        self._preview: IntakePreview | None = None
        self._customers: dict[str, CustomerRow] = {}
        self._caller = ""
        self._is_nobody = False
        self._is_saved = False
        self._is_ready = False

    def compose_body(self) -> ComposeResult:
        """Lay out form and promises."""
        yield Static(line(_("New case")), id="page-title")
        with Container(id="intake"):
            yield Form(intake_fields(self._values))
            yield Reading("promises")
        yield Bar("status")

    def begin(self) -> None:
        """Ask what there is to choose from."""
        self.ask("choices", lambda data: data.form_choices())

    def nodes(self) -> Iterator[tuple[str, DOMNode]]:
        """Yield the form's actions before the screen's own."""
        yield "form", self.form
        yield from super().nodes()

    def keys(self) -> list[tuple[str, str, str]]:
        """Return the keys that act while one types."""
        return [key for key in ConsoleScreen.keys(self) if key[0].partition(".")[0] in ("form", "intake")]

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    def answered(self, group: str, answer: object) -> None:
        """Fill the lists, show the promises, or end with the case that was made."""
        if isinstance(answer, FormChoices):
            self._offer(answer)
        elif isinstance(answer, IntakePreview):
            self._preview = answer
            self._show_promises()
        elif isinstance(answer, CustomerDetail):
            self._offer_accounts(answer)
        elif isinstance(answer, TakenIn):
            self._is_saved = True
            self.console.drafts.remove(self.console.database_name, KIND, self._key)
            self.dismiss(answer)
        elif group == "customers":
            self._offer_customers(cast("Sequence[CustomerRow]", answer))

    def _offer(self, choices: FormChoices) -> None:
        """Fill the lists; what the policy has no list for is not asked, but for the region, which may be written."""
        for name in LISTED:
            found = field_of(name, choices)
            row = self.form.row(name)
            listed = found.choices if found is not None else ()
            row.offer(listed)
            row.display = bool(listed) or name == "region"

    @on(Form.Ready)
    def start(self) -> None:
        """Go to the caller, or on where it was broken off."""
        if self._is_taken_up:
            self._say(_("This is what you had typed before; it was kept."))
            if self._values.get("customer"):
                self._ask_customers(self._values["customer"])
            self.form.focus_first()
        else:
            self.form.row("customer").editor.focus()
        self._ask_preview()
        self.renew_keys()
        self._is_ready = True
        self.call_after_refresh(self.console.give_keys)

    @property
    def is_opening(self) -> bool:
        """Whether the form is not there yet."""
        return not self._is_ready

    def _say(self, text: str) -> None:
        self.query_one("#status", Bar).show([("", text, "$warning")])

    # While one types

    @on(Form.Changed)
    def follow(self, event: Form.Changed) -> None:
        """Keep a draft, and let the promises follow."""
        if self._keeping is None:
            self._keeping = self.set_timer(DRAFT_PAUSE, self.keep_draft)
        if self._previewing is None:
            self._previewing = self.set_timer(DRAFT_PAUSE, self._ask_preview)
        if event.name == "customer":
            self._follow_customer()

    def keep_draft(self) -> None:
        """Keep what was typed now."""
        if self._keeping is not None:
            self._keeping.stop()
            self._keeping = None
        if self._is_saved:
            return
        typed = self.form.typed
        if set(typed) <= {"kind", "channel"}:
            typed = {}
        self.console.drafts.keep(self.console.database_name, KIND, self._key, typed)

    def intake(self) -> Intake:
        """Return what is known of the case so far."""
        values = self.form.values
        known = {item.name for item in fields_of(Intake)}
        return Intake(**{name: value for name, value in values.items() if name in known})

    def _ask_preview(self) -> None:
        self._previewing = None
        new = self.intake()
        self.ask("preview", lambda data: data.intake_preview(new))

    @on(Form.Searched)
    def search(self, event: Form.Searched) -> None:
        """Look for the caller once the fingers rest."""
        text = event.text.strip()
        self._is_nobody = False
        if self._searching is not None:
            self._searching.stop()
        if len(text) >= SHORTEST_SEARCH or (text and not text.isascii()):
            self._searching = self.set_timer(SEARCH_PAUSE, lambda: self._ask_customers(text))

    def _ask_customers(self, text: str) -> None:
        self.ask("customers", lambda data: data.customers(text))

    def _offer_customers(self, rows: Sequence[CustomerRow]) -> None:
        self._is_nobody = not rows
        self._customers.update({row.number: row for row in rows})
        row = self.form.row("customer")
        row.offer(
            tuple(
                (
                    item.number,
                    "  ".join(part for part in (item.name, item.number, item.phone_masked, item.region) if part),
                )
                for item in rows
            )
        )

    def _follow_customer(self) -> None:
        caller = self.form.values.get("customer", "")
        if self._caller not in ("", caller):
            self._forget_account()
        self._caller = caller
        found = self._customers.get(caller)
        if found is not None:
            customer_id = found.id
            self.ask("customer", lambda data: data.customer(customer_id))

    def _forget_account(self) -> None:
        """Take away the accounts of the caller before: a case must not go to a meter of somebody else."""
        row = self.form.row("account")
        is_of_caller = row.has_choice(row.value)
        row.offer(())
        if is_of_caller:
            row.put("")

    def _offer_accounts(self, detail: CustomerDetail) -> None:
        if detail.row.number != self.form.values.get("customer", ""):
            return  # another caller was chosen meanwhile
        accounts = tuple(
            (item.number, "  ".join(part for part in (item.number, item.address) if part)) for item in detail.accounts
        )
        row = self.form.row("account")
        row.offer(accounts)
        if len(accounts) == 1 and not row.value:
            row.put(accounts[0][0])
        open_cases = detail.row.open_cases
        if open_cases:
            text = ngettext("{name}: {count} open case", "{name}: {count} open cases", open_cases)
            self._say(text.format(name=detail.row.name, count=number(open_cases)))

    def _show_promises(self) -> None:
        if self._preview is not None:
            blocks = promise_blocks(self._preview, self.console.zone)
            self.query_one("#promises", Reading).show(blocks, keep=True)

    # Saving and leaving

    @on(Form.Saved)
    def save(self) -> None:
        """Make the case; under its key it is made once, however often one tries."""
        if self.is_asking("save"):
            return
        self.keep_draft()
        new, key = self.intake(), self._key
        self._say(_("Saving…"))
        self.ask("save", lambda data: data.take_in(new, key=key))

    def failed(self, group: str, error: Exception) -> None:
        """Tell; what was typed stays in the form and in the draft."""
        if group == "save":
            self._say(_("Not saved; nothing of what you typed is lost."))
        if group != "preview":
            super().failed(group, error)

    @on(Form.Refused)
    def say_refusal(self, event: Form.Refused) -> None:
        """Say which field stands against saving; a caller whom nobody knows is written where he needs not be known."""
        caller = self.form.row("customer")
        typed = caller.typed.strip()
        place = self.form.row("complainant" if any(map(str.isalpha, typed)) else "contact")
        if self._is_nobody and typed and not place.typed.strip():
            place.put(typed)
            caller.put("")
            told = _("“{name}” is no customer known here and stands under “{field}” now; {key} saves.")
            self._say(told.format(name=cut(typed, 20), field=place.field.label, key=key_of("form.save")))
            return
        self._say(_("Look at: {field}").format(field=event.label))

    @on(Form.Left)
    def leave(self) -> None:
        """Leave; the draft stays and is offered again."""
        self.action_back()

    def action_back(self) -> None:
        self.keep_draft()
        self.dismiss(None)

    def action_discard(self) -> None:
        self._is_saved = True
        self.console.drafts.remove(self.console.database_name, KIND, self._key)
        self.dismiss(None)


def promise_blocks(preview: IntakePreview, zone: tzinfo) -> list[Block]:
    """Return the severity, the promises with their due times, and what the intake still wants."""
    said = [f"{_('Severity')}: {preview.severity} {label(preview.severity, 'severity')}"]
    if preview.missing:
        names = _(", ").join(label(name, "given") for name in preview.missing)
        said.append(_("The intake still wants: {names}.").format(names=names))
    blocks: list[Block] = [Paragraph("   ".join(said), "overdue" if preview.severity >= 4 else "")]
    rows = tuple(
        (label(promise.name, "clock"), due(promise.due_at, now()), moment(promise.due_at, zone))
        for promise in preview.promises
        if promise.due_at is not None
    )
    if rows:
        blocks.append(Grid((_("Promise"), _("Stands"), _("Due")), rows))
    later = [label(promise.name, "clock") for promise in preview.promises if promise.due_at is None]
    if later:
        blocks.append(Paragraph(_("Beginning later: {names}.").format(names=_(", ").join(later)), "quiet"))
    return blocks
