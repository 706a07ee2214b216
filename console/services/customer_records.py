"""Writing customers and their accounts: the one door through which a sensitive value comes in, and leaves sealed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select, text, update

from console.codes import CustomerKind, Relationship
from console.errors import ConflictError, NotFoundError, UsageError
from console.identifiers import PHONE_DIGITS, is_phone, mask_address, mask_email, mask_identity, mask_phone, natural_key
from console.models import AccountSecret, Customer, CustomerKey, CustomerSecret, ServiceAccount
from console.models.base import table_of
from console.storage import customer_search, sealing
from console.storage.bulk import insert_rows
from console.storage.customer_search import Part
from console.text import clean_line

CUSTOMERS: Table = table_of(Customer)
ACCOUNTS: Table = table_of(ServiceAccount)
DATA_KEYS: Table = table_of(CustomerKey)
SECRETS: Table = table_of(CustomerSecret)
ACCOUNT_SECRETS: Table = table_of(AccountSecret)

SENSITIVE = ("phone", "email", "identity", "address", "bank")
"""The fields of a customer that are kept sealed only."""

NAMED = {
    "phone": "The telephone",
    "email": "The e-mail address",
    "identity": "The identity number",
    "address": "The address",
    "bank": "The bank account",
}
MARKS = tuple(f"{field}_mark" for field in SENSITIVE)

MASKS: Mapping[str, Callable[[str], str]] = {
    "phone": mask_phone,
    "email": mask_email,
    "identity": mask_identity,
    "address": mask_address,
    "bank": mask_identity,
}
PARTS = {
    "phone": Part.PHONE,
    "email": Part.EMAIL,
    "identity": Part.IDENTITY,
    "address": Part.ADDRESS,
    "bank": Part.BANK,
}
DEFAULTS: Mapping[str, Any] = {
    "kind": CustomerKind.INDIVIDUAL.value,
    "relationship": Relationship.LONG_TERM.value,
    "supply_category": None,
    "size": "",
    "credit_grade": "",
    "region": "",
    "is_vulnerable": False,
    "has_life_support": False,
}
PLAIN = ("number", "name", "created_at", "updated_at", *DEFAULTS)
LOOKED_UP = 500
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def checked(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the sensitive fields of a row, cleaned.

    Raises UsageError for a row without number or name, or with a value that is none.
    """
    number = row.get("number", "")
    if not number or natural_key(number) != number:
        raise UsageError(
            "A customer came without a number." if not number else f"{number!r} is no customer number.",
            "Give each customer the number the utility knows him by.",
        )
    if not row.get("name"):
        raise UsageError(f"Customer {number} came without a name.", "Give a name, or the number once more.")
    return {field: _value(number, field, row[field]) for field in SENSITIVE if row.get(field)}


def _value(number: str, field: str, written: str) -> str:
    try:
        return valid_secret(field, written)
    except UsageError as error:
        raise UsageError(f"{NAMED[field]} of customer {number} {error.message}.", error.hint) from None


def valid_secret(field: str, written: str) -> str:
    """Return a sensitive value cleaned.

    Raises UsageError where it is none; the message goes on behind the name of the field and does not quote the value.
    """
    value = clean_line(written)
    if field == "phone" and not is_phone(value):
        raise UsageError(
            f"is no telephone number of {PHONE_DIGITS[0]} to {PHONE_DIGITS[1]} digits",
            "Correct it, or leave it empty.",
        )
    if field == "email" and not _EMAIL.fullmatch(value):
        raise UsageError("is no e-mail address", "Correct it, or leave it empty.")
    return value


