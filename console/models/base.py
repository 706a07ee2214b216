"""What every table shares: names of constraints, UTC times, codes held to their list."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import TIMESTAMP, BigInteger, CheckConstraint, Dialect, Index, MetaData, Table, text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


# The tables are described and rows checked by the database: what pydantic would build for checking is not built until asked for.
SQLModel.model_config["defer_build"] = True


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC, to the second.

    PostgreSQL keeps it as ``timestamptz``; SQLite, which has no time type, as seconds since 1970: half the size of a text and
    twice as fast to compare in the queue's indexes.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of the dialect."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a time without a zone, and store the rest."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value if dialect.name == "postgresql" else int(value.timestamp())

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the moment, aware and in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromtimestamp(value, UTC)


def one_of(column: str, codes: type[StrEnum], *, optional: bool = False) -> CheckConstraint:
    """Return a check that a column holds one of the codes: table models do not validate by themselves."""
    listed = ", ".join(f"'{code.value}'" for code in codes)
    rule = f"{column} IN ({listed})"
    return CheckConstraint(f"{column} IS NULL OR {rule}" if optional else rule, name=column)


def not_blank(column: str) -> CheckConstraint:
    """Return a check that a text column is not empty."""
    return CheckConstraint(f"length({column}) > 0", name=f"{column}_given")


def positive_version() -> CheckConstraint:
    """Return the check of the optimistic version column."""
    return CheckConstraint("version >= 1", name="version_positive")


def partial_index(name: str, *columns: str, where: str, where_on_sqlite: str = "", unique: bool = False) -> Index:
    """Return an index over those rows only that fulfil a condition.

    The condition becomes a dialect's option in ``tell_dialects``, for those who write the schema: to name an option of
    PostgreSQL imports the dialects of all its drivers, 20 ms that an SQLite file never gets back.
    """
    return Index(name, *columns, unique=unique, info={"where": (where_on_sqlite or where, where)})


def tell_dialects(metadata: MetaData) -> None:
    """Give the conditions of the partial indexes to the dialects that write them."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                on_sqlite, on_postgresql = index.info["where"]
                index.dialect_options["sqlite"]["where"] = text(on_sqlite)
                index.dialect_options["postgresql"]["where"] = text(on_postgresql)


def table_of(model: type[SQLModel]) -> Table:
    """Return the table of a model, for SQL expressions: SQLModel has it as an attribute that its types do not name."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
