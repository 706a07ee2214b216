"""What the screens of customer care ask and do, for one viewer of one database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.services.care_views import WorkLine

if TYPE_CHECKING:
    from console.storage.engine import Store


class CareQuestions:
    """Work lists, contacts, campaigns, merges, visits; asked from worker threads only. Verbs answer with what was done."""

    def __init__(self, store: Store, viewer: str, zone: str) -> None:
        self._store = store
        self._viewer = viewer
        self._zone = zone

    def work_list(self, kind: str) -> Sequence[WorkLine]:
        """Return one of the work lists."""
        from console.services.work_lists import work_list

        return work_list(self._store, kind, viewer=self._viewer)

    def log_contact(self, number: str, values: Mapping[str, str], key: str) -> str:
        """Write a contact down, once under a key, and return the customer's number."""
        from console.services.contacts import NewContact, log
        from console.services.fields import minor_units

        new = NewContact(
            number,
            content=values.get("content", ""),
            channel=values.get("channel", ""),
            direction=values.get("direction", ""),
            purpose=values.get("purpose", ""),
            outcome=values.get("outcome", ""),
            place=values.get("place", ""),
            cost_minor=minor_units(values["cost"]) if values.get("cost") else 0,
            currency=values.get("currency", ""),
        )
        return log(self._store, new, self._viewer, key).customer

    def verify(self, number: str) -> str:
        """Write down that a dossier was seen to be true."""
        from console.services.completeness import verify

        verify(self._store, number, self._viewer)
        return number

    def judge(self, one: str, other: str, values: Mapping[str, str]) -> str:
        """Merge two customers into the one chosen, or say that they are two; return what came of it."""
        from console.services.customer_duplicates import say_distinct
        from console.services.customer_merges import merge

        goes_on = values.get("goes_on", "")
        if goes_on not in (one, other):
            say_distinct(self._store, one, other, self._viewer, values.get("reason", ""))
            return ""
        gone = other if goes_on == one else one
        return merge(self._store, gone, goes_on, self._viewer, values.get("reason", "")).into

    def record_call(self, campaign: str, number: str, values: Mapping[str, str]) -> str:
        """Record how a contact of a campaign ended."""
        from console.services.campaigns import record

        return record(
            self._store, campaign, number, values.get("outcome", ""), self._viewer, content=values.get("content", "")
        ).customer

    def close_campaign(self, campaign: str) -> tuple[str, int]:
        """Close a campaign; return its number and how many were not contacted."""
        from console.services.campaigns import campaign as found
        from console.services.campaigns import close

        planned = found(self._store, campaign).planned
        return close(self._store, campaign, self._viewer).number, planned

    def visited(self, number: str, values: Mapping[str, str]) -> str:
        """Write down that a customer was visited."""
        from console.services.visits import made

        return made(
            self._store, number, self._viewer, content=values.get("content", ""), place=values.get("place", "")
        ).customer

    def begin_campaign(self, values: Mapping[str, str]) -> tuple[str, int]:
        """Begin a campaign; return its number and how many customers are on its list."""
        from datetime import date

        from console.services.campaigns import new

        rest = values.get("rest_days", "")
        row = new(
            self._store,
            values.get("title", ""),
            values.get("filter", ""),
            self._viewer,
            purpose=values.get("purpose") or "care",
            channel=values.get("channel") or "telephone",
            script=values.get("script", ""),
            rest_days=int(rest) if rest else None,
            due_on=date.fromisoformat(values["due_on"]) if values.get("due_on") else None,
        )
        return row.number, row.customers
