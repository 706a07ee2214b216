"""The columns of a list of cases, and the layouts chosen from them."""

from __future__ import annotations

import pytest

from console.errors import UsageError
from console.labels import LABELS
from console.rules.case_columns import (
    CASE_COLUMNS,
    READY_LAYOUT,
    Place,
    export_columns,
    known_layout,
    read_layout,
    written_layout,
)
from console.rules.filters import CASE_FIELDS
from console.transfer.export import COLUMNS


def test_columns_share_their_names_with_filters_exports_and_labels() -> None:
    for name, column in CASE_COLUMNS.items():
        assert name in LABELS["field"]
        assert name in CASE_FIELDS or name in ("customer_name", "flags", "area")
        assert not column.export or column.export in COLUMNS
        assert not column.sort or CASE_FIELDS[column.sort].is_sortable


def test_a_layout_is_written_as_it_is_read() -> None:
    layout = read_layout("due:20, reference subject")
    assert layout == (Place("due", 20), Place("reference", 14), Place("subject", 0))
    assert written_layout(layout) == "due:20 reference subject"
    assert read_layout(written_layout(READY_LAYOUT)) == READY_LAYOUT
    assert read_layout("  ") == ()


def test_a_column_is_known_by_its_name_in_exports_too() -> None:
    assert [place.name for place in read_layout("due_at department received_at incident external_reference")] == [
        "due", "team", "received", "parent", "external",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("referense", "no column referense", "Did you mean reference?"),
        ("due due", "due stands twice", ""),
        ("due due_at", "due stands twice", ""),
        ("due:2", "width of due cannot be 2", "3 to 120"),
        ("due:121", "cannot be 121", "3 to 120"),
        ("due:", "cannot be empty", ""),
        ("due:-4", "cannot be -4", ""),
        ("due:٣٣", "cannot be", ""),
        ("due:999999999", "cannot be", ""),
    ],
)
def test_a_wrong_layout_is_refused_with_the_place(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_layout(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_stored_layout_is_read_without_what_is_unknown() -> None:
    assert known_layout("due gone:9 reference:1 subject due:30") == (Place("due", 16), Place("subject", 0))


def test_an_export_has_the_columns_of_a_layout_but_for_what_is_computed() -> None:
    assert export_columns(read_layout("due age customer customer_name team flags")) == [
        "due_at", "customer", "customer_name", "department_name",
    ]  # fmt: skip
