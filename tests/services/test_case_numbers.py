"""A number is given to one case only, even when that case was taken back."""

from __future__ import annotations

from office import COMPLAINT, after, furnish

from console.services.intake import take_in
from console.services.undoing import undo
from console.storage.engine import Store


def test_the_number_of_a_case_that_was_taken_back_is_not_given_again(store: Store) -> None:
    furnish(store)
    first = take_in(store, COMPLAINT, actor="root", now=after())
    assert undo(store, first.operation, actor="root", now=after(minutes=1)).done
    second = take_in(store, COMPLAINT, actor="root", now=after(minutes=2))
    assert second.reference != first.reference
    assert second.id > first.id
