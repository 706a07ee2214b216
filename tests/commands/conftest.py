"""The real command line on a database that is set up: whoever runs the tests is its first administrator."""

from __future__ import annotations

import pytest
from commanding import Ended, Ombud

from console.commands.main import run
from console.services.setup import initialise


@pytest.fixture
def ombud(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ombud:
    """Run ``ombud`` with arguments on each engine in turn."""
    monkeypatch.setenv("OMBUD_DATABASE", database_url)
    monkeypatch.setenv("OMBUD_LANGUAGE", "en")
    monkeypatch.delenv("OMBUD_ZONE", raising=False)
    initialise(database_url)

    def command(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run(list(arguments))
        printed = capsys.readouterr()
        return Ended(int(code), printed.out, printed.err)

    return command
