"""The words of the verbs: which fields each of them takes from a person, and which values mean something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from console.codes import CaseKind, Channel, LinkKind, Opinion, Outcome, RemedyKind
from console.errors import UsageError, nearest
from console.text import clean, clean_line

DETAILS: Mapping[str, str] = {
    "address": "address that the matter is about",
    "advice": "advice or action given or agreed",
    "agreed_contact": "how the customer is to be contacted from now on",
    "basis": "on what basis it was resolved",
    "complainant": "name of who complains, or of whom he speaks for",
    "contact": "telephone, e-mail or address to reach him",
    "justified": "yes or no",
    "medium": "oral or written",
    "object": "what or whom it is about",
    "remedy_sought": "what the customer asks for",
    "signed_by": "who signs",
}
"""What a policy may want to be written down of a case beyond the columns; kept by name among the extras of its text."""

FIELDS: Mapping[str, str] = {
    **DETAILS,
    "account": "number of the service account",
    "amount": "amount, such as 12.50",
    "area": "class of the place, such as urban",
    "assignee": "login of the person",
    "cause": "root cause",
    "category": "category, such as: billing / wrong bill",
    "channel": "way the contact was made",
    "currency": "three letters, such as CNY",
    "department": "code of the department",
    "direction": "in (the customer came to us) or out",
    "due_on": "day, as 2026-11-30",
    "evidence": "what shows that it was done",
    "findings": "what the investigation found",
    "follow_up": "what follows after the reply",
    "impact": "impact, as the policy names it",
    "kind": "kind of case",
    "linked_to": "reference of the other case",
    "link_kind": "related, duplicate or split",
    "measures": "what was or will be done",
    "merged_into": "reference of the case that goes on",
    "narrative": "the full text",
    "note": "note",
    "off": "yes to end it",
    "opinion": "satisfied, neutral or dissatisfied",
    "opinion_reason": "why, in the customer's words",
    "outcome": "solved, partly or unsolved",
    "owner": "login of the person",
    "reached": "no, when the customer did not answer",
    "reason": "reason",
    "region": "region",
    "remedy": "refund, replacement, repair_visit, apology or price_correction",
    "reply": "the reply to the customer",
    "severity": "1 ordinary, 2 important, 3 major, 4 special",
    "summary": "subject in one line",
    "urgency": "urgency, as the policy names it",
    "validity": "valid, invalid or out-of-scope",
    "action": "number of a corrective action that is there already",
}
"""Every field a verb may take, with what to write in it."""

TAKES: Mapping[str, tuple[str, ...]] = {
    "triage": ("category", "severity", "impact", "urgency", "kind", "validity", "region", "area", "note", *DETAILS),
    "dispatch": ("department", "assignee", "reason", "note"),
    "assign": ("assignee", "reason"),
    "take": (),
    "release": ("reason",),
    "note": ("note",),
    "contact": ("note", "direction", "channel"),
    "await-customer": ("reason",),
    "resume": ("note",),
    "return": ("reason",),
    "reply": ("reply", "measures", "outcome", "follow_up", "findings", "cause", "category", *DETAILS),
    "callback": ("opinion", "opinion_reason", "reached"),
    "archive": ("reason",),
    "reopen": ("reason",),
    "withdraw": ("reason",),
    "reject": ("reason",),
    "merge": ("merged_into", "reason"),
    "link": ("linked_to", "link_kind"),
    "split": ("summary", "narrative", "category"),
    "escalate": ("reason",),
    "supervise": ("reason", "off"),
    "urge": ("note",),
    "remedy": ("remedy", "owner", "amount", "currency", "due_on", "note"),
    "rectify": ("measures", "owner", "due_on", "cause", "evidence", "action"),
    "arrive": ("note",),
    "restore": ("note",),
    "review": ("note",),
    "pay": ("amount", "currency", "note"),
}
"""The fields of each verb, in the order in which they are asked for."""


def prepared(verb: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return the fields given with a verb, cleaned; empty ones are left out.

    Raises UsageError for a verb or field that is none, a bad value, or values that exclude each other.
    """
    if verb not in TAKES:
        close = nearest(verb, tuple(TAKES))
        raise UsageError(f"There is no verb {verb}.", f"Did you mean {close}?" if close else "See: ombud case --help")
    fields = {}
    for name, value in given.items():
        if name not in TAKES[verb]:
            known = ", ".join(TAKES[verb]) or "nothing"
            raise UsageError(f"{verb} does not take {name}.", f"It takes: {known}.")
        text = clean(value).strip() if name in _LONG else clean_line(value)
        if text:
            fields[name] = _checked(name, text)
    if "amount" in fields and "currency" not in fields:
        raise UsageError(f"The amount {fields['amount']} has no currency.", "Write its three letters, such as CNY.")
    if fields.get("reached") == "no" and "opinion" in fields:
        raise UsageError("A customer who was not reached has no opinion.", "Give opinion, or reached=no.")
    if fields.get("opinion") == Opinion.DISSATISFIED.value and "opinion_reason" not in fields:
        raise UsageError("Why the customer is dissatisfied is not said.", "Give the reason: --opinion-reason.")
    return fields


_LONG = frozenset(
    {"evidence", "findings", "follow_up", "measures", "narrative", "note", "opinion_reason", "reason", "reply"}
)
_MOST: Mapping[str, int] = {"area": 20, "cause": 200, "region": 100, "summary": 500}


_CODES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(CaseKind),
    "channel": tuple(Channel),
    "outcome": tuple(Outcome),
    "opinion": tuple(Opinion),
    "remedy": tuple(RemedyKind),
    "link_kind": tuple(LinkKind),
    "severity": ("1", "2", "3", "4"),
    "direction": ("in", "out"),
    "reached": ("yes", "no"),
    "off": ("yes", "no"),
    "validity": ("valid", "invalid", "out-of-scope"),
}


def _checked(name: str, text: str) -> str:
    if name in _CODES and text not in _CODES[name]:
        close = nearest(text, _CODES[name])
        hint = f"Did you mean {close}?" if close else f"Known: {', '.join(_CODES[name])}."
        raise UsageError(f"{name} cannot be {text}.", hint)
    if name == "due_on":
        try:
            date.fromisoformat(text)
        except ValueError:
            raise UsageError(f"due_on cannot be {text}.", "Write the day as 2026-11-30.") from None
    if len(text) > _MOST.get(name, len(text)):
        raise UsageError(f"{name} has {len(text)} characters.", f"Keep it within {_MOST[name]}.")
    if name == "amount":
        minor_units(text)
    if name == "currency" and not (len(text) == 3 and text.isalpha()):
        raise UsageError(f"{text} is not a currency.", "Write its three letters, such as CNY.")
    return text


def minor_units(text: str) -> int:
    """Return an amount in minor units; at most two decimal places. Raises UsageError for what is no amount."""
    whole, _, part = text.partition(".")
    if not whole.isdecimal() or len(whole) > 7 or (part and not (part.isdecimal() and len(part) <= 2)):
        raise UsageError(f"{text} is not an amount.", "Write it as 12.50.")
    return int(whole) * 100 + int(part.ljust(2, "0") if part else 0)
