"""Filters of answers as the screens change them: written in a dialog, narrowed by a term, widened again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from console.errors import OmbudError
from console.i18n import _
from console.rules.answer_fields import ANSWER_FIELDS
from console.rules.filters import Filter, FilterError, Term, Value, parse
from console.screens.dialogs import FormDialog
from console.sentences import told
from console.widgets.form import FormField

if TYPE_CHECKING:
    from console.screens.desk import Desk


def fault_of(text: str) -> str:
    """Return what is wrong with a filter of answers, or nothing."""
    try:
        parse(text, ANSWER_FIELDS)
    except FilterError as error:
        return " ".join(told(error))
    return ""


def ask_filter(app: Desk, title: str, text: str, take: Callable[[str], None]) -> None:
    """Let a filter be written, checked as it is typed."""

    def taken(values: Mapping[str, str] | None) -> None:
        if values is not None:
            take(values["filter"].strip())

    hint = "survey:yearly region:east channel:telephone month:2026-11 level:<=2"
    field = FormField("filter", _("Filter"), value=text, hint=hint, check=fault_of)
    app.push_screen(FormDialog(title, (_("For example {example}").format(example=hint),), [field]), taken)


def with_terms(text: str, terms: Mapping[str, str]) -> str:
    """Return a filter with terms in place of those on the same fields; an empty value takes a field's terms away."""
    try:
        asked = parse(text, ANSWER_FIELDS)
    except OmbudError:
        asked = Filter()
    kept = tuple(term for term in asked.terms if term.field not in terms)
    first = tuple(Term(name, (Value(value),)) for name, value in terms.items() if value and name == "survey")
    added = tuple(Term(name, (Value(value),)) for name, value in terms.items() if value and name != "survey")
    return str(Filter((*first, *kept, *added), asked.sorts))


def without_last(text: str) -> str:
    """Return a filter without its last term; the survey goes last of all."""
    try:
        asked = parse(text, ANSWER_FIELDS)
    except OmbudError:
        return ""
    others = [term for term in asked.terms if term.field != "survey"]
    if not others:
        return ""
    return str(Filter(tuple(term for term in asked.terms if term is not others[-1]), asked.sorts))
