"""The marks of a list: which ids are marked, or all but which."""

from __future__ import annotations

from array import array
from collections.abc import Iterable


class Marks:
    """Marks by id. All of a million are marked by turning the set round, without listing them."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._is_inverted = False

    def has(self, row_id: int) -> bool:
        """Return whether an id is marked."""
        return (row_id in self._ids) != self._is_inverted

    def count(self, total: int) -> int:
        """Return how many of so many ids are marked."""
        return total - len(self._ids) if self._is_inverted else len(self._ids)

    def of(self, ids: array[int]) -> list[int]:
        """Return those of the ids that are marked, in their order."""
        return [row_id for row_id in ids if self.has(row_id)]

    def put(self, ids: Iterable[int], *, is_marked: bool) -> None:
        """Mark ids, or take their marks away."""
        if is_marked != self._is_inverted:
            self._ids.update(ids)
        else:
            self._ids.difference_update(ids)

    def clear(self, *, is_inverted: bool = False) -> None:
        """Take all marks away, or mark everything."""
        self._ids, self._is_inverted = set(), is_inverted

    def settle(self, old: array[int], ids: array[int]) -> bool:
        """Keep the marks of ids that are still listed, of the ``old`` ones; return whether any was lost."""
        marked = set(self.of(old)) if self._is_inverted else self._ids
        kept = marked.intersection(ids) if marked else marked
        self._ids, self._is_inverted = kept, False
        return len(kept) != len(marked)
