"""What every command on many cases shares: which cases are meant, stopping, and telling what became of each."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.commands.database import caller
from console.commands.output import emit, emit_json, is_watched, narrate
from console.errors import ExitCode, NotFoundError, UsageError
from console.i18n import _
from console.zone import zone_name

if TYPE_CHECKING:
    from console.services.handling import Outcome, Report
    from console.storage.engine import Store

References = Annotated[
    list[str] | None,
    typer.Argument(metavar="REFERENCE", help="Our references or the sources' own; - reads them from stdin."),
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where", metavar="FILTER", help="All cases a filter finds, such as: state:open department:marketing"
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Key = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="A name for this very action: run again with it, nothing is done twice."),
]

SHOWN_EVERY = 1.0
"""Seconds between two lines of progress."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ids of the cases meant, and what is told of references that no case has."""

    ids: tuple[int, ...]
    unknown: tuple[Outcome, ...]


def chosen(store: Store, references: Sequence[str] | None, where: str | None) -> Chosen:
    """Return the cases that references or a filter name, the whole result of the filter, each case once.

    Raises UsageError for both, neither, or an empty filter, FilterError for a filter that is none.
    """
    if bool(references) == (where is not None):
        raise UsageError(
            _("Name the cases, or say --where FILTER: one of the two."),
            _("Such as: ombud case show C-000012, or --where 'state:open assignee:me'."),
        )
    if where is not None:
        return Chosen(tuple(_found(store, where)), ())
    return _named(store, references or ())


def _found(store: Store, where: str) -> Sequence[int]:
    from console import clock
    from console.services import queues

    if not where.strip():
        raise UsageError(_("An empty filter would mean every case."), _("Write for example --where state:open."))
    found = queues.ids(store, where, now=clock.now(), viewer=caller(), zone=zone_name(), limit=None)
    return found.ids


def _named(store: Store, references: Sequence[str]) -> Chosen:
    from console.services import cases
    from console.services.handling import Outcome

    listed: list[str] = []
    for reference in references:
        listed.extend(_read_references() if reference == "-" else [reference])
    ids: dict[int, None] = {}
    unknown: list[Outcome] = []
    for reference in dict.fromkeys(listed):
        try:
            ids[cases.id_of(store, reference)] = None
        except NotFoundError as error:
            if len(listed) == 1:
                raise
            unknown.append(Outcome(reference, False, error.message))
    return Chosen(tuple(ids), tuple(unknown))


def _read_references() -> list[str]:
    return [line.split()[0] for line in sys.stdin if line.split()]


@contextmanager
def stoppable() -> Iterator[Callable[[int, int], bool]]:
    """Give a progress function that ends the work between two parts after Ctrl+C, so that its summary is still told.

    A second Ctrl+C interrupts at once.
    """
    is_stopped = threading.Event()
    shown_at = time.monotonic()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        if is_stopped.is_set():
            raise KeyboardInterrupt
        is_stopped.set()

    def progress(done: int, total: int) -> bool:
        nonlocal shown_at
        if is_watched() and time.monotonic() - shown_at >= SHOWN_EVERY:
            shown_at = time.monotonic()
            narrate(f"{done} / {total}")
        return not is_stopped.is_set()

    if threading.current_thread() is not threading.main_thread():
        yield progress
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield progress
    finally:
        signal.signal(signal.SIGINT, before)


def tell(
    report: Report,
    unknown: Sequence[Outcome] = (),
    *,
    is_dry_run: bool = False,
    as_json: bool = False,
    as_json_lines: bool = False,
) -> None:
    """Print what became of each case and a summary, and leave with the exit code that fits.

    0 all done, 4 some skipped, 1 none done; 130 where the work was stopped.
    """
    outcomes = [*report.outcomes, *unknown]
    done = [outcome for outcome in outcomes if outcome.is_done]
    skipped = [outcome for outcome in outcomes if not outcome.is_done]
    word = "possible" if is_dry_run else "done"
    if as_json:
        emit_json(
            {
                "verb": report.verb,
                "operation": report.operation,
                "is_dry_run": is_dry_run,
                "done": len(done),
                "skipped": len(skipped),
                "left": report.left,
                "cases": [_record(outcome, word) for outcome in outcomes],
            }
        )
    elif as_json_lines:
        for outcome in outcomes:
            emit_json({"operation": report.operation, **_record(outcome, word)})
    else:
        for outcome in outcomes:
            text = f"{outcome.reference} {word} {outcome.text}" if outcome.is_done else _skipped(outcome)
            emit(text.replace("\n", " ").rstrip())
    narrate(_summary(report, len(done), len(skipped), is_dry_run=is_dry_run))
    if report.left:
        narrate(_("Stopped; {count} cases were not come to.").format(count=report.left))
        raise typer.Exit(ExitCode.INTERRUPTED)
    if skipped:
        raise typer.Exit(ExitCode.REFUSED if done else ExitCode.FAILED)


def _skipped(outcome: Outcome) -> str:
    return f"{outcome.reference} skipped: {outcome.text}"


def _record(outcome: Outcome, word: str) -> dict[str, Any]:
    return {
        "reference": outcome.reference,
        "result": word if outcome.is_done else "skipped",
        "text": outcome.text,
    }


def _summary(report: Report, done: int, skipped: int, *, is_dry_run: bool) -> str:
    if is_dry_run:
        return _("{done} would be done, {skipped} skipped; nothing was changed").format(done=done, skipped=skipped)
    if not done and not skipped:
        return _("No case was found.")
    said = _("{done} done, {skipped} skipped").format(done=done, skipped=skipped)
    if report.operation is not None and done and report.verb != "undo":
        said += "; " + _("undo with: ombud undo {operation}").format(operation=report.operation)
    return said
