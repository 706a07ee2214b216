"""What is kept only sealed: master keys by their fingerprint, a data key for each customer, and the fields under it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from console.models.base import UtcTime


class MasterKey(SQLModel, table=True):
    """A master key this database has used: never the key, only what tells the right one from a wrong one.

    ``secret`` is the database's own secret under that key: the keys of the indexes and of signatures come from it, so that they
    stay when the master key is changed.
    """

    __tablename__ = "master_keys"

    id: int | None = Field(default=None, primary_key=True)
    salt: bytes = Field(sa_type=LargeBinary)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    secret: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcTime)


class CustomerKey(SQLModel, table=True):
    """A customer's data key, wrapped by a master key; without this row nothing of his can be read again."""

    __tablename__ = "customer_keys"

    customer_id: int = Field(primary_key=True, foreign_key="customers.id", ondelete="CASCADE")
    master_id: int = Field(foreign_key="master_keys.id")
    wrapped: bytes = Field(sa_type=LargeBinary)


class CustomerSecret(SQLModel, table=True):
    """The sensitive fields of a customer, each sealed with his data key.

    A mark is the keyed digest of a value at its place: whether an import brings the same value again is seen by it, without
    opening what is sealed.
    """

    __tablename__ = "customer_secrets"

    customer_id: int = Field(primary_key=True, foreign_key="customers.id", ondelete="CASCADE")
    phone: bytes | None = Field(default=None, sa_type=LargeBinary)
    email: bytes | None = Field(default=None, sa_type=LargeBinary)
    identity: bytes | None = Field(default=None, sa_type=LargeBinary)
    address: bytes | None = Field(default=None, sa_type=LargeBinary)
    bank: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_mark: str | None = Field(default=None, max_length=32)
    email_mark: str | None = Field(default=None, max_length=32)
    identity_mark: str | None = Field(default=None, max_length=32)
    address_mark: str | None = Field(default=None, max_length=32)
    bank_mark: str | None = Field(default=None, max_length=32)


class AccountSecret(SQLModel, table=True):
    """The address of a service account, sealed with the data key of its customer."""

    __tablename__ = "account_secrets"

    account_id: int = Field(primary_key=True, foreign_key="service_accounts.id", ondelete="CASCADE")
    address: bytes = Field(sa_type=LargeBinary)
    address_mark: str | None = Field(default=None, max_length=32)
