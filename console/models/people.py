"""Those who work: departments and staff."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from console.codes import Role
from console.models.base import UtcTime, not_blank, one_of, positive_version


class Department(SQLModel, table=True):
    """A department or team that cases are dispatched to."""

    __tablename__ = "departments"
    __table_args__ = (not_blank("code"), positive_version())

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    parent_id: int | None = Field(default=None, foreign_key="departments.id")
    is_active: bool = True
    version: int = 1


class Staff(SQLModel, table=True):
    """A member of staff; ``login`` is the name the operating system or PostgreSQL vouches for.

    ``skills`` and ``territory`` are words and regions, separated by commas, that routing rules look for.
    """

    __tablename__ = "staff"
    __table_args__ = (not_blank("login"), one_of("role", Role), positive_version())

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(max_length=64, unique=True)
    uid: int | None = None
    name: str = Field(max_length=200)
    department_id: int | None = Field(default=None, foreign_key="departments.id", index=True)
    role: str = Field(default=Role.AGENT.value, max_length=20)
    skills: str = Field(default="", max_length=500)
    territory: str = Field(default="", max_length=500)
    is_active: bool = True
    created_at: datetime = Field(sa_type=UtcTime)
    version: int = 1
