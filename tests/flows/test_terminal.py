"""The console on a real pseudo-terminal: what it sends, how it leaves, and which terminals it refuses."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from working import CASES

from console.commands.main import run
from console.storage.engine import open_store

PROGRAM = """
import sys
import console.app
from console.settings import Settings
from memory_data import HOSTILE, MemoryData, case_row

class Held(MemoryData):
    def rows(self, ids):
        if len(self.asked) > 15 and "hang" in sys.argv:
            import time
            time.sleep(60)
        return super().rows(ids)

build = lambda number: case_row(number, hostile=HOSTILE[number % len(HOSTILE)])
console.app.ServiceData = lambda url, zone="": Held(200, build=build)
sys.exit(console.app.run_console("sqlite:///unused", settings=Settings()))
"""
REAL_PROGRAM = """
import os, sys
del os.environ["OMBUD_SETTINGS"]
sys.argv[1:] = ["--database", sys.argv[1]]
from console.__main__ import main
sys.exit(main())
"""
SECONDS = 20.0
OWN_SEQUENCES = re.compile(
    rb"\x1b\[2[23];2t|\x1b\]2;Ombud: [ -~]+\x07|"
    rb"\x1b\[[0-9;]*m|\x1b\[\d+;\d+H|\x1b\[\?\d+[hl]|\x1b\[\?\d+\$p|\x1b\[[<>=]\d*u|\x1b\]22;[a-z-]+\x07"
)
"""Everything Textual itself sends on these screens: colours, places, modes, keyboard and pointer; and the title."""


class Terminal:
    """A program on a pseudo-terminal, and what it has sent so far."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.master = master
        self.sent = b""

    def read_until(self, marker: bytes, *, start: int = 0) -> None:
        end = time.monotonic() + SECONDS
        while marker not in self.sent[start:]:
            assert time.monotonic() < end, f"{marker!r} did not come: {self.sent[-300:]!r}"
            self._read()

    def read_to_end(self) -> None:
        end = time.monotonic() + SECONDS
        while self.process.poll() is None or select.select([self.master], [], [], 0)[0]:
            assert time.monotonic() < end
            if not self._read() and self.process.poll() is not None:
                return

    def _read(self) -> bool:
        if not select.select([self.master], [], [], 0.05)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.sent += data
        return bool(data)

    def press(self, keys: bytes, marker: bytes) -> None:
        start = len(self.sent)
        os.write(self.master, keys)
        self.read_until(marker, start=start)


@contextmanager
def terminal(tmp_path: Path, *arguments: str, program: str = PROGRAM, **environment: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    variables = {
        **os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
        "OMBUD_SETTINGS": str(tmp_path / "none.toml"), "PYTHONPATH": str(Path(__file__).parents[1]), **environment,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=slave, stdout=slave, stderr=slave, env=variables,
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_nothing_but_textuals_own_sequences_reaches_the_terminal(tmp_path: Path) -> None:
    with terminal(tmp_path) as running:
        running.read_until(b"row 1")
        running.press(b"pG", b"row 160")
        running.press(b"g\r", b"1 of 160")
        running.press(b"JJJ", b"4 of 160")
        running.press(b"q", b"Sev")
        running.press(b"2", b"Telephone")
        running.press(b"\x11", b"\x1b[?1049l")
        running.read_to_end()
        assert running.process.wait(SECONDS) == 0
        left = OWN_SEQUENCES.sub(b"", running.sent).decode()
        acting = {
            char for char in left if ord(char) < 32 or 127 <= ord(char) < 160 or char in "\u202e\u2066\u200b\ufeff"
        }
        assert acting <= {"\r", "\n"}
        assert b"\x1b]52" not in running.sent


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("state", ["idle", "hang"])
def test_a_signal_leaves_at_once_with_the_terminal_reset(tmp_path: Path, number: signal.Signals, state: str) -> None:
    with terminal(tmp_path, state) as running:
        running.read_until(b"row 1")
        os.write(running.master, b"rG")
        running.process.send_signal(number)
        running.read_to_end()
        assert running.process.wait(SECONDS) == 128 + number
        assert running.sent.rindex(b"\x1b[?1049l") > running.sent.rindex(b"\x1b[?1049h")
        assert running.sent.rindex(b"\x1b[?25h") > running.sent.rindex(b"\x1b[?25l")


def test_a_lost_line_keeps_what_was_being_taken_down(tmp_path: Path) -> None:
    with terminal(tmp_path) as running:
        running.read_until(b"row 1")
        running.press(b"\x0e", b"F8")
        running.press(b"\t\t\tNo water at all", b"at all")
        running.process.send_signal(signal.SIGHUP)
        running.read_to_end()
        assert running.process.wait(SECONDS) == 128 + signal.SIGHUP
        (draft,) = (tmp_path / "ombud" / "drafts").glob("*.json")
        assert "No water at all" in draft.read_text("utf-8")
        assert draft.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["dumb", "", "unknown"])
def test_a_terminal_that_cannot_draw_is_refused_with_the_command_that_can(tmp_path: Path, kind: str) -> None:
    with terminal(tmp_path, TERM=kind) as running:
        running.read_to_end()
        assert b"ombud queue" in running.sent
        assert b"\x1b" not in running.sent


def test_a_pipe_is_refused() -> None:
    program = "from console.app import run_console; run_console('sqlite:///unused')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    assert b"UsageError" in done.stderr
    assert b"ombud queue" in done.stderr
    assert done.stdout == b""


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"LC_ALL": "C"}, {"TERM": "linux"}, {"TERM": "screen"}])
def test_it_draws_without_colour_and_in_any_locale(tmp_path: Path, environment: dict[str, str]) -> None:
    with terminal(tmp_path, **environment) as running:
        running.read_until(b"row 1")
        running.press(b"q", b"\x1b[?1049l")
        running.read_to_end()
        assert running.process.wait(SECONDS) == 0


COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


def test_without_colour_no_colour_is_sent(tmp_path: Path) -> None:
    with terminal(tmp_path, NO_COLOR="1") as running:
        running.read_until(b"row 1")
        running.press(b"jj ?", b"Does")
        running.press(b"\x11", b"\x1b[?1049l")
        running.read_to_end()
        assert COLOUR.search(running.sent) is None
        assert re.search(rb"\x1b\[(?:\d;)*[17]m", running.sent)


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path: Path) -> None:
    with terminal(tmp_path) as running:
        running.read_until(b"row 1")
        os.write(running.master, b"\xff\xfe\x80\xc3(\xb5\xe7")
        running.press(b"G", b"row 160")
        running.press(b"/", b"Apply")
        os.write(running.master, b"\xce\xd2")
        running.press(b"\x11", b"\x1b[?1049l")
        running.read_to_end()
        assert running.process.wait(SECONDS) == 0


def test_a_c_locale_gets_ascii_signs(tmp_path: Path) -> None:
    with terminal(tmp_path, LC_ALL="C") as running:
        running.read_until(b"row 1")
        running.press(b"\x11", b"\x1b[?1049l")
        assert not set("…·│─█▁—“") & set(running.sent.decode())


@pytest.mark.parametrize(
    ("environment", "encoding"),
    [
        ({"LC_ALL": "zh_CN.GB18030"}, "gb18030"),
        ({"LC_ALL": "", "LANG": "zh_CN.GBK"}, "gb18030"),
        ({"LC_ALL": "zh_CN.GB18030", "TERM": "tmux-256color"}, "utf-8"),
        ({"LC_ALL": "zh_CN.UTF-8"}, "utf-8"),
    ],
)
def test_chinese_is_written_and_read_in_the_character_set_of_the_terminal(
    tmp_path: Path, environment: dict[str, str], encoding: str
) -> None:
    with terminal(tmp_path, **environment) as running:
        running.read_until("队列".encode(encoding))
        running.press(b"/", "应用".encode(encoding))
        running.press("䶮㑇停水".encode(encoding), "停水".encode(encoding))
        running.press(b"\x11", b"\x1b[?1049l")
        sent = running.sent.decode(encoding)
        assert "䶮㑇停水" in sent
        assert "\ufffd" not in sent


def test_the_window_is_named_by_the_part_of_the_console_and_gets_its_title_back(tmp_path: Path) -> None:
    with terminal(tmp_path) as running:
        running.read_until(b"\x1b]2;Ombud: Queues")
        running.press(b"2", b"\x1b]2;Ombud: Customers")
        running.press(b"\x11", b"\x1b[?1049l")
        running.read_to_end()
        assert running.sent.index(b"\x1b[22;2t") < running.sent.index(b"\x1b]2;") < running.sent.index(b"\x1b[23;2t")
    with terminal(tmp_path, TERM="linux") as running:
        running.read_until(b"row 1")
        running.press(b"\x11", b"\x1b[?1049l")
        assert b"\x1b]2;" not in running.sent
        assert b"\x1b[22;2t" not in running.sent


def test_what_was_copied_stays_below_the_prompt(tmp_path: Path) -> None:
    with terminal(tmp_path, TMUX="/run/tmux") as running:
        running.read_until(b"closes nothing")
        running.press(b"y", b"\x1bPtmux;\x1b\x1b]52;c;")
        running.press(b"\x11", b"\x1b[?1049l")
        running.read_to_end()
        assert b"closes nothing\r\n" in running.sent[running.sent.rindex(b"\x1b[?1049l") :]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_hang_up_frees_what_was_taken_and_keeps_what_was_typed(tmp_path: Path, number: signal.Signals) -> None:
    url = f"sqlite:///{tmp_path / 'demo.db'}"
    assert run(["demo", "--no-console", "--database", url]) == 0
    with terminal(tmp_path, url, program=REAL_PROGRAM) as running:
        running.read_until(b"Mine")
        running.press(b"[", b"Reference")
        running.press(b"/", b"Apply")
        running.press(b"assignee:none state:dispatched", b"of 550")
        running.press(b"\r", b"Sort")
        running.press(b"m", b"undoes")
        with closing(open_store(url)) as store, store.reading() as connection:
            assert connection.execute(sqlalchemy.select(CASES.c.id).where(CASES.c.claimed_until.is_not(None))).all()
        running.press(b"c", b"F2")
        running.press(b"Said on the telephone", b"hone")
        running.process.send_signal(number)
        running.read_to_end()
        assert running.process.wait(SECONDS) == 128 + number
    with closing(open_store(url)) as store, store.reading() as connection:
        held = (
            connection.execute(sqlalchemy.select(CASES.c.id).where(CASES.c.claimed_until.is_not(None))).scalars().all()
        )
    assert held == []
    kept = [draft.read_text("utf-8") for draft in (tmp_path / "ombud" / "drafts").glob("*.json")]
    assert any("Said on the telephone" in text for text in kept)
