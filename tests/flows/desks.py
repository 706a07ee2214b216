"""Two ways to sit at the console: driven by Pilot in this process, and in tmux over a real sshd on the loopback address.

A journey is written once, in keys and in words that must appear, and travelled at both.
"""

from __future__ import annotations

import getpass
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from driving import lines, press, segments, until, write
from textual.pilot import Pilot
from working import office

from console.app import ConsoleApp
from console.i18n import choose_language
from console.services.views import QUEUE_VIEWS

COLUMNS, LINES = 80, 24
PATIENCE = 90.0
QUIET = 0.15
ROOT = Path(__file__).parent.parent.parent
LOGIN = getpass.getuser()
"""Whoever runs the tests: over SSH the console knows nobody else."""

TMUX_KEYS = {
    "enter": "Enter", "escape": "Escape", "space": "Space", "tab": "Tab", "down": "Down", "up": "Up", "f2": "F2", "f8": "F8",
    "ctrl+n": "C-n", "ctrl+p": "C-p", "ctrl+q": "C-q", "pagedown": "NPage", "right": "Right", "left": "Left",
    "backspace": "BSpace",
}  # fmt: skip
"""The names of keys in tmux; all others are typed as they are."""

COLOUR = re.compile(r"\x1b\[[0-9;]*?(?:\b(?:3[0-8]|4[0-8]|9[0-7]|10[0-7]))[0-9;]*m")


class Desk(Protocol):
    """Where somebody sits; ``url`` is the database the console is open on, in a ``language``."""

    url: str
    language: str

    async def sit_down(self, language: str = "en", theme: str = "dark") -> None: ...

    async def press(self, *keys: str) -> None: ...

    async def write(self, text: str) -> None: ...

    async def see(self, *words: str) -> None: ...

    async def no_longer_see(self, words: str) -> None: ...

    async def wait(self) -> None: ...

    def screen(self) -> str: ...

    def colours(self) -> list[str]: ...

    async def lose_the_line(self) -> None: ...

    async def get_up(self) -> None: ...


