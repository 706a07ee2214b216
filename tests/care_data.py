"""Customers with sensitive data, people, accounts and a policy in force: what care for customers is tried on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from customer_data import account, dated, enrol

from console.rules.policies import load_pack
from console.services.customer_records import write_accounts, write_customers
from console.services.policies import BEGINNING, adopt
from console.storage.engine import Store
from console.storage.keys import new_key, write_keys

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
"""Wednesday 25 November 2026, noon in Shanghai."""


def opened_office(store: Store, folder: Path, policy: str = "") -> None:
    """Give a database its key, its people (an, lin, ana, root) and a policy: the Chinese one unless another text is given."""
    key = f"file:{folder / 'outside' / 'master.key'}"
    write_keys(key, [new_key()])
    store.safe.location = key
    enrol(store)
    with store.writing("root") as work:
        adopt(work, policy or load_pack("cn-95598"), name="cn-95598", valid_from=BEGINNING)


def enter(
    store: Store, customers: Sequence[Mapping[str, Any]], accounts: Sequence[Mapping[str, Any]] = ()
) -> dict[str, int]:
    """Enter customers and their accounts; return the ids of the customers by number."""
    with store.writing("root") as work:
        ids = write_customers(work.connection, [dated(row) for row in customers])
        write_accounts(work.connection, [account(row, ids) for row in accounts])
        work.record("fill", "database", "customers")
    return ids
