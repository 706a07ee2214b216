"""The forms of improvements: what is written down before anybody looks, and the judgement that closes one."""

from __future__ import annotations

from collections.abc import Mapping

from console.codes import Verdict
from console.i18n import _
from console.labels import label
from console.rules.answer_fields import ANSWER_FIELDS
from console.rules.filters import FilterError, parse
from console.screens.improvement_page import EVIDENCE, FINDINGS, INDICATOR_NAMES
from console.sentences import told
from console.services.improvement_views import Effect
from console.widgets.form import FormField, yes_no


def plan_fields(values: Mapping[str, str]) -> list[FormField]:
    """Return the fields of an improvement to be recorded, holding what was typed before."""
    indicators = tuple((code, _(name)) for code, name in INDICATOR_NAMES.items())

    def held(name: str, otherwise: str = "") -> str:
        return values.get(name, otherwise)

    return [
        FormField("title", _("What is done"), value=held("title"), is_required=True),
        FormField(
            "indicator", _("Indicator"), "choice", held("indicator"), is_required=True, choices=indicators,
            is_free=True, hint="survey:CODE/ITEM",
        ),
        FormField(
            "treated", _("Treated"), value=held("treated"), is_required=True, hint="region:east", check=_fault_of_group
        ),
        FormField("control", _("Compared with"), value=held("control"), hint="region:west", check=_fault_of_group),
        FormField("starts_on", _("First day"), "date", held("starts_on"), is_required=True, hint="2026-11-30"),
        FormField("before", _("Months before"), value=held("before", "3"), is_required=True, check=_fault_of_months),
        FormField("after", _("Months after"), value=held("after", "3"), is_required=True, check=_fault_of_months),
        FormField("effect", _("Smallest effect"), value=held("effect"), is_required=True, hint="5", check=_fault_of_effect),
        FormField("by_lot", _("Groups by lot"), "choice", held("by_lot", "no"), is_required=True, choices=yes_no()),
        FormField("owner", _("Owner"), value=held("owner")),
        FormField("alert", _("Alert answered"), value=held("alert"), hint="A-0001"),
    ]  # fmt: skip


def plan_about() -> tuple[str, ...]:
    """Return what is said above the form of an improvement."""
    return (
        _("Written down before anybody looks. The effect is in points, or in complaints a month."),
        _("Evidence planned: 1 without a comparison group, 3 beside one, 4 where the groups are chosen by lot."),
    )


def judgement_fields(values: Mapping[str, str]) -> list[FormField]:
    """Return the fields that close an improvement."""
    verdicts = tuple((verdict.value, label(verdict.value, "verdict")) for verdict in Verdict)
    return [
        FormField(
            "verdict", _("Judgement"), "choice", values.get("verdict", ""), is_required=True, choices=verdicts
        ),
        FormField("conclusion", _("Conclusion"), "text", values.get("conclusion", ""), is_required=True),
    ]  # fmt: skip


def judgement_about(found: Effect) -> tuple[str, ...]:
    """Return the finding and the evidence that are kept with the judgement."""
    text = _("Evidence {level} of 4: {meaning}.")
    return (
        _(FINDINGS[found.finding]),
        text.format(level=found.evidence, meaning=_(EVIDENCE[found.evidence])),
    )


def _fault_of_group(text: str) -> str:
    """Return what is wrong with a filter that may be one of cases or, for surveys, of answers."""
    try:
        parse(text)
    except FilterError as error:
        try:
            parse(text, ANSWER_FIELDS)
        except FilterError:
            return " ".join(told(error))
    return ""


def _fault_of_months(text: str) -> str:
    is_fit = text.strip().isdecimal() and len(text.strip()) <= 2 and 1 <= int(text) <= 24
    return "" if is_fit else _("Give 1 to 24 months.")


def _fault_of_effect(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    return "" if 0 < value <= 1_000_000 else _("Give points above 0, such as 5.")
