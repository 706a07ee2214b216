"""What is done with a person's sensitive data: shown one field at a time, and erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, RowMapping, Table, delete, func, select, text, update

from console.errors import NotAllowedError, NotFoundError, UsageError
from console.models import AuditEntry
from console.models.base import table_of
from console.services import contacts, fieldwork, forgetting, points, supply_records
from console.services.customer_merges import doubles_of
from console.services.customer_records import (
    ACCOUNT_SECRETS,
    ACCOUNTS,
    CUSTOMERS,
    DATA_KEYS,
    LOOKED_UP,
    MASKS,
    SECRETS,
    SENSITIVE,
)
from console.services.erasures import Erasure, append, erasures, ledger_path
from console.services.staffing import HANDLERS, SUPERVISORS, required
from console.storage import customer_search, sealing
from console.storage.customer_search import Part
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

ENTRIES: Table = table_of(AuditEntry)

QUOTA = 20
QUOTA_MINUTES = 10
ERASED_NAME = "(erased)"
MERGE_PAGES = 500
SYSTEM = "system"
"""Who carries the ledger out when a database is opened."""
SWEPT = (
    "customer_keys", "customer_secrets", "account_secrets", "customer_names", "customer_index", "customers", "contacts",
    "sample_contacts", "interviews", "survey_refusals", "answer_texts", "points_entries", "import_changes", "meters",
    "contracts", "consumption", "bills", "payments", "service_accounts", *forgetting.SWEPT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Replay:
    """What replaying the ledger did: numbers erased again, and how many entries of this database it held."""

    erased: tuple[str, ...]
    entries: int


def given_reason(reason: str) -> str:
    given = clean_line(reason)
    if not given:
        raise UsageError("A reason is required.", "Say why in a few words: --reason TEXT")
    return given


def held_customer(connection: Connection, number: str) -> RowMapping:
    row = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.number == number)).mappings().first()
    if row is None:
        raise NotFoundError(f"No customer has the number {number}.", "Search: ombud customer find TEXT")
    if row["erased_at"] is not None:
        raise NotFoundError(f"The data of customer {number} was erased.", "Nothing of it can be read again.")
    return row


def _revealed_lately(connection: Connection, actor: str, at: datetime) -> int:
    since = at - timedelta(minutes=QUOTA_MINUTES)
    question = select(func.count()).select_from(ENTRIES)
    return int(
        connection.execute(
            question.where(ENTRIES.c.actor == actor, ENTRIES.c.action == "reveal", ENTRIES.c.at > since)
        ).scalar_one()
    )


def reveal(store: Store, customer: str, field: str, reason: str, actor: str) -> str:
    """Return one sensitive field of the customer with a number in clear, after that it will be was put on the record.

    The entry is committed before anything is opened, so that there is no reveal without one. At most 20 in 10 minutes for one
    actor; what is refused beyond that is on the record too.

    Raises UsageError for an unknown field or no reason, NotAllowedError for who may not and beyond the quota, NotFoundError for a
    customer who is not there, was erased or has no such value, SealError where the value was changed or moved.
    """
    if field not in SENSITIVE:
        raise UsageError(f"{field} is not a field that is kept sealed.", f"Choose one of: {', '.join(SENSITIVE)}.")
    given = given_reason(reason)
    with store.reading() as connection:
        required(connection, actor, HANDLERS, "see sensitive data")
        row = held_customer(connection, customer)
        if not row[f"{field}_masked"]:
            raise NotFoundError(f"Customer {customer} has no {field} on file.", "Ask him, and enter it.")

    def note(work: Work) -> bool:
        work.record("reveal", "customer", customer, {"field": field, "reason": given})
        if _revealed_lately(work.connection, actor, work.at) > QUOTA:
            work.abandon()
            return False
        return True

    if not store.write(actor, note):
        store.write(actor, lambda work: work.record("reveal_refused", "customer", customer, {"field": field}))
        raise NotAllowedError(
            f"You have seen {QUOTA} sensitive values in {QUOTA_MINUTES} minutes.",
            "Wait, or ask for an export: ombud customer export NUMBER",
        )
    with store.reading() as connection:
        return opened_field(connection, int(row["id"]), field)


def opened_field(connection: Connection, customer_id: int, field: str) -> str:
    sealed = connection.execute(select(SECRETS.c[field]).where(SECRETS.c.customer_id == customer_id)).scalar()
    keys = sealing.data_keys(connection, [customer_id])
    if sealed is None or customer_id not in keys:
        raise NotFoundError("This value was erased meanwhile.", "Refresh the list.")
    vault = sealing.vault_of(connection)
    return vault.open_field(keys[customer_id], SECRETS.name, field, customer_id, sealed)


def erase(store: Store, customer: str, reason: str, actor: str, ledger: Path | None = None) -> None:
    """Destroy the data key of the customer with a number, and with it every sealed value here and in any later copy.

    Name, masks, index entries, meters, contracts, consumption, bills and payments go too; the number, the region and what
    statistics count stay. The ledger, a file outside the database, is written first: after an older backup was restored,
    ``replay_erasures`` erases again.

    Raises UsageError without a reason, NotAllowedError for who may not, NotFoundError for a customer who is not there or was
    erased already, UnavailableError where the ledger cannot be written: then nothing is erased.
    """
    given = given_reason(reason)
    path = ledger or ledger_path()
    with store.reading() as connection:
        required(connection, actor, SUPERVISORS, "erase a customer")
        held_customer(connection, customer)

    def act(work: Work) -> None:
        row = held_customer(work.connection, customer)
        database = sealing.sealing_vault(work.connection).database_id()
        append(path, Erasure(work.at, actor, database, customer, given))
        _erase(work.connection, int(row["id"]), work.at)
        work.record("erase", "customer", customer, {"reason": given})

    store.write(actor, act)
    _sweep(store)


def _erase(connection: Connection, customer_id: int, at: datetime) -> None:
    """Erase a customer, and his doubles: the dossiers that were merged into his."""
    for double in (customer_id, *doubles_of(connection, customer_id)):
        _erase_one(connection, double, at)


def _erase_one(connection: Connection, customer_id: int, at: datetime) -> None:
    accounts = list(connection.execute(select(ACCOUNTS.c.id).where(ACCOUNTS.c.customer_id == customer_id)).scalars())
    forgetting.forget_notes(connection, customer_id)
    supply_records.erase_held(connection, customer_id)
    for table, column in ((DATA_KEYS, "customer_id"), (SECRETS, "customer_id")):
        connection.execute(delete(table).where(table.c[column] == customer_id))
    contacts.forget_contacts(connection, customer_id)
    fieldwork.forget_attempts(connection, customer_id)
    points.forget_reasons(connection, customer_id, ERASED_NAME)
    connection.execute(delete(ACCOUNT_SECRETS).where(ACCOUNT_SECRETS.c.account_id.in_(accounts)))
    customer_search.forget_names(connection, [customer_id])
    customer_search.forget_blind(connection, [customer_id], [part for part in Part if part is not Part.ACCOUNT_ADDRESS])
    customer_search.forget_blind(connection, accounts, [Part.ACCOUNT_ADDRESS])
    connection.execute(
        update(ACCOUNTS)
        .where(ACCOUNTS.c.customer_id == customer_id)
        .values(address_masked="", premise="", version=ACCOUNTS.c.version + 1)
    )
    connection.execute(
        update(CUSTOMERS)
        .where(CUSTOMERS.c.id == customer_id)
        .values(
            name=ERASED_NAME,
            erased_at=at,
            updated_at=at,
            version=CUSTOMERS.c.version + 1,
            **{f"{field}_masked": "" for field in MASKS},
        )
    )


def _sweep(store: Store) -> None:
    """Let the engine overwrite what deleted rows left behind: in the index, the log of the database, dead rows."""
    with store.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        if not store.is_sqlite:
            for table in SWEPT:
                connection.execute(text(f"VACUUM {table}"))
            return
        # An FTS5 index only notes that an entry is gone; merging its segments, a few hundred pages at a time, leaves it out.
        for name in (customer_search.NAMES, customer_search.BLIND):
            pages = -MERGE_PAGES
            while True:
                before = connection.exec_driver_sql("SELECT total_changes()").scalar_one()
                connection.exec_driver_sql(f"INSERT INTO {name} ({name}, rank) VALUES ('merge', ?)", (pages,))  # noqa: S608
                if connection.exec_driver_sql("SELECT total_changes()").scalar_one() - before < 2:
                    break
                pages = MERGE_PAGES
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def replay_erasures(store: Store, actor: str, ledger: Path | None = None) -> Replay:
    """Erase again, after an older backup was restored, every customer of this database that the ledger names.

    Raises NotAllowedError for who may not, OmbudError for a damaged ledger.
    """
    listed = erasures(ledger)
    with store.reading() as connection:
        required(connection, actor, SUPERVISORS, "erase customers")
        database = sealing.vault_of(connection).database_id() if sealing.is_registered(connection) else ""
    return _replayed(store, [erasure for erasure in listed if erasure.database == database], actor)


def keep_erased(store: Store, ledger: Path | None = None) -> Replay:
    """Erase again whom the ledger names and an older copy brought back; called wherever a database is opened to work with.

    Costs one look at the ledger and a question by number; the master key is asked for only where somebody came back. That he is
    to be erased was decided when the ledger was written, so that everybody who opens the database carries it out. Raises
    OmbudError for a damaged ledger, KeyMissingError or WrongKeyError where the key is needed and not at hand.
    """
    listed = erasures(ledger)
    if not listed:
        return Replay((), 0)
    with store.reading() as connection:
        numbers = list({erasure.customer for erasure in listed})
        came_back = any(
            connection.execute(
                select(CUSTOMERS.c.id)
                .where(CUSTOMERS.c.number.in_(numbers[at : at + LOOKED_UP]), CUSTOMERS.c.erased_at.is_(None))
                .limit(1)
            ).first()
            for at in range(0, len(numbers), LOOKED_UP)
        )
        if not came_back or not sealing.is_registered(connection):
            return Replay((), 0)
        database = sealing.vault_of(connection).database_id()
    return _replayed(store, [erasure for erasure in listed if erasure.database == database], SYSTEM)


def _replayed(store: Store, own: Sequence[Erasure], actor: str) -> Replay:
    done: list[str] = []
    for erasure in own:

        def act(work: Work, erasure: Erasure = erasure) -> bool:
            row = work.connection.execute(
                select(CUSTOMERS.c.id).where(
                    CUSTOMERS.c.number == erasure.customer,
                    CUSTOMERS.c.erased_at.is_(None),
                    CUSTOMERS.c.created_at <= erasure.at,
                )
            ).first()
            if row is None:
                work.abandon()
                return False
            _erase(work.connection, row.id, work.at)
            work.record("erase", "customer", erasure.customer, {"replayed_from": erasure.at.isoformat()})
            return True

        if store.write(actor, act):
            done.append(erasure.customer)
    if done:
        _sweep(store)
    return Replay(tuple(done), len(own))
