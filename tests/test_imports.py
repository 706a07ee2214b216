"""What is loaded by what, seen from a fresh process."""

from __future__ import annotations

import subprocess
import sys

import pytest

DATA_LAYER = {"sqlmodel", "sqlalchemy", "pydantic", "alembic", "sqlcipher3", "psycopg", "numpy"}


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a statement loads."""
    program = (
        f"import sys\n{statement}\n"
        "sys.stdout.write('\\nloaded: ' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.rpartition("loaded: ")[2].split())


def test_the_console_is_ready_to_paint_without_the_data_layer() -> None:
    loaded = loaded_by("import console.app\nconsole.app.ConsoleApp.MODES['queues']()")
    assert "textual" in loaded
    assert not loaded & (DATA_LAYER | {"typer"})


def test_the_application_and_its_first_screen_load_no_data_layer() -> None:
    assert not loaded_by("import console.app\nimport console.screens.queues") & (DATA_LAYER | {"typer"})


def test_the_commands_load_neither_screens_nor_the_data_layer() -> None:
    loaded = loaded_by("import console.commands.main")
    assert "typer" in loaded
    assert not loaded & (DATA_LAYER | {"textual"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["-V"],
        ["queue", "--help"],
        ["import", "cases", "--help"],
        ["demo", "--help"],
        ["nosuch"],
    ],
    ids=" ".join,
)
def test_help_version_and_wrong_usage_load_neither_screens_nor_the_data_layer(arguments: list[str]) -> None:
    loaded = loaded_by(
        f"sys.argv = ['ombud', *{arguments}]\n"
        "from console.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
    )
    assert "console" in loaded
    # Typer itself checks what was typed with pydantic.
    assert not loaded & ((DATA_LAYER - {"pydantic"}) | {"textual"})


def test_the_version_alone_loads_no_library() -> None:
    assert not loaded_by("sys.argv = ['ombud', '--version']\nfrom console.__main__ import main\nmain()") & {
        "typer",
        "rich",
    }


def test_the_rules_and_measures_load_no_layer() -> None:
    loaded = loaded_by(
        "import console.rules.filters, console.rules.policies, console.rules.deadlines, console.text, console.codes"
    )
    assert not loaded & (DATA_LAYER | {"textual", "typer", "rich", "platformdirs"})


def test_the_registry_of_actions_needs_no_textual() -> None:
    assert not loaded_by("import console.actions") & {"textual", "rich", "sqlalchemy"}


def test_the_environment_cannot_steer_textual() -> None:
    statement = (
        "import os\nos.environ.update(TEXTUAL_DRIVER='evil:Driver', TEXTUAL_PRESS='q', TEXTUAL_SCREENSHOT='1')\n"
        "import console.app\nfrom textual import constants\n"
        "assert constants.DRIVER is None and constants.PRESS == '' and constants.SCREENSHOT_DELAY == -1\n"
    )
    assert "evil" not in loaded_by(statement)


BARE_START = (
    "sys.argv = ['ombud', '--theme', 'mono', '--no-mouse']\n"
    "from console.__main__ import main\n"
    "try:\n    main()\nexcept SystemExit as leaving:\n    assert leaving.code == 2\n"
)
"""Opening the console where there is no terminal: refused once everything that the first screen needs is there."""


def modules_of(statement: str) -> set[str]:
    """Return all modules that a statement loads."""
    program = f"import sys\n{statement}\nsys.stdout.write('\\nloaded: ' + ' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.rpartition("loaded: ")[2].split())


def test_a_bare_start_loads_the_first_screen_and_no_command_form_or_data_layer() -> None:
    modules = modules_of(BARE_START)
    assert {"console.app", "console.screens.queues"} <= modules
    assert not {name.partition(".")[0] for name in modules} & (DATA_LAYER | {"typer", "click", "cryptography"})
    assert not modules & {
        "console.commands.main",
        "console.screens.case",
        "console.screens.column_dialog",
        "console.screens.dialogs",
        "console.screens.dossier",
        "console.screens.intake",
        "console.screens.palette",
        "console.screens.verb_forms",
        "console.identifiers",
        "console.services.case_views",
        "console.services.customer_views",
        "console.services.fields",
        "console.services.form_views",
        "console.widgets.form",
        "rich.markdown",
        "textual.widgets._markdown",
        "textual.widgets._text_area",
    }


def test_the_first_rows_need_neither_policies_nor_secrets_nor_tables_of_other_subjects() -> None:
    modules = modules_of("import console.services.queues")
    assert "console.models.case" in modules
    assert not {name.partition(".")[0] for name in modules} & {"alembic", "cryptography", "numpy", "psycopg"}
    assert not modules & {
        "console.models.alerts",
        "console.models.standing",
        "console.models.supply",
        "console.models.survey",
        "console.rules.policies",
        "console.services.customer_filtering",
        "console.services.policies",
        "sqlalchemy.dialects.postgresql",
    }