class PilotDesk:
    """The console in this process."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.language = "en"
        self._drafts = folder / "drafts"
        self._stack = AsyncExitStack()
        self._app: ConsoleApp | None = None
        self._pilot: Pilot[int] | None = None

    @property
    def app(self) -> ConsoleApp:
        """The console that runs."""
        assert self._app is not None
        return self._app

    @property
    def pilot(self) -> Pilot[int]:
        """Who drives it."""
        assert self._pilot is not None
        return self._pilot

    async def sit_down(self, language: str = "en", theme: str = "dark") -> None:
        """Open the console."""
        self.language = language
        choose_language(language)
        self._app, self._pilot, _data = await self._stack.enter_async_context(
            office(self.url, (COLUMNS, LINES), self._drafts, login=LOGIN, view=QUEUE_VIEWS[0].id, theme=theme)
        )

    async def press(self, *keys: str) -> None:
        """Press keys one after another."""
        await press(self.pilot, *keys)

    async def write(self, text: str) -> None:
        """Type a text."""
        await write(self.pilot, text)

    async def see(self, *words: str) -> None:
        """Wait until all these words are on the screen."""
        try:
            await until(self.pilot, lambda: all(word in self.screen() for word in words))
        except AssertionError:
            raise AssertionError(f"{words} did not appear on:\n{self.screen()}") from None

    async def no_longer_see(self, words: str) -> None:
        """Wait until these words are gone."""
        await until(self.pilot, lambda: words not in self.screen())

    async def wait(self) -> None:
        """Let the console go on for a moment."""
        await self.pilot.pause(0.02)

    def screen(self) -> str:
        """Return what is on the screen."""
        return "\n".join(lines(self.app))

    def colours(self) -> list[str]:
        """Return whatever on the screen has a colour."""
        styled = [segment.style for segment in segments(self.app) if segment.style is not None]
        return [str(style) for style in styled if style.color is not None or style.bgcolor is not None]

    async def lose_the_line(self) -> None:
        """Leave as a lost line makes the program leave."""
        self.app.leave(128 + signal.SIGHUP)
        await self.get_up()

    async def get_up(self) -> None:
        """Close the console."""
        await self._stack.aclose()
        choose_language("en")


class SshServer:
    """An sshd on the loopback address that lets in whoever runs the tests, by a key of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self.key = folder / "client"
        for name in ("host", "client"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
                check=True,
                stdin=subprocess.DEVNULL,
            )
        configuration = folder / "sshd_config"
        configuration.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/client.pub\n"
            "StrictModes no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n",
            "ascii",
        )
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self._log = (folder / "sshd.log").open("wb")
        self._process = subprocess.Popen(
            [_sshd() or "sshd", "-D", "-e", "-f", configuration], stdin=subprocess.DEVNULL, stderr=self._log
        )
        self._wait()

    def command(self) -> list[str]:
        """Return how to log in with a terminal."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"]
        given = [word for option in options for word in ("-o", option)]
        return ["ssh", "-tt", "-F", "none", "-i", str(self.key), "-p", str(self.port), *given, f"{LOGIN}@127.0.0.1"]

    def close(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()
        self._log.close()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self._process.poll() is None, Path(self._log.name).read_text()
            select.select([], [], [], 0.05)
        raise AssertionError("sshd does not answer")


class TmuxDesk:
    """The console in a tmux window, over SSH."""

    def __init__(self, url: str, folder: Path, server: SshServer) -> None:
        self.url = url
        self.language = "en"
        self._folder = folder
        self._server = server
        self._sittings = 0
        self._came = -1

    async def sit_down(self, language: str = "en", theme: str = "dark") -> None:
        """Log in and open the console, in a server of its own: the one before may still be ending."""
        self.language = language
        self._sittings += 1
        environment = {
            "OMBUD_DATABASE": self.url, "OMBUD_LANGUAGE": language, "OMBUD_THEME": theme, "LC_ALL": "C.UTF-8",
            "OMBUD_KEY": os.environ["OMBUD_KEY"], "XDG_CONFIG_HOME": str(self._folder / "config"),
            "XDG_STATE_HOME": str(self._folder / "state"), "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        console = ["env", *(f"{name}={value}" for name, value in environment.items()), sys.executable, "-m", "console"]
        command = shlex.join([*self._server.command(), shlex.join(console)])
        configuration = self._folder / "tmux.conf"
        configuration.write_text(
            "set -g status off\nset -g remain-on-exit on\nset -g default-terminal tmux-256color\n", "ascii"
        )
        self._tmux("-f", str(configuration), "new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), command)
        pipe = self._folder / "sent"
        if not pipe.exists():
            os.mkfifo(pipe)
        self._came = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self._tmux("pipe-pane", f"exec cat > {shlex.quote(str(pipe))}")

    @property
    def _socket(self) -> str:
        return str(self._folder / f"tmux{self._sittings}")

    async def press(self, *keys: str) -> None:
        """Press keys one after another."""
        for key in keys:
            named = TMUX_KEYS.get(key)
            self._tmux("send-keys", *([named] if named else ["-l", key]))
            self._rest(0.15)

    async def write(self, text: str) -> None:
        """Type a text."""
        self._tmux("send-keys", "-l", text)

    async def see(self, *words: str) -> None:
        """Wait until all these words are on the screen."""
        end = time.monotonic() + PATIENCE
        while not all(word in (seen := self.screen()) for word in words):
            assert time.monotonic() < end, f"{words} did not appear on:\n{seen}"
            self._rest(0.5)
        while self._rest(QUIET):  # nobody presses a key before what he reads stands still
            assert time.monotonic() < end, f"{words} never stood still on:\n{self.screen()}"

    async def no_longer_see(self, words: str) -> None:
        """Wait until these words are gone."""
        end = time.monotonic() + PATIENCE
        while words in (seen := self.screen()):
            assert time.monotonic() < end, f"{words} still stands on:\n{seen}"
            self._rest(0.5)

    async def wait(self) -> None:
        """Wait for what the console sends next, half a second at the most."""
        self._rest(0.5)

    def screen(self) -> str:
        """Return what is on the screen."""
        return self._tmux("capture-pane", "-p")

    def colours(self) -> list[str]:
        """Return the sequences on the screen that set a colour."""
        return COLOUR.findall(self._tmux("capture-pane", "-p", "-e"))

    async def lose_the_line(self) -> None:
        """Kill the SSH client, as a lost line does."""
        os.kill(int(self._tmux("display-message", "-p", "#{pane_pid}")), signal.SIGKILL)
        await self.get_up()

    async def get_up(self) -> None:
        """Close the window; a console that still runs is hung up on."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, check=False)
        if self._came >= 0:
            os.close(self._came)
            self._came = -1

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, "-u", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        )
        assert done.returncode == 0, f"tmux {arguments}: {done.stderr}"
        return done.stdout

    def _rest(self, seconds: float) -> bool:
        """Wait until the console has sent something, or for so long at the most; return whether it has."""
        if not select.select([self._came], [], [], seconds)[0]:
            return False
        return bool(os.read(self._came, 1 << 16))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _sshd() -> str | None:
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def missing_programs() -> list[str]:
    """Return which of the programs are not on this machine that a desk over SSH needs."""
    found: Mapping[str, str | None] = {"sshd": _sshd(), **{name: shutil.which(name) for name in ("ssh", "tmux")}}
    return [name for name, path in found.items() if path is None]
