"""Driving the console by its keys, without sleeping: wait for threads and for conditions, read the screen as it is drawn."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from memory_data import MemoryData
from rich.segment import Segment
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from console.app import ConsoleApp
from console.choices import Choices
from console.screens.base import ConsoleScreen
from console.screens.data import DataAccess
from console.screens.drafts import Drafts

MOST_ROUNDS = 400


@asynccontextmanager
async def console(
    data: DataAccess | None = None, size: tuple[int, int] = (80, 24), drafts: Path | None = None, **options: str
) -> AsyncIterator[tuple[ConsoleApp, Pilot[int]]]:
    """Run the console, on data in memory if no other is given, and wait for its first answers."""
    held = data or MemoryData()
    with TemporaryDirectory() as folder:
        kept, choices = Drafts(drafts or Path(folder)), Choices(Path(folder) / "choices.json")
        app = ConsoleApp(lambda: held, user="wang", drafts=kept, choices=choices, **options)  # type: ignore[arg-type]
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            yield app, pilot


async def settle(pilot: Pilot[int]) -> None:
    """Wait until every question has been answered and drawn."""
    app = pilot.app
    for _round in range(MOST_ROUNDS):
        with suppress(WorkerCancelled):  # a later question takes the place of an earlier one
            await app.workers.wait_for_complete()
        await pilot.pause()
        is_asking = isinstance(app.screen, ConsoleScreen) and app.screen.is_asking_anything
        is_taking = isinstance(app, ConsoleApp) and app.is_taking_keys
        if not is_asking and not is_taking and not app.workers._workers:
            break
    await pilot.pause()


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys one after another, each with its answers."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def write(pilot: Pilot[int], text: str) -> None:
    """Type a text into what has the focus."""
    await pilot.press(*text)


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail when it never is."""
    for _round in range(MOST_ROUNDS):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("this never came to be")


def segments(app: ConsoleApp) -> list[Segment]:
    """Return what is sent to the terminal for the whole screen."""
    return [segment for strip in app.screen._compositor.render_strips() for segment in strip]


def lines(app: ConsoleApp) -> list[str]:
    """Return the screen as a person sees it."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def shown(app: ConsoleApp) -> str:
    """Return the screen as one text."""
    return "\n".join(lines(app))


def hostile(app: ConsoleApp) -> list[str]:
    """Return whatever on the screen could act on a terminal: control, format and private characters, links, actions."""
    found = []
    for text, style, control in segments(app):
        found += [hex(ord(char)) for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]
        if control is not None:
            found.append("a control segment")
        if style is not None and (style.link or any(key.startswith("@") for key in style.meta)):
            found.append(f"a style that acts: {style.link or style.meta}")
    return found
