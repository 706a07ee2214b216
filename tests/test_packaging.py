"""What is installed: everything the program needs at run time, nothing else, under one version."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import console

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "console"
DATA_ENDINGS = (".po", ".tcss", ".toml", ".mako", ".json", ".jsonl", ".csv", ".sql")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that ``pip install .`` makes."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_of(folder: Path, *endings: str) -> set[str]:
    """Return the files below a folder of the checkout with one of the endings, as they are called in a wheel."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in folder.rglob("*")
        if path.suffix in endings
        and not any(part.startswith((".", "__pycache__")) for part in path.parts[len(ROOT.parts) :])
    }


def test_every_module_and_every_data_file_of_the_package_is_in_the_wheel(names: set[str]) -> None:
    assert files_of(PACKAGE, ".py", *DATA_ENDINGS) - names == set()


@pytest.mark.parametrize(
    "name",
    [
        "console/locale/zh_CN/LC_MESSAGES/ombud.po",
        "console/screens/styles/base.tcss",
        "console/transfer/profiles/cfpb.toml",
        "console/transfer/profiles/ombud.toml",
        "console/rules/packs/cn-95598.toml",
        "console/rules/calendars_ready/gb.toml",
        "console/storage/migrations/env.py",
        "console/storage/migrations/script.py.mako",
        "console/storage/migrations/versions/0001_the_first_tables.py",
        "console/seeds/about.json",
        "console/seeds/cases.jsonl",
        "console/seeds/customers.csv",
    ],
)
def test_what_the_program_reads_at_run_time_is_in_the_wheel(name: str, names: set[str]) -> None:
    assert name in names


def test_the_demonstration_is_in_the_wheel_whole(names: set[str]) -> None:
    assert {f"console/{name}" for name in files_of(ROOT / "seeds", *DATA_ENDINGS)} - names == set()


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"console", f"ombud-{console.__version__}.dist-info"}
    assert [name for name in names if re.search(r"(^|/)(tests?|\.|__pycache__|conftest)|\.(db|pyc|log)$", name)] == []


def test_the_licence_goes_along(names: set[str]) -> None:
    assert f"ombud-{console.__version__}.dist-info/licenses/LICENSE" in names


def test_the_command_and_the_version(wheel: Path) -> None:
    folder = f"ombud-{console.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        about = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        commands = archive.read(f"{folder}/entry_points.txt").decode()
    assert (about["Name"], about["Version"]) == ("ombud", console.__version__)
    assert "ombud = console.__main__:main" in commands


def test_the_version_is_written_in_one_place() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "console/__init__.py"
    written = f'"{console.__version__}"'
    holders = [path for path in PACKAGE.rglob("*.py") if written in path.read_text("utf-8")]
    assert [path.name for path in holders] == ["__init__.py"]


def test_the_newest_section_of_the_changelog_is_this_version() -> None:
    sections = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert sections[:2] == ["Unreleased", console.__version__]


def test_every_dependency_has_bounds_and_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    for requirement in [*project["dependencies"], *extras]:
        name = re.split(r"[\[<>=]", requirement)[0]
        assert re.search("[<>=]", requirement) or name == "ombud", f"{name} has no bounds"
    # Time zones carry the year as their version: there is no release that would break them.
    unbounded = [text for text in project["dependencies"] if "<" not in text and "==" not in text]
    assert [re.split("[<>=]", text)[0] for text in unbounded] == ["tzdata"]
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, flags=re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert [line for line in listed[1].splitlines() if " # " not in line] == []


def test_the_lock_holds_a_version_within_bounds_of_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "requirements.lock").read_text("utf-8")
    locked = {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==([^ ;\\]+)", text, flags=re.MULTILINE)
    }
    wanted = set(project["dependencies"])
    for texts in project["optional-dependencies"].values():
        wanted |= set(texts)
    for requirement in map(Requirement, wanted):
        if requirement.name != "ombud":
            assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement
    assert text.count("--hash=sha256:") >= len(locked)
    assert "://" not in text
