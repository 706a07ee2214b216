"""Ten journeys by the keyboard alone at 80 by 24: in this process, and in tmux over a real sshd on the loopback address."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import wraps
from pathlib import Path

import pytest
from desks import LOGIN, Desk, PilotDesk, SshServer, TmuxDesk, missing_programs
from working import copied, make_demonstration

from console import clock
from console.screens.data import ServiceData
from console.screens.queue_questions import QueueQuestions
from console.services.intake import NewCase, take_in
from console.storage.engine import open_store

STREET = "Quill Street"
COLLEAGUE = "he.xi"
FORTY = 40


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration with forty complaints of one street on top."""
    path = make_demonstration(tmp_path_factory.mktemp("demonstration"), LOGIN)
    with closing(open_store(f"sqlite:///{path}")) as store:
        for number in range(FORTY):
            subject = f"No pressure at {STREET} {number + 1}"
            take_in(store, NewCase(subject, subject, details={"contact": "13800138000"}), actor=LOGIN)
    return path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """An sshd of the tests' own."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    running = SshServer(tmp_path_factory.mktemp("sshd"))
    yield running
    running.close()


@pytest.fixture(params=["pilot", "ssh"])
def desk(request: pytest.FixtureRequest, demonstration: Path, tmp_path: Path) -> Desk:
    """A desk on a copy of the demonstration, in each of the two ways."""
    url = copied(demonstration, tmp_path)
    if request.param == "ssh":
        if not os.environ.get("OMBUD_SSH"):
            pytest.skip("OMBUD_SSH=1 travels over SSH too")
        return TmuxDesk(url, tmp_path, request.getfixturevalue("server"))
    return PilotDesk(url, tmp_path)


def journey(travel: Callable[[Desk], Awaitable[None]]) -> Callable[[Desk], Awaitable[None]]:
    """Let a journey get up at its end, in the same task in which it sat down."""

    @wraps(travel)
    async def travelled(desk: Desk) -> None:
        try:
            await travel(desk)
        finally:
            await desk.get_up()

    return travelled


def asked(url: str, filter_text: str) -> list[str]:
    """Return what a filter finds, as ``reference state assignee``."""
    with closing(ServiceData(url, viewer=LOGIN)) as data:
        found = data.ids(filter_text, clock.now()).ids.tolist()
        return [f"{row.reference} {row.state} {row.assignee}" for row in data.rows(found)]


def history_of(url: str, reference: str) -> list[str]:
    """Return the verbs of a case's history, newest first."""
    with closing(ServiceData(url, viewer=LOGIN)) as data:
        (case_id,) = data.ids(f"reference:{reference}", clock.now()).ids
        return [event.verb for event in data.case(case_id).events]


def views_of(url: str, login: str) -> dict[str, str]:
    """Return the filters of the views that somebody has, by name."""
    with closing(ServiceData(url, viewer=login)) as data:
        return {view.label: view.filter for view in data.part(QueueQuestions).views()}


def reference_on(screen: str) -> str:
    """Return the first reference on the screen."""
    found = re.search(r"C-\d{6}", screen)
    assert found is not None, screen
    return found[0]


async def recorded(desk: Desk, reference: str, verb: str) -> None:
    """Wait until something done is in the case's history."""
    for _attempt in range(200):
        if history_of(desk.url, reference)[0] == verb:
            return
        await desk.wait()
    raise AssertionError(f"{verb} is not in the history of {reference}:\n{desk.screen()}")


async def filtered(desk: Desk, text: str) -> None:
    """Narrow the queue of all cases, and wait for what the filter finds."""
    await desk.see("[1 ", "1/")
    await desk.press("[")
    await desk.see("11/11")
    await desk.press("/")
    await desk.write(text)
    await desk.press("enter")
    await desk.see(f" {len(asked(desk.url, text))} {'of' if desk.language == 'en' else '/'} ")


