"""The values that a filter may name, from the database, on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from office import COMPLAINT, furnish, received

from console.rules.filters import CASE_FIELDS
from console.screens import filter_bar
from console.services import filter_values
from console.storage.engine import Store


@pytest.fixture(autouse=True)
def office(store: Store) -> None:
    furnish(store)


def test_short_lists_come_whole_with_their_names(store: Store) -> None:
    assert ("an", "An") in filter_values.values(store, "assignee")
    assert "marketing" in dict(filter_values.values(store, "team"))
    assert "billing / wrong" in dict(filter_values.values(store, "category"))
    assert filter_values.values(store, "segment") == []


def test_regions_are_those_of_cases(store: Store) -> None:
    for region in ("north", "城西", ""):
        received(store, replace(COMPLAINT, region=region, customer="", account=""))
    assert filter_values.values(store, "region") == [("north", ""), ("城西", "")]


def test_numbers_are_those_that_begin_as_what_was_typed_in_whatever_letters(store: Store) -> None:
    reference = received(store).reference
    assert filter_values.values(store, "customer", "k-") == [(f"K-{n}", f"Customer {n}") for n in (1, 2, 3)]
    assert filter_values.values(store, "account", "A-2") == [("A-2", "")]
    assert filter_values.values(store, "reference", reference[:3].casefold()) == [(reference, COMPLAINT.subject)]
    assert filter_values.values(store, "customer", "%") == []
    assert filter_values.values(store, "customer") == []


def test_fields_without_values_have_none(store: Store) -> None:
    assert filter_values.values(store, "kind") == []
    assert filter_values.values(store, "no such field", "x") == []


def test_the_bar_and_the_database_know_the_same_fields() -> None:
    assert filter_bar.WHOLE == filter_values.WHOLE
    assert set(CASE_FIELDS) >= filter_bar.WHOLE | filter_bar.NUMBERED
