"""The claims of a session: kept by the keys one presses while a case is at hand, and given back when one leaves."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from console.screens.data import DataLink
from console.screens.doings import Doings

if TYPE_CHECKING:
    from console.storage.engine import Store

RENEW_SECONDS = 60.0
"""Seconds between two looks at the claims of the cases at hand, however many keys are pressed meanwhile."""

MOST_RENEWED = 200
FREE_SECONDS = 3.0
FREE_SECONDS_BY_SIGNAL = 0.5


class HeldClaims:
    """Keeps and frees the claims of whoever sits here."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer

    def renew(self, case_ids: Sequence[int]) -> tuple[int, ...]:
        """Keep the claims on some cases for another while; return those held as a claim."""
        from console.services import claims

        return claims.renew(self._store, case_ids, self._viewer)

    def free(self, case_ids: Sequence[int]) -> None:
        """Give the claims on some cases back."""
        from console.services import claims

        claims.free(self._store, case_ids, actor=self._viewer)


class ClaimKeeper:
    """Renews and frees the claims of a session in threads of its own, so that neither a key nor a hang-up waits for them."""

    def __init__(self, link: DataLink, doings: Doings) -> None:
        self.every = RENEW_SECONDS
        self._link = link
        self._doings = doings
        self._renewed_at = monotonic()
        self._renewing: threading.Thread | None = None

    def keep(self, at_hand: AbstractSet[int]) -> None:
        """Keep the claims on the cases at hand, because a key was pressed: a timer would keep those of a dead line."""
        data = self._link.opened
        if data is None or not at_hand or monotonic() - self._renewed_at < self.every:
            return
        if self._renewing is not None and self._renewing.is_alive():
            return
        self._renewed_at = monotonic()
        case_ids = sorted(at_hand)[:MOST_RENEWED]

        def renew() -> None:
            with suppress(Exception):  # the next key tries again
                data.part(HeldClaims).renew(case_ids)

        self._renewing = threading.Thread(target=renew, daemon=True)
        self._renewing.start()

    def free(self, *, is_hurried: bool) -> None:
        """Give back what was taken in this session, unless that lasts longer than one can wait."""
        data, taken = self._link.opened, sorted(self._doings.taken)
        if data is None or not taken:
            return

        def free() -> None:
            with suppress(Exception):  # a claim that cannot be given back lapses by itself
                data.part(HeldClaims).free(taken)

        thread = threading.Thread(target=free, daemon=True)
        thread.start()
        thread.join(FREE_SECONDS_BY_SIGNAL if is_hurried else FREE_SECONDS)
