"""Every command of the command line, each with values that a database holds: for walking through all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from poison import MARKUP, SEQUENCES
from sqlalchemy import Table, select

from console.commands.main import app
from console.models import Alert, Campaign, Case, Category, Customer, Improvement, Incident, Staff, Survey
from console.models.base import table_of
from console.services.access import caller
from console.storage.engine import Store

NOT_RUN = frozenset(
    {"init", "demo", "bench console", "bench customers", "bench deadlines", "bench satisfaction", "keys rotate"}
)
"""These make databases of their own, or print figures only."""
HOSTILE = MARKUP[1] + SEQUENCES[0] + "\u202e\x9b31m"
NUMBERS = {"operation": "1", "batch": "1", "entry": "1", "position": "1", "amount": "5", "customers": "10"}
VALUES: Mapping[str, str] = {
    **NUMBERS,
    "month": "2026-02", "days": "2026-02-01", "country": "CN", "field": "phone", "columns": "region",
    "--period": "2026-02", "--month": "2026-02", "--from": "2026-01", "--to": "2026-02", "--years": "2026",
    "--complaints": "4", "--accounts": "10", "--starts": "2026-02-01", "--calendar": "CN", "--effect": "2026-03-01",
    "--start": "2026-02-02T09:00+08:00", "--target": "3d", "--outcome": "solved", "--kind": "outage",
    "rows": "region", "outcome": "complete", "--by": "region",
}  # fmt: skip


def _commands() -> Iterator[tuple[str, Any]]:
    """Yield every command of the command line with its name."""

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if hasattr(command, "commands"):
            for name, below in command.commands.items():
                yield from walk(below, (*path, name))
        else:
            yield " ".join(path), command

    yield from walk(typer.main.get_command(app), ())


COMMANDS = {name: command for name, command in _commands() if name not in NOT_RUN}


class Known:
    """Names that are in the poisoned database, as the commands take them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.login = caller().login

    def first(self, table: Table, column: str) -> str:
        with self._store.reading() as connection:
            return str(connection.execute(select(table.c[column]).order_by(table.c.id).limit(1)).scalar_one())

    def argument(self, command: str, name: str, file: Path) -> str:
        """Return a plausible value of an argument or a required option."""
        group = command.split()[0]
        tables: dict[str, tuple[Table, str]] = {
            "incident": (table_of(Incident), "number"),
            "alerts": (table_of(Alert), "number"),
            "improvement": (table_of(Improvement), "number"),
            "campaign": (table_of(Campaign), "number"),
        }
        if name in ("file", "files", "source", "--output"):
            return str(file)
        if name in ("reference", "references"):
            return self.first(table_of(Case), "reference")
        if name == "number" and group in ("task", "remedy", "rectification"):
            return "1"
        if name == "number" and group in tables:
            return self.first(*tables[group])
        if name in ("number", "into", "other", "customer", "--customer"):
            return self.first(table_of(Customer), "number")
        if name in ("code", "survey") or (name == "first" and group == "survey"):
            return self.first(table_of(Survey), "code")
        if name == "login":
            return self.first(table_of(Staff), "login")
        if name == "--category":
            return self.first(table_of(Category), "code")
        return VALUES.get(name, HOSTILE)

    def line(self, name: str, command: Any, file: Path) -> list[str]:
        """Return a command with all that it demands."""
        parts: list[str] = []
        for parameter in command.params:
            if parameter.required and parameter.param_type_name != "argument":
                parts += [parameter.opts[0], self.argument(name, parameter.opts[0], file)]
        given = [
            self.argument(name, parameter.name, file)
            for parameter in command.params
            if parameter.required and parameter.param_type_name == "argument"
        ]
        return [*name.split(), *parts, "--", *given] if given else [*name.split(), *parts]
