"""Merging two dossiers of one customer, and taking that back exactly (requirement A5).

All that refers to the one customer is moved to the other; what both have of a kind that may be there once (a place in a sample,
in a campaign, a manager) stays where it is. The merged dossier stays too, with its own sealed values, and its number leads to
the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, UniqueConstraint, and_, delete, exists, insert, select, update

from console.errors import ConflictError, NotFoundError, UsageError
from console.identifiers import natural_key
from console.models import CustomerMerge, whole_schema
from console.models.base import table_of
from console.services.care_views import MergeRow
from console.services.customer_records import (
    ACCOUNT_SECRETS,
    ACCOUNTS,
    CUSTOMERS,
    SECRETS,
    SENSITIVE,
    change_customer,
    data_key,
)
from console.services.known_customers import known
from console.services.points import balance_of
from console.services.staffing import SUPERVISORS, required
from console.storage import sealing
from console.storage.engine import Store
from console.storage.unit import Work
from console.text import clean_line

MERGES: Table = table_of(CustomerMerge)

STAY = frozenset(
    {
        "customers", "customer_keys", "customer_secrets", "customer_standings", "customer_stages", "customer_merges",
        "customer_segment_members", "distinct_customers",
    }
)  # fmt: skip
"""Tables that speak of the dossier itself, or are computed anew."""

ONLY_ONE = frozenset({"customer_managers"})
"""Tables of which a customer has one row at a time, though no constraint says so."""

FILLED = ("supply_category", "size", "region")
"""Plain facts that the other dossier gets where it has none."""

CHUNK = 500


def _referring(*, is_own: bool = False) -> Iterable[tuple[Table, str]]:
    """Every table that refers to customers by a column: those whose rows are moved, or those that have one for each customer."""
    for table in whole_schema().sorted_tables:
        if table.name in STAY:
            continue
        for column in table.columns:
            is_key = column.primary_key and len(table.primary_key.columns) == 1
            if any(key.column.table is CUSTOMERS for key in column.foreign_keys) and is_key is is_own:
                yield table, column.name


def _once(table: Table, column: str) -> list[list[str]]:
    """For each way in which a customer may stand in a table once only: the columns for whose values that holds."""
    rules = [
        [other.name for other in constraint.columns if other.name != column]
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint) and column in constraint.columns
    ]
    return [*rules, []] if table.name in ONLY_ONE else rules


def merge(store: Store, number: str, into: str, actor: str, reason: str = "") -> MergeRow:
    """Let one customer go on for another: accounts, cases, contacts, answers and all else of ``number`` become ``into``'s.

    Facts that ``into`` lacks are taken over. Each sealed value that is opened for it has its entry on the record.
    Raises ConflictError for a merge into oneself or of one merged already, NotFoundError for customers who are not there or were
    erased, NotAllowedError for who may not: then nothing was changed.
    """

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, SUPERVISORS, "merge customers")
        source = _to_merge(connection, number)
        target = known(connection, into)
        if source["id"] == target.id:
            raise ConflictError(f"{number} and {into} are one customer.", "Name two customers.")
        other = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.id == target.id)).mappings().one()
        moved = _move(work, int(source["id"]), target.id)
        before = {**_fill(work, source, other), "copied": _copy(connection, int(source["id"]), target.id)}
        connection.execute(
            update(CUSTOMERS)
            .where(CUSTOMERS.c.id == source["id"])
            .values(merged_into_id=target.id, version=CUSTOMERS.c.version + 1)
        )
        made = connection.execute(
            insert(MERGES)
            .values(
                from_id=source["id"],
                into_id=target.id,
                at=work.at,
                actor=actor,
                reason=clean_line(reason)[:500],
                moved=json.dumps(moved),
                before=json.dumps(before),
            )
            .returning(MERGES.c.id)
        ).scalar_one()
        counted = {name: len(ids) for name, ids in moved.items()}
        work.record(
            "merge", "customer", source["number"], {"into": target.number, "merge": int(made), "moved": counted}
        )
        return int(made)

    made = store.write(actor, act)
    return next(row for row in merges(store) if row.id == made)


def _to_merge(connection: Connection, written: str) -> RowMapping:
    number = natural_key(written)
    row = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.number == number)).mappings().first()
    if row is None:
        raise NotFoundError(f"No customer has the number {number}.", "Search: ombud customer find TEXT")
    if row["erased_at"] is not None:
        raise NotFoundError(f"The data of customer {number} was erased.", "There is nothing to merge.")
    if row["merged_into_id"] is not None:
        raise ConflictError(
            f"Customer {number} was merged into {known(connection, number).number} already.",
            f"Take that back first: ombud customer unmerge {number}",
        )
    return row


def _move(work: Work, source: int, target: int) -> dict[str, list[int]]:
    connection = work.connection
    moved: dict[str, list[int]] = {}
    for table, column in _referring():
        condition = table.c[column] == source
        for shared in _once(table, column):
            other = table.alias()
            same = [other.c[name] == table.c[name] for name in shared]
            condition = and_(condition, ~exists().where(other.c[column] == target, *same))
        ids = [int(found) for found in connection.execute(select(table.c.id).where(condition)).scalars()]
        if ids:
            moved[table.name if column == "customer_id" else f"{table.name}.{column}"] = sorted(ids)
    _hand_over(work, moved, source, target)
    return moved


def _copy(connection: Connection, source: int, target: int) -> list[str]:
    """Let what stands once of a customer, such as that he answers no surveys, hold of the other too; return the tables."""
    copied = []
    for table, column in _referring(is_own=True):
        rows = {
            row[column]: dict(row)
            for row in connection.execute(select(table).where(table.c[column].in_([source, target]))).mappings()
        }
        if source in rows and target not in rows:
            connection.execute(insert(table).values(**{**rows[source], column: target}))
            copied.append(f"{table.name}.{column}")
    return copied


def _hand_over(work: Work, moved: Mapping[str, Sequence[int]], source: int, target: int) -> dict[str, int]:
    """Let rows that are one customer's be another's; return how many of each table were not his any more."""
    connection = work.connection
    kept: dict[str, int] = {}
    for name, ids in moved.items():
        table_name, _dot, column = name.partition(".")
        table = whole_schema().tables[table_name]
        owner = table.c[column or "customer_id"]
        if table is ACCOUNTS:
            _reseal(work, ids, source, target)
        changed = 0
        for start in range(0, len(ids), CHUNK):
            chosen = and_(table.c.id.in_(list(ids[start : start + CHUNK])), owner == source)
            changed += connection.execute(update(table).where(chosen).values({owner.name: target})).rowcount
        if changed < len(ids):
            kept[name] = len(ids) - changed
    return kept


def _reseal(work: Work, account_ids: Sequence[int], source: int, target: int) -> None:
    """Seal the addresses of accounts with the data key of their new owner, each opened with its entry on the record."""
    connection = work.connection
    question = (
        select(ACCOUNTS.c.id, ACCOUNTS.c.number, ACCOUNT_SECRETS.c.address)
        .join_from(ACCOUNTS, ACCOUNT_SECRETS, ACCOUNT_SECRETS.c.account_id == ACCOUNTS.c.id)
        .where(ACCOUNTS.c.customer_id == source, ACCOUNTS.c.id.in_(list(account_ids)))
        .order_by(ACCOUNTS.c.id)
    )
    rows = connection.execute(question).all()
    if not rows:
        return
    old = sealing.data_keys(connection, [source])[source]
    new = data_key(connection, target)
    vault = sealing.vault_of(connection)
    for account_id, number, sealed in rows:
        work.record("reveal", "account", number, {"field": "address", "purpose": "merge"})
        address = vault.open_field(old, ACCOUNT_SECRETS.name, "address", account_id, sealed)
        connection.execute(
            update(ACCOUNT_SECRETS)
            .where(ACCOUNT_SECRETS.c.account_id == account_id)
            .values(address=new.seal(ACCOUNT_SECRETS.name, "address", account_id, address))
        )


def _fill(work: Work, source: RowMapping, target: RowMapping) -> dict[str, Any]:
    """Give a customer what he lacks and his double has; return which plain facts and sensitive fields he got."""
    connection = work.connection
    plain = {name: source[name] for name in FILLED if source[name] and not target[name]}
    is_vulnerable = bool(source["is_vulnerable"]) and not target["is_vulnerable"]
    if is_vulnerable:
        plain["is_vulnerable"] = True
    if plain:
        connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.id == target["id"]).values(**plain))
    fields = [name for name in SENSITIVE if source[f"{name}_masked"] and not target[f"{name}_masked"]]
    if fields:
        sealed = connection.execute(select(SECRETS).where(SECRETS.c.customer_id == source["id"])).mappings().one()
        key = sealing.data_keys(connection, [source["id"]])[source["id"]]
        vault = sealing.vault_of(connection)
        values = {}
        for name in fields:
            work.record("reveal", "customer", source["number"], {"field": name, "purpose": "merge"})
            values[name] = vault.open_field(key, SECRETS.name, name, source["id"], sealed[name])
        change_customer(connection, target["id"], values)
    else:
        connection.execute(
            update(CUSTOMERS).where(CUSTOMERS.c.id == target["id"]).values(version=CUSTOMERS.c.version + 1)
        )
    masks = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.id == target["id"])).mappings().one()
    return {
        "plain": {name: [target[name], value] for name, value in plain.items()},
        "sensitive": {name: masks[f"{name}_masked"] for name in fields},
    }


def unmerge(store: Store, number: str, actor: str) -> MergeRow:
    """Take the merge of a customer back: what was moved and is still where it was moved to goes back, filled facts too.

    What somebody has moved or changed since stays, and is counted. Raises NotFoundError for a customer who is not there,
    ConflictError for one who was not merged or where a later merge must be taken back first, NotAllowedError for who may not.
    """

    def act(work: Work) -> int:
        connection = work.connection
        required(connection, actor, SUPERVISORS, "take merges back")
        row, merged = _merged(connection, number)
        source, target = merged["from_id"], merged["into_id"]
        kept = _hand_over(work, json.loads(merged["moved"]), target, source)
        if balance_of(connection, target) < 0:
            raise ConflictError(
                f"Points of customer {row['number']} were used since the merge.", "Reverse those entries first."
            )
        before = json.loads(merged["before"])
        for name in before["copied"]:
            table_name, _dot, column = name.partition(".")
            table = whole_schema().tables[table_name]
            connection.execute(delete(table).where(table.c[column] == target))
        kept_facts = _take_facts_back(connection, target, before)
        connection.execute(
            update(CUSTOMERS)
            .where(CUSTOMERS.c.id == source)
            .values(merged_into_id=None, version=CUSTOMERS.c.version + 1)
        )
        connection.execute(update(MERGES).where(MERGES.c.id == merged["id"]).values(undone_at=work.at, undone_by=actor))
        detail = {"merge": merged["id"], "kept": kept, "kept_facts": kept_facts}
        work.record("unmerge", "customer", row["number"], detail)
        return int(merged["id"])

    made = store.write(actor, act)
    return next(row for row in merges(store) if row.id == made)


def _merged(connection: Connection, written: str) -> tuple[RowMapping, RowMapping]:
    number = natural_key(written)
    row = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.number == number)).mappings().first()
    if row is None:
        raise NotFoundError(f"No customer has the number {number}.", "See: ombud customer merges")
    if row["merged_into_id"] is None:
        raise ConflictError(f"Customer {number} is not merged into another.", "See: ombud customer merges")
    target = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.id == row["merged_into_id"])).mappings().one()
    if row["erased_at"] is not None or target["erased_at"] is not None:
        raise NotFoundError(f"The data of customer {number} was erased.", "Nothing of it can be moved back.")
    if target["merged_into_id"] is not None:
        raise ConflictError(
            f"Customer {target['number']} was merged into another since.",
            f"Take that back first: ombud customer unmerge {target['number']}",
        )
    question = select(MERGES).where(MERGES.c.from_id == row["id"], MERGES.c.undone_at.is_(None))
    merged = connection.execute(question.order_by(MERGES.c.id.desc())).mappings().first()
    if merged is None:
        raise UsageError(f"How customer {number} was merged is not on file.", "Move his accounts by hand.")
    return row, merged


def _take_facts_back(connection: Connection, target: int, before: Mapping[str, Any]) -> list[str]:
    """Take from a customer the facts that a merge gave him, where nobody has changed them since; return those kept."""
    held = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.id == target)).mappings().one()
    plain = {name: old for name, (old, given) in before["plain"].items() if held[name] == given}
    if plain:
        connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.id == target).values(**plain))
    fields = [name for name, mask in before["sensitive"].items() if held[f"{name}_masked"] == mask]
    if fields:
        change_customer(connection, target, dict.fromkeys(fields, ""))
    else:
        connection.execute(update(CUSTOMERS).where(CUSTOMERS.c.id == target).values(version=CUSTOMERS.c.version + 1))
    return sorted(({*before["plain"]} - {*plain}) | ({*before["sensitive"]} - {*fields}))


def merges(store: Store, limit: int = 200) -> list[MergeRow]:
    """Return the merges, the newest first, those that were taken back too."""
    one, other = CUSTOMERS.alias("merged"), CUSTOMERS.alias("goes_on")
    question = (
        select(MERGES, one.c.number.label("from_number"), other.c.number.label("into_number"))
        .join_from(MERGES, one, one.c.id == MERGES.c.from_id)
        .join(other, other.c.id == MERGES.c.into_id)
        .order_by(MERGES.c.id.desc())
        .limit(limit)
    )
    with store.reading() as connection:
        return [
            MergeRow(
                row["id"],
                row["at"],
                row["actor"],
                row["from_number"],
                row["into_number"],
                row["reason"],
                tuple((name, len(ids)) for name, ids in json.loads(row["moved"]).items()),
                row["undone_at"],
                row["undone_by"],
            )
            for row in connection.execute(question).mappings()
        ]


def doubles_of(connection: Connection, customer_id: int) -> list[int]:
    """Return the ids of all who were merged into a customer, straight or by way of another."""
    found: list[int] = []
    ahead = [customer_id]
    while ahead:
        merged = list(connection.execute(select(CUSTOMERS.c.id).where(CUSTOMERS.c.merged_into_id.in_(ahead))).scalars())
        ahead = [item for item in merged if item not in found]
        found += ahead
    return found