async def answered(desk: Desk, opened: str = "What was said") -> str:
    """Take the most urgent case that nobody has, read it, note and reply; ``opened`` stands on an open case."""
    await filtered(desk, "assignee:none state:dispatched sort:due")
    await desk.see("C-")
    await desk.press("enter")
    await desk.see(reference := reference_on(desk.screen()), opened)
    await desk.press("m", "c")
    await desk.see("F2")
    await desk.write("Called: no water since noon.")
    await desk.press("f2")
    await desk.no_longer_see("F2")
    await desk.press("R")
    await desk.see("F2")
    await desk.write("阀门已修好")
    await desk.press("tab")
    await desk.write("sol")
    await desk.press("enter", "f2")
    await desk.no_longer_see("F2")
    await recorded(desk, reference, "reply")
    return reference


@journey
async def test_take_the_most_urgent_case_read_note_reply_and_archive(desk: Desk) -> None:
    await desk.sit_down()
    reference = await answered(desk)
    await desk.press("ctrl+p")
    await desk.write("Callback: ")
    await desk.press("enter")
    await desk.see("F2")
    await desk.write("sat")
    await desk.press("enter", "f2")
    await desk.no_longer_see("F2")
    await desk.press("x")
    await desk.see("F2")
    await desk.press("f2")
    await recorded(desk, reference, "archive")
    assert history_of(desk.url, reference)[:5] == ["archive", "callback", "reply", "note", "take"]
    assert asked(desk.url, f"reference:{reference}")[0].split()[1] == "archived"


@journey
async def test_forty_cases_of_one_street_are_assigned_together(desk: Desk) -> None:
    await desk.sit_down()
    await filtered(desk, f'"{STREET}"')
    await desk.see(f"{FORTY} of")
    await desk.press("*")
    await desk.see(f"{FORTY} marked")
    await desk.press("a")
    await desk.see("F2")
    await desk.write(COLLEAGUE)
    await desk.press("enter", "f2")
    await desk.see("Yes, do it")
    assert not any("何汐" in row for row in asked(desk.url, f'"{STREET}"'))
    await desk.press("y")
    await desk.see("u undoes")
    assert sum("何汐" in row for row in asked(desk.url, f'"{STREET}"')) == FORTY


@journey
async def test_half_a_chinese_name_finds_the_customer(desk: Desk) -> None:
    await desk.sit_down()
    await desk.see("2 Customers")
    await desk.press("2")
    await desk.see("Telephone")
    await desk.press("/")
    await desk.write("蓁笙")
    await desk.see("冯蓁笙", "0000100040")
    await desk.press("enter")
    await desk.see("120****5651")


@journey
async def test_a_complaint_taken_down_outlives_a_lost_line(desk: Desk) -> None:
    await desk.sit_down()
    await desk.see("1 Queues")
    await desk.press("ctrl+n")
    await desk.see("F8")
    await desk.write("lindqv")
    await desk.see("Ilse Lindqvorn 0000110030")
    await desk.press("enter")
    await desk.see("0000110030")
    await desk.press("tab", "tab")
    await desk.write("整栋楼停水")
    await desk.see("整栋楼停水")
    await desk.lose_the_line()
    await desk.sit_down()
    await desk.see("is kept")
    await desk.press("ctrl+n")
    await desk.press("enter")
    await desk.see("整栋楼停水", "Lindqvorn")
    await desk.press("f2")
    await desk.no_longer_see("F8")
    assert len(asked(desk.url, 'subject:"整栋楼停水" age:<1h')) == 1


@journey
async def test_what_a_colleague_does_is_seen(desk: Desk) -> None:
    await desk.sit_down()
    await filtered(desk, f'"{STREET}" sort:reference')
    await desk.see(f"{FORTY} of")
    reference = reference_on(desk.screen())
    program = (
        "import sys; from console.storage.engine import open_store; from console.services.handling import perform\n"
        "from sqlmodel import select; from console.models import Case\n"
        "store = open_store(sys.argv[1]); connection = store.engine.connect()\n"
        "(number,) = connection.execute(select(Case.id).where(Case.reference == sys.argv[2])).one(); connection.close()\n"
        "report = perform(store, 'triage', [number], {'category': 'billing / wrong'}, actor='he.xi'); store.close()\n"
        "sys.exit(len(report.skipped))"
    )
    subprocess.run([sys.executable, "-c", program, desk.url, reference], check=True, timeout=60)
    await desk.see("Reviewed")
    assert reference_on(desk.screen()) == reference


