"""The columns of a list of cases as data: their names, widths and orders, and the layouts that are chosen from them.

A layout is written as names with their widths: ``severity due:18 reference subject``. The names are those of the filter language
and of exports; a column that an export writes by another name knows that name too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.errors import UsageError, nearest

NARROWEST = 3
WIDEST = 120


@dataclass(frozen=True, slots=True)
class CaseColumn:
    """One column.

    ``width`` is in cells, 0 for the one that takes what is left. ``rank`` tells which go first where the ready layout does not
    fit, the lowest. ``sort`` is the field of the filter language that orders by it, ``export`` the column of an export with the
    same content; both are empty where there is none.
    """

    name: str
    width: int
    rank: int = 0
    sort: str = ""
    export: str = ""
    is_right: bool = False


CASE_COLUMNS: Mapping[str, CaseColumn] = {
    column.name: column
    for column in (
        CaseColumn("severity", 4, 10, "severity", "severity"),
        CaseColumn("due", 16, 11, "due", "due_at"),
        CaseColumn("reference", 14, 9, "reference", "reference"),
        CaseColumn("subject", 0, 12, "", "subject"),
        CaseColumn("customer_name", 14, 7, "", "customer_name"),
        CaseColumn("region", 10, 6, "region", "region"),
        CaseColumn("state", 13, 8, "state", "state"),
        CaseColumn("assignee", 12, 5, "assignee", "assignee"),
        CaseColumn("category", 16, 4, "category", "category"),
        CaseColumn("kind", 12, 3, "kind", "kind"),
        CaseColumn("channel", 10, 2, "channel", "channel"),
        CaseColumn("customer", 12, 1, "", "customer"),
        CaseColumn("account", 12, 1, "", "account"),
        CaseColumn("team", 14, 1, "team", "department_name"),
        CaseColumn("received", 16, 1, "received", "received_at"),
        CaseColumn("age", 6, 1, "received", "", is_right=True),
        CaseColumn("updated", 16, 1, "updated", "updated_at"),
        CaseColumn("closed", 16, 1, "closed", "closed_at"),
        CaseColumn("flags", 10, 1),
        CaseColumn("supervised", 10, 1, "", "is_supervised"),
        CaseColumn("overdue", 8, 1),
        CaseColumn("vulnerable", 10, 1, "", "is_vulnerable"),
        CaseColumn("times_repeated", 8, 1, "times_repeated", "times_repeated", is_right=True),
        CaseColumn("times_urged", 8, 1, "times_urged", "times_urged", is_right=True),
        CaseColumn("times_reopened", 8, 1, "times_reopened", "times_reopened", is_right=True),
        CaseColumn("parent", 12, 1, "", "incident"),
        CaseColumn("opinion", 12, 1, "", "opinion"),
        CaseColumn("responsible", 14, 1, "", "responsible"),
        CaseColumn("source", 10, 1, "", "source"),
        CaseColumn("external", 16, 1, "", "external_reference"),
        CaseColumn("area", 8, 1, "", "area"),
    )
}
"""Every column there is, in the order in which they are offered; the first eleven are shown where none are chosen."""

READY = 11


@dataclass(frozen=True, slots=True)
class Place:
    """A column in a layout; ``width`` in cells, 0 for what is left of the line."""

    name: str
    width: int

    def __str__(self) -> str:
        return self.name if self.width == CASE_COLUMNS[self.name].width else f"{self.name}:{self.width}"


Layout = tuple[Place, ...]

READY_LAYOUT: Layout = tuple(Place(column.name, column.width) for column in list(CASE_COLUMNS.values())[:READY])
"""The columns of a queue nobody has chosen columns for."""

_BY_EXPORT = {column.export: name for name, column in CASE_COLUMNS.items() if column.export}
_ALIASES = {**_BY_EXPORT, "department": "team", "incident": "parent", "customer_number": "customer"}


def column_named(written: str) -> str:
    """Return the name of a column by its own or its export's name. Raises UsageError, naming the nearest."""
    name = written.strip().casefold().replace("-", "_")
    name = name if name in CASE_COLUMNS else _ALIASES.get(name, "")
    if not name:
        close = nearest(written.casefold(), tuple(CASE_COLUMNS))
        hint = f"Did you mean {close}?" if close else f"Known: {', '.join(CASE_COLUMNS)}."
        raise UsageError(f"There is no column {written.strip()}.", hint)
    return name


def read_layout(text: str) -> Layout:
    """Return the layout that a text writes; an empty text is no choice, and so an empty layout.

    Names stand apart by spaces or commas. Raises UsageError for an unknown column, one that stands twice, or a width that is
    not a whole number from 3 to 120.
    """
    places: list[Place] = []
    for item in text.replace(",", " ").split():
        written, colon, cells = item.partition(":")
        name = column_named(written)
        if any(place.name == name for place in places):
            raise UsageError(f"The column {name} stands twice.", "Name each column once.")
        places.append(Place(name, _width(name, cells) if colon else CASE_COLUMNS[name].width))
    return tuple(places)


def _width(name: str, cells: str) -> int:
    if (
        cells.isascii()
        and cells.isdecimal()
        and len(cells) <= 4
        and (cells == "0" or NARROWEST <= int(cells) <= WIDEST)
    ):
        return int(cells)
    raise UsageError(
        f"The width of {name} cannot be {cells or 'empty'}.",
        f"Write {name}:20, from {NARROWEST} to {WIDEST} cells, or {name}:0 for what is left of the line.",
    )


def known_layout(text: str) -> Layout:
    """Return the layout a stored text writes, without what this version of the program does not know."""
    places: dict[str, Place] = {}
    for item in text.split():
        try:
            for place in read_layout(item):
                places.setdefault(place.name, place)
        except UsageError:
            continue
    return tuple(places.values())


def written_layout(layout: Sequence[Place]) -> str:
    """Return a layout as a text that ``read_layout`` reads."""
    return " ".join(map(str, layout))


def export_columns(layout: Sequence[Place]) -> list[str]:
    """Return the columns of an export with the content of a layout; what is only computed for the screen is left out."""
    names = [CASE_COLUMNS[place.name].export for place in layout]
    return list(dict.fromkeys(name for name in names if name))
