"""What the dossier of a customer asks the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.services.dossier_views import Dossier
    from console.storage.engine import Store


class DossierQuestions:
    """The dossier, and one sensitive field of it in clear, each time with a reason that goes on the record first."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer
        self._zone = zone

    def dossier(self, customer_id: int) -> Dossier:
        """Return the dossier of a customer."""
        from console.services import dossiers

        return dossiers.dossier(self._store, customer_id, zone=self._zone)

    def reveal(self, number: str, field: str, reason: str) -> str:
        """Return a field in clear, after its entry on the record."""
        from console.services import privacy

        return privacy.reveal(self._store, number, field, reason, self._viewer)