def write_customers(
    connection: Connection, rows: Sequence[Mapping[str, Any]], *, may_exist: bool = False
) -> dict[str, int]:
    """Enter new customers in one go and return their ids by number.

    A row holds the columns of ``Customer``, and in clear the ``SENSITIVE`` fields, which are sealed, masked and put into the
    blind index here; columns left out get their defaults. ``may_exist`` leaves out customers whose number is taken, as where
    another session may be entering them too.

    Raises UsageError for a row that ``checked`` refuses, ConflictError for a number that is given twice or taken (without
    ``may_exist``): then nothing was written; KeyMissingError or WrongKeyError where
    something is to be sealed and the master key is not at hand.
    """
    sensitive = [checked(row) for row in rows]
    if not rows:
        return {}
    if not may_exist:
        _refuse_taken(connection, [row["number"] for row in rows])
    ids = new_ids(connection, CUSTOMERS, len(rows))
    names = ("id", *PLAIN, *(f"{field}_masked" for field in SENSITIVE))
    values = [
        (
            customer_id,
            *(row.get(name, DEFAULTS.get(name)) for name in PLAIN),
            *(MASKS[field](found.get(field, "")) for field in SENSITIVE),
        )
        for customer_id, row, found in zip(ids, rows, sensitive, strict=True)
    ]
    if may_exist:
        _insert_missing(connection, [dict(zip(names, value, strict=True)) for value in values])
        kept = _made_here(connection, {row["number"]: customer_id for customer_id, row in zip(ids, rows, strict=True)})
    else:
        insert_rows(connection, CUSTOMERS, names, values)
        kept = {row["number"]: customer_id for customer_id, row in zip(ids, rows, strict=True)}
    made = [
        (customer_id, row, found)
        for customer_id, row, found in zip(ids, rows, sensitive, strict=True)
        if kept.get(row["number"]) == customer_id
    ]
    if customer_search.newest_entry(connection, is_blind=False) >= ids[0]:
        # Ids of customers that were deleted are given again.
        customer_search.forget_names(connection, ids)
    customer_search.index_names(connection, ((customer_id, row["name"]) for customer_id, row, _ in made))
    _seal(connection, [(customer_id, found) for customer_id, _, found in made if found])
    return kept


def _refuse_taken(connection: Connection, numbers: Sequence[str]) -> None:
    given = set(numbers)
    if len(given) < len(numbers):
        twice = sorted(number for number, count in Counter(numbers).items() if count > 1)[0]
        raise ConflictError(f"Customer number {twice} is given twice.", "Each customer has his own; correct the file.")
    for start in range(0, len(numbers), LOOKED_UP):
        taken = connection.execute(
            select(CUSTOMERS.c.number).where(CUSTOMERS.c.number.in_(numbers[start : start + LOOKED_UP])).limit(1)
        ).scalar()
        if taken is not None:
            raise ConflictError(f"Customer number {taken} is taken.", "Change that customer, or give another number.")


