"""The columns of a queue as the console draws them, and the orders it can be put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from console.i18n import N_, _
from console.labels import label
from console.rules.case_columns import CASE_COLUMNS, READY_LAYOUT, Layout, Place
from console.services.case_cells import age_text, is_overdue, signs
from console.services.views import CaseRow
from console.widgets.columns import Column
from console.widgets.content import Piece, due, moment, severity

SORTS: tuple[tuple[str, str], ...] = (
    ("due", N_("due, earliest first")),
    ("-received", N_("received, newest first")),
    ("received", N_("received, oldest first")),
    ("-severity", N_("severity, highest first")),
    ("reference", N_("reference")),
    ("-updated", N_("changed, latest first")),
)
"""The orders offered, by their name in the filter language."""

SHORT_HEADS = {"severity": N_("Sev")}
"""Heads that stand over narrow columns."""

Cell = Callable[[CaseRow], Piece]


def queue_columns(
    now: Callable[[], datetime], layout: Layout = READY_LAYOUT, zone: Callable[[], tzinfo] | None = None
) -> tuple[Column[CaseRow], ...]:
    """Return the columns of a layout; ``now`` is asked each time an age or a due time is drawn, ``zone`` is the utility's.

    Of the ready layout, in whatever widths, the least needed columns go first where there is no room, of a chosen one the last.
    """
    cells = _cells(now, zone)
    is_ready = [place.name for place in layout] == [place.name for place in READY_LAYOUT]
    return tuple(
        _column(place, cells[place.name], CASE_COLUMNS[place.name].rank if is_ready else len(layout) - index)
        for index, place in enumerate(layout)
    )


def _column(place: Place, cell: Cell, rank: int) -> Column[CaseRow]:
    known = CASE_COLUMNS[place.name]
    return Column(place.name, head_of(place.name), place.width, cell, rank, known.sort, known.is_right)


def head_of(name: str) -> str:
    """Return what stands over a column."""
    return _(SHORT_HEADS[name]) if name in SHORT_HEADS else label(name, "field")


def _flag(is_set: bool) -> Piece:
    return Piece(_("yes") if is_set else "-", "" if is_set else "quiet")


def _count(value: int) -> Piece:
    return Piece(str(value) if value else "-", "" if value else "quiet")


def _cells(now: Callable[[], datetime], zone: Callable[[], tzinfo] | None) -> Mapping[str, Cell]:
    def at(value: datetime | None) -> Piece:
        return Piece(moment(value, zone()) if zone is not None else "" if value is None else f"{value:%Y-%m-%d %H:%M}")

    return {
        "severity": lambda row: severity(
            row.severity, is_supervised=row.is_supervised, is_vulnerable=row.is_vulnerable
        ),
        "due": lambda row: due(row.due_at, now(), is_closed=row.phase == "closed"),
        "reference": lambda row: Piece(row.reference),
        "subject": lambda row: Piece(row.subject or label(row.category, "category")),
        "customer_name": lambda row: Piece(row.customer),
        "customer": lambda row: Piece(row.customer_number),
        "account": lambda row: Piece(row.account),
        "region": lambda row: Piece(row.region),
        "state": lambda row: Piece(label(row.state, "state")),
        "assignee": lambda row: Piece(row.assignee),
        "category": lambda row: Piece(label(row.category, "category")),
        "kind": lambda row: Piece(label(row.kind, "kind")),
        "channel": lambda row: Piece(label(row.channel, "channel")),
        "team": lambda row: Piece(label(row.department, "department")),
        "received": lambda row: at(row.received_at),
        "age": lambda row: Piece(age_text(row, now())),
        "updated": lambda row: at(row.updated_at),
        "closed": lambda row: at(row.closed_at),
        "flags": lambda row: Piece(signs(row)),
        "supervised": lambda row: _flag(row.is_supervised),
        "overdue": lambda row: _flag(is_overdue(row, now())),
        "vulnerable": lambda row: _flag(row.is_vulnerable),
        "times_repeated": lambda row: _count(row.times_repeated),
        "times_urged": lambda row: _count(row.times_urged),
        "times_reopened": lambda row: _count(row.times_reopened),
        "parent": lambda row: Piece(row.incident),
        "opinion": lambda row: Piece(label(row.opinion, "opinion") if row.opinion else ""),
        "responsible": lambda row: Piece(row.responsible),
        "source": lambda row: Piece(row.source),
        "external": lambda row: Piece(row.external_reference),
        "area": lambda row: Piece(label(row.area, "area")),
    }


def order_words(sort: str) -> str:
    """Return an order in words, such as ``due, earliest first``."""
    known = dict(SORTS).get(sort)
    if known is not None:
        return _(known)
    words = _("{field}, falling") if sort.startswith("-") else _("{field}, rising")
    return words.format(field=label(sort.lstrip("-"), "field"))


def sort_choices(layout: Layout) -> list[tuple[str, str]]:
    """Return the orders to choose from: the usual ones, then both ways of each column of a layout that can be ordered by."""
    names = dict.fromkeys(name for name, _words in SORTS)
    for place in layout:
        sort = CASE_COLUMNS[place.name].sort
        if sort:
            names.update(dict.fromkeys((sort, f"-{sort}")))
    return [(name, order_words(name)) for name in names]
