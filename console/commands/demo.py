"""``ombud demo``: the console on an invented utility."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.database import AsJson, Database, url_of
from console.commands.output import emit, emit_json

if TYPE_CHECKING:
    from console.transfer.demo import DemoReport


def demo(
    database: Database = None,
    no_console: Annotated[bool, typer.Option("--no-console", help="Only load the data, and say where it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Load the demonstration utility into a temporary database (or --database URL) and open the console on it."""
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="ombud-demo-") if database is None else None
    url = f"sqlite:///{folder}/demo.db" if folder else url_of(database)
    if folder:
        # The key of a temporary database is as temporary, and lies beside it, where it is found.
        from console.storage.keys import beside, make_missing_key

        make_missing_key(f"file:{beside(f'{folder}/demo.db')}")
    if no_console or as_json:
        report = _load(url)
        if as_json:
            emit_json(
                {"database": url, "customers": report.customers, "cases": report.cases, "answers": report.answers}
            )
        else:
            emit(f"{report.customers} customers, {report.cases} cases and {report.answers} answers are in {url}")
        return
    from console.commands.tui import open_console

    try:
        open_console(url, prepare=lambda: _load(url))
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _load(url: str) -> DemoReport:
    from console import clock
    from console.services.access import caller
    from console.services.setup import initialise
    from console.storage.engine import open_store
    from console.transfer.demo import load_demo

    initialise(url)
    store = open_store(url)
    try:
        return load_demo(store, clock.now(), caller().login)
    finally:
        store.close()