def new_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Return ids for new rows of a table, rising; call it inside the transaction that writes them."""
    if connection.dialect.name == "postgresql":
        question = text("SELECT nextval(:sequence) FROM generate_series(1, :count)")
        given = connection.execute(question, {"sequence": f"{table.name}_id_seq", "count": count}).scalars()
        return sorted(int(value) for value in given)
    newest = int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())
    return list(range(newest + 1, newest + 1 + count))


def _insert_missing(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
    connection.execute(insert_or_leave(CUSTOMERS).on_conflict_do_nothing(index_elements=["number"]), rows)


def _made_here(connection: Connection, ids: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    numbers = list(ids)
    for start in range(0, len(numbers), LOOKED_UP):
        question = select(CUSTOMERS.c.number, CUSTOMERS.c.id).where(
            CUSTOMERS.c.number.in_(numbers[start : start + LOOKED_UP])
        )
        found.update((number, given) for number, given in connection.execute(question) if ids[number] == given)
    return found


def _seal(connection: Connection, found: Sequence[tuple[int, Mapping[str, str]]]) -> None:
    """Give new customers their data keys, and seal and index their fields."""
    if not found:
        return
    vault = sealing.sealing_vault(connection)
    keys, sealed, entries = [], [], []
    for customer_id, values in found:
        key, wrapped = vault.new_data_key(customer_id)
        keys.append((customer_id, vault.current, wrapped))
        marks = (mark(vault, SECRETS.name, field, customer_id, values.get(field)) for field in SENSITIVE)
        sealed.append(
            (customer_id, *(_sealed(key, customer_id, field, values.get(field)) for field in SENSITIVE), *marks)
        )
        entries += [
            (PARTS[field], customer_id, customer_search.blind_words(vault, PARTS[field], value))
            for field, value in values.items()
        ]
    if customer_search.newest_entry(connection, is_blind=True) >= found[0][0] * customer_search.KINDS:
        # Accounts, which share the index, may have higher ids than customers: only fields of these very ids are in the way.
        customer_search.forget_blind(connection, [customer_id for customer_id, _ in found], PARTS.values())
    insert_rows(connection, DATA_KEYS, ("customer_id", "master_id", "wrapped"), keys)
    insert_rows(connection, SECRETS, ("customer_id", *SENSITIVE, *MARKS), sealed)
    customer_search.index_blind(connection, entries)


def mark(vault: sealing.Vault, table: str, field: str, row: int, value: str | None) -> str | None:
    """Return the keyed digest by which a value at its place is known again unopened; None for no value.

    The place is in it, so that equal marks tell of nothing but the same value at the same place.
    """
    return vault.digest("mark", f"{table}|{field}|{row}|{value}") if value else None


def _sealed(key: sealing.DataKey, customer_id: int, field: str, value: str | None) -> bytes | None:
    return key.seal(SECRETS.name, field, customer_id, value) if value else None


def change_customer(connection: Connection, customer_id: int, changes: Mapping[str, str]) -> None:
    """Set the name or sensitive fields of a customer; an empty text takes a value away. Other fields are plain updates.

    Raises NotFoundError for a customer that is not there or was erased, UsageError for a value that is none.
    """
    question = select(CUSTOMERS.c.number, CUSTOMERS.c.erased_at).where(CUSTOMERS.c.id == customer_id)
    row = connection.execute(question).first()
    if row is None or row.erased_at is not None:
        raise NotFoundError("This customer is no longer there.", "Look him up again: ombud customer find TEXT")
    values = {field: _value(row.number, field, changes[field]) for field in SENSITIVE if changes.get(field)}
    columns: dict[str, Any] = {
        f"{field}_masked": MASKS[field](values.get(field, "")) for field in SENSITIVE if field in changes
    }
    if changes.get("name"):
        columns["name"] = changes["name"]
        customer_search.forget_names(connection, [customer_id])
        customer_search.index_names(connection, [(customer_id, changes["name"])])
    sensitive = [field for field in SENSITIVE if field in changes]
    if sensitive:
        key = data_key(connection, customer_id)
        vault = sealing.vault_of(connection)
        sealed: dict[str, Any] = {}
        for field in sensitive:
            sealed[field] = _sealed(key, customer_id, field, values.get(field))
            sealed[f"{field}_mark"] = mark(vault, SECRETS.name, field, customer_id, values.get(field))
        connection.execute(update(SECRETS).where(SECRETS.c.customer_id == customer_id).values(**sealed))
        customer_search.forget_blind(connection, [customer_id], [PARTS[field] for field in sensitive])
        customer_search.index_blind(
            connection,
            [
                (PARTS[field], customer_id, customer_search.blind_words(vault, PARTS[field], value))
                for field, value in values.items()
            ],
        )
    connection.execute(
        update(CUSTOMERS).where(CUSTOMERS.c.id == customer_id).values(**columns, version=CUSTOMERS.c.version + 1)
    )


def data_key(connection: Connection, customer_id: int) -> sealing.DataKey:
    """Return the data key of a customer, a new one where he has none yet."""
    return _data_keys(connection, [customer_id])[customer_id]


def _data_keys(connection: Connection, customer_ids: Iterable[int]) -> dict[int, sealing.DataKey]:
    wanted = list(dict.fromkeys(customer_ids))
    vault = sealing.sealing_vault(connection)
    found: dict[int, sealing.DataKey] = {}
    for start in range(0, len(wanted), LOOKED_UP):
        found.update(sealing.data_keys(connection, wanted[start : start + LOOKED_UP]))
    keys = []
    for customer_id in wanted:
        if customer_id not in found:
            found[customer_id], wrapped = vault.new_data_key(customer_id)
            keys.append((customer_id, vault.current, wrapped))
    insert_rows(connection, DATA_KEYS, ("customer_id", "master_id", "wrapped"), keys)
    insert_rows(
        connection,
        SECRETS,
        ("customer_id", *SENSITIVE),
        [(customer_id, *(None for _ in SENSITIVE)) for customer_id, *_ in keys],
    )
    return found


def write_accounts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Enter new service accounts in one go and return their ids by number.

    A row holds the columns of ``ServiceAccount`` and the ``address`` in clear, which is sealed with the data key of its
    customer; all rows name the same columns. Raises UsageError for an account without number, ConflictError where two rows, or a
    row and the database, claim one number: then nothing was written.
    """
    if not rows:
        return {}
    _refuse_claimed(connection, rows)
    ids = new_ids(connection, ACCOUNTS, len(rows))
    addresses = [clean_line(row.get("address") or "") for row in rows]
    owners = [row["customer_id"] for row, address in zip(rows, addresses, strict=True) if address]
    keys = _data_keys(connection, owners) if owners else {}
    vault = sealing.sealing_vault(connection) if owners else None
    plain = tuple(name for name in rows[0] if name in ACCOUNTS.c and name != "id")
    values, sealed, entries = [], [], []
    for account_id, row, address in zip(ids, rows, addresses, strict=True):
        found = customer_search.placed(vault, address) if vault and address else customer_search.NOWHERE
        values.append((account_id, mask_address(address), found.premise, *(row[name] for name in plain)))
        if vault and address:
            key = keys[row["customer_id"]]
            given = mark(vault, ACCOUNT_SECRETS.name, "address", account_id, address)
            sealed.append((account_id, key.seal(ACCOUNT_SECRETS.name, "address", account_id, address), given))
            entries.append((Part.ACCOUNT_ADDRESS, account_id, found.words))
    insert_rows(connection, ACCOUNTS, ("id", "address_masked", "premise", *plain), values)
    if vault and customer_search.newest_entry(connection, is_blind=True) >= ids[0] * customer_search.KINDS:
        customer_search.forget_blind(connection, ids, [Part.ACCOUNT_ADDRESS])
    insert_rows(connection, ACCOUNT_SECRETS, ("account_id", "address", "address_mark"), sealed)
    customer_search.index_blind(connection, entries)
    return {row["number"]: account_id for account_id, row in zip(ids, rows, strict=True)}


