"""Times and periods as the options of commands write them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from console.errors import UsageError
from console.i18n import _
from console.zone import zone_name

if TYPE_CHECKING:
    from console.services.policies import Edition
    from console.storage.engine import Store


def policy_zone(store: Store) -> tzinfo:
    """Return the utility's zone: that of the settings, else that of the policy in force."""
    return ZoneInfo(zone_name() or edition_now(store).policy.zone)


def edition_now(store: Store) -> Edition:
    """Return the version of the policy in force now."""
    from console import clock
    from console.services.policies import policy_in_force

    return policy_in_force(store, clock.now())


def moment_given(text: str, zone: tzinfo, option: str) -> datetime:
    """Return the moment in UTC at which a time or day begins; one without offset is meant in the zone.

    Raises UsageError, naming the option, for what is no time.
    """
    return _span(text, zone, option)[0]


def period_given(text: str, zone: tzinfo, option: str) -> tuple[datetime, datetime]:
    """Return the begin and the end (not included), in UTC, of ``2026-11``, ``2026-Q4``, ``2026`` or ``A..B``, B included.

    Raises UsageError, naming the option, for what is no period.
    """
    first, dots, last = text.partition("..")
    if not dots:
        return _span(text, zone, option)
    start, end = _span(first, zone, option)[0], _span(last, zone, option)[1]
    if start >= end:
        raise UsageError(
            _("{option} {text} ends before it begins.").format(option=option, text=text),
            _("Write the earlier day first."),
        )
    return start, end


def _span(text: str, zone: tzinfo, option: str) -> tuple[datetime, datetime]:
    from console import clock
    from console.rules.filter_times import ValueProblem, resolve

    try:
        # A blank between day and time of day is as good as the T of ISO 8601.
        span = resolve(text.strip().replace(" ", "T"), clock.now(), zone)
    except ValueProblem:
        span = None
    if span is None or span.start is None or span.end is None:
        raise UsageError(
            _("{option} {text} is no time.").format(option=option, text=text),
            _("Write 2026-11-22, 2026-11-22T09:30, 2026-11-22T09:30+08:00, 2026-11 or 2026-Q4."),
        )
    return span.start.astimezone(UTC), span.end.astimezone(UTC)
