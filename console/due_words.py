"""Lengths of time and due times in words and signs, in the language chosen: the same everywhere on a screen."""

from __future__ import annotations

from datetime import datetime, timedelta

from console.i18n import _
from console.signs import sign

SOON = timedelta(hours=24)
"""From here on a due time counts as near; the queue "Due soon" has the same bound."""


def span_text(length: timedelta) -> str:
    """Return a length of time in its two or so most telling figures: 45m, 2h05, 3d."""
    minutes = int(abs(length).total_seconds()) // 60
    if minutes < 60:
        return _("{minutes}m").format(minutes=minutes)
    if minutes < 24 * 60:
        return _("{hours}h{minutes:02d}").format(hours=minutes // 60, minutes=minutes % 60)
    return _("{days}d").format(days=minutes // (24 * 60))


def due_text(due_at: datetime | None, now: datetime, *, is_closed: bool = False) -> tuple[str, str]:
    """Return how a due time stands, by sign and word, and its tone: overdue, soon, later or quiet."""
    if is_closed:
        return _("closed"), "quiet"
    if due_at is None:
        return "-", "quiet"
    left = due_at - now
    if left < timedelta(0):
        return _("!! overdue {span}").format(span=span_text(left)), "overdue"
    if left <= SOON:
        return _("! {span}").format(span=span_text(left)), "soon"
    return f"{sign('later')} {span_text(left)}", "later"
