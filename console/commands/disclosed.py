"""Figures as scripts get them: those of fewer than 5 hidden, those of fewer than 30 marked, as on screens and in tables."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.measures.results import Measure
    from console.services.alert_views import AlertRow
    from console.services.quality_views import Ageing, Card

OPEN_TO_ALL = frozenset({"n", "n_missing", "coverage", "method", "warnings"})
"""What of a hidden figure is still given: how many there are, never how many of them were good."""
OF_ANSWERS = frozenset({"share", "score"})
"""Units of alerts whose exposure is a number of answers; that of complaints is customers, and complaints are counts."""
THOUSAND = 1000.0


def disclosed(found: object) -> Any:
    """Return frozen figures as a document of plain values, ``hidden`` (a reason, or null) and ``is_few`` beside each of them."""
    from console.measures.results import Measure
    from console.services.alert_views import AlertRow
    from console.services.quality_views import Card

    if isinstance(found, Measure):
        return _measure(found)
    if isinstance(found, Card):
        return _card(found)
    if isinstance(found, AlertRow):
        return disclosed_alert(found)
    if is_dataclass(found):
        return _plain(found)
    if isinstance(found, tuple | list):
        return [disclosed(item) for item in found]
    return found


def disclosed_ageing(found: Ageing) -> dict[str, Any]:
    """Return ageing as a document; the days to close are hidden or marked by the cases behind them."""
    from console.measures.disclosure import hidden_reason, is_few

    document = _plain(found)
    for name, n in (("km", found.still_open.n), ("closed", closed_behind(found))):
        document[f"{name}_n"] = n
        document[f"{name}_hidden"] = hidden_reason(n)
        document[f"{name}_is_few"] = is_few(n)
        if hidden_reason(n):
            document[f"{name}_quantiles"] = [[at, None] for at, _days in document[f"{name}_quantiles"]]
    return document


def closed_behind(found: Ageing) -> int:
    """Return how many closed cases the days to close of closed ones rest on."""
    still = found.still_open
    return still.n - round(still.n * (still.value or 0.0))


def disclosed_alert(row: AlertRow) -> dict[str, Any]:
    """Return an alert as a document; its figures are hidden or marked by the answers or customers they are divided by."""
    from console.measures.disclosure import hidden_reason, is_few

    document = _plain(row)
    n = round(row.exposure) if row.unit in OF_ANSWERS else round(row.exposure * THOUSAND)
    counts = row.unit not in OF_ANSWERS and row.unit != "per_1000"
    document["hidden"] = None if counts else hidden_reason(n)
    document["is_few"] = not counts and is_few(n)
    if document["hidden"]:
        document |= dict.fromkeys(("value", "expected", "limit", "count", "z", "p", "q"))
    return document


def _measure(found: Measure) -> dict[str, Any]:
    from console.measures.disclosure import hidden_reason, is_few

    hidden = hidden_reason(found.n)
    document = _plain(found)
    if hidden:
        document = {name: value if name in OPEN_TO_ALL else None for name, value in document.items()}
    return {**document, "hidden": hidden, "is_few": is_few(found.n)}


def _card(found: Card) -> dict[str, Any]:
    from console.measures.disclosure import hidden_reason, is_few

    hidden = hidden_reason(found.received)
    document = {**_plain(found), "hidden": hidden, "is_few": is_few(found.received)}
    if hidden:
        document |= dict.fromkeys(("p50", "p90"))
    if hidden_reason(found.on_time.n):
        document["adjusted"] = None
    if hidden_reason(found.satisfied.n):
        document["shrunk"] = None
    return document


def _plain(found: Any) -> dict[str, Any]:
    return {one.name: disclosed(getattr(found, one.name)) for one in fields(found)}
