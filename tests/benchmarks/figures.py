"""Measures loading, listing, working and the first screen beside the plain tools, in one run.

``python tests/benchmarks/figures.py`` prints the figures with the machine and how busy it was; the README's table is from such
a run.
"""

from __future__ import annotations

import csv
import os
import pty
import pwd
import resource
import select
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROWS = 100_000
REGIONS = 10
"""The cases of one of them are given to a person by one command."""
TIMES = 5
COLUMNS = (
    "Ticket #",
    "Customer Complaint",
    "Date_month_year",
    "Time",
    "Received Via",
    "City",
    "State",
    "Zip code",
    "Status",
)
OMBUD = (sys.executable, "-m", "console")


def write_file(path: Path) -> None:
    """Write invented complaints in the shape of the profile ``comcast``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(ROWS):
            day = f"{1 + number % 28:02d}-Apr-26"
            subject = f"No water in street {number % 997} since {number % 23} hours"
            writer.writerow(
                (
                    number,
                    subject,
                    day,
                    "3:53:50 PM",
                    "Internet",
                    "Northport",
                    f"district{number % REGIONS}",
                    f"{number % 99999:05d}",
                    "Open",
                )
            )


def load_plainly(source: Path, database: Path) -> None:
    """Put the rows into one table with one unique index, as they are: the least that any loading has to do."""
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE rows (a UNIQUE, b, c, d, e, f, g, h, i)")
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", reader)
    connection.commit()
    connection.close()


def ombud(database: Path, *arguments: str) -> None:
    """Run a command of the program on a database."""
    subprocess.run(
        [*OMBUD, *arguments],
        env=environment(database),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def environment(database: Path) -> dict[str, str]:
    """Return the variables of a run that uses nobody's settings and nobody's key, and keeps its bytecode as if installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMBUD_", "PYTHONDONTWRITE"))}
    own = {"DATABASE": str(database), "KEY": f"file:{database.with_suffix('.key')}", "SETTINGS": os.devnull}
    return {**kept, **{f"OMBUD_{name}": value for name, value in own.items()}}


def machine() -> str:
    """Return the processor, how many cores there are, and how busy they are: the load of the last minute."""
    told = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    load = os.getloadavg()[0]
    return f"{names[0] if names else 'unknown processor'}, {os.cpu_count()} cores, SQLite, load {load:.1f}"


class Spent(NamedTuple):
    """What a task took: seconds by the clock, and seconds of the processor, which a busy machine changes less."""

    clock: float
    processor: float

    def told(self, rows: int) -> str:
        """Return both, and how many rows a second of the processor makes."""
        return f"{self.clock:.1f} s, of the processor {self.processor:.1f} s, {rows / self.processor:,.0f} rows a second of it"


def processor_seconds() -> float:
    """Return what this process and those it has waited for have taken of the processor."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def spent(task: Callable[[], object]) -> Spent:
    """Do a task and return what it took."""
    before = processor_seconds()
    clock = seconds(task)
    return Spent(clock, processor_seconds() - before)


def seconds(task: Callable[[], object]) -> float:
    """Return how long a task takes."""
    began = time.perf_counter()
    task()
    return time.perf_counter() - began


def seconds_until(words: str, database: Path, *command: str) -> float:
    """Return how long a command takes until it has written some words on a terminal of 80 by 24."""
    process, terminal = pty.fork()
    if process == 0:
        size = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
        os.execve(command[0], command, {**environment(database), **size})
    began = time.perf_counter()
    seen = b""
    while words.encode() not in seen:
        ready, _writable, _failed = select.select([terminal], [], [], 30)
        if not ready:
            raise TimeoutError(f"{words} did not appear")
        seen += os.read(terminal, 65536)
    elapsed = time.perf_counter() - began
    os.write(terminal, b"q")
    os.close(terminal)
    os.waitpid(process, 0)
    return elapsed


def main() -> None:
    """Print the figures."""
    began = machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, database = folder / "complaints.csv", folder / "ombud.db"
        write_file(source)
        plainly = spent(lambda: load_plainly(source, folder / "plain.db"))
        ombud(database, "init")
        loaded = spent(lambda: ombud(database, "import", "cases", str(source), "--profile", "comcast"))
        again = spent(lambda: ombud(database, "import", "cases", str(source), "--profile", "comcast"))
        written = spent(lambda: ombud(database, "export", "cases", "--output", str(folder / "out.csv")))
        to_me = ("case", "assign", "--where", "region:district3", "--assignee", pwd.getpwuid(os.getuid()).pw_name)
        assigned = spent(lambda: ombud(database, *to_me))
        start = statistics.median(
            seconds(lambda: subprocess.run([sys.executable, "-c", "import textual.app"])) for _ in range(TIMES)
        )
        screen = statistics.median(seconds_until("Queues", database, *OMBUD) for _ in range(TIMES))
        cases = statistics.median(seconds_until("No water", database, *OMBUD) for _ in range(TIMES))
    sys.stdout.writelines(
        f"{line}\n"
        for line in (
            f"{began} at the beginning, {os.getloadavg()[0]:.1f} at the end",
            f"load {ROWS:,} rows with csv and sqlite3 alone: {plainly.told(ROWS)}",
            f"ombud import: {loaded.told(ROWS)}",
            f"ombud import of the same file again: {again.told(ROWS)}",
            f"ombud export: {written.told(ROWS)}",
            f"ombud case assign --where, {ROWS // REGIONS:,} cases: {assigned.told(ROWS // REGIONS)}",
            f"python -c 'import textual.app': {start:.2f} s",
            f"first screen: {screen:.2f} s, {screen / start:.1f} times as long; with cases: {cases:.2f} s",
        )
    )


if __name__ == "__main__":
    main()
