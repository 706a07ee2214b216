"""Which fields the form of each verb has, and what stands in them at first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from console.i18n import N_, _
from console.labels import LABELS, label
from console.services.fields import DETAILS, TAKES
from console.services.form_views import FormBasis, FormChoices
from console.services.views import Choice
from console.widgets.form import FormField, yes_no

LONG: Mapping[str, int] = {
    "note": 4,
    "reply": 6,
    "measures": 3,
    "findings": 3,
    "follow_up": 2,
    "narrative": 4,
    "opinion_reason": 2,
    "evidence": 2,
}
"""Fields of several lines, by name, with how many of them show."""

CODES: Mapping[str, str] = {
    "kind": "kind",
    "channel": "channel",
    "outcome": "outcome",
    "opinion": "opinion",
    "remedy": "remedy",
    "link_kind": "link",
    "severity": "severity",
    "validity": "validity",
}
"""Fields whose values are codes, with the group of their labels."""

GRAVE = frozenset({"archive", "withdraw", "reject", "merge"})
"""Verbs that close a case: Enter on the last field does not do them, F2 does."""

TELLING = (
    ("note", N_("a note for colleagues")),
    ("in", N_("the customer told us")),
    ("out", N_("we told the customer")),
)
"""What the form behind one key writes down: a note, or a contact with its direction."""

KEPT = frozenset({"findings", "measures", "follow_up", "cause", "category", "kind", "region", "area", "validity"})
"""Fields that show what the case holds, to be written on."""


def verb_fields(verb: str, basis: FormBasis) -> list[FormField]:
    """Return the fields of the form of a verb: those it takes, those of the policy's demands first."""
    required = basis.possibility.required
    held = dict(basis.held)
    names = [name for name in TAKES[verb] if name not in DETAILS or name in required]
    if verb == "reply":
        names = ["reply", "outcome", *(name for name in names if name not in ("reply", "outcome"))]
    if verb == "archive" and "reason" not in required:
        names = ["reason"]
    fields = []
    for name in names:
        kept = held.get(name, "") if name in KEPT else ""
        field = field_of(name, basis.choices, value=kept)
        if field is not None:
            fields.append(replace(field, is_required=name in required))
    return fields


def say_fields() -> list[FormField]:
    """Return the fields of the form for notes and contacts."""
    told = tuple((code, _(words)) for code, words in TELLING)
    return [
        FormField("note", label("note", "given"), "text", is_required=True, lines=5),
        FormField("direction", label("direction", "given"), "choice", "note", is_required=True, choices=told),
        FormField("channel", label("channel", "given"), "choice", choices=coded("channel")),
    ]


def said(values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the verb that the form for notes and contacts comes to, with its fields."""
    if values.get("direction") in ("in", "out"):
        return "contact", dict(values)
    return "note", {"note": values.get("note", "")}


def coded(group: str) -> tuple[Choice, ...]:
    """Return the codes of a group of labels as choices."""
    return tuple((code, label(code, group)) for code in LABELS[group])


def field_of(name: str, choices: FormChoices, *, value: str = "") -> FormField | None:
    """Return the field of a form with a name; None for one that has nothing to choose from."""
    shown = label(name, "given")
    listed: Mapping[str, Callable[[], tuple[Choice, ...]]] = {
        "assignee": lambda: choices.people,
        "owner": lambda: choices.people,
        "department": lambda: choices.departments,
        "category": lambda: choices.categories,
        "impact": lambda: tuple((word, label(word, "impact")) for word in choices.impacts),
        "urgency": lambda: tuple((word, label(word, "urgency")) for word in choices.urgencies),
        "area": lambda: choices.areas,
        "reached": yes_no,
        "off": yes_no,
        "direction": lambda: (("in", _("the customer told us")), ("out", _("we told the customer"))),
    }
    if name in CODES:
        return FormField(name, shown, "choice", value, choices=coded(CODES[name]))
    if name in listed:
        found = listed[name]()
        return FormField(name, shown, "choice", value, choices=found) if found else None
    if name == "region" and choices.regions:
        return FormField(name, shown, "choice", value, choices=choices.regions)
    if name in ("merged_into", "linked_to"):
        return FormField(name, shown, "choice", value, choices=choices.similar, is_free=True, hint=_("reference"))
    if name == "due_on":
        return FormField(name, shown, "date", value, hint="2026-11-30")
    if name == "amount":
        return FormField(name, shown, "amount", value, hint="12.50")
    if name == "currency":
        return FormField(name, shown, "line", value, hint="CNY", check=_currency_fault)
    if name in LONG:
        return FormField(name, shown, "text", value, lines=LONG[name])
    return FormField(name, shown, "line", value)


def _currency_fault(text: str) -> str:
    return "" if len(text) == 3 and text.isalpha() else _("Write its three letters, such as CNY.")