def change_account(connection: Connection, account_id: int, address: str) -> None:
    """Set the address of a service account; an empty text takes it away. Other fields are plain updates.

    Raises NotFoundError for an account that is not there.
    """
    owner = connection.execute(select(ACCOUNTS.c.customer_id).where(ACCOUNTS.c.id == account_id)).scalar()
    if owner is None:
        raise NotFoundError("This account is no longer there.", "Look its customer up again.")
    given = clean_line(address)
    connection.execute(delete(ACCOUNT_SECRETS).where(ACCOUNT_SECRETS.c.account_id == account_id))
    customer_search.forget_blind(connection, [account_id], [Part.ACCOUNT_ADDRESS])
    found = customer_search.NOWHERE
    if given:
        key = data_key(connection, owner)
        vault = sealing.sealing_vault(connection)
        found = customer_search.placed(vault, given)
        sealed = key.seal(ACCOUNT_SECRETS.name, "address", account_id, given)
        known = mark(vault, ACCOUNT_SECRETS.name, "address", account_id, given)
        insert_rows(
            connection, ACCOUNT_SECRETS, ("account_id", "address", "address_mark"), [(account_id, sealed, known)]
        )
        customer_search.index_blind(connection, [(Part.ACCOUNT_ADDRESS, account_id, found.words)])
    connection.execute(
        update(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id)
        .values(address_masked=mask_address(given), premise=found.premise, version=ACCOUNTS.c.version + 1)
    )


def forget_accounts(connection: Connection, account_ids: Sequence[int]) -> None:
    """Take accounts that are being deleted out of the index; their addresses go with their row."""
    if account_ids:
        customer_search.forget_blind(connection, list(account_ids), [Part.ACCOUNT_ADDRESS])


def _refuse_claimed(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    seen: dict[str, Any] = {}
    for row in rows:
        number = row.get("number", "")
        if not number:
            raise UsageError("A service account came without a number.", "Give each account its number.")
        if number in seen:
            raise ConflictError(
                f"Account {number} is given twice{'' if seen[number] == row['customer_id'] else ', to two customers'}.",
                "An account belongs to one customer; correct the file.",
            )
        seen[number] = row["customer_id"]
    numbers = list(seen)
    for start in range(0, len(numbers), LOOKED_UP):
        taken = connection.execute(
            select(ACCOUNTS.c.number).where(ACCOUNTS.c.number.in_(numbers[start : start + LOOKED_UP])).limit(1)
        ).scalar()
        if taken is not None:
            raise ConflictError(
                f"Account {taken} belongs to a customer already.", "Correct the number, or move the account."
            )


def forget_customers(connection: Connection, customer_ids: Sequence[int]) -> None:
    """Take customers that are being deleted out of the indexes; their keys go with their row."""
    ids = list(customer_ids)
    if not ids:
        return
    customer_search.forget_names(connection, ids)
    customer_search.forget_blind(connection, ids, PARTS.values())
