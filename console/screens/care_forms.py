"""The forms of customer care: a contact, the outcome of a call, a callback, a double, a visit, a campaign."""

from __future__ import annotations

import uuid

from console.i18n import _
from console.labels import label
from console.screens.care_questions import CareQuestions
from console.screens.form_work import FormWork
from console.screens.verb_forms import coded
from console.services.care_views import WorkLine
from console.widgets.form import FormField, yes_no

MOST_REST = 3650
TWO = "two"
"""The answer that two customers who look alike are two."""


def contact_fields(purpose: str = "service") -> list[FormField]:
    """Return the fields of a contact."""
    return [
        FormField("content", _("What was said"), "text", is_required=True, lines=4),
        FormField("direction", _("Direction"), "choice", "out", is_required=True, choices=coded("direction")),
        FormField("channel", _("Channel"), "choice", "telephone", is_required=True, choices=coded("channel")),
        FormField("purpose", _("Purpose"), "choice", purpose, is_required=True, choices=coded("purpose")),
        FormField("outcome", _("Outcome"), "choice", choices=coded("contact")),
        FormField("place", _("Place")),
        FormField("cost", _("Cost"), "amount", hint="12.50"),
        FormField("currency", _("Currency"), hint="CNY"),
    ]


def ask_contact(screen: FormWork, number: str, name: str) -> None:
    """Let a contact with a customer be written down, once however often it is sent."""
    key = uuid.uuid4().hex
    screen.fill(
        _("Contact with {number} {name}").format(number=number, name=name),
        "",
        contact_fields(),
        lambda data, values: data.part(CareQuestions).log_contact(number, values, key),
        _("{number}: recorded.").format(number=number),
    )


def call_fields() -> list[FormField]:
    """Return the fields of the outcome of a campaign's call."""
    return [
        FormField("outcome", _("Outcome"), "choice", is_required=True, choices=coded("contact")),
        FormField("content", _("What was said"), "text", lines=4),
    ]


def callback_fields() -> list[FormField]:
    """Return the fields of a callback: what the customer says of the reply."""
    return [
        FormField("reached", label("reached", "given"), "choice", "yes", choices=yes_no()),
        FormField("opinion", label("opinion", "given"), "choice", choices=coded("opinion")),
        FormField("opinion_reason", label("opinion_reason", "given"), "text", lines=2),
    ]


def double_fields(row: WorkLine) -> list[FormField]:
    """Return the fields of a judgement on two customers who look alike."""
    choices = (
        (row.customer, _("{number} {name} goes on").format(number=row.customer, name=row.name)),
        (row.about, _("{number} {name} goes on").format(number=row.about, name=row.said)),
        (TWO, _("they are two customers")),
    )
    return [
        FormField("goes_on", _("Judgement"), "choice", is_required=True, choices=choices),
        FormField("reason", label("reason", "given")),
    ]


def visit_fields() -> list[FormField]:
    """Return the fields of a visit."""
    return [
        FormField("content", _("What was said"), "text", is_required=True, lines=4),
        FormField("place", _("Place")),
    ]


def _rest_fault(written: str) -> str:
    is_days = written.strip().isdecimal() and int(written) <= MOST_REST
    return "" if is_days else _("Write a number of days, such as 90.")


def campaign_fields() -> list[FormField]:
    """Return the fields of a new campaign."""
    return [
        FormField("title", _("Title"), is_required=True),
        FormField("filter", _("Customers"), is_required=True, hint="segment:… region:north phone:yes"),
        FormField("purpose", _("Purpose"), "choice", "care", choices=coded("purpose")),
        FormField("channel", _("Channel"), "choice", "telephone", choices=coded("channel")),
        FormField("script", _("What to say"), "text", lines=3),
        FormField("rest_days", _("Days of rest"), hint="90", check=_rest_fault),
        FormField("due_on", _("Due"), "date", hint="2026-11-30"),
    ]
