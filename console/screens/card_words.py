"""What score cards say in words: their measures, shares as they may be shown, targets."""

from __future__ import annotations

from console.i18n import N_, _
from console.measures.disclosure import as_allowed
from console.measures.results import Measure
from console.services.quality_views import LESS_IS_BETTER
from console.signs import sign

MEASURE_NAMES = {
    "on_time": N_("On time (of all due)"),
    "first_contact": N_("Solved at first contact"),
    "reopened": N_("Reopened"),
    "repeats": N_("Repeated in 30 days"),
    "satisfied": N_("Satisfied when called back"),
}


def share(measure: Measure, digits: int = 0) -> str:
    """Return a share as it may be shown: hidden under 5 cases, marked under 30."""
    return "-" if measure.value is None else as_allowed(f"{100 * measure.value:.{digits}f}%", measure.n)


def target_text(name: str, target: float) -> str:
    """Return the target of a measure: at least, or where less is better at most, so much."""
    which = "at-most" if name in LESS_IS_BETTER else "at-least"
    return _("target {sign}{target}%").format(sign=sign(which), target=f"{100 * target:.0f}")
