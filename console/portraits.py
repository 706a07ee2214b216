"""A customer in three sentences (画像), in the language chosen: who this is, what is paid, what was complained of and thought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.i18n import N_, _, ngettext
from console.labels import label

if TYPE_CHECKING:
    from console.services.dossier_views import Dossier

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "JOD": 3, "TND": 3}
"""Digits of the minor unit where they are not two (ISO 4217)."""

FLAGS = {
    "vulnerable": N_("vulnerable"),
    "life_support": N_("life-support equipment"),
    "key_customer": N_("key customer"),
    "repeat_complainant": N_("repeat complainant"),
    "overdue": N_("bills overdue"),
}
"""What whoever speaks with a customer has to know first, by the codes of a dossier."""


def flag_words(flags: Sequence[str]) -> list[str]:
    """Return the flags of a dossier in words."""
    return [_(FLAGS[flag]) for flag in flags]


def amount(minor: int, currency: str) -> str:
    """Return whole minor units as people write money."""
    digits = MINOR_DIGITS.get(currency, 2)
    whole, part = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole:,}{f'.{part:0{digits}d}' if digits else ''} {currency}".strip()


def quantity(milli: int, unit: str = "") -> str:
    """Return thousandths as people write a quantity."""
    whole, part = divmod(milli, 1000)
    decimals = f".{part:03d}".rstrip("0") if part else ""
    return f"{whole:,}{decimals} {unit}".strip()


def portrait(dossier: Dossier) -> tuple[str, str, str]:
    """Return the three sentences about a customer: of the last twelve months, where they speak of figures."""
    return _who(dossier), _money(dossier), _said(dossier)


def _who(dossier: Dossier) -> str:
    detail = dossier.detail
    listed = _(", ")
    facts = [
        label(detail.row.kind, "customer_kind"),
        label(detail.relationship, "relationship"),
        label(detail.supply_category, "supply"),
        detail.row.region,
    ]
    utilities = dict.fromkeys(label(account.utility, "utility") for account in detail.accounts)
    accounts = ngettext("{count} account", "{count} accounts", len(detail.accounts)).format(count=len(detail.accounts))
    if utilities:
        accounts = _("{accounts} ({utilities})").format(accounts=accounts, utilities=listed.join(utilities))
    text = _("{name}: {facts}; {accounts}").format(
        name=detail.row.name, facts=listed.join(fact for fact in facts if fact), accounts=accounts
    )
    if dossier.since is not None:
        text = _("{text}, since {year}").format(text=text, year=dossier.since.year)
    return _("{text}.").format(text=text)


def _money(dossier: Dossier) -> str:
    year = dossier.year
    if not year.billed and not year.paid:
        text = _("Nothing was billed in twelve months")
    else:
        listed = _(", ")
        text = _("In twelve months {billed} were billed and {paid} paid").format(
            billed=listed.join(amount(minor, currency) for currency, minor in year.billed) or "0",
            paid=listed.join(amount(minor, currency) for currency, minor in year.paid) or "0",
        )
    if dossier.totals.overdue:
        count = dossier.totals.overdue
        overdue = ngettext("{count} bill is overdue", "{count} bills are overdue", count).format(count=count)
        text = _("{text}; {more}").format(text=text, more=overdue)
    return _("{text}.").format(text=text)


def _said(dossier: Dossier) -> str:
    year, totals = dossier.year, dossier.totals
    if year.cases:
        text = ngettext("{count} case in twelve months", "{count} cases in twelve months", year.cases).format(
            count=year.cases
        )
        if year.complaints:
            complaints = ngettext("{count} a complaint", "{count} complaints", year.complaints)
            text = _("{text}, {more}").format(text=text, more=complaints.format(count=year.complaints))
    else:
        text = _("No case in twelve months")
    if totals.open_cases:
        text = _("{text}, {more}").format(text=text, more=_("{count} open").format(count=totals.open_cases))
    if year.satisfaction is None:
        asked = _("not asked in a survey")
    else:
        asked = ngettext(
            "satisfaction {share} of 100 from {count} answer",
            "satisfaction {share} of 100 from {count} answers",
            year.answers,
        ).format(share=round(100 * year.satisfaction), count=year.answers)
    return _("{text}.").format(text=_("{text}; {more}").format(text=text, more=asked))
