"""``ombud bench customers``: how fast customers are found, and what sealing their data costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import AsJson
from console.commands.output import emit, emit_json, emit_table, narrate

if TYPE_CHECKING:
    from console.commands.bench_lookups import Spread

DOSSIERS = 50
"""How often the dossier with many records is opened."""


def bench_customers(
    customers: Annotated[int, typer.Option("--customers", min=100, help="How many customers to make.")] = 100_000,
    lookups: Annotated[int, typer.Option("--lookups", min=10, help="How often each kind of lookup is asked.")] = 200,
    growth_from: Annotated[
        int,
        typer.Option("--growth-from", min=0, help="Measure at so many customers first, and tell how the times grow."),
    ] = 0,
    compared: Annotated[int, typer.Option("--compared", min=100, help="Customers for the cost of sealing.")] = 20_000,
    paints: Annotated[
        int, typer.Option("--paints", min=0, help="How often each kind is looked up in the console on a terminal.")
    ] = 20,
    care: Annotated[
        bool, typer.Option("--care", help="Also go through all customers: rules of the policy, doubles, completeness.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make customers with two accounts each, look them up in every way, and compare with the same without sealing."""
    from console import clock
    from console.commands import bench_lookups as measure
    from console.transfer.customer_generator import generate_customers

    now = clock.now()
    fewer = min(growth_from, customers)
    before: Mapping[str, Spread] = {}
    making = 0.0
    with measure.new_database() as path:
        narrate(f"Making {customers:,} customers with two accounts each…")
        for start, end in ((0, fewer), (fewer, customers)):
            if end > start:
                with measure.opened(path, for_making=True) as store:
                    making += measure.timed(
                        lambda start=start, end=end, store=store: generate_customers(  # type: ignore[misc]
                            store, end, now=now, start=start, progress=_narrated(customers)
                        )
                    )
            if start == 0 and fewer:
                with measure.opened(path) as store:
                    before = measure.looked_up(store, fewer, lookups)
        narrate("Looking up…")
        with measure.opened(path) as store:
            figures = measure.looked_up(store, customers, lookups)
            sizes = measure.index_sizes(store)
            cared = measure.care_seconds(store) if care else {}
            dossier, records = measure.dossier_spread(store, DOSSIERS)
        total = sum(file.stat().st_size for file in path.parent.glob("bench.db*") if file.suffix != ".key")
        painted = measure.painted(path, customers, paints) if paints else {}
    narrate(f"The same {compared:,} customers with and without sealing…")
    record = {
        "customers": customers,
        "seconds_making": round(making, 1),
        "lookups": {kind: spread._asdict() for kind, spread in figures.items()},
        "growth_from": fewer,
        "growth": _growth(before, figures),
        "dossier": {"records": records, **dossier._asdict()},
        "key_to_paint": {
            kind: {"p50_ms": round(spread.p50_ms, 1), "p99_ms": round(spread.p99_ms, 1)}
            for kind, spread in painted.items()
        },
        "care_seconds": {what: round(seconds, 2) for what, seconds in cared.items()},
        "index_bytes": sizes,
        "file_bytes": total,
        "sealing_ratio": measure.sealing_costs(compared, lookups),
    }
    if as_json:
        emit_json(record)
    else:
        _told(record)


def _narrated(total: int) -> Callable[[int], None]:
    return lambda done: narrate(f"{done:,} of {total:,} customers made")


def _growth(before: Mapping[str, Spread], after: Mapping[str, Spread]) -> dict[str, dict[str, float]]:
    """Return how many times as long every lookup takes as before."""
    return {
        kind: {
            name: round(getattr(after[kind], name) / max(value, 0.01), 2) for name, value in spread._asdict().items()
        }
        for kind, spread in before.items()
    }


def _told(record: Mapping[str, Any]) -> None:
    customers, making = record["customers"], record["seconds_making"]
    pace = customers / max(making, 0.1)
    emit(f"{customers:,} customers, {2 * customers:,} accounts made in {making:.1f} s ({pace:,.0f} a second)")
    dossier = dict(record["dossier"])
    asked = {**record["lookups"], f"dossier with {dossier.pop('records')} linked records": dossier}
    emit_table(
        ("Lookup by", "p50 ms", "p99 ms", "p50 processor", "p99 processor"),
        ((kind, *(f"{value:.2f}" for value in spread.values())) for kind, spread in asked.items()),
        numeric=(1, 2, 3, 4),
    )
    if record["growth"]:
        emit(f"Times as long as with {record['growth_from']:,} customers:")
        emit_table(
            ("Lookup by", "p50", "p99", "p50 processor", "p99 processor"),
            ((kind, *(f"{value:.2f}" for value in grown.values())) for kind, grown in record["growth"].items()),
            numeric=(1, 2, 3, 4),
        )
    if record["key_to_paint"]:
        emit("In the console, from the keys to the row painted, the pause after the last key included:")
        emit_table(
            ("Lookup by", "p50 ms", "p99 ms"),
            ((kind, *(f"{value:.1f}" for value in spread.values())) for kind, spread in record["key_to_paint"].items()),
            numeric=(1, 2),
        )
    for what, seconds in record["care_seconds"].items():
        emit(f"{what}: {seconds:,.2f} s")
    for name, size in record["index_bytes"].items():
        emit(f"{name}: {size / 1e6:,.1f} MB ({size / customers:,.0f} bytes a customer)")
    emit(f"whole file: {record['file_bytes'] / 1e6:,.1f} MB")
    for what, ratio in record["sealing_ratio"].items():
        emit(f"cost of sealing, {what}: {ratio} times")
