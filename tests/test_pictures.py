"""The pictures of the README: drawn from the demonstration by a test run, and showing what the console shows today.

``OMBUD_PICTURES=1 pytest tests/test_pictures.py`` draws them anew; the clock stands at the moment of the demonstration's files,
so that the same console draws the same picture on any day.
"""

from __future__ import annotations

import html
import os
import re
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from driving import press, settle, until

from console import clock
from console.actions import BY_ID
from console.app import MODE_ACTIONS, ConsoleApp
from console.i18n import _, choose_language
from console.screens.base import ConsoleScreen
from console.screens.data import ServiceData
from console.screens.queue_columns import queue_columns
from console.storage.engine import open_store
from console.storage.schema import upgrade
from console.transfer.demo import load_demo
from console.widgets.reading import Reading

PICTURES = Path(__file__).parent / "pictures"
ANCHOR = datetime.fromisoformat("2026-06-30T12:00:00+00:00")
VIEWER = "demo"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: where the keys lead from the start, and how large and in which language the console is."""

    name: str
    size: tuple[int, int]
    language: str = "en"
    keys: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return PICTURES / f"{self.name}.svg"


QUEUE = Picture("queue", (120, 40))
CHINESE = Picture("queue-zh", (80, 24), language="zh_CN")
CASE = Picture("case", (120, 40), keys=("j",) * 14 + ("enter",))
DOSSIER = Picture("dossier", (120, 40), keys=("2", "/", *"lindqvorn", "enter", "enter"))
SATISFACTION = Picture("satisfaction", (120, 40), keys=("3",))
QUALITY = Picture("quality-zh", (100, 30), language="zh_CN", keys=("4",))
ALL = (QUEUE, CHINESE, CASE, DOSSIER, SATISFACTION, QUALITY)


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the demonstration as it is at the moment of its files."""
    url = f"sqlite:///{tmp_path_factory.mktemp('pictures') / 'demo.db'}"
    with closing(open_store(url, must_exist=False)) as store:
        upgrade(store)
        load_demo(store, ANCHOR, VIEWER)
    return url


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the console's clock stand at the moment of the demonstration."""
    from console.screens import case, customers, queues, satisfaction

    for module in [case, customers, queues, satisfaction, *sys.modules.values()]:
        name = getattr(module, "__name__", "")
        if name.startswith("console.") and getattr(module, "now", None) is clock.now:
            monkeypatch.setattr(module, "now", lambda: ANCHOR)
    yield
    choose_language("en")


STILL = 40
"""Looks at the screen that show the same before it is drawn: the rest of a list and the counts come behind the rows."""


async def drawn(picture: Picture, url: str) -> tuple[str, str]:
    """Return a picture as SVG, and the text on the screen."""
    choose_language(picture.language)
    app = ConsoleApp(lambda: ServiceData(url, viewer=VIEWER), user=VIEWER)
    async with app.run_test(size=picture.size, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, *picture.keys)
        # The preview comes once the cursor rests.
        previews = list(app.screen.query("#preview").results(Reading))
        await until(pilot, lambda: all(preview.lines for preview in previews if preview.display))
        seen: list[str] = []

        def is_still() -> bool:
            asking = isinstance(app.screen, ConsoleScreen) and app.screen.is_asking_anything
            seen.append("" if asking else screen_text(app))
            return bool(seen[-1]) and len(seen) >= STILL and len(set(seen[-STILL:])) == 1

        await until(pilot, is_still)
        return without_fonts(app.export_screenshot(title="ombud demo")), screen_text(app)


def screen_text(app: ConsoleApp) -> str:
    """Return what is on the screen."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def without_fonts(svg: str) -> str:
    """Return the picture without addresses from which fonts would be loaded."""
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE).replace("font-family: Fira Code,", "font-family:")


def text_of(svg: str) -> str:
    """Return the words of a picture, with single blanks between them."""
    words = " ".join(re.findall(r"<text[^>]*>(.*?)</text>", svg, flags=re.DOTALL))
    return " ".join(html.unescape(words).split())


def squeezed(text: str) -> str:
    """Return a text without its blanks, since a picture cuts a line where the style changes."""
    return "".join(text.split())


@pytest.mark.parametrize("picture", ALL, ids=lambda picture: picture.name)
async def test_the_console_still_looks_like_its_picture(
    picture: Picture, demonstration: str, still_clock: None
) -> None:
    svg, text = await drawn(picture, demonstration)
    if os.environ.get("OMBUD_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        picture.path.write_text(svg, "utf-8")
    kept = squeezed(text_of(picture.path.read_text("utf-8")))
    for words in words_shown(picture):
        assert squeezed(words) in squeezed(text), f"{words} is not on the screen"
        assert squeezed(words) in kept, (
            f"draw the pictures anew: OMBUD_PICTURES=1 pytest tests/test_pictures.py ({words})"
        )
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", svg)


def words_shown(picture: Picture) -> list[str]:
    """Return words that must stand on the screen and in its picture: the modes, and the titles of a queue's columns."""
    modes = [_(BY_ID[f"app.{name}"].label) for name in MODE_ACTIONS]
    columns = [_(column.label) for column in queue_columns(clock.now) if column.id in ("due", "reference", "subject")]
    return modes if picture.keys else [*modes, *columns]


async def test_the_same_console_draws_the_same_picture(demonstration: str, still_clock: None) -> None:
    first, _text = await drawn(QUEUE, demonstration)
    second, _text = await drawn(QUEUE, demonstration)
    assert first == second


def test_every_picture_is_in_the_readme() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    shown = set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme))
    assert shown == {picture.path.relative_to(Path(__file__).parent.parent).as_posix() for picture in ALL}
    assert {path.name for path in PICTURES.iterdir()} == {picture.path.name for picture in ALL}
