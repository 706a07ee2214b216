"""The utility's time zone: the one of the settings, else that of the policy in force. One for the process, as the language is."""

from __future__ import annotations

from datetime import UTC, tzinfo


class _Chosen:
    name = ""


_chosen = _Chosen()


def use_zone(name: str) -> None:
    """Take a zone by its name; an empty one stands for UTC."""
    _chosen.name = name


def zone_name() -> str:
    """Return the name of the utility's zone, empty where none is known."""
    return _chosen.name


def zone_named(name: str) -> tzinfo:
    """Return a zone by its name; an empty one is UTC."""
    if not name:
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)
