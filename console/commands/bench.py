"""``ombud bench``: measure this program on this machine; figures are printed, never judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands import bench_console, bench_customers
from console.commands.database import AsJson
from console.commands.output import emit_json, emit_table, narrate

if TYPE_CHECKING:
    from console.storage.engine import Store

app = typer.Typer(no_args_is_help=True)
app.command("customers")(bench_customers.bench_customers)
app.command("console")(bench_console.bench_console)
Cases = Annotated[int, typer.Option("--cases", min=1, help="How many cases to make.")]
BenchDatabase = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="An empty database; else a temporary SQLite file.")
]


@contextmanager
def _bench_store(database: str | None) -> Iterator[Store]:
    """Open an empty database for measuring; a temporary one is removed afterwards."""
    import tempfile

    from console.commands.database import url_of
    from console.services.setup import initialise
    from console.storage.engine import open_store
    from console.storage.keys import beside, make_missing_key

    with tempfile.TemporaryDirectory(prefix="ombud-bench-") as folder:
        url = url_of(database) if database else f"sqlite:///{folder}/bench.db"
        if not database:
            make_missing_key(f"file:{beside(f'{folder}/bench.db')}")
        initialise(url)
        store = open_store(url)
        try:
            yield store
        finally:
            store.close()


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _told(figures: dict[str, tuple[int, float]], *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {name: {"cases": n, "seconds": round(s, 3), "per_second": round(n / s)} for name, (n, s) in figures.items()}
        )
        return
    emit_table(
        ("What", "Cases", "Seconds", "Cases/s"),
        ((name, f"{n:,}", f"{s:.2f}", f"{n / s:,.0f}") for name, (n, s) in figures.items()),
        numeric=(1, 2, 3),
    )


@app.callback()
def bench() -> None:
    """Measure this program on this machine."""


@app.command("deadlines")
def deadlines(cases: Cases = 100_000, database: BenchDatabase = None, as_json: AsJson = False) -> None:
    """Compute the deadlines of open cases again after a change of policy, and what another policy would change."""
    from console import clock
    from console.rules.policies import load_pack, parse_policy
    from console.services import policies, policy_changes
    from console.transfer.generator import generate_cases

    now = clock.now()
    with _bench_store(database) as store:
        narrate(f"Making {cases:,} open cases…")
        making = _timed(lambda: generate_cases(store, cases, now=now))
        text = load_pack(policies.DEFAULT_PACK).replace('target = "4d"', 'target = "5d"')
        other = parse_policy(text, name="five days")
        asking = _timed(lambda: policy_changes.what_if(store, other, now=now))
        recomputing = _timed(lambda: policy_changes.recompute_open(store, actor="bench"))
        _told(
            {
                "making the cases": (cases, making),
                "what-if of a policy": (cases, asking),
                "recomputing all deadlines": (cases, recomputing),
            },
            as_json=as_json,
        )
