"""``ombud bench console``: how fast the console paints, what it sends and holds, beside Textual's own table in the same run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from console.commands.bench_terminal import Paint, WatchedProgram
from console.commands.database import AsJson
from console.commands.output import emit, emit_json, emit_table, narrate

if TYPE_CHECKING:
    from console.storage.engine import Store

TABLE_ROWS = 10_000
STARTS = 3
SCROLLED_PAGES = 100
FIRST_ROW = "C-"
"""How every reference of a case begins."""
LAST_VIEW = "["
"""The key that leads from the first queue round to the last one, which holds all cases."""
PAGE = "\x1b[6~"
NARROWED = "severity:>=3"
"""The filter that is timed: one case of ten, in the order of the queue of all cases, so that others come into sight."""
IN_SIGHT = 8
"""Rows of cases that any terminal shows."""

Figures = dict[str, float]
"""Figures by name; ``_ms`` milliseconds, ``_bytes`` bytes, ``_mb`` megabytes."""

LABELS = {
    "first_screen_ms": "first screen, ms",
    "first_rows_ms": "first rows, ms",
    "cursor_p50_ms": "key to paint, cursor, p50 ms",
    "cursor_p99_ms": "key to paint, cursor, p99 ms",
    "page_p50_ms": "key to paint, page, p50 ms",
    "page_p99_ms": "key to paint, page, p99 ms",
    "cursor_bytes": "bytes a cursor move",
    "page_bytes": "bytes a page move",
    "view_ms": "queue of all cases to its rows, ms",
    "filter_ms": "filter to first rows, ms",
    "idle_mb": "peak memory, idle, MB",
    "scrolled_mb": "peak memory, scrolled, MB",
}


def bench_console(
    cases: Annotated[
        list[int] | None,
        typer.Option("--cases", min=1_000, help="How many cases; several times to compare.  [100000]"),
    ] = None,
    moves: Annotated[int, typer.Option("--moves", min=5, help="How many cursor and page moves to time.")] = 100,
    columns: Annotated[int, typer.Option("--columns", min=60, help="Columns of the terminal.")] = 80,
    lines: Annotated[int, typer.Option("--lines", min=15, help="Lines of the terminal.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Start the console on a terminal, move, filter and scroll; the same on Textual's own DataTable of 10,000 rows.

    Nine cases of ten are closed. Each figure is a median; starts are timed three times, after one that is not.
    """
    sizes = cases or [100_000]
    size = (columns, lines)
    figures: dict[str, Figures] = {f"DataTable, {TABLE_ROWS:,} rows": _table_figures(moves, size)}
    for count in sizes:
        with _made(count) as (url, made_seconds):
            narrate(f"{count:,} cases made in {made_seconds:.0f} s; measuring…")
            figures[f"console, {count:,} cases"] = _console_figures(url, moves, size)
    if as_json:
        emit_json({"terminal": {"columns": columns, "lines": lines}, "moves": moves, "figures": figures})
        return
    _told(figures)


def _told(figures: dict[str, Figures]) -> None:
    names = list(figures)
    known = [key for key in LABELS if any(key in figures[name] for name in names)]
    rows = [
        (LABELS[key], *(f"{figures[name][key]:,.1f}" if key in figures[name] else "-" for name in names))
        for key in known
    ]
    emit_table(("What", *names), rows, numeric=range(1, len(names) + 1))
    table, consoles = names[0], names[1:]
    for key in ("cursor_p50_ms", "cursor_bytes", "first_rows_ms", "scrolled_mb"):
        ratio = figures[consoles[0]][key] / figures[table][key]
        emit(f"{LABELS[key]}: {ratio:.2f} times that of the {table}")
    if len(consoles) > 1:
        for key in known:
            first, last = figures[consoles[0]].get(key), figures[consoles[-1]].get(key)
            if first and last:
                emit(f"{LABELS[key]}: {last / first:.2f} times as much on {consoles[-1].removeprefix('console, ')}")


@contextmanager
def _made(count: int) -> Iterator[tuple[str, float]]:
    """Yield the address of a temporary database of cases, a tenth of them open, and how long making it took."""
    import tempfile
    import time

    from console import clock
    from console.services.access import caller
    from console.services.setup import initialise
    from console.storage.engine import open_store
    from console.storage.keys import beside, make_missing_key
    from console.transfer.generator import generate_cases

    with tempfile.TemporaryDirectory(prefix="ombud-bench-") as folder:
        url = f"sqlite:///{folder}/bench.db"
        make_missing_key(f"file:{beside(f'{folder}/bench.db')}")
        initialise(url)
        store: Store = open_store(url)
        began = time.perf_counter()
        try:
            generate_cases(
                store, count, now=clock.now(), open_share=0.1, assignee=caller().login, progress=_narrated(count)
            )
        finally:
            store.close()
        yield url, time.perf_counter() - began


def _narrated(count: int) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if done % 100_000 == 0:
            narrate(f"{done:,} of {total:,} cases made")

    return told