@journey
async def test_what_was_done_is_taken_back(desk: Desk) -> None:
    await desk.sit_down()
    await filtered(desk, f'"{STREET}" sort:reference')
    await desk.see(f"{FORTY} of")
    reference = reference_on(desk.screen())
    before = asked(desk.url, f"reference:{reference}")
    await desk.press("m")
    await desk.see("u undoes")
    assert asked(desk.url, f"reference:{reference}") != before
    await desk.press("u")
    await desk.see("Taken back")
    assert asked(desk.url, f"reference:{reference}") == before


@journey
async def test_a_view_is_changed_kept_and_shared(desk: Desk) -> None:
    await desk.sit_down()
    await filtered(desk, f'"{STREET}"')
    await desk.press("s")
    await desk.see("F2")
    await desk.write("Quill")
    await desk.press("f2")
    await desk.see("/12 Quill 40")
    assert "Quill" not in views_of(desk.url, COLLEAGUE)
    await desk.press("S")
    await desk.see("everybody")
    assert "Quill" in views_of(desk.url, COLLEAGUE)
    assert views_of(desk.url, LOGIN)["Quill"].startswith('"Quill Street"')


@journey
async def test_everything_by_the_list_of_commands(desk: Desk) -> None:
    await desk.sit_down()
    await desk.see("1 Queues")

    async def command(words: str) -> None:
        await desk.press("ctrl+p")
        await desk.see("Commands")
        await desk.write(words)
        await desk.see(words)
        await desk.press("enter")

    await command("Queue: Unassigned")
    await desk.see("Unassigned", "C-", "row 1")
    reference = reference_on(desk.screen())
    await command("Take: ")
    await desk.see("u undoes")
    await command("Undo: ")
    await desk.see("Taken back")
    assert "take" in history_of(desk.url, reference)
    await command("Customers: ")
    await desk.see("Telephone")
    await command("Queues: ")
    await desk.see("Reference")
    await command("New case: ")
    await desk.see("F8")
    await desk.press("escape")
    await command("Help: ") if "Help: " in desk.screen() else await desk.press("?")
    await desk.see("Esc")


@journey
async def test_everything_without_colour(desk: Desk) -> None:
    await desk.sit_down(theme="mono")
    reference = await answered(desk)
    assert desk.colours() == []
    assert history_of(desk.url, reference)[0] == "reply"
    await desk.press("escape")
    await desk.see("Reference")
    await desk.press("2")
    await desk.see("Telephone")
    assert desk.colours() == []
    await desk.press("1", "?")
    await desk.see("Esc")
    assert desk.colours() == []


@journey
async def test_everything_in_chinese(desk: Desk) -> None:
    await desk.sit_down(language="zh_CN")
    reference = await answered(desk, "诉求内容")
    assert history_of(desk.url, reference)[:3] == ["reply", "note", "take"]
    await desk.press("escape")
    await desk.see("编号")
    for key, words in (("2", "电话"), ("3", "满意"), ("1", "编号")):
        await desk.press(key)
        await desk.see(words)
        assert english_words(desk.screen()) <= {"Ombud", "demo", "db", LOGIN, "wang", "Enter", "Esc", "Ctrl"}, (
            desk.screen()
        )


def english_words(screen: str) -> set[str]:
    """Return the words in Latin letters in the first and the last line, which hold no data."""
    first, *_between, last = [line for line in screen.splitlines() if line.strip()]
    return set(re.findall(r"[A-Za-z]{2,}", f"{first} {last}"))
