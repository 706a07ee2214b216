"""What the queues ask and do beyond listing cases: the views people keep, and the values a filter may name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from console.services.views import IdList, NewView, QueueView

if TYPE_CHECKING:
    from console.storage.engine import Store


class QueueQuestions:
    """The views and values of one database, as one person sees them."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer
        self._zone = zone

    def views(self) -> tuple[QueueView, ...]:
        """Return the views: the ready ones, one's own, those that others share."""
        from console.services import saved_views

        return saved_views.views(self._store, self._viewer)

    def save(self, new: NewView, version: int | None) -> QueueView:
        """Keep a view; ``version`` is the one seen where it takes the place of one's own."""
        from console.services import saved_views

        return saved_views.save(self._store, new, actor=self._viewer, version=version)

    def rename(self, view: QueueView, name: str) -> QueueView:
        """Give a view another name."""
        from console.services import saved_views

        return saved_views.rename(self._store, view.number, name, actor=self._viewer, version=view.version)

    def share(self, view: QueueView) -> QueueView:
        """Share a view with everybody, or share it no longer."""
        from console.services import saved_views

        is_shared = not view.is_shared
        return saved_views.share(
            self._store, view.number, actor=self._viewer, is_shared=is_shared, version=view.version
        )

    def remove(self, view: QueueView) -> str:
        """Delete a view and return its name."""
        from console.services import saved_views

        return saved_views.remove(self._store, view.number, actor=self._viewer, version=view.version)

    def move(self, view: QueueView, position: int) -> tuple[QueueView, ...]:
        """Put one's own view at a place among one's own, from 1, and return all views as they stand then."""
        from console.services import saved_views

        return saved_views.move(self._store, view.number, position, actor=self._viewer)

    def values(self, field: str, typed: str) -> Sequence[tuple[str, str]]:
        """Return what may stand behind a field, each value with its name."""
        from console.services import filter_values

        return filter_values.values(self._store, field, typed)

    def first_ids(self, filter_text: str, now: datetime) -> IdList:
        """Return the first cases a filter finds, without counting the others. Raises FilterError."""
        from console.services import queues

        return queues.first_ids(self._store, filter_text, now=now, viewer=self._viewer, zone=self._zone)

    def every_id(self, filter_text: str, now: datetime) -> IdList:
        """Return all the cases a filter finds, however many. Raises FilterError."""
        from console.services import queues

        return queues.ids(self._store, filter_text, now=now, viewer=self._viewer, zone=self._zone, limit=None)