def environment(url: str = "") -> dict[str, str]:
    """Return the environment of a program under measurement, without what would make it another than one just installed."""
    # An installed program has its bytecode, so a copy that is run from its sources is to keep it too.
    dropped = ("OMBUD_", "TEXTUAL", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    own = {"OMBUD_DATABASE": url, "OMBUD_LANGUAGE": "en", "OMBUD_SETTINGS": os.devnull} if url else {}
    return {**kept, "TERM": "xterm-256color", **own}


def _console_figures(url: str, moves: int, size: tuple[int, int]) -> Figures:
    command = [sys.executable, "-m", "console"]
    in_view, in_filter = _landmarks(url, size[1])
    figures = _started(command, url, size, "Queues")
    program = _program(command, url, size)
    try:
        program.seconds_until(FIRST_ROW)
        program.rest()
        figures["idle_mb"] = program.peak_memory() / 1e6
        program.send(LAST_VIEW)
        figures["view_ms"] = program.seconds_until(in_view) * 1000
        program.rest()
        program.send("/")
        program.rest()
        program.send(f"{NARROWED}\r")
        figures["filter_ms"] = program.seconds_until(in_filter) * 1000
        program.rest()
        program.send("\x1b")
        program.rest()
        figures |= _moved(program, moves, "j", "k")
        program.scroll(PAGE, SCROLLED_PAGES)
        program.press("G")
        program.press("g")
        figures["scrolled_mb"] = program.peak_memory() / 1e6
    finally:
        program.close()
    return figures


def _landmarks(url: str, lines: int) -> tuple[str, str]:
    """Return the references of two cases that tell when a list is there, since rows of the one before may be drawn again.

    One is in sight in the queue of all cases and not in the first queue, the other under the filter and not in that of all.
    """
    from console import clock
    from console.services import queues
    from console.services.access import caller
    from console.services.views import QUEUE_VIEWS
    from console.storage.engine import open_store

    store: Store = open_store(url)
    try:

        def first(filter_text: str, count: int) -> list[str]:
            found = queues.first_ids(store, filter_text, now=clock.now(), viewer=caller().login)
            return [row.reference for row in queues.rows(store, found.ids[:count])]

        everything = QUEUE_VIEWS[-1].filter
        lists = (QUEUE_VIEWS[0].filter, everything, f"{NARROWED} {everything}")
        shown = [first(text, IN_SIGHT) for text in lists]
        before = [set(first(text, lines)) for text in lists]
    finally:
        store.close()
    return (
        next(reference for reference in shown[1] if reference not in before[0]),
        next(reference for reference in reversed(shown[2]) if reference not in before[1]),
    )


def _table_figures(moves: int, size: tuple[int, int]) -> Figures:
    narrate(f"Textual's own DataTable with {TABLE_ROWS:,} rows…")
    command = [sys.executable, "-m", "console.commands.bench_datatable", str(TABLE_ROWS)]
    figures = _started(command, "", size, "Standing")
    program = _program(command, "", size)
    try:
        program.seconds_until(FIRST_ROW)
        program.rest()
        figures["idle_mb"] = program.peak_memory() / 1e6
        figures |= _moved(program, moves, "\x1b[B", "\x1b[A")
        program.scroll(PAGE, SCROLLED_PAGES)
        figures["scrolled_mb"] = program.peak_memory() / 1e6
    finally:
        program.close()
    return figures


def _program(command: Sequence[str], url: str, size: tuple[int, int]) -> WatchedProgram:
    return WatchedProgram(command, environment(url), columns=size[0], lines=size[1])


def _started(command: Sequence[str], url: str, size: tuple[int, int], screen: str) -> Figures:
    """Return the medians of several starts; one before them, not timed, leaves bytecode and files at hand."""
    starts = [_start(command, url, size, screen) for _ in range(STARTS + 1)]
    return _middle(starts[1:])


def _start(command: Sequence[str], url: str, size: tuple[int, int], screen: str) -> Figures:
    program = _program(command, url, size)
    try:
        return {
            "first_screen_ms": program.seconds_until(screen) * 1000,
            "first_rows_ms": program.seconds_until(FIRST_ROW) * 1000,
        }
    finally:
        program.close()


def _moved(program: WatchedProgram, moves: int, down: str, up: str) -> Figures:
    """Return what moving costs: the cursor over rows in sight, and pages through rows that have to be fetched."""
    cursor = [program.press(down if move // 10 % 2 == 0 else up) for move in range(moves)]
    page = [program.press_until(PAGE, FIRST_ROW) for _ in range(moves)]
    return {**_spread("cursor", cursor), **_spread("page", page)}


def _spread(name: str, paints: Sequence[Paint]) -> Figures:
    seconds = sorted(paint.seconds for paint in paints)
    return {
        f"{name}_p50_ms": _median(seconds) * 1000,
        f"{name}_p99_ms": seconds[min(len(seconds) - 1, round(len(seconds) * 0.99))] * 1000,
        f"{name}_bytes": _median([float(paint.bytes) for paint in paints]),
    }


def _middle(runs: Sequence[Figures]) -> Figures:
    return {name: _median([run[name] for run in runs]) for name in runs[0]}


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
